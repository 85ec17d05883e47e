//! The fields of one table of sockeye, by name: what columns, filters, JSON keys and the reference share.

use sockeye_wire::{Meaning, Privilege, Scalar, Version};

use crate::Kinds;
use crate::filter::Test;
use crate::spelling::{ByName, room, spelling};

/// A field's place in its [`Catalog`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u16);

/// What kind of values a field has, and so which literals a filter may compare it with.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FieldKind {
    /// A number, a word, a set or a truth, as the meaning says.
    Number(Meaning),
    /// Text.
    Text,
    /// An address, or in other families the text that stands for one. A literal may carry a prefix length or a port.
    Address,
    /// An address with its port in one value. A literal may be either, or both.
    SocketAddress,
    /// A network: an address with a prefix length, or `default`. A literal holds of every network within it.
    Network,
    /// A link-layer address: octets, `52:54:00:12:34:56`.
    LinkAddress,
    /// A port: a number, a range or a service name.
    Port,
    /// A user: a number or a name.
    User,
    /// The name of a user, or the number of one without a name: told apart by either.
    UserName,
    /// An interface: a name or an index.
    Interface,
    /// A control group: a path.
    Cgroup,
    /// Something with an inner structure, which can be shown and tested with `has`, not compared.
    Structure,
}

/// What is known of one field, whatever table it belongs to.
#[derive(Clone, Debug)]
pub struct FieldInfo {
    /// Its full name: `tcp_info.rtt`, or `state` for a flat one.
    pub path: String,
    /// Short names that mean the same in filters and columns, the best one first.
    pub aliases: Vec<&'static str>,
    /// Its JSON key inside its object: `rtt_us`.
    pub json: String,
    /// The kernel's name: `INET_DIAG_INFO tcpi_rtt`.
    pub kernel: String,
    /// What it says, in one line.
    pub doc: &'static str,
    /// What kind of values it has.
    pub kind: FieldKind,
    /// The kernel's type, where the field is one number: it bounds the values.
    pub scalar: Option<Scalar>,
    /// A record can have several values of it: owners, groups, either port.
    pub several: bool,
    /// Where it has none the kernel says so: a comparison is then false, not unknown, unless it is of a single number.
    pub none_is_said: bool,
    /// The kernel that first had it.
    pub since: Version,
    /// What the kernel wants to see before it tells.
    pub privilege: Privilege,
}

impl FieldInfo {
    /// The name to show: the best short one, or the path.
    pub fn name(&self) -> &str {
        self.aliases.first().copied().unwrap_or(&self.path)
    }

    /// The object that the field's JSON key stands in, empty for a flat one.
    pub fn object(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(object, _)| object)
    }
}

/// A bare word of the filter language: `tcp`, `listening`, `connected`.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// The field it speaks of. Words of one field side by side mean "or".
    pub field: FieldId,
    /// The field's values it stands for.
    pub values: &'static [&'static str],
}

/// Kinds of records of which a test can hold (`true`) or not hold (`false`).
pub(crate) type Possible = fn(&Test, bool) -> Kinds;

/// By what right a field is found under a name; the smaller one is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    /// It is its full name, as it is documented.
    Path,
    /// A short name that was chosen for it.
    Alias,
    /// A part of its name, or its JSON key.
    Part,
}

/// The fields and words of one table.
#[derive(Debug, Default)]
pub struct Catalog {
    fields: Vec<FieldInfo>,
    by_name: ByName<(Claim, FieldId)>,
    words: Vec<Word>,
    possible: Option<Possible>,
    kinds_help: &'static str,
    sides: Option<Vec<FieldId>>,
}

impl Catalog {
    /// Adds a field. Whose full name it is has the best claim to a name, then whose short name; among equals, the first.
    pub fn add(&mut self, field: FieldInfo) -> FieldId {
        let id = FieldId(u16::try_from(self.fields.len()).unwrap_or(u16::MAX));
        // Its short names, its full name, that without the object, and its JSON key with and without: whatever people
        // have before their eyes.
        let last = field.path.rsplit('.').next().unwrap_or_default();
        let key = format!("{}.{}", field.object(), field.json);
        self.claim(&field.path, Claim::Path, id);
        for alias in &field.aliases {
            self.claim(alias, Claim::Alias, id);
        }
        for part in [last, &key, &field.json] {
            self.claim(part, Claim::Part, id);
        }
        self.fields.push(field);
        id
    }

    fn claim(&mut self, name: &str, claim: Claim, id: FieldId) {
        if name.is_empty() {
            return;
        }
        let held = self.by_name.entry(spelling(name, &mut room()).into_owned()).or_insert((claim, id));
        if claim < held.0 {
            *held = (claim, id);
        }
    }

    /// Lets a field be found by another name, if no other field has it already.
    pub fn alias(&mut self, name: &str, id: FieldId) {
        self.claim(name, Claim::Part, id);
    }

    /// Says which kinds of records a test can hold of; without it, a test can hold of all.
    /// `help` is what somebody should know who asks for a kind that does not exist.
    pub fn divide(&mut self, possible: fn(&Test, bool) -> Kinds, help: &'static str) {
        self.possible = Some(possible);
        self.kinds_help = help;
    }

    /// What somebody should know who asks for a kind that does not exist.
    pub(crate) fn kinds_help(&self) -> &'static str {
        self.kinds_help
    }

    /// Kinds of records of which a test can hold (`wanted`) or not hold.
    pub fn possible(&self, test: &Test, wanted: bool) -> Kinds {
        self.possible.map_or(Kinds::ALL, |possible| possible(test, wanted))
    }

    /// Says which fields a bare address speaks of: it matches where one of them does.
    pub fn set_sides(&mut self, names: &[&str]) {
        let sides = names.iter().filter_map(|name| self.find(name)).collect();
        self.sides = Some(sides);
    }

    /// The fields that a bare address speaks of: those that were said, or both ends.
    pub fn sides(&self) -> Vec<FieldId> {
        let ends = || ["local", "peer"].iter().filter_map(|name| self.find(name)).collect();
        self.sides.clone().unwrap_or_else(ends)
    }

    /// Adds a bare word.
    pub fn add_word(&mut self, word: Word) {
        self.words.push(word);
    }

    /// The field of that name: upper or lower case, with `-` or `_`.
    pub fn find(&self, name: &str) -> Option<FieldId> {
        self.by_name.get(&*spelling(name, &mut room())).map(|&(_, id)| id)
    }

    /// The name of a field that is nearest to a misspelled one.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let mut names: Vec<_> = self.by_name.keys().map(String::as_str).collect();
        names.sort_unstable();
        crate::filter::nearest::nearest(name, names)
    }

    /// What is known of a field.
    pub fn info(&self, id: FieldId) -> &FieldInfo {
        &self.fields[usize::from(id.0)]
    }

    /// Another place of a field is known: it is there since the earliest of all.
    pub(crate) fn also_since(&mut self, id: FieldId, since: Version) {
        let known = &mut self.fields[usize::from(id.0)].since;
        *known = since.min(*known);
    }

    /// Every field, in the order in which they are documented and printed.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, &FieldInfo)> {
        (0..).map(FieldId).zip(&self.fields)
    }

    /// The bare words.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The bare word spelled like this.
    pub fn word(&self, text: &str) -> Option<&Word> {
        let (mut room, mut other) = (room(), room());
        let text = spelling(text, &mut room);
        self.words.iter().find(|word| spelling(word.word, &mut other) == text)
    }
}
