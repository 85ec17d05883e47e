//! Several values of one field, each made when it is looked at: what an attribute costs does not depend on what is in it.

use core::fmt;
use core::ops::ControlFlow;

use crate::rtnetlink::{Hops, Placed};
use crate::sockets::Parts;
use crate::tree::Listed;
use crate::value::Value;

/// Several values. They are visited, in the kernel's order; none of them is kept.
#[derive(Clone, Copy)]
pub struct Several<'a>(Source<'a>);

/// Where the values come from.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// Parts of an attribute of a socket.
    Parts(Parts<'a>),
    /// Elements of a list in a record of rtnetlink.
    Listed(Listed<'a>),
    /// A place in a record that is there several times.
    Placed(Placed<'a>),
    /// The next hops of a route.
    Hops(Hops<'a>),
}

/// Takes one value, and says whether it wants another.
pub(crate) type Visit<'v, 'a> = &'v mut dyn FnMut(Value<'a>) -> ControlFlow<()>;

impl<'a> Several<'a> {
    /// Hands each value to `visit`, until that breaks off.
    pub fn each(&self, visit: &mut dyn FnMut(Value<'a>) -> ControlFlow<()>) -> ControlFlow<()> {
        match &self.0 {
            Source::Parts(parts) => parts.values().try_for_each(visit),
            Source::Listed(listed) => listed.values().try_for_each(visit),
            Source::Placed(placed) => placed.each(visit),
            Source::Hops(hops) => hops.values().try_for_each(visit),
        }
    }

    /// Hands every value to `visit`.
    pub fn for_each(&self, mut visit: impl FnMut(Value<'a>)) {
        let _ = self.each(&mut |value| {
            visit(value);
            ControlFlow::Continue(())
        });
    }

    /// Whether one of them is such a value.
    pub fn any(&self, mut is_it: impl FnMut(&Value<'a>) -> bool) -> bool {
        let visit = &mut |value| if is_it(&value) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        self.each(visit).is_break()
    }

    /// The first of them.
    pub fn first(&self) -> Option<Value<'a>> {
        let mut first = None;
        let _ = self.each(&mut |value| {
            first = Some(value);
            ControlFlow::Break(())
        });
        first
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }
}

impl<'a> From<Parts<'a>> for Several<'a> {
    fn from(parts: Parts<'a>) -> Self {
        Self(Source::Parts(parts))
    }
}

impl<'a> From<Listed<'a>> for Several<'a> {
    fn from(listed: Listed<'a>) -> Self {
        Self(Source::Listed(listed))
    }
}

impl<'a> From<Placed<'a>> for Several<'a> {
    fn from(placed: Placed<'a>) -> Self {
        Self(Source::Placed(placed))
    }
}

impl<'a> From<Hops<'a>> for Several<'a> {
    fn from(hops: Hops<'a>) -> Self {
        Self(Source::Hops(hops))
    }
}

impl fmt::Debug for Several<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        self.for_each(|value| {
            list.entry(&value);
        });
        list.finish()
    }
}

impl PartialEq for Several<'_> {
    /// Whether the values are the same, one by one. Those of two places are the same where the places and the records are:
    /// nobody compares more than that.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Source::Parts(one), Source::Parts(other)) => one.values().eq(other.values()),
            (Source::Listed(one), Source::Listed(other)) => one.values().eq(other.values()),
            (Source::Hops(one), Source::Hops(other)) => one.values().eq(other.values()),
            (Source::Placed(one), Source::Placed(other)) => one.is_same(other),
            _ => false,
        }
    }
}
