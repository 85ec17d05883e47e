//! What stands in a cell, as text of few letters.

use super::palette::Palette;
use crate::output::table::duration;
use crate::top::model::Cell;

/// The text of a cell in this room.
pub(in crate::top) fn text(cell: &Cell, room: usize, palette: Palette) -> String {
    match cell {
        Cell::Nothing => "-".to_owned(),
        Cell::Text(text) => middle_cut(&palette.signs(text), room, palette.cut()),
        Cell::Sentence(text) => end_cut(&palette.signs(text), room, palette.cut()),
        Cell::Word(word) => end_cut(word, room, palette.cut()),
        Cell::Count(count) => whole(*count, room),
        Cell::Bytes(bytes) => short(*bytes),
        Cell::ByteRate(rate) | Cell::Rate(rate) => rate_text(*rate),
        Cell::Duration(microseconds) => in_time(*microseconds),
        Cell::History(values) => history(values, room, palette),
        Cell::Queue(queue, limit) => {
            let both = format!("{queue}/{limit}");
            if both.len() <= room { both } else { format!("{}/{}", short(*queue), short(*limit)) }
        }
    }
}

/// A duration of at most six letters.
fn in_time(microseconds: u64) -> String {
    let mut out = Vec::new();
    duration(&mut out, microseconds);
    String::from_utf8(out).unwrap_or_default()
}

/// All digits where there is room for them.
fn whole(count: u64, room: usize) -> String {
    let digits = count.to_string();
    if digits.len() <= room { digits } else { short(count) }
}

/// A number of at most five letters.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(in crate::top) fn short(number: u64) -> String {
    if number < 1000 { number.to_string() } else { scaled(number as f64) }
}

/// A rate of at most five letters. What is not zero never looks like it.
pub(in crate::top) fn rate_text(rate: f64) -> String {
    if rate <= 0.0 {
        "0".to_owned()
    } else if rate < 0.1 {
        "<0.1".to_owned()
    } else if rate < 9.95 {
        format!("{rate:.1}")
    } else if rate < 999.5 {
        format!("{rate:.0}")
    } else {
        scaled(rate)
    }
}

/// Three digits and the sign of the thousands.
fn scaled(mut number: f64) -> String {
    const SIGNS: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    let mut sign = 0;
    while number >= 999.5 && sign + 1 < SIGNS.len() {
        number /= 1000.0;
        sign += 1;
    }
    let sign = SIGNS[sign];
    if number < 9.995 {
        format!("{number:.2}{sign}")
    } else if number < 99.95 {
        format!("{number:.1}{sign}")
    } else {
        format!("{number:.0}{sign}")
    }
}

/// A line of steps from the smallest of the last values up. What does not move is a low line, and what moves by less than
/// a quarter does not look like much.
pub(in crate::top) fn history(values: &[u64], room: usize, palette: Palette) -> String {
    let values = &values[values.len().saturating_sub(room)..];
    let (Some(least), Some(most)) = (values.iter().min(), values.iter().max()) else { return String::new() };
    let steps = palette.steps();
    let step = |value: u64| {
        let range = u128::from((most - least).max(most / 4).max(1));
        let step = u128::from(value - least) * (steps.len() as u128 - 1) / range;
        usize::try_from(step).unwrap_or(0)
    };
    values.iter().map(|&value| steps[step(value)]).collect()
}

/// Text whose middle falls away: of an address with its port, both ends tell more.
fn middle_cut(text: &str, room: usize, sign: char) -> String {
    if text.len() <= room || !text.is_ascii() {
        return end_cut(text, room, sign);
    }
    let behind = room / 2;
    let before = room.saturating_sub(behind + 1);
    format!("{}{sign}{}", &text[..before], &text[text.len() - behind..])
}

/// Text whose end falls away.
pub(super) fn end_cut(text: &str, room: usize, sign: char) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain([sign]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Palette = Palette { colour: false, unicode: false };
    const SIGNS: Palette = Palette { colour: false, unicode: true };

    #[test]
    fn numbers_are_short_and_never_wider_than_six() {
        let shown = [0, 999, 1_000, 1_234, 12_345, 99_949, 123_456, 999_499, 999_500, 1_500_000_000].map(short);
        assert_eq!(shown, ["0", "999", "1.00k", "1.23k", "12.3k", "99.9k", "123k", "999k", "1.00M", "1.50G"]);
        let shown = [0.0, 0.04, 0.34, 9.94, 9.96, 128.4, 999.6, 1_250_000.0].map(rate_text);
        assert_eq!(shown, ["0", "<0.1", "0.3", "9.9", "10", "128", "1.00k", "1.25M"]);
        for exponent in 0..64 {
            assert!(short(1 << exponent).len() <= 6 && short((1 << exponent) - 1).len() <= 6);
        }
        assert_eq!(text(&Cell::Count(123_456), 6, PLAIN), "123456");
        assert_eq!(text(&Cell::Count(1_234_567), 6, PLAIN), "1.23M");
        assert_eq!(text(&Cell::Queue(12_345, 65_536), 11, PLAIN), "12345/65536");
        assert_eq!(text(&Cell::Queue(123_456, 655_360), 11, PLAIN), "123k/655k");
        assert_eq!(text(&Cell::Duration(12_345), 6, PLAIN), "12.3ms");
    }

    #[test]
    fn a_history_spans_what_there_was() {
        assert_eq!(history(&[300, 300, 1_000, 650, 300], 8, SIGNS), "▁▁█▄▁");
        assert_eq!(history(&[7, 7, 7], 8, SIGNS), "▁▁▁");
        assert_eq!(history(&[1_000, 1_030, 1_000, 1_100], 8, SIGNS), "▁▁▁▃", "a tenth is little");
        assert_eq!(history(&[1, 2, 3, 9, 1], 2, PLAIN), "#_", "the last ones");
        assert_eq!(history(&[0, u64::MAX], 8, PLAIN), "_#");
        assert_eq!(history(&[], 8, PLAIN), "");
    }

    #[test]
    fn both_ends_of_an_address_stay() {
        let address = Cell::Text("[2001:db8:1:2:3:4:5:6]:8443".to_owned());
        assert_eq!(text(&address, 27, SIGNS), "[2001:db8:1:2:3:4:5:6]:8443");
        assert_eq!(text(&address, 17, SIGNS), "[2001:db…:6]:8443");
        assert_eq!(text(&address, 17, PLAIN), "[2001:db~:6]:8443");
        assert_eq!(text(&Cell::Text("größenwahn".to_owned()), 6, SIGNS), "größe…");
        assert_eq!(text(&Cell::Word("receiver-does-not-read"), 17, PLAIN), "receiver-does-no~");
    }
}
