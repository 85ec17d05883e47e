//! All fields of one socket: the kernel is asked for this one alone, for everything that it tells.

use std::sync::Arc;

use anyhow::Result;
use sockeye_conn::{Buffer, Namespace};
use sockeye_query::sockets::live::RATES;
use sockeye_query::sockets::{Surroundings, Table, catalog};
use sockeye_query::{FieldId, FieldKind, Value};
use sockeye_state::lives::{Causes, Time};
use sockeye_state::{Dump, Step};
use sockeye_wire::Meaning;
use sockeye_wire::sock_diag::inet::{InetMessage, InetQuestion, SocketId};

use crate::output::{escape, table as cells, value};
use crate::sockets::listing;
use crate::sockets::view::{self, Choice};
use crate::top::history::Histories;
use crate::top::model::{Detail, Field, Id};

/// Values of a field that are kept: as many as the screen has letters for them, and more does no harm.
const VALUES_MAX: usize = 120;

/// Everything that can be asked of a socket of the internet families, as bits of extensions.
const EVERYTHING: u8 = u8::MAX;

/// What following the socket tells, beside what the kernel says of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Followed {
    /// What held it up in the last interval, where that is known.
    pub(super) why: Option<Causes>,
    /// How long it lives, or has been known.
    pub(super) duration: Option<Time>,
    /// How fast it moves: the fields of [`RATES`], in their order.
    pub(super) rates: [Option<u64>; RATES.len()],
}

/// A number that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Number {
    Field(FieldId),
    /// By its place in [`RATES`].
    Rate(usize),
}

/// The socket that is looked at closely.
pub(super) struct Close {
    id: Id,
    fields: Vec<FieldId>,
    histories: Histories<Number>,
    pub(super) found: Option<Arc<Detail>>,
}

impl Close {
    /// Nothing is known of it yet.
    pub(super) fn new(id: Id) -> Self {
        let everything = Choice { view: Some("everything"), columns: None, owners: true, namespaces: false };
        let columns = view::columns(&everything).unwrap_or_default();
        let fields = view::json_fields(&columns);
        Self { id, fields, histories: Histories::new(VALUES_MAX), found: None }
    }

    pub(super) const fn id(&self) -> Id {
        self.id
    }

    /// Asks for it again. `message` is the last that is known of it, `None` where it is gone.
    pub(super) fn look(
        &mut self,
        namespace: Option<&Namespace>,
        known: Option<(Table, &[u8], Followed)>,
        surroundings: &dyn Surroundings,
    ) -> Result<()> {
        let answer = match known {
            // It is there: where the kernel finds another one of the same ends, the last dump speaks of it.
            Some((table, message, followed)) => {
                Some((table, exact(namespace, table, message)?.unwrap_or_else(|| message.to_vec()), followed))
            }
            None => None,
        };
        let Some((table, message, followed)) = answer else {
            let before = self.found.take();
            let mut gone = before.map_or_else(|| Detail::nothing(self.id), Arc::unwrap_or_clone);
            gone.over = Some("this socket is gone; its last values are below".to_owned());
            self.found = Some(Arc::new(gone));
            return Ok(());
        };
        let Ok(row) = sockeye_query::sockets::SocketRow::read(table, &message, surroundings) else { return Ok(()) };
        self.histories.step(|key| match *key {
            Number::Field(field) => row.value(field).as_ref().and_then(number),
            Number::Rate(place) => followed.rates[place],
        });
        let mut fields = self.followed(&followed);
        for &field in &self.fields {
            let Some(read) = row.value(field) else { continue };
            let shown = in_words(field, &read);
            if shown.is_empty() {
                continue;
            }
            let values =
                number(&read).filter(|_| moves(field)).map(|number| self.histories.of(Number::Field(field), number));
            let history = values.map(moved).unwrap_or_default();
            fields.push(Field { name: catalog().info(field).name().to_owned(), value: shown, history });
        }
        let title = super::rows::title(&row);
        self.found = Some(Arc::new(Detail { id: self.id, title, fields, over: None }));
        Ok(())
    }
}

impl Close {
    /// What following it tells, before all else.
    fn followed(&mut self, followed: &Followed) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut add = |name: &str, value: String, history| fields.push(Field { name: name.to_owned(), value, history });
        match followed.why {
            Some(causes) if causes.is_empty() => add("why", "nothing holds it up".to_owned(), Vec::new()),
            Some(causes) => add("why", causes.to_string(), Vec::new()),
            None => {}
        }
        if let Some(duration) = followed.duration {
            let mut text = Vec::new();
            cells::duration(&mut text, u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
            add("duration", String::from_utf8_lossy(&text).into_owned(), Vec::new());
        }
        for (place, (name, meaning, _)) in RATES.into_iter().enumerate() {
            let Some(rate) = followed.rates[place] else { continue };
            let unit = if meaning == Meaning::Count { "/s" } else { " bytes/s" };
            add(name, format!("{rate}{unit}"), moved(self.histories.of(Number::Rate(place), rate)));
        }
        fields
    }
}

/// Values, if they are not all the same.
fn moved(values: Vec<u64>) -> Vec<u64> {
    if values.windows(2).any(|pair| pair[0] != pair[1]) { values } else { Vec::new() }
}

impl Detail {
    /// A socket of which nothing was ever seen.
    fn nothing(id: Id) -> Self {
        Self { id, title: String::new(), fields: Vec::new(), over: None }
    }
}

/// Whether the last values of a field say something: identities do not move.
fn moves(field: FieldId) -> bool {
    use Meaning::{Bytes, BytesPerSecond, Centiseconds, Count, Microseconds, Milliseconds, Nanoseconds, Seconds};
    let FieldKind::Number(meaning) = catalog().info(field).kind else { return false };
    matches!(
        meaning,
        Bytes | BytesPerSecond | Count | Nanoseconds | Microseconds | Milliseconds | Centiseconds | Seconds
    )
}

fn number(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Unsigned(number) => Some(*number),
        Value::Signed(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

/// A value as the listing shows it.
fn in_words(field: FieldId, read: &Value<'_>) -> String {
    let mut out = Vec::new();
    match (catalog().info(field).kind, number(read)) {
        (FieldKind::Number(Meaning::Microseconds), Some(number)) => cells::duration(&mut out, number),
        (FieldKind::Number(meaning), Some(_)) => {
            value::text(&mut out, read);
            // A count says what is counted by its name.
            if moves(field) && meaning != Meaning::Count {
                out.push(b' ');
                escape::text(&mut out, meaning.unit().as_bytes());
            }
        }
        _ => value::text(&mut out, read),
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The kernel's answer for one socket; `None`: it does not find it.
fn exact(namespace: Option<&Namespace>, table: Table, message: &[u8]) -> Result<Option<Vec<u8>>> {
    let known = InetMessage(message);
    let family = known.family().and_then(|family| u8::try_from(family).ok());
    let (Some(id), Some(family), Some(protocol)) = (SocketId::of(&known), family, table.ip_protocol()) else {
        return Ok(None);
    };
    let question =
        InetQuestion { family, protocol, extensions: EVERYTHING, states: u32::MAX, bytecode: &[], bpf_storages: false };
    let mut socket = listing::open(namespace)?;
    let mut buffer = Buffer::new();
    let mut dump = Dump::new(socket.send(question.exact(id))?);
    let mut answer = None;
    loop {
        let step = dump.handle(socket.receive(&mut buffer)?, |message| answer = Some(message.payload().to_vec()));
        // The answer to an exact question is one message, or an error.
        if answer.is_some() || step == Step::Ended {
            return Ok(answer);
        }
    }
}
