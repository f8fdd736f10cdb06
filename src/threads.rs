//! The same work for many things, on all processors: reading texts, surveying folders.
//!
//! Results come in the order of the things, so how many processors there are is never seen in them.

#[cfg(feature = "cli")]
mod in_order;

use rayon::prelude::*;

#[cfg(feature = "cli")]
pub use in_order::in_order;

/// What `work` makes of each of `things`. Fewer than `worth` of them for each thread are not worth one: starting it
/// takes longer.
pub fn for_each<T: Sync, R: Send>(
    things: &[T],
    worth: usize,
    work: impl Fn(&T) -> R + Sync + Send,
) -> Vec<R> {
    if things.len() <= worth {
        return things.iter().map(work).collect();
    }
    // Parts smaller than a thread's share, because the work of one can be a hundred times that of its neighbour.
    things.par_iter().with_min_len(worth.div_ceil(4)).map(work).collect()
}

/// Sorts what threads have sorted in parts.
pub fn merge<T: Send>(things: &mut [T], order: impl Fn(&T, &T) -> std::cmp::Ordering + Sync) {
    const WORTH: usize = 10_000;
    if things.len() < WORTH {
        things.sort_by(order);
    } else {
        things.par_sort_by(order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_things() {
        let things: Vec<usize> = (0..1_000).collect();
        for worth in [1, 7, 999, 2_000] {
            assert_eq!(for_each(&things, worth, |thing| thing + 1), (1..=1_000).collect::<Vec<_>>());
        }
    }
}
