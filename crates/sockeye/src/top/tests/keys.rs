//! What keys do, as stories.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::models;
use crate::top::columns::{What, columns, place_of};
use crate::top::draw::help;
use crate::top::keys::{Action, update};
use crate::top::model::{Grouping, Key, Model, Pane};
use crate::top::state::{State, View};

/// Somebody at the screen.
struct Person {
    state: State,
    model: Model,
}

impl Person {
    fn at(pane: Pane) -> Self {
        let model = models::model(pane);
        Self { state: models::state(pane, (80, 24), &model), model }
    }

    fn press(&mut self, code: KeyCode) -> Action {
        update(&mut self.state, &self.model, KeyEvent::new(code, KeyModifiers::NONE))
    }

    /// Presses the letters, and returns what the last one did.
    fn types(&mut self, letters: &str) -> Action {
        letters.chars().map(|letter| self.press(KeyCode::Char(letter))).last().unwrap()
    }

    fn with_control(&mut self, letter: char) -> Action {
        update(&mut self.state, &self.model, KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL))
    }

    /// Many rows, of which the source handed over a window.
    fn among(mut self, total: usize, offset: usize) -> Self {
        (self.model.total, self.model.offset) = (total, offset);
        self
    }

    fn sorted_by(&self) -> (What, bool) {
        let sort = self.state.sort();
        (columns(self.state.pane)[sort.column].what, sort.descending)
    }
}

#[test]
fn escape_and_a_key_that_come_at_once_are_both() {
    let mut person = Person::at(Pane::Connections);
    person.press(KeyCode::Enter);
    assert!(matches!(person.state.view, View::Detail { .. }));
    update(&mut person.state, &person.model, KeyEvent::new(KeyCode::Char('/'), KeyModifiers::ALT));
    assert!(matches!(person.state.view, View::Table) && person.state.prompt.is_some());
    person.press(KeyCode::Esc);
    person.types("jx");
    assert!(person.state.dialog.is_some());
    let done = update(&mut person.state, &person.model, KeyEvent::new(KeyCode::Char('y'), KeyModifiers::ALT));
    assert!(person.state.dialog.is_none() && !matches!(done, Action::Close(_)), "{done:?}");
}

#[test]
fn moving_holds_the_row_and_the_first_row_lets_go() {
    let mut person = Person::at(Pane::Connections);
    assert_eq!(person.types("jj"), Action::Ask);
    assert_eq!((person.state.cursor, person.state.held.clone()), (2, Some(Key::Socket(models::id(0x1003)))));
    assert_eq!(person.types("k"), Action::Ask);
    assert_eq!(person.state.request().held, Some(Key::Socket(models::id(0x1002))));
    person.press(KeyCode::End);
    assert_eq!(person.state.cursor, 3);
    assert_eq!(person.press(KeyCode::Down), Action::Nothing, "there is nothing below");
    assert_eq!(person.press(KeyCode::Esc), Action::Ask);
    assert_eq!((person.state.cursor, person.state.held.clone()), (0, None));
}

#[test]
fn pages_move_the_screen_and_ask_for_what_is_there() {
    let mut person = Person::at(Pane::Connections).among(1_000, 0);
    assert_eq!(person.state.height(), 19);
    assert_eq!(person.press(KeyCode::PageDown), Action::Ask);
    assert_eq!((person.state.cursor, person.state.top), (19, 1));
    person.with_control('d');
    assert_eq!((person.state.cursor, person.state.top), (28, 10));
    person.types("G");
    assert_eq!((person.state.cursor, person.state.top), (999, 981));
    // The row there was not handed over yet, so nothing is held.
    assert_eq!((person.state.held.clone(), person.state.request().cursor), (None, 999));
    person.types("g");
    assert_eq!((person.state.cursor, person.state.top), (0, 0));
}

#[test]
fn an_answer_to_an_earlier_question_does_not_move_the_cursor() {
    let mut person = Person::at(Pane::Connections);
    person.types("jj");
    let late = Model { answers: person.state.asked - 1, cursor: 0, ..person.model.clone() };
    person.state.take(&late);
    assert_eq!(person.state.cursor, 2);
    let right = Model { answers: person.state.asked, cursor: 3, ..person.model.clone() };
    person.state.take(&right);
    assert_eq!(person.state.cursor, 3, "its row went there");
}

#[test]
fn panes_are_a_circle_and_have_numbers() {
    let mut person = Person::at(Pane::Connections);
    let mut seen = Vec::new();
    for _ in 0..Pane::ALL.len() {
        assert_eq!(person.press(KeyCode::Tab), Action::Ask);
        seen.push(person.state.pane);
    }
    assert_eq!(seen.last(), Some(&Pane::Connections));
    assert_eq!(seen[..5], Pane::ALL[1..]);
    person.press(KeyCode::BackTab);
    assert_eq!(person.state.pane, Pane::Changes);
    person.types("5");
    assert_eq!(person.state.pane, Pane::Links);
}

