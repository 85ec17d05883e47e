//! `sockeye top` from the command line to the exit status.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sockeye_query::filter::{Expression, Filter};
use sockeye_query::sockets::live::alive_catalog;

use super::draw::palette::Palette;
use super::input::{self, Happening};
use super::keys::{Action, update};
use super::model::{Model, Worth};
use super::options::Options;
use super::screen::{Screen, Stopped};
use super::source::{Command, Said, Setup, Source};
use super::state::State;
use super::{draw, once};
use crate::exit::Status;
use crate::live::filter;
use crate::live::named::NamedNamespace;
use crate::privilege::is_net_admin;
use crate::sockets::Mistaken;
use crate::sockets::run::namespaces;
use crate::sockets::system::SystemNames;

/// Size of the text of `--once` where there is no terminal whose size it could have.
const TEXT_SIZE: (u16, u16) = (132, 60);

/// Happenings that are taken before the screen is drawn again: a key that is held down is not drawn letter by letter.
const BATCH_MAX: usize = 100;

/// Intervals in which `--once` waits for one in which nothing was lost, before it prints what there is.
const INTERVALS_MAX: u32 = 5;

/// Shows the screen until somebody ends it, or prints it once.
pub(crate) fn run(options: &Options) -> Result<Status> {
    if !options.once {
        refuse_without_terminal()?;
    }
    let namespaces = namespaces(options.netns.as_deref())?;
    let asked_for = NamedNamespace::of(options.netns.as_deref(), namespaces.list.first());
    let (filter, filter_text, extensions) = {
        let names = SystemNames { rows: namespaces.whence() };
        read_filter(&options.filter, &names)?
    };
    let (several, may_close) = (namespaces.several, is_net_admin(&namespaces.list));
    let interval = options.interval;
    let setup = Setup { namespaces, named: asked_for, interval, filter, filter_text: filter_text.clone(), extensions };
    let palette = Palette::of_environment(options.no_color);
    let size = size_of_terminal();
    let mut state = State::new(options.pane, filter_text, size.unwrap_or(TEXT_SIZE));
    state.grouping = options.group;
    state.namespaces = several;
    state.cannot_close = (!may_close).then(|| {
        "Closing a socket needs CAP_NET_ADMIN, which this process lacks: run sockeye top as root, or with sudo."
            .to_owned()
    });
    if options.once {
        return print_once(setup, state, palette);
    }
    let (told, happenings) = mpsc::channel();
    let said = told.clone();
    // The first signal may come before the terminal is ours.
    let went_on = Arc::default();
    input::start(&told, &went_on).context("cannot wait for keys and signals")?;
    let source = Source::start(setup, state.request(), move |what| drop(said.send(Happening::Source(what))))?;
    let mut screen = Screen::take(went_on).context("cannot take the terminal over")?;
    let ended = Session { state, model: Model::empty(options.pane), palette, source }.run(&happenings, &mut screen);
    drop(screen);
    match ended {
        // Whoever took the terminal away ended it, whether the signal for that came first or what could not be drawn.
        Err(_) if Screen::is_gone() => Ok(Status::Whole),
        ended => ended.map(|()| Status::Whole),
    }
}

/// Says what to do where no screen can be drawn.
fn refuse_without_terminal() -> Result<()> {
    let instead =
        "`sockeye top --once` prints one screen as text, `sockeye watch sockets` tells what happens line by line";
    if !io::stdout().is_terminal() {
        return Err(Mistaken::sentence(format!("top draws a screen, and standard output is no terminal: {instead}")));
    }
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return Err(Mistaken::sentence(format!("top draws a screen, and this terminal cannot (TERM=dumb): {instead}")));
    }
    Ok(())
}

/// The filter of the command line, with its text in one line.
fn read_filter(words: &[String], names: &SystemNames<'_>) -> Result<(Expression, String, u8)> {
    let filter = Filter::parse(words, alive_catalog(), names).map_err(|mistake| Mistaken::of(&mistake))?;
    let needs = filter::check_shown(&filter.expression, filter::FOLLOWED, &["present"]).map_err(Mistaken::sentence)?;
    Ok((filter.expression, filter.source, needs.extensions))
}

fn size_of_terminal() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}

