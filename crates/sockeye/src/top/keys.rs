//! What keys do: they change the state, and say what else there is to do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::draw::{detail, help, layout};
use super::model::{Grouping, Id, Key, Model, Pane};
use super::prompt::{Edited, Prompt};
use super::state::{Dialog, State, View};

/// What there is to do after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Draw, at most.
    Nothing,
    /// Something else is to be seen: ask the source.
    Ask,
    /// Read this filter and let it be in force, if it is one.
    Filter(String),
    /// Close this socket.
    Close(Id),
    /// Stop until the shell lets it go on.
    Suspend,
    /// End.
    Quit,
}

/// Does what a key says.
pub(super) fn update(state: &mut State, model: &Model, key: KeyEvent) -> Action {
    if key.kind == KeyEventKind::Release {
        return Action::Nothing;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && key.code == KeyCode::Char('c') {
        return Action::Quit;
    }
    if control && key.code == KeyCode::Char('z') {
        return Action::Suspend;
    }
    // Esc and the key after it are one where both came in one packet. Whoever writes may mean one that moves by words.
    if key.modifiers.contains(KeyModifiers::ALT) && state.prompt.is_none() {
        let back = update(state, model, KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
        let then = update(state, model, KeyEvent::new(key.code, key.modifiers - KeyModifiers::ALT));
        return if then == Action::Nothing { back } else { then };
    }
    state.notice = None;
    let action = if state.dialog.is_some() {
        answer(state, key)
    } else if state.prompt.is_some() {
        write(state, key)
    } else {
        match state.view {
            View::Help { from, over } => read_help(state, model, key, from, over),
            View::Detail { id, from } => look_closely(state, model, key, id, from),
            View::Table => browse(state, model, key),
        }
    };
    if action == Action::Ask {
        state.asked += 1;
    }
    action
}

/// The question whether to close a socket: only `y` does it.
fn answer(state: &mut State, key: KeyEvent) -> Action {
    let Some(dialog) = state.dialog.take() else { return Action::Nothing };
    match key.code {
        KeyCode::Char('y' | 'Y') if state.cannot_close.is_none() => Action::Close(dialog.id),
        _ => Action::Nothing,
    }
}

/// The line of the filter.
fn write(state: &mut State, key: KeyEvent) -> Action {
    let Some(prompt) = &mut state.prompt else { return Action::Nothing };
    match prompt.edit(key) {
        Edited::Goes => Action::Nothing,
        Edited::Left => {
            state.prompt = None;
            Action::Nothing
        }
        Edited::Done => {
            prompt.waits = true;
            Action::Filter(prompt.text.trim().to_owned())
        }
    }
}

fn read_help(state: &mut State, model: &Model, key: KeyEvent, from: usize, over: Option<(Id, usize)>) -> Action {
    let last = help::count(model, state.size.0).saturating_sub(layout::middle(state.size, state.gap));
    match scroll(key, from, state.height(), last) {
        Some(from) => state.view = View::Help { from, over },
        None if matches!(key.code, KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?' | 'h') | KeyCode::F(1)) => {
            state.view = over.map_or(View::Table, |(id, from)| View::Detail { id, from });
        }
        None => {}
    }
    Action::Nothing
}

fn look_closely(state: &mut State, model: &Model, key: KeyEvent, id: Id, from: usize) -> Action {
    let lines = model.detail.as_ref().map_or(0, |found| detail::lines(found));
    let last = lines.saturating_sub(layout::middle(state.size, state.gap));
    if let Some(from) = scroll(key, from, state.height(), last) {
        state.view = View::Detail { id, from };
        return Action::Nothing;
    }
    match key.code {
        KeyCode::Esc | KeyCode::Enter | KeyCode::Backspace => {
            state.view = View::Table;
            Action::Ask
        }
        KeyCode::Char('x') => {
            let shown = model.detail.as_ref().filter(|detail| detail.id == id);
            if shown.is_some_and(|detail| detail.over.is_some()) {
                state.notice = Some("this socket is gone: there is nothing to close any more".to_owned());
                return Action::Nothing;
            }
            let what = shown.map(|detail| detail.title.clone());
            state.dialog = Some(Dialog { id, what: what.unwrap_or_default() });
            Action::Nothing
        }
        _ => common(state, key),
    }
}

fn browse(state: &mut State, model: &Model, key: KeyEvent) -> Action {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let last = model.total.saturating_sub(1);
    let before = (state.cursor, state.held.clone());
    if let Some(place) = scroll(key, state.cursor, state.height(), last) {
        state.move_to(place, model);
        return if (state.cursor, state.held.clone()) == before { Action::Nothing } else { Action::Ask };
    }
    match key.code {
        KeyCode::Enter => return enter(state, model),
        KeyCode::Esc | KeyCode::Backspace => return back(state),
        KeyCode::Char('x') if !control => return ask_to_close(state, model),
        KeyCode::Char('s') | KeyCode::Right => state.sort_by_next(true),
        KeyCode::Left => state.sort_by_next(false),
        KeyCode::Char('S') => state.turn_sort(),
        KeyCode::Char('e') => {
            if state.pane == Pane::Processes {
                state.grouping = state.grouping.next();
                state.release();
            } else {
                state.remember();
                state.show(Pane::Processes);
            }
        }
        KeyCode::Char('/') => {
            state.prompt = Some(Prompt::of(&state.filter));
            return Action::Nothing;
        }
        _ => return common(state, key),
    }
    Action::Ask
}

/// Keys that do the same over the table and over a single socket.
fn common(state: &mut State, key: KeyEvent) -> Action {
    match key.code {
        KeyCode::Char('q') => return Action::Quit,
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => {
            let over = if let View::Detail { id, from } = state.view { Some((id, from)) } else { None };
            state.view = View::Help { from: 0, over };
            return Action::Ask;
        }
        KeyCode::Char(' ') => state.paused = !state.paused,
        KeyCode::Tab => state.show(beside(state.pane, 1)),
        KeyCode::BackTab => state.show(beside(state.pane, Pane::ALL.len() - 1)),
        KeyCode::Char(digit @ '1'..='6') => {
            let place = digit.to_digit(10).map_or(0, |digit| digit as usize - 1);
            state.show(Pane::ALL[place]);
        }
        _ => return Action::Nothing,
    }
    Action::Ask
}

fn beside(pane: Pane, steps: usize) -> Pane {
    Pane::ALL[(pane as usize + steps) % Pane::ALL.len()]
}

/// Where a key moves to, from this line of `0..=last`; `None`: it is no key for that.
fn scroll(key: KeyEvent, from: usize, page: usize, last: usize) -> Option<usize> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let page = page.max(1);
    let place = match key.code {
        KeyCode::Down | KeyCode::Char('j') => from + 1,
        KeyCode::Up | KeyCode::Char('k') => from.saturating_sub(1),
        KeyCode::PageDown => from + page,
        KeyCode::PageUp => from.saturating_sub(page),
        KeyCode::Char('f') if control => from + page,
        KeyCode::Char('b') if control => from.saturating_sub(page),
        KeyCode::Char('d') if control => from + page / 2,
        KeyCode::Char('u') if control => from.saturating_sub(page / 2),
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => last,
        _ => return None,
    };
    Some(place.min(last))
}

/// `Enter`: all of one socket, or the connections of what a sum is made of.
fn enter(state: &mut State, model: &Model) -> Action {
    let Some(row) = model.row(state.cursor).filter(|_| model.pane == state.pane) else { return Action::Nothing };
    let key = row.key.clone();
    let condition = match &key {
        Key::Socket(id) => {
            state.view = View::Detail { id: *id, from: 0 };
            state.held = Some(key);
            return Action::Ask;
        }
        Key::Owner(0, name) if name.is_empty() => None,
        Key::Owner(pid, _) if state.grouping == Grouping::Process => Some(format!("pid = {pid}")),
        Key::Owner(_, name) => Some(format!("{} = '{}'", state.grouping.name(), quoted(name))),
        Key::Peer(address) => Some(format!("dst = {address}")),
        Key::Link(..) | Key::Change(_) => return Action::Nothing,
    };
    let Some(condition) = condition else {
        state.notice = Some("nobody is known who holds these sockets, so no filter says which they are".to_owned());
        return Action::Nothing;
    };
    let filter = if state.filter.is_empty() { condition } else { format!("({}) and {condition}", state.filter) };
    state.remember();
    state.show(Pane::Connections);
    Action::Filter(filter)
}

/// A name inside of single quotes.
fn quoted(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace('\\', "\\\\").replace('\'', "\\'")
}

/// `Esc` over the table: where one came from, or the cursor no longer stays with a row.
fn back(state: &mut State) -> Action {
    let Some(step) = state.back.pop() else {
        state.release();
        return Action::Ask;
    };
    state.show(step.pane);
    if step.filter == state.filter { Action::Ask } else { Action::Filter(step.filter) }
}

fn ask_to_close(state: &mut State, model: &Model) -> Action {
    let row = model.row(state.cursor).filter(|_| model.pane == state.pane);
    let Some((Key::Socket(id), row)) = row.map(|row| (&row.key, row)) else {
        state.notice = Some("x closes a single socket: choose one of the connections or listeners".to_owned());
        return Action::Nothing;
    };
    state.dialog = Some(Dialog { id: *id, what: super::draw::dialog::in_words(row, model.pane) });
    // The cursor stays with it, whatever the rows do meanwhile.
    state.held = Some(row.key.clone());
    Action::Nothing
}
