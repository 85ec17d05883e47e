//! What a capture lacks of what is asked of it. A replay that said nothing of it would show a part, or nothing, as all
//! there is.

use std::sync::atomic::{AtomicBool, Ordering};

use sockeye_query::FieldId;
use sockeye_query::filter::{Expression, Filter};
use sockeye_query::sockets::{self, Abilities, Flat, Lacks, Plan, Table, catalog, source_flat};
use sockeye_state::{Answer, Missing, Verdict};
use sockeye_wire::Privilege;
use sockeye_wire::sock_diag::inet::AF_INET;
use sockeye_wire::sock_diag::state::State;

use super::listing::Ended;
use super::replay::Replay;
use super::system::{SystemNames, Whence};

/// Fields that are named beside an attribute; where there are more, the attribute says it all.
const FIELDS_MAX: usize = 4;

/// What rows of a capture needed and did not find, because no capture holds it.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    pub(crate) interfaces: AtomicBool,
    pub(crate) cgroups: AtomicBool,
    pub(crate) ends: AtomicBool,
}

/// A replay and what was asked of it.
pub(crate) struct Question<'q> {
    pub(crate) replay: &'q Replay<'q>,
    pub(crate) plan: &'q Plan,
    pub(crate) filter: &'q Expression,
    /// Fields that are shown, sorted or grouped by.
    pub(crate) shown: &'q [FieldId],
    /// Those of them that were named.
    pub(crate) shown_named: &'q [FieldId],
    /// Listening sockets also say how many connections they dropped.
    pub(crate) listener_drops: bool,
    /// How the dumps ended that were listed.
    pub(crate) ended: &'q [Ended],
    /// Rows that were shown or counted.
    pub(crate) rows: usize,
    pub(crate) undecided: u64,
    pub(crate) sought: &'q Sought,
}

impl Question<'_> {
    /// Adds what the capture lacks to the verdict.
    pub(crate) fn judge(&self, verdict: &mut Verdict) {
        let lacks = self.lacks();
        // A capture counts no more than it was asked for, and without a filter lists what it holds.
        let held = lacks.states.iter().find(|(table, _)| *table == Table::Tcp).map_or(u32::MAX, |(_, states)| *states);
        let counts = self.is_filtered() && !lacks.tables.has(Table::Tcp) && held & State::TimeWait.mask() != 0;
        verdict.time_wait = verdict.time_wait.filter(|_| counts);
        self.tables(&lacks, verdict);
        self.rows(&lacks, verdict);
        self.attributes(&lacks, verdict);
        self.surroundings(verdict);
        self.undecided(&lacks, verdict);
    }

    fn is_filtered(&self) -> bool {
        chosen_by(self.filter, self.plan).is_some()
    }

    fn names(&self, field: FieldId) -> bool {
        self.shown_named.contains(&field) || self.filter.fields().contains(&field)
    }

    fn lacks(&self) -> Lacks {
        let listed = self.replay.listed(chosen_by(self.filter, self.plan));
        let compared = self.compared();
        let compared = compared.as_ref().unwrap_or(self.plan);
        let mut lacks = Lacks::default();
        // A capture without any dump has no place either.
        for place in 0..self.replay.labels.len().max(1) {
            lacks.add(compared.lacks(&self.replay.held(place, &listed, self.ended)));
        }
        lacks
    }

    /// The plan with which the capture is compared, if it is another one: without a filter every table is listed that is
    /// there.
    fn compared(&self) -> Option<Plan> {
        if self.is_filtered() {
            return None;
        }
        let any = Filter::parse(&["any"], catalog(), &SystemNames { rows: Whence::Elsewhere }).ok()?;
        Some(Plan::new(&sockets::Question {
            filter: Some(&any.expression),
            fields: self.shown,
            listener_drops: self.listener_drops,
            abilities: Abilities::new(true, true),
        }))
    }

    fn tables(&self, lacks: &Lacks, verdict: &mut Verdict) {
        // Without a filter nobody asked for more than there is.
        if !self.is_filtered() {
            return;
        }
        // Of those that are not there, nobody asked for others than the plan does.
        let absent = lacks.tables.and(self.plan.dumps.iter().map(|dump| dump.table).collect());
        let named = absent.and(self.plan.tables_named);
        let others = absent.and(named.complement());
        // No row is no answer where the filter could have meant others.
        let nothing = self.rows == 0;
        for (tables, named) in [(named, true), (others, nothing)] {
            if !tables.is_empty() {
                let tables: Vec<_> = tables.iter().map(Table::name).collect();
                say(verdict, format!("the capture holds no dump of {}", tables.join(", ")), named);
            }
        }
        if nothing && !absent.is_empty() {
            verdict.answer = verdict.answer.max(Answer::Cut);
        }
    }

    /// Rows of tables that the capture has in part.
    fn rows(&self, lacks: &Lacks, verdict: &mut Verdict) {
        let named = self.is_filtered();
        for (table, states) in &lacks.states {
            let states: Vec<_> =
                State::ALL.iter().filter(|state| states & state.mask() != 0).map(|state| state.name()).collect();
            let held = if states.is_empty() { "in no known state".to_owned() } else { states.join(", ") };
            say(verdict, format!("of {} the capture holds only sockets in state {held}", table.name()), named);
        }
        for (table, family) in &lacks.families {
            let version = if *family == AF_INET { "IPv4" } else { "IPv6" };
            say(verdict, format!("of {} the capture holds only {version} sockets", table.name()), named);
        }
        if !lacks.chosen.is_empty() {
            let tables: Vec<_> = lacks.chosen.iter().map(Table::name).collect();
            let sentence = format!(
                "the capture was made with a filter of its own, so other {} sockets are not in it",
                tables.join(", ")
            );
            say(verdict, sentence, named);
        }
        if named && lacks.has_rows() {
            // What is not there says nothing where only a part was asked for.
            verdict.answer = verdict.answer.max(if self.rows == 0 { Answer::Failed } else { Answer::Cut });
        }
    }

    fn attributes(&self, lacks: &Lacks, verdict: &mut Verdict) {
        let (mut named, mut others): (Vec<(&str, Vec<FieldId>)>, Vec<&str>) = (Vec::new(), Vec::new());
        for (_, attribute, fields) in &lacks.attributes {
            let fields: Vec<_> = fields.iter().copied().filter(|&field| self.names(field)).collect();
            match named.iter_mut().find(|(known, _)| known == attribute) {
                Some((_, known)) => known.extend(fields),
                None if !fields.is_empty() => named.push((attribute, fields)),
                None if !others.contains(attribute) => others.push(attribute),
                None => {}
            }
        }
        for (attribute, fields) in &mut named {
            fields.sort_unstable();
            fields.dedup();
            others.retain(|other| other != attribute);
            let words: Vec<_> = fields.iter().map(|&field| catalog().info(field).name()).collect();
            let fields = match words.as_slice() {
                [one] if one == attribute => String::new(),
                few if few.len() <= FIELDS_MAX => format!(" ({})", few.join(", ")),
                _ => String::new(),
            };
            say(verdict, format!("the capture was made without {attribute}{fields}"), true);
        }
        if !others.is_empty() {
            say(verdict, format!("the capture was made without {}", others.join(", ")), false);
        }
    }

    /// What no capture holds.
    fn surroundings(&self, verdict: &mut Verdict) {
        let in_filter = self.filter.fields();
        // What a filter could not decide is said of the rows; what it took for absent, here.
        let decided = self.undecided == 0;
        let (mut of_names, mut of_defaults) = (Vec::new(), Vec::new());
        for part in Part::ALL.into_iter().filter(|part| part.is_sought(self.sought)) {
            let fields = || self.plan.fields.iter().filter(|&&field| Part::of(field) == Some(part));
            let is_named = |field: &FieldId| self.shown_named.contains(field) || (decided && in_filter.contains(field));
            if fields().any(is_named) {
                of_names.push(part.name());
            } else if self.rows > 0 && fields().any(|field| !in_filter.contains(field)) {
                of_defaults.push(part.name());
            }
        }
        for (parts, named) in [(of_names, true), (of_defaults, false)] {
            if !parts.is_empty() {
                say(verdict, format!("a capture does not hold {}", parts.join(", ")), named);
            }
        }
    }

    /// Rows that the filter could not decide without what the capture lacks.
    fn undecided(&self, lacks: &Lacks, verdict: &mut Verdict) {
        if self.undecided == 0 {
            return;
        }
        let lacking = |field: &FieldId| {
            let is_of_attribute = lacks.attributes.iter().any(|(_, _, fields)| fields.contains(field));
            let is_secret = catalog().info(*field).privilege != Privilege::None;
            is_of_attribute || is_secret || Part::of(*field).is_some_and(|part| part.is_sought(self.sought))
        };
        let fields: Vec<_> = self.filter.fields().into_iter().filter(lacking).collect();
        if !fields.is_empty() {
            verdict.missing.push(Missing::Undecided {
                rows: self.undecided,
                fields: fields.iter().map(|&field| catalog().info(field).name().to_owned()).collect(),
                reason: "cannot be told from the capture".to_owned(),
            });
        }
    }
}

