//! Screens as committed text: letters first, then which lines are how. `SOCKEYE_BLESS=screens cargo test -p sockeye --bin
//! sockeye screens` writes them anew.

use std::path::PathBuf;
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::models;
use crate::top::draw::palette::Palette;
use crate::top::draw::{self};
use crate::top::model::{Detail, Grouping, Key, Model, Pane};
use crate::top::once;
use crate::top::prompt::Prompt;
use crate::top::state::{Dialog, State, View};

const COLOURS: Palette = Palette { colour: true, unicode: true };
const PLAIN: Palette = Palette { colour: false, unicode: false };

fn drawn(state: &State, model: &Model, palette: Palette) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(state.size.0, state.size.1)).unwrap();
    terminal.draw(|frame| draw::draw(frame, state, model, palette)).unwrap().buffer.clone()
}

/// The letters, and behind them each line's looks, run by run: `12 bold cyan`.
fn told(buffer: &Buffer) -> String {
    let mut text = once::lines(buffer);
    text.push_str("---\n");
    let width = usize::from(buffer.area.width);
    for (number, line) in buffer.content.chunks(width).enumerate() {
        let mut runs: Vec<(usize, String)> = Vec::new();
        for cell in line {
            let looks = looks(cell.fg, cell.modifier);
            match runs.last_mut() {
                Some((length, same)) if *same == looks => *length += 1,
                _ => runs.push((1, looks)),
            }
        }
        if runs.iter().any(|(_, looks)| looks != "plain") {
            let runs: Vec<_> = runs.iter().map(|(length, looks)| format!("{length} {looks}")).collect();
            text.extend([(number + 1).to_string(), ": ".to_owned(), runs.join(", "), "\n".to_owned()]);
        }
    }
    text
}

fn looks(colour: Color, modifier: Modifier) -> String {
    let mut words = Vec::new();
    for (bit, word) in
        [(Modifier::BOLD, "bold"), (Modifier::UNDERLINED, "underlined"), (Modifier::REVERSED, "reversed")]
    {
        if modifier.contains(bit) {
            words.push(word.to_owned());
        }
    }
    if colour != Color::Reset {
        words.push(format!("{colour:?}").to_lowercase());
    }
    if words.is_empty() { "plain".to_owned() } else { words.join(" ") }
}

