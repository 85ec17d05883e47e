//! Attributes and structures as named values: what a message of rtnetlink holds, walked by its declared tables.
//!
//! Every attribute comes out once, in the order of the message; one that no table knows under its number, so that
//! nothing of what the kernel said is lost.

mod list;

use core::fmt::{self, Write as _};
use core::net::IpAddr;
use std::borrow::Cow;

use sockeye_wire::rtnetlink::{AF_MPLS, AF_UNSPEC};
use sockeye_wire::{
    Attribute, AttributeRow, Attributes, Choice, Counted, Field, Holds, Layout, Meaning, Payload, Scalar, Selector,
    Space,
};

use crate::value::{from_number, says_unit};
use crate::{Context, Value};
use list::List;
pub(crate) use list::Listed;

/// A nest of attributes or a structure, not read yet.
#[derive(Clone, Copy)]
pub struct Tree<'a> {
    shape: Shape,
    bytes: &'a [u8],
    surrounding: Surrounding<'a>,
}

#[derive(Clone, Copy)]
enum Shape {
    Nest(&'static Space),
    Structure(&'static Layout),
    Counted(&'static Counted),
    NextHop(&'static Space),
}

/// What a value's meaning depends on beside its own bytes.
#[derive(Clone, Copy)]
pub(crate) struct Surrounding<'a> {
    pub(crate) context: &'a dyn Context,
    /// The address family of the message.
    pub(crate) family: u8,
    /// The attributes around the nest, for what is selected from there.
    pub(crate) outer: &'a [u8],
    /// The attributes of the message, and which of them names the namespace of the interfaces below.
    pub(crate) message: &'a [u8],
    pub(crate) namespace: Option<u16>,
}

impl Surrounding<'_> {
    /// Whether interfaces below are in another namespace: their numbers have no names here.
    fn names_namespace(&self) -> bool {
        self.namespace.is_some_and(|number| Attributes::new(self.message).last(number).is_some())
    }
}

/// One value with its key.
pub struct Entry<'a> {
    /// Its name, with the suffix of its unit.
    pub key: Cow<'static, str>,
    /// Its name alone.
    pub name: Cow<'static, str>,
    /// What it is.
    pub value: Value<'a>,
}

impl<'a> Entry<'a> {
    /// A value whose key is its name alone.
    pub(crate) fn named(name: &'static str, value: Value<'a>) -> Self {
        Self { key: Cow::Borrowed(name), name: Cow::Borrowed(name), value }
    }
}

impl<'a> Tree<'a> {
    pub(crate) fn nest(space: &'static Space, bytes: &'a [u8], surrounding: Surrounding<'a>) -> Self {
        Self { shape: Shape::Nest(space), bytes, surrounding }
    }

    pub(crate) fn structure(layout: &'static Layout, bytes: &'a [u8], surrounding: Surrounding<'a>) -> Self {
        Self { shape: Shape::Structure(layout), bytes, surrounding }
    }

    /// Calls `each` with every value in it.
    pub fn entries(&self, each: &mut dyn FnMut(Entry<'a>)) {
        match self.shape {
            Shape::Structure(layout) => fields(layout, self.bytes, self.surrounding, each),
            Shape::Nest(space) => {
                if let Some(layout) = space.header {
                    fields(layout, self.bytes, self.surrounding, each);
                }
                let attributes = self.bytes.get(padded(space.header_len)..).unwrap_or_default();
                walk(space, attributes, self.surrounding, each);
            }
            Shape::Counted(counted) => {
                fields(counted.head, self.bytes, self.surrounding, each);
                let items = Listed { list: List::Counted(counted), bytes: self.bytes, surrounding: self.surrounding };
                each(Entry::named(counted.name, Value::Several(items.into())));
            }
            Shape::NextHop(space) => next_hop(space, self.bytes, self.surrounding, each),
        }
    }

    /// The values in it, gathered.
    pub fn to_entries(&self) -> Vec<Entry<'a>> {
        let mut entries = Vec::new();
        self.entries(&mut |entry| entries.push(entry));
        entries
    }
}

impl PartialEq for Tree<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl fmt::Debug for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.to_entries().into_iter().map(|entry| (entry.key, entry.value))).finish()
    }
}

/// Attributes begin at multiples of four.
pub(crate) const fn padded(len: usize) -> usize {
    (len + 3) & !3
}

