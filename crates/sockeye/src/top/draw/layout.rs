//! Which line of the screen is for what.

use ratatui::layout::Rect;

/// Lines above the middle, without the banner: title and tabs.
const HEAD: u16 = 2;
/// Lines below it: how complete this is, and the keys or the filter that is written.
const FOOT: u16 = 2;

/// The places of the screen.
pub(super) struct Places {
    pub(super) title: Rect,
    pub(super) tabs: Rect,
    pub(super) banner: Rect,
    pub(super) middle: Rect,
    pub(super) completeness: Rect,
    pub(super) bottom: Rect,
}

impl Places {
    /// Those of a screen, with a banner or without. On a low screen the middle is the last to go.
    pub(super) fn of(area: Rect, banner: bool) -> Self {
        let mut rest = area;
        let mut take = |lines: u16| {
            let lines = lines.min(rest.height);
            let taken = Rect { height: lines, ..rest };
            rest = Rect { y: rest.y + lines, height: rest.height - lines, ..rest };
            taken
        };
        let middle = u16::try_from(middle((area.width, area.height), banner)).unwrap_or(u16::MAX);
        Self {
            title: take(1),
            tabs: take(1),
            banner: take(u16::from(banner)),
            middle: take(middle),
            completeness: take(1),
            bottom: take(1),
        }
    }
}

/// Lines of the middle.
pub(in crate::top) fn middle((_, height): (u16, u16), banner: bool) -> usize {
    usize::from(height.saturating_sub(HEAD + FOOT + u16::from(banner)))
}

/// Rows of a table there: its heading takes a line.
pub(in crate::top) fn rows(size: (u16, u16), banner: bool) -> usize {
    middle(size, banner).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_for_one_thing() {
        for height in 0..40 {
            for banner in [false, true] {
                let places = Places::of(Rect::new(0, 0, 80, height), banner);
                let parts =
                    [places.title, places.tabs, places.banner, places.middle, places.completeness, places.bottom];
                let mut next = 0;
                for part in parts {
                    assert_eq!(part.y, next, "{height}");
                    next += part.height;
                }
                assert_eq!(next, height, "{banner}");
            }
        }
        assert_eq!(rows((80, 24), false), 19);
        assert_eq!(rows((80, 24), true), 18);
    }
}