/// Waits until rates and owners are known, and prints one screen. Where something was lost meanwhile there is one that lacks nothing
/// as soon as everything is known again and an interval more is over.
fn print_once(setup: Setup, mut state: State, mut palette: Palette) -> Result<Status> {
    palette.colour = false;
    let (told, said) = mpsc::channel();
    let patience = setup.interval * INTERVALS_MAX;
    let source = Source::start(setup, state.request(), move |what| drop(told.send(what)))?;
    let mut settled = None;
    loop {
        match said.recv() {
            Ok(Said::Model) => {}
            Ok(Said::Failed(error)) => bail!(error),
            Ok(_) => continue,
            Err(_) => bail!("nothing is known of the sockets"),
        }
        if let Some(model) = source.take().filter(|model| model.worth != Worth::Early) {
            let settled: &mut Instant = settled.get_or_insert_with(Instant::now);
            if model.worth != Worth::Whole && !model.is_gone && settled.elapsed() < patience {
                continue;
            }
            state.take(&model);
            // No blank lines where there are fewer rows than lines.
            let spare = state.height().saturating_sub(model.total.max(1));
            state.size.1 -= u16::try_from(spare).unwrap_or(0);
            crate::output::print(once::text(&state, &model, palette).as_bytes())?;
            let is_all = model.worth == Worth::Whole && model.is_all_seen && !model.is_gone;
            return Ok(if is_all { Status::Whole } else { Status::Incomplete });
        }
    }
}

/// How it goes on.
enum Next {
    Go,
    Stop(Stopped),
    /// After a stop.
    On,
    End,
}

/// A screen that is shown.
struct Session {
    state: State,
    model: Model,
    palette: Palette,
    source: Source,
}

impl Session {
    fn run(mut self, happenings: &Receiver<Happening>, screen: &mut Screen) -> Result<()> {
        let drawn = screen.terminal.size().context("the terminal has no size")?;
        self.state.resize((drawn.width, drawn.height));
        self.ask();
        loop {
            screen
                .terminal
                .draw(|frame| draw::draw(frame, &self.state, &self.model, self.palette))
                .context("cannot draw on the terminal")?;
            let Ok(first) = happenings.recv() else { return Ok(()) };
            let more = std::iter::from_fn(|| happenings.try_recv().ok());
            for happening in std::iter::once(first).chain(more).take(BATCH_MAX) {
                match self.take(happening)? {
                    Next::Go => {}
                    Next::Stop(stopped) => screen.suspend(stopped).context("cannot take the terminal over again")?,
                    Next::On => screen.go_on().context("cannot take the terminal over again")?,
                    Next::End => return Ok(()),
                }
            }
        }
    }

    /// Asks for what the state wants to see.
    fn ask(&mut self) {
        self.state.asked += 1;
        self.source.tell(Command::Show(self.state.request()));
    }

    /// Takes what happened.
    fn take(&mut self, happening: Happening) -> Result<Next> {
        match happening {
            Happening::Signal | Happening::Gone => return Ok(Next::End),
            Happening::Suspend => return Ok(Next::Stop(Stopped::Itself)),
            Happening::Continued => return Ok(Next::On),
            Happening::Resize(columns, lines) => {
                self.state.resize((columns, lines));
                self.ask();
            }
            Happening::Key(key) => match update(&mut self.state, &self.model, key) {
                Action::Nothing => {}
                Action::Suspend => return Ok(Next::Stop(Stopped::Job)),
                Action::Quit => return Ok(Next::End),
                Action::Ask => self.source.tell(Command::Show(self.state.request())),
                Action::Filter(text) => {
                    self.ask();
                    self.source.tell(Command::Filter(text));
                }
                Action::Close(id) => self.source.tell(Command::Close(id)),
            },
            Happening::Source(said) => self.hear(said)?,
        }
        Ok(Next::Go)
    }

    fn hear(&mut self, said: Said) -> Result<()> {
        match said {
            Said::Model => {
                // While it is paused, only what was asked for is shown.
                let is_wanted = |model: &Model| !self.state.paused || model.answers > self.model.answers;
                if let Some(model) = self.source.take().filter(is_wanted) {
                    self.state.take(&model);
                    self.model = model;
                }
            }
            Said::FilterTaken(text) => {
                self.state.filter_taken(text);
                self.ask();
            }
            Said::FilterRefused(mistake) => self.state.filter_refused(mistake),
            Said::Closed(what) => self.state.notice = Some(what),
            Said::Failed(error) => bail!(error),
        }
        Ok(())
    }
}