/// Every field of a structure that is there.
fn fields<'a>(layout: &'static Layout, bytes: &'a [u8], surrounding: Surrounding<'a>, each: &mut dyn FnMut(Entry<'a>)) {
    for field in layout.fields {
        if let Some(value) = field_value(field, bytes, surrounding) {
            let key = match field.holds {
                Holds::Number(number) => keyed(field.name, number.meaning),
                _ => Cow::Borrowed(field.name),
            };
            each(Entry { key, name: Cow::Borrowed(field.name), value });
        }
    }
}

/// The value of a field of a structure.
pub(crate) fn field_value<'a>(
    field: &'static Field,
    bytes: &'a [u8],
    surrounding: Surrounding<'a>,
) -> Option<Value<'a>> {
    match field.holds {
        Holds::Number(number) => {
            field.number(bytes).map(|read| number_value(read, number.scalar, number.meaning, surrounding))
        }
        Holds::Text(_) => field.text(bytes).map(Value::Text),
        Holds::SocketAddress => field.socket_address(bytes).map(Value::SocketAddress),
        Holds::LinkAddress(_) => field.octets(bytes).map(Value::LinkAddress),
        Holds::Address(_) | Holds::Group => {
            field.octets(bytes).map(|octets| address(octets).map_or(Value::LinkAddress(octets), Value::Address))
        }
        Holds::Numbers(..) => {
            let numbers = Listed { list: List::Field(field), bytes, surrounding };
            numbers.values().next().is_some().then(|| Value::Several(numbers.into()))
        }
        _ => None,
    }
}

