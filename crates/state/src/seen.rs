//! Rows that a dump gave twice: found by cookie, within a bound.

/// Cookies that are remembered. A row is doubled when the walk resumes in a hash bucket that grew meanwhile, so its
/// twin is near; 4096 rows are more than a hundred datagrams of the kernel.
pub const WINDOW: usize = 4096;

/// The last [`WINDOW`] cookies, or all of them where that was asked for.
#[derive(Debug)]
pub struct Seen {
    /// Open addressing by the cookie's hash; 0 is an empty place, as no socket has cookie 0.
    places: Vec<u64>,
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
        Self { places: vec![0; WINDOW], doubled: 0 }
    }

    /// Whether this cookie comes for the first time. 0 means "no cookie" and is always new.
    ///
    /// A later cookie takes the place of an earlier one that has the same hash, so what is found twice really was
    /// twice, and what is forgotten is only old.
    #[inline]
    pub fn is_new(&mut self, cookie: u64) -> bool {
        if cookie == 0 {
            return true;
        }
        let place = &mut self.places[place(cookie)];
        let new = *place != cookie;
        *place = cookie;
        self.doubled += u64::from(!new);
        new
    }

    /// Rows that came again.
    pub fn doubled(&self) -> u64 {
        self.doubled
    }
}

/// Cookies are counted up (per CPU, in batches), so their low bits spread well; a multiplication mixes in the rest.
#[inline]
fn place(cookie: u64) -> usize {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    const BITS: u32 = WINDOW.trailing_zeros();
    (cookie.wrapping_mul(MIX) >> (64 - BITS)) as usize
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
        assert_eq!(seen.doubled(), 0);
    }
}
