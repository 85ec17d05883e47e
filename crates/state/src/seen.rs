//! Rows that a dump gave twice: found by cookie, within a bound.

use std::collections::HashSet;

/// Rows over which a doubled one is recognised at least. A row is doubled when the walk resumes in a hash bucket that changed
/// meanwhile, so its twin is near; this many rows are more than thirty datagrams of the kernel.
pub const WINDOW: usize = 4096;

/// Places of one half: half of them stay empty, so that a search is short.
const PLACES: usize = WINDOW * 2;

/// The last [`WINDOW`] cookies at least, and every cookie that is to be remembered for good.
#[derive(Debug)]
pub struct Seen {
    /// Cookies of this half of the window, by open addressing; 0 is an empty place, as no socket has cookie 0.
    current: Box<[u64]>,
    /// Cookies of the half before.
    previous: Box<[u64]>,
    /// Cookies in `current`.
    count: usize,
    kept: HashSet<u64>,
    doubled: u64,
}

impl Default for Seen {
    fn default() -> Self {
        Self::new()
    }
}

impl Seen {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            current: vec![0; PLACES].into(),
            previous: vec![0; PLACES].into(),
            count: 0,
            kept: HashSet::new(),
            doubled: 0,
        }
    }

    /// Whether this cookie comes for the first time in the window. 0 means "no cookie" and is always new.
    #[inline]
    pub fn is_new(&mut self, cookie: u64) -> bool {
        if cookie == 0 {
            return true;
        }
        let free = match search(&self.current, cookie) {
            Ok(free) if search(&self.previous, cookie).is_ok() => free,
            _ => {
                self.doubled += 1;
                return false;
            }
        };
        self.current[free] = cookie;
        self.count += 1;
        if self.count == WINDOW {
            core::mem::swap(&mut self.current, &mut self.previous);
            self.current.fill(0);
            self.count = 0;
        }
        true
    }

    /// The same over everything that was ever asked about this way: for the few rows that are worth the memory.
    pub fn is_new_for_good(&mut self, cookie: u64) -> bool {
        let new = cookie == 0 || self.kept.insert(cookie);
        self.doubled += u64::from(!new);
        new
    }

    /// Rows that came again.
    pub fn doubled(&self) -> u64 {
        self.doubled
    }
}

/// The free place for a cookie that is not there; `Err` where it is.
#[inline]
fn search(places: &[u64], cookie: u64) -> Result<usize, ()> {
    // Cookies are counted up (per CPU, in batches); a multiplication spreads them.
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    const BITS: u32 = PLACES.trailing_zeros();
    let start = (cookie.wrapping_mul(MIX) >> (u64::BITS - BITS)) as usize;
    for step in 0..PLACES {
        let at = (start + step) % PLACES;
        match places[at] {
            0 => return Ok(at),
            found if found == cookie => return Err(()),
            _ => {}
        }
    }
    // Never: half of the places are empty.
    Err(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_given_twice_is_counted_once() {
        let mut seen = Seen::new();
        assert!(seen.is_new(41));
        assert!(seen.is_new(42));
        assert!(!seen.is_new(41));
        assert_eq!(seen.doubled(), 1);
    }

    #[test]
    fn rows_without_a_cookie_are_never_doubled() {
        let mut seen = Seen::new();
        assert!(seen.is_new(0) && seen.is_new(0));
        assert!(seen.is_new_for_good(0) && seen.is_new_for_good(0));
        assert_eq!(seen.doubled(), 0);
    }

    #[test]
    fn a_twin_within_the_window_is_always_found() {
        let mut seen = Seen::new();
        let window = WINDOW as u64;
        for cookie in 1..=window * 5 {
            assert!(seen.is_new(cookie));
            if cookie >= window {
                assert!(!seen.is_new(cookie + 1 - window), "{cookie}");
            }
        }
    }

    #[test]
    fn what_is_kept_is_found_beyond_the_window() {
        let mut seen = Seen::new();
        assert!(seen.is_new_for_good(7));
        assert!((8..8 + 3 * WINDOW as u64).all(|cookie| seen.is_new(cookie)));
        assert!(!seen.is_new_for_good(7));
    }
}
