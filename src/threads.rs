//! The same work for many things, on all processors: reading texts, surveying folders.
//!
//! Results come in the order of the things, so how many processors there are is never seen in them.

#[cfg(feature = "cli")]
mod in_order;

use std::num::NonZero;

#[cfg(feature = "cli")]
pub use in_order::in_order;

/// What `work` makes of each of `things`. Fewer than `worth` of them for each thread are not worth one: starting it
/// takes longer.
pub fn for_each<T: Sync, R: Send>(things: &[T], worth: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let part = |things: &[T]| -> Vec<R> { things.iter().map(&work).collect() };
    if things.len() <= worth {
        return part(things);
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = things.len().div_ceil(threads).max(worth);
    std::thread::scope(|scope| {
        let mut parts = things.chunks(share);
        let mine = parts.next().unwrap_or_default();
        let others: Vec<_> = parts.map(|others| scope.spawn(|| part(others))).collect();
        let mut results = part(mine);
        for other in others {
            match other.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
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
