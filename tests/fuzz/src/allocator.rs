//! An allocator that counts what each thread holds, so that a test can say how much some work took at most.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with a count beside it: a program that wants to count makes it its global allocator.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    /// Bytes that this thread holds. Negative where it freed what another one allocated.
    static HELD: Cell<isize> = const { Cell::new(0) };
    /// The most it held since [`most_held_by`] began.
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// No allocation is larger (`Layout` says so), so this loses nothing.
fn signed(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}

fn note(change: isize) {
    // A thread that is ending has no counters any more; nobody asks for them then.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + change);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

// SAFETY: every call goes to the system's allocator with the arguments it came with, and its answer is handed back. The
// counters are plain cells of the thread, initialised at compile time: to count allocates nothing and cannot unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(signed(layout.size()));
        // SAFETY: the caller keeps the contract of `alloc`, which is that of the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(-signed(layout.size()));
        // SAFETY: `pointer` came from `alloc` above, and so from the system's allocator, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs `work` and tells how many bytes it held at most at once, beyond what the thread held before.
pub fn most_held_by<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.with(Cell::get);
    MOST.with(|most| most.set(before));
    let result = work();
    (result, usize::try_from(MOST.with(Cell::get) - before).unwrap_or(0))
}
/// Runs `work` without counting what it held at most: what a test does for itself inside of what it measures.
pub fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    let before = MOST.with(Cell::get);
    let result = work();
    MOST.with(|most| most.set(before));
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn what_is_held_at_once_is_counted_and_not_what_was_held_in_turn() {
        let ((), most) = most_held_by(|| {
            for _ in 0..10 {
                drop(Vec::<u8>::with_capacity(1000));
            }
        });
        assert_eq!(most, 1000);
        let (kept, most) = most_held_by(|| vec![vec![0_u8; 1000], vec![0_u8; 500]]);
        assert_eq!(kept.len(), 2);
        assert!((1500..2000).contains(&most), "{most}");
        let ((), most) = most_held_by(|| {
            drop(Vec::<u8>::with_capacity(700));
            uncounted(|| drop(Vec::<u8>::with_capacity(9000)));
        });
        assert_eq!(most, 700);
    }
}