#[test]
fn each_pane_keeps_its_order_and_every_column_can_be_sorted_by_and_is_seen_then() {
    let mut person = Person::at(Pane::Connections);
    assert_eq!(person.sorted_by(), (What::BytesOut, true));
    assert_eq!(person.types("s"), Action::Ask);
    assert_eq!(person.sorted_by(), (What::PacketsIn, true), "eighty columns had no room for it");
    let place = place_of(Pane::Connections, What::PacketsIn);
    assert!(person.state.columns().iter().any(|&(shown, _)| shown == place));
    person.types("ssssssss");
    assert_eq!(person.sorted_by(), (What::Why, false), "words begin with the first");
    person.types("sS");
    assert_eq!(person.sorted_by(), (What::Protocol, true), "there is one namespace alone");
    person.press(KeyCode::Left);
    assert_eq!(person.sorted_by(), (What::Why, false));
    person.types("2");
    assert_eq!(person.sorted_by(), (What::AcceptQueue, true));
    person.types("1");
    assert_eq!(person.sorted_by(), (What::Why, false));
}

#[test]
fn e_goes_to_the_groups_and_then_around_them() {
    let mut person = Person::at(Pane::Connections);
    person.types("e");
    assert_eq!((person.state.pane, person.state.grouping), (Pane::Processes, Grouping::Process));
    let around: Vec<_> = (0..4)
        .map(|_| {
            person.types("e");
            person.state.request().grouping
        })
        .collect();
    assert_eq!(around, [Grouping::Unit, Grouping::Container, Grouping::Pod, Grouping::Process]);
    person.press(KeyCode::Esc);
    assert_eq!(person.state.pane, Pane::Connections);
}

#[test]
fn enter_looks_closely_and_escape_comes_back_to_the_same_row() {
    let mut person = Person::at(Pane::Connections);
    person.types("j");
    assert_eq!(person.press(KeyCode::Enter), Action::Ask);
    assert_eq!(person.state.request().detail, Some(models::id(0x1002)));
    person.model.detail = Some(models::detail());
    assert_eq!(person.types("jjj"), Action::Nothing, "scrolling asks nobody");
    assert_eq!(person.press(KeyCode::Esc), Action::Ask);
    assert_eq!((person.state.view, person.state.cursor), (View::Table, 1));
    assert_eq!(person.state.request().detail, None);
}

#[test]
fn enter_on_a_sum_shows_its_connections_and_escape_goes_back() {
    let mut person = Person::at(Pane::Processes);
    person.state.filter = "dport = 443".to_owned();
    let asked = Action::Filter("(dport = 443) and pid = 4711".to_owned());
    assert_eq!(person.press(KeyCode::Enter), asked);
    assert_eq!(person.state.pane, Pane::Connections);
    person.state.filter_taken("(dport = 443) and pid = 4711".to_owned());
    assert_eq!(person.press(KeyCode::Esc), Action::Filter("dport = 443".to_owned()));
    assert_eq!(person.state.pane, Pane::Processes);

    let mut person = Person::at(Pane::Peers);
    person.types("j");
    assert_eq!(person.press(KeyCode::Enter), Action::Filter("dst = 2001:db8:aa:bb:cc:dd:ee:ff".to_owned()));

    let mut person = Person::at(Pane::Processes);
    person.types("G");
    assert_eq!(person.press(KeyCode::Enter), Action::Nothing);
    assert!(person.state.notice.is_some_and(|notice| notice.contains("nobody is known")));
}

#[test]
fn names_of_groups_are_quoted_as_the_filter_language_wants_them() {
    use sockeye_query::filter::{Condition, Expression, Filter};
    use sockeye_query::sockets::live::alive_catalog;
    let mut person = Person::at(Pane::Processes);
    person.model.rows[0].key = Key::Owner(0, br"it's\x2d.service".to_vec());
    (person.state.grouping, person.model.grouping) = (Grouping::Unit, Grouping::Unit);
    let Action::Filter(text) = person.press(KeyCode::Enter) else { panic!("a filter") };
    let names = crate::sockets::system::SystemNames { rows: crate::sockets::system::Whence::Elsewhere };
    let filter = Filter::parse(&[text], alive_catalog(), &names).unwrap();
    let Expression::Test(told) = filter.expression else { panic!("one test") };
    assert_eq!(told.condition, Condition::Texts(vec![br"it's\x2d.service".to_vec()]));
}

#[test]
fn a_filter_is_read_and_a_mistake_leaves_the_old_one() {
    let mut person = Person::at(Pane::Connections);
    person.state.filter = "dport = 443".to_owned();
    person.types("/");
    person.types(" and q");
    // Letters that are keys elsewhere are letters here.
    assert_eq!(person.state.prompt.as_ref().unwrap().text, "dport = 443 and q");
    assert_eq!(person.press(KeyCode::Enter), Action::Filter("dport = 443 and q".to_owned()));
    person.state.filter_refused("expected a condition".to_owned());
    assert_eq!(person.state.prompt.as_ref().unwrap().mistake.as_deref(), Some("expected a condition"));
    assert_eq!(person.state.filter, "dport = 443");
    person.press(KeyCode::Backspace);
    assert_eq!(person.state.prompt.as_ref().unwrap().mistake, None, "it is being corrected");
    person.press(KeyCode::Esc);
    assert_eq!((person.state.prompt.clone(), person.state.filter.as_str()), (None, "dport = 443"));
    person.types("/");
    person.with_control('u');
    assert_eq!(person.press(KeyCode::Enter), Action::Filter(String::new()));
    person.state.filter_taken(String::new());
    assert_eq!((person.state.prompt.clone(), person.state.filter.as_str()), (None, ""));
}