/// A number with a name where it stands for an interface.
fn number_value(number: u64, scalar: Scalar, meaning: Meaning, surrounding: Surrounding<'_>) -> Value<'_> {
    match (meaning, u32::try_from(number)) {
        // TCM_IFINDEX_MAGIC_BLOCK (include/uapi/linux/rtnetlink.h): the parent is the number of a block, which has no link.
        (Meaning::Interface, Err(_)) if number.cast_signed() == -1 && surrounding.family == AF_UNSPEC => {
            Value::Word("block")
        }
        // NETCONFA_IFINDEX_ALL, NETCONFA_IFINDEX_DEFAULT (include/uapi/linux/netconf.h).
        (Meaning::Interface, Err(_)) if number.cast_signed() == -1 => Value::Word("all"),
        (Meaning::Interface, Err(_)) if number.cast_signed() == -2 => Value::Word("default"),
        (Meaning::Interface | Meaning::LowerInterface, Ok(index)) => {
            let is_here = index != 0 && (meaning == Meaning::Interface || !surrounding.names_namespace());
            let name = is_here.then(|| surrounding.context.interface(index)).flatten();
            Value::Interface { index, name }
        }
        _ => from_number(number, scalar, meaning),
    }
}

/// Attribute numbers of which it is remembered whether they come again.
const REMEMBERED: u16 = 128;

/// Every attribute of a nest. Of several with one number the last counts, as for the kernel, unless the table says that
/// they belong together.
fn walk<'a>(space: &'static Space, bytes: &'a [u8], surrounding: Surrounding<'a>, each: &mut dyn FnMut(Entry<'a>)) {
    let (mut seen, mut again) = (0u128, 0u128);
    for attribute in Attributes::new(bytes).map_while(Result::ok).filter(|it| it.number < REMEMBERED) {
        let bit = 1 << attribute.number;
        again |= seen & bit;
        seen |= bit;
    }
    let mut told = 0u128;
    for attribute in Attributes::new(bytes).map_while(Result::ok) {
        let row = row_of(space, attribute.number);
        let bit = if attribute.number < REMEMBERED { 1 << attribute.number } else { 0 };
        if again & bit != 0 {
            if told & bit != 0 {
                continue;
            }
            told |= bit;
            let repeated = matches!(row, Some(AttributeRow { payload: Payload::Repeated(_), .. }));
            if !repeated {
                let last = Attributes::new(bytes).last(attribute.number).unwrap_or_default();
                one(space, row, Attribute { number: attribute.number, payload: last }, bytes, surrounding, each);
                continue;
            }
        }
        one(space, row, attribute, bytes, surrounding, each);
    }
}

/// The row of an attribute number.
pub(crate) fn row_of(space: &'static Space, number: u16) -> Option<&'static AttributeRow> {
    // Most tables have no gaps, or few.
    let guess = usize::from(number).checked_sub(usize::from(space.attributes.first()?.number));
    guess
        .and_then(|at| space.attributes.get(at))
        .filter(|row| row.number == number)
        .or_else(|| space.attributes.iter().find(|row| row.number == number))
}

fn one<'a>(
    space: &'static Space,
    row: Option<&'static AttributeRow>,
    attribute: Attribute<'a>,
    siblings: &'a [u8],
    surrounding: Surrounding<'a>,
    each: &mut dyn FnMut(Entry<'a>),
) {
    let Some(row) = row else {
        let key: Cow<'static, str> = Cow::Owned(format!("unknown_{}", attribute.number));
        return each(Entry { name: key.clone(), key, value: Value::Bytes(attribute.payload) });
    };
    let inner = Surrounding { outer: siblings, ..surrounding };
    match &row.payload {
        Payload::Padding => {}
        Payload::Selected(selector, choices) => {
            let (key, value) = match selected(*selector, choices, siblings, surrounding) {
                Some(choice) => {
                    let key = if row.name.is_empty() { choice.key } else { row.name };
                    (Cow::Borrowed(key), value(&choice.payload, attribute.payload, siblings, inner))
                }
                // A kind without options can have an empty place for them.
                None if attribute.payload.is_empty() => return,
                // A kind that is newer than this table: its bytes are kept.
                None => (unknown_choice(row, space), Some(Value::Bytes(attribute.payload))),
            };
            if let Some(value) = value {
                put(key.clone(), key, value, each);
            }
        }
        payload => {
            let key = match payload {
                Payload::Number(_, meaning)
                | Payload::Numbers(_, meaning)
                | Payload::Unsigned(meaning)
                | Payload::Repeated(Payload::Number(_, meaning))
                | Payload::Listed(Payload::Number(_, meaning)) => keyed(row.name, *meaning),
                _ => Cow::Borrowed(row.name),
            };
            let value = match payload {
                Payload::Repeated(payload) => {
                    let list = List::Repeated(attribute.number, payload);
                    Some(Value::Several(Listed { list, bytes: siblings, surrounding: inner }.into()))
                }
                payload => value(payload, attribute.payload, siblings, inner),
            };
            if let Some(value) = value {
                put(key, Cow::Borrowed(row.name), value, each);
            }
        }
    }
}

/// Hands a value on; what has no name of its own has its members in the object around it.
fn put<'a>(key: Cow<'static, str>, name: Cow<'static, str>, value: Value<'a>, each: &mut dyn FnMut(Entry<'a>)) {
    match value {
        Value::Tree(tree) if key.is_empty() => tree.entries(each),
        // net/core/rtnetlink.c `rtnl_dpll_pin_fill`, `rtnl_devlink_port_fill`: a nest that says that there is none.
        Value::Tree(tree) if tree.bytes.is_empty() => {}
        // A list without a name has one element: it is what the record is about.
        Value::Several(values) if key.is_empty() => {
            values.for_each(|value| put(key.clone(), name.clone(), value, each));
        }
        value => each(Entry { key, name, value }),
    }
}

/// The key of something whose kind no table knows.
fn unknown_choice(row: &AttributeRow, space: &Space) -> Cow<'static, str> {
    let name = if row.name.is_empty() { space.name } else { row.name };
    Cow::Owned(format!("unknown_{name}_{}", row.number))
}

/// What the attributes around it select.
pub(crate) fn selected(
    selector: Selector,
    choices: &'static [Choice],
    siblings: &[u8],
    surrounding: Surrounding<'_>,
) -> Option<&'static Choice> {
    let by_text = |attributes, number| {
        let word = sockeye_wire::text(Attributes::new(attributes).last(number)?);
        choices.iter().find(|choice| choice.word.as_bytes() == word)
    };
    match selector {
        Selector::Text(number) => by_text(siblings, number),
        Selector::OuterText(number) => by_text(surrounding.outer, number),
        Selector::Number(number, scalar) => {
            let wanted = scalar.read(Attributes::new(siblings).last(number)?, 0)?;
            choices.iter().find(|choice| choice.number == wanted)
        }
        _ => None,
    }
}

/// What an attribute holds in messages of this family; family 0 stands for all that are not named.
pub(crate) fn of_family(choices: &'static [(u8, &'static Payload)], family: u8) -> Option<&'static Payload> {
    let find = |wanted: u8| choices.iter().find(|(family, _)| *family == wanted).map(|(_, payload)| *payload);
    find(family).or_else(|| find(0))
}

