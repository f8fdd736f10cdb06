//! Work on a long list whose results are used one by one, in the order of the list, while others are still made.
//!
//! Only so many results wait at a time, so that ten thousand things need no more memory than a hundred.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};

/// How far the work may run ahead of its use, for each thread.
const AHEAD: usize = 16;

/// Works on all processors and hands each result over in the order of the things, until it is told to stop.
/// A thing whose work panics is handed over as nothing.
pub fn in_order<T: Sync, R: Send>(
    things: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut each: impl FnMut(&T, Option<R>) -> ControlFlow<()>,
) {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(things.len().max(1));
    let queue = Queue { state: Mutex::new(State::new()), moved: Condvar::new(), ahead: AHEAD * threads };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((at, thing)) = queue.next(things) {
                    queue.put(at, catch_unwind(AssertUnwindSafe(|| work(thing))).ok());
                }
            });
        }
        // Whatever ends this, the threads have to be told.
        let _stop = Stop(&queue);
        for (at, thing) in things.iter().enumerate() {
            let result = queue.take(at);
            if each(thing, result).is_break() {
                break;
            }
            queue.used(at);
        }
    });
}

struct Queue<R> {
    state: Mutex<State<R>>,
    moved: Condvar,
    ahead: usize,
}

struct State<R> {
    /// The next thing to work on.
    next: usize,
    /// How many results have been used.
    used: usize,
    ready: BTreeMap<usize, Option<R>>,
    is_over: bool,
}

impl<R> State<R> {
    fn new() -> Self {
        Self { next: 0, used: 0, ready: BTreeMap::new(), is_over: false }
    }
}

impl<R> Queue<R> {
    fn wait<T>(&self, mut ready: impl FnMut(&mut State<R>) -> Option<T>) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = ready(&mut state) {
                drop(state);
                self.moved.notify_all();
                return found;
            }
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn next<'t, T>(&self, things: &'t [T]) -> Option<(usize, &'t T)> {
        self.wait(|state| {
            if state.is_over || state.next == things.len() {
                return Some(None);
            }
            let is_far = state.next >= state.used + self.ahead;
            (!is_far).then(|| {
                state.next += 1;
                Some((state.next - 1, &things[state.next - 1]))
            })
        })
    }

    fn put(&self, at: usize, result: Option<R>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ready.insert(at, result);
        drop(state);
        self.moved.notify_all();
    }

    fn take(&self, at: usize) -> Option<R> {
        self.wait(|state| state.ready.remove(&at))
    }

    fn used(&self, at: usize) {
        self.wait(|state| {
            state.used = at + 1;
            Some(())
        });
    }
}

struct Stop<'q, R>(&'q Queue<R>);

impl<R> Drop for Stop<'_, R> {
    fn drop(&mut self) {
        self.0.wait(|state| {
            state.is_over = true;
            Some(())
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_and_no_more_than_needed_are_made() {
        let things: Vec<usize> = (0..1_000).collect();
        let made = AtomicUsize::new(0);
        let mut seen = Vec::new();
        in_order(
            &things,
            |thing| {
                made.fetch_add(1, Ordering::Relaxed);
                assert!(thing % 7 != 3, "a defect");
                thing * 2
            },
            |thing, result| {
                assert_eq!(result, (thing % 7 != 3).then_some(thing * 2));
                seen.push(*thing);
                if *thing == 500 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert_eq!(seen, (0..=500).collect::<Vec<_>>());
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        assert!(made.into_inner() <= 501 + AHEAD * threads);
    }

    #[test]
    fn nothing_to_do_is_done() {
        in_order(&[], |(): &()| (), |(), _| panic!("there is nothing"));
    }
}