#[test]
fn only_y_closes_a_socket_and_only_for_who_may() {
    let mut person = Person::at(Pane::Connections);
    person.types("jx");
    let dialog = person.state.dialog.clone().unwrap();
    assert_eq!(
        (dialog.id, dialog.what.as_str()),
        (models::id(0x1002), "tcp [2001:db8:5::17]:443 to [2001:db8:aa:bb:cc:dd:ee:ff]:65001 of nginx")
    );
    assert_eq!(person.press(KeyCode::Enter), Action::Nothing);
    assert_eq!(person.state.dialog, None);
    assert_eq!(person.types("xy"), Action::Close(models::id(0x1002)));
    person.state.cannot_close = Some("CAP_NET_ADMIN is missing".to_owned());
    assert_eq!(person.types("xy"), Action::Nothing);
    let mut person = Person::at(Pane::Peers);
    person.types("x");
    assert_eq!(person.state.dialog, None);
    assert!(person.state.notice.is_some_and(|notice| notice.contains("single socket")));
}

#[test]
fn a_socket_that_is_gone_is_not_asked_about() {
    let mut person = Person::at(Pane::Connections);
    person.press(KeyCode::Enter);
    let mut detail = models::detail();
    std::sync::Arc::make_mut(&mut detail).over = Some("this socket is gone".to_owned());
    person.model.detail = Some(detail);
    assert_eq!(person.types("x"), Action::Nothing);
    assert_eq!(person.state.dialog, None);
    assert!(person.state.notice.is_some_and(|notice| notice.contains("gone")));
}

#[test]
fn the_socket_that_is_closed_is_the_one_that_was_asked_about() {
    let mut person = Person::at(Pane::Connections);
    person.types("x");
    // The rows move while the question is on the screen.
    person.model.rows.reverse();
    assert_eq!(person.types("y"), Action::Close(models::id(0x1001)));
}

#[test]
fn space_pauses_and_goes_on() {
    let mut person = Person::at(Pane::Connections);
    assert_eq!(person.types(" "), Action::Ask);
    assert!(person.state.request().paused);
    person.types(" ");
    assert!(!person.state.request().paused);
}

#[test]
fn help_comes_and_goes_and_q_ends() {
    let mut person = Person::at(Pane::Connections);
    person.types("?");
    assert_eq!(person.state.view, View::Help { from: 0, over: None });
    assert_eq!(person.types("q"), Action::Nothing);
    assert_eq!(person.state.view, View::Table);
    assert_eq!(person.types("q"), Action::Quit);
    person.types("/");
    assert_eq!(person.with_control('c'), Action::Quit, "whatever is on the screen");
}

#[test]
fn help_over_a_socket_goes_back_to_it_and_it_is_asked_for_meanwhile() {
    let mut person = Person::at(Pane::Connections);
    person.press(KeyCode::Enter);
    person.types("j");
    let before = person.state.view;
    assert!(matches!(before, View::Detail { .. }));
    let asked = person.state.request().detail;
    person.types("?");
    assert_eq!((person.state.request().detail, asked.is_some()), (asked, true), "its last values go on");
    person.types("j");
    person.press(KeyCode::Esc);
    assert_eq!(person.state.view, before);
    person.press(KeyCode::Esc);
    assert_eq!(person.state.view, View::Table);
}

#[test]
fn ctrl_z_stops_it_whatever_is_on_the_screen_and_changes_nothing() {
    for letters in ["", "?", "x", "/rtt"] {
        let mut person = Person::at(Pane::Connections);
        person.types("j");
        letters.chars().for_each(|letter| _ = person.press(KeyCode::Char(letter)));
        let before = person.state.clone();
        assert_eq!(person.with_control('z'), Action::Suspend, "{letters}");
        assert_eq!(person.state, before, "{letters}");
    }
}

#[test]
fn the_help_ends_with_its_last_key_also_below_what_had_no_room() {
    let mut person = Person::at(Pane::Connections);
    person.types("?G");
    let View::Help { from, .. } = person.state.view else { panic!("{:?}", person.state.view) };
    // Three parts that are no longer than a line, and a line between them and the keys.
    assert_eq!(from + person.state.height() + 1, 3 + 1 + help::LINES.len());
}

#[test]
fn each_question_has_a_number_of_its_own() {
    let mut person = Person::at(Pane::Connections);
    let before = person.state.asked;
    person.types("j");
    person.types("s");
    assert_eq!(person.state.request().number, before + 2);
    person.press(KeyCode::F(12));
    assert_eq!(person.state.request().number, before + 2, "a key without meaning asks nothing");
}