/// The plan that chooses which dumps of a capture are listed. Without a filter it is whatever is there.
pub(crate) fn chosen_by<'p>(filter: &Expression, plan: &'p Plan) -> Option<&'p Plan> {
    (*filter != Expression::always()).then_some(plan)
}

fn say(verdict: &mut Verdict, sentence: String, named: bool) {
    verdict.missing.push(Missing::Other { sentence, named });
}

/// Something that stands beside the rows of a listing, and not in captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Owners,
    Interfaces,
    Cgroups,
    Ends,
    AutomaticPorts,
}

impl Part {
    const ALL: [Self; 5] = [Self::Owners, Self::Interfaces, Self::Cgroups, Self::Ends, Self::AutomaticPorts];

    /// The part that a field is made of.
    fn of(field: FieldId) -> Option<Self> {
        Some(match source_flat(field)? {
            Flat::Owner(_) | Flat::PeerOwner(_) => Self::Owners,
            Flat::Interface => Self::Interfaces,
            Flat::Cgroup => Self::Cgroups,
            Flat::Peer | Flat::PeerInode | Flat::PeerName => Self::Ends,
            Flat::AutomaticPort => Self::AutomaticPorts,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Owners => "the owners of its sockets",
            Self::Interfaces => "the names of interfaces",
            Self::Cgroups => "the paths of control groups",
            Self::Ends => "the other ends of its sockets",
            Self::AutomaticPorts => "who chose the ports of its sockets",
        }
    }

    /// Whether rows needed it: not every socket is bound to an interface, or has another end to be looked for.
    fn is_sought(self, sought: &Sought) -> bool {
        match self {
            Self::Owners | Self::AutomaticPorts => true,
            Self::Interfaces => sought.interfaces.load(Ordering::Relaxed),
            Self::Cgroups => sought.cgroups.load(Ordering::Relaxed),
            Self::Ends => sought.ends.load(Ordering::Relaxed),
        }
    }
}