/// Compares with the committed screen of that name.
fn compare(name: &str, seen: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/top/tests/screens/{name}.txt"));
    if std::env::var_os("SOCKEYE_BLESS").is_some_and(|what| what == "screens") {
        std::fs::write(&path, seen).unwrap();
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(held == seen, "{name} is another screen (SOCKEYE_BLESS=screens writes it anew):\n{seen}\nand was:\n{held}");
}

fn compare_drawn(name: &str, state: &State, model: &Model, palette: Palette) {
    compare(name, &told(&drawn(state, model, palette)));
}

#[test]
fn every_pane_on_a_screen_of_eighty_by_twenty_four() {
    for pane in Pane::ALL {
        let model = models::model(pane);
        compare_drawn(pane.name(), &models::state(pane, (80, 24), &model), &model, COLOURS);
    }
}

#[test]
fn connections_on_small_and_large_screens() {
    let model = models::model(Pane::Connections);
    for (columns, lines) in [(40, 12), (132, 30), (200, 50)] {
        let state = models::state(Pane::Connections, (columns, lines), &model);
        compare_drawn(&format!("connections-{columns}x{lines}"), &state, &model, COLOURS);
    }
}

#[test]
fn nothing_is_written_beyond_a_screen_however_small() {
    for pane in Pane::ALL {
        let mut model = models::model(pane);
        model.gap = Some("17 ends of sockets lost since 03:14:07".to_owned());
        model.detail = Some(models::detail());
        for columns in 1..30 {
            for lines in 1..12 {
                let mut state = models::state(pane, (columns, lines), &model);
                for view in
                    [View::Table, View::Help { from: 2, over: None }, View::Detail { id: models::id(0x1001), from: 1 }]
                {
                    state.view = view;
                    state.dialog =
                        Some(Dialog { id: models::id(1), what: "tcp 10.0.0.1:22 to 10.0.0.2:333".to_owned() });
                    drawn(&state, &model, COLOURS);
                    state.dialog = None;
                    state.prompt = Some(Prompt::of("dport = 443 and rtt > 50ms"));
                    drawn(&state, &model, PLAIN);
                    state.prompt = None;
                }
            }
        }
    }
}

#[test]
fn without_colours_and_letters_beyond_ascii_the_same_is_said() {
    let mut model = models::model(Pane::Connections);
    model.gap = Some("17 ends of sockets lost since 03:14:07".to_owned());
    let mut state = models::state(Pane::Connections, (132, 14), &model);
    state.paused = true;
    let buffer = drawn(&state, &model, PLAIN);
    assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
    compare("plain", &told(&buffer));
    // What colours say stands there in letters too, so that both screens have the same ones.
    let letters = |buffer: &Buffer| once::lines(buffer);
    let coloured = Palette { colour: true, ..PLAIN };
    assert_eq!(letters(&drawn(&state, &model, coloured)), letters(&buffer));
}

#[test]
fn no_more_than_sixteen_colours_are_used() {
    for pane in Pane::ALL {
        let model = models::model(pane);
        let buffer = drawn(&models::state(pane, (132, 30), &model), &model, COLOURS);
        let is_one = |colour: Color| !matches!(colour, Color::Rgb(..) | Color::Indexed(_));
        assert!(buffer.content.iter().all(|cell| is_one(cell.fg) && is_one(cell.bg)));
    }
}

#[test]
fn the_gap_has_a_banner_and_takes_a_row() {
    let mut model = models::model(Pane::Listeners);
    model.gap = Some("17 ends of sockets lost since 03:14:07".to_owned());
    let state = models::state(Pane::Listeners, (80, 24), &model);
    assert_eq!(state.height(), 18);
    compare_drawn("gap", &state, &model, COLOURS);
}

#[test]
fn the_help_names_every_key() {
    let model = models::model(Pane::Connections);
    let mut state = models::state(Pane::Connections, (80, 26), &model);
    state.view = View::Help { from: 0, over: None };
    compare_drawn("help", &state, &model, COLOURS);
}

#[test]
fn how_complete_it_is_says_how_much_has_no_room() {
    let mut model = models::model(Pane::Connections);
    let last = |model: &Model, width| {
        let text = once::lines(&drawn(&models::state(Pane::Connections, (width, 24), model), model, COLOURS));
        text.lines().rev().nth(1).unwrap_or_default().to_owned()
    };
    model.completeness = ["not in sync yet", "1307 of tcp and udp from bpf and dumps", "dumps every 1s take 12ms"]
        .map(str::to_owned)
        .to_vec();
    assert_eq!(last(&model, 83), model.completeness.join(" · "));
    assert_eq!(last(&model, 82), "not in sync yet · 1307 of tcp and udp from bpf and dumps · 1 more: ?");
    assert_eq!(last(&model, 67), "not in sync yet · 2 more: ?");
    assert_eq!(last(&model, 26), "not in sync yet · … all: ?");
}

#[test]
fn a_mistake_of_the_filter_is_one_line_above_it() {
    let mut model = models::model(Pane::Connections);
    model.filter = "dport = 443".to_owned();
    let mut state = models::state(Pane::Connections, (80, 24), &model);
    state.prompt = Some(Prompt::of("dprot = 443 and rtt > 5"));
    state.filter_refused("unknown field `dprot`; did you mean dport?".to_owned());
    assert_eq!(state.filter, "dport = 443", "the old one stays");
    compare_drawn("filter-mistake", &state, &model, COLOURS);
}

#[test]
fn a_filter_in_force_is_told() {
    let mut model = models::model(Pane::Peers);
    model.filter = "dport = 443 and rtt > 50ms and not (process = nginx or process = postgres)".to_owned();
    compare_drawn("filter", &models::state(Pane::Peers, (80, 24), &model), &model, COLOURS);
}

#[test]
fn who_may_close_is_asked_and_who_may_not_is_told_why() {
    let model = models::model(Pane::Connections);
    let mut state = models::state(Pane::Connections, (80, 24), &model);
    state.move_to(1, &model);
    state.dialog =
        Some(Dialog { id: models::id(0x1002), what: "tcp 10.1.2.3:22 to 192.0.2.77:51022 of sshd".to_owned() });
    compare_drawn("dialog", &state, &model, COLOURS);
    state.cannot_close = Some("Closing a socket needs CAP_NET_ADMIN, which this process lacks.".to_owned());
    compare_drawn("dialog-not-permitted", &state, &model, COLOURS);
}

#[test]
fn all_fields_of_a_socket_with_the_history_of_those_that_move() {
    let mut model = models::model(Pane::Connections);
    model.detail = Some(models::detail());
    let mut state = models::state(Pane::Connections, (100, 14), &model);
    state.view = View::Detail { id: models::id(0x1001), from: 0 };
    compare_drawn("detail", &state, &model, COLOURS);
    let over = Some("this socket is gone; its last values are below".to_owned());
    model.detail = Some(Arc::new(Detail { over, ..Detail::clone(&models::detail()) }));
    state.view = View::Detail { id: models::id(0x1001), from: 3 };
    compare_drawn("detail-gone", &state, &model, COLOURS);
}

#[test]
fn the_history_of_fields_has_the_room_that_is_left() {
    let mut model = models::model(Pane::Connections);
    model.detail = Some(models::detail());
    let mut state = models::state(Pane::Connections, (80, 24), &model);
    state.view = View::Detail { id: models::id(0x1001), from: 0 };
    compare_drawn("detail-80x24", &state, &model, COLOURS);
    for width in 44..200 {
        state.size.0 = width;
        let text = once::lines(&drawn(&state, &model, COLOURS));
        let of = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        // A value is never cut for it: the beginning of a number is another number.
        assert!(of("bytes_acked").contains(" 1234567 bytes"), "{text}");
        assert!(of("rtt ").ends_with('▁') && of("rtt ").contains('█'), "{text}");
    }
    state.size.0 = 44;
    compare_drawn("detail-44x24", &state, &model, COLOURS);
}

#[test]
fn groups_say_what_they_are() {
    let model = models::grouped(Grouping::Unit);
    let mut state = models::state(Pane::Processes, (80, 10), &model);
    state.grouping = Grouping::Unit;
    compare_drawn("units", &state, &model, COLOURS);
}

#[test]
fn namespaces_have_a_column_where_there_are_several() {
    let model = models::model(Pane::Connections);
    let mut state = models::state(Pane::Connections, (200, 10), &model);
    state.namespaces = true;
    compare_drawn("namespaces", &state, &model, COLOURS);
    for width in [80, 119] {
        state.size.0 = width;
        compare_drawn(&format!("namespaces-{width}x10"), &state, &model, COLOURS);
    }
}

#[test]
fn an_empty_pane_says_so_only_when_the_kernel_did() {
    let mut state = State::new(Pane::Connections, String::new(), (80, 10));
    let nothing_yet = Model::empty(Pane::Connections);
    assert!(once::lines(&drawn(&state, &nothing_yet, COLOURS)).contains("\none moment\n"));
    let empty = Model { answers: 1, ..Model::empty(Pane::Connections) };
    assert!(once::lines(&drawn(&state, &empty, COLOURS)).contains("\nthere are no connections\n"));
    let filtered = Model { filter: "dport = 4".to_owned(), ..empty.clone() };
    assert!(once::lines(&drawn(&state, &filtered, COLOURS)).contains("no connections that fit the filter"));
    // The rows of another pane are not taken for this one's.
    state.pane = Pane::Peers;
    assert!(once::lines(&drawn(&state, &models::model(Pane::Connections), COLOURS)).contains("\none moment\n"));
}

#[test]
fn the_row_of_the_cursor_is_the_one_that_it_stays_with() {
    let mut model = models::model(Pane::Connections);
    let mut state = models::state(Pane::Connections, (80, 24), &model);
    state.move_to(2, &model);
    assert_eq!(state.held, Some(Key::Socket(models::id(0x1003))));
    // The row moved up, and the cursor with it.
    model.rows.swap(0, 2);
    (model.answers, model.cursor) = (state.asked, 0);
    state.take(&model);
    let buffer = drawn(&state, &model, COLOURS);
    let is_reversed = |line: u16| buffer[(0, line)].modifier.contains(Modifier::REVERSED);
    assert!(is_reversed(3) && !is_reversed(5));
}

#[test]
fn a_report_has_every_word_of_what_is_missing() {
    let model = models::model(Pane::Connections);
    for width in [60, 300] {
        let state = State::new(Pane::Connections, String::new(), (width, 20));
        let text = once::text(&state, &model, PLAIN);
        let said =
            |said: &String| text.lines().any(|line| if width == 60 { line == said } else { line.contains(said) });
        assert!(model.completeness.iter().all(said), "{text}");
        assert!(text.lines().last().is_some_and(|keys| keys.contains("q quit")), "{text}");
    }
}