/// A name with the suffix of its unit.
pub(crate) fn keyed(name: &'static str, meaning: Meaning) -> Cow<'static, str> {
    let suffix = if says_unit(name, meaning) { "" } else { meaning.suffix() };
    if suffix.is_empty() { Cow::Borrowed(name) } else { Cow::Owned(format!("{name}{suffix}")) }
}

/// The value of a payload. `siblings` are the attributes beside it.
pub(crate) fn value<'a>(
    payload: &'static Payload,
    bytes: &'a [u8],
    siblings: &'a [u8],
    surrounding: Surrounding<'a>,
) -> Option<Value<'a>> {
    let list = |list| Value::Several(Listed { list, bytes, surrounding }.into());
    Some(match *payload {
        Payload::Number(scalar, meaning) => number_value(scalar.read(bytes, 0)?, scalar, meaning, surrounding),
        Payload::Unsigned(meaning) => {
            let scalar = if bytes.len() >= 8 { Scalar::U64 } else { Scalar::U32 };
            number_value(scalar.read(bytes, 0)?, scalar, meaning, surrounding)
        }
        Payload::Text | Payload::UnixName => Value::Text(sockeye_wire::text(bytes)),
        Payload::Flag => Value::Truth(true),
        Payload::Structure(layout) => Value::Tree(Tree::structure(layout, bytes, surrounding)),
        Payload::Structures(layout, len) => list(List::Structures(layout, len)),
        Payload::Numbers(scalar, meaning) => list(List::Numbers(scalar, meaning)),
        Payload::Counted(counted) => Value::Tree(Tree { shape: Shape::Counted(counted), bytes, surrounding }),
        Payload::Nest(space) => Value::Tree(Tree::nest(space, bytes, surrounding)),
        Payload::Nests(number, space) => list(List::Nests(number, space)),
        Payload::Listed(inner) => list(List::Attributes(inner)),
        Payload::Repeated(inner) => return value(inner, bytes, siblings, surrounding),
        Payload::Selected(selector, choices) => match selected(selector, choices, siblings, surrounding) {
            Some(choice) => return value(&choice.payload, bytes, siblings, surrounding),
            None => Value::Bytes(bytes),
        },
        Payload::OfFamily(choices) => match of_family(choices, surrounding.family) {
            Some(payload) => return value(payload, bytes, siblings, surrounding),
            None => Value::Bytes(bytes),
        },
        Payload::NextHops(space) => list(List::NextHops(space)),
        Payload::Address if surrounding.family == AF_MPLS => labels(bytes),
        Payload::Address => address(bytes).map_or(Value::Bytes(bytes), Value::Address),
        Payload::LinkAddress => Value::LinkAddress(bytes),
        Payload::Labels => labels(bytes),
        Payload::Via => via(bytes).map_or(Value::Bytes(bytes), Value::Address),
        Payload::Padding => return None,
        _ => Value::Bytes(bytes),
    })
}

/// An address of IPv4 or IPv6, by its length.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|octets| IpAddr::from(*octets)),
        16 => bytes.first_chunk::<16>().map(|octets| IpAddr::from(*octets)),
        _ => None,
    }
}

/// `struct rtvia`: a family of two bytes and an address.
fn via(bytes: &[u8]) -> Option<IpAddr> {
    address(bytes.get(2..)?)
}

/// A stack of MPLS labels: 20 bits each, outermost first, as `ip` writes it.
fn labels(bytes: &[u8]) -> Value<'_> {
    let mut text = String::new();
    for word in bytes.chunks_exact(4).filter_map(|word| Scalar::Be32.read(word, 0)) {
        let between = if text.is_empty() { "" } else { "/" };
        // Writing to a string does not fail.
        let _ = write!(text, "{between}{}", word >> 12);
    }
    if text.is_empty() { Value::Bytes(bytes) } else { Value::Owned(text.into_bytes()) }
}

/// Bytes of `struct rtnexthop`.
const NEXT_HOP_LEN: usize = 8;

/// Every next hop: its structure and the attributes behind it.
pub(crate) fn next_hops(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        let len = usize::try_from(Scalar::U16.read(rest, 0)?).ok()?;
        let hop = rest.get(..len).filter(|hop| hop.len() >= NEXT_HOP_LEN)?;
        rest = rest.get(padded(len)..).unwrap_or_default();
        Some(hop)
    })
}

/// `struct rtnexthop` (include/uapi/linux/rtnetlink.h): its own length, flags, weight less one, interface.
fn next_hop<'a>(space: &'static Space, bytes: &'a [u8], surrounding: Surrounding<'a>, each: &mut dyn FnMut(Entry<'a>)) {
    if let Some(layout) = space.header {
        fields(layout, bytes, surrounding, each);
    }
    walk(space, bytes.get(NEXT_HOP_LEN..).unwrap_or_default(), surrounding, each);
}
