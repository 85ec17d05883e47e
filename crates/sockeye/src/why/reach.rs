//! `sockeye why ADDRESS[:PORT]`: the way that the kernel would take, step by step, and what is wrong on it.

mod heard;
mod route;
mod sockets;
mod steps;
mod target;

use std::net::IpAddr;
use std::time::Duration;

use sockeye_conn::{Error, Namespace};

use super::finding::Finding;
use super::kernel::Kernel;
use super::machine::{self, Look};
pub(super) use target::Target;

/// One thing that was looked at.
pub(super) struct Step {
    /// What it is.
    pub(super) name: &'static str,
    /// What was found, for people.
    pub(super) text: String,
}

/// Everything that is known of the way to an address.
pub(super) struct Reach {
    pub(super) target: Target,
    pub(super) steps: Vec<Step>,
    pub(super) findings: Vec<Finding>,
    /// Every table was read whole.
    pub(super) whole: bool,
}

impl Reach {
    /// Looks at the way to an address of the host.
    pub(super) fn look(target: Target, namespace: Option<&Namespace>, time: Duration) -> Result<Self, Error> {
        // What was lost in the past says nothing of now: counters are held against those of a moment before.
        let before = Look::at_links(namespace)?;
        let heard = heard::listen(target, namespace, time)?;
        let now = Look::at_links(namespace)?;
        let mut kernel = Kernel::open(namespace)?;
        let mut reach = Self { target, steps: Vec::new(), findings: Vec::new(), whole: true };
        if let Some(way) = route::look(&mut reach, &mut kernel)? {
            steps::link(&mut reach, &mut kernel, &way)?;
            if !way.is_local {
                steps::neighbour(&mut reach, &mut kernel, &way)?;
            }
            steps::qdisc(&mut reach, &mut kernel, &way)?;
            sockets::look(&mut reach, &way, namespace)?;
            // A link that is not there drops everything: that is no finding of its own.
            if !reach.findings.iter().any(|finding| matches!(finding.cause, "link-down" | "no-carrier")) {
                let name = kernel.interface(way.ifindex);
                reach.findings.extend(machine::lost_on(&before, &now, &name));
            }
        }
        heard.tell(&mut reach);
        Ok(reach)
    }

    fn step(&mut self, name: &'static str, text: impl Into<String>) {
        self.steps.push(Step { name, text: text.into() });
    }
}

/// The way out.
struct Way {
    /// The address is one of this host.
    is_local: bool,
    ifindex: u32,
    /// The next hop: a router, or the address itself.
    next_hop: IpAddr,
}
