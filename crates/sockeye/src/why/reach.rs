//! `sockeye why ADDRESS[:PORT]`: the way that the kernel would take, step by step, and what is wrong on it.

mod down;
mod forbidden;
mod heard;
mod hops;
mod own_way;
mod route;
mod sockets;
mod source;
mod steps;
mod target;
mod towards;

use std::time::Duration;

use sockeye_conn::Namespace;
use sockeye_wire::rtnetlink::record::Link;
use sockeye_wire::rtnetlink::{Table, Wanted};

use super::changes::{self, Changes};
use super::finding::Finding;
use super::kernel::{Kernel, shown};
use super::machine::{self, Look};
use crate::live::own_addresses::Local;
use crate::live::owners::Owners;
use crate::privilege::is_net_admin;
use crate::sockets::Mistaken;
use hops::{Recipient, Way};
pub(super) use target::{Target, host};
use towards::Towards;

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
    /// The index of the link that the target names.
    link: Option<u32>,
    pub(super) steps: Vec<Step>,
    pub(super) findings: Vec<Finding>,
    /// What changed on the machine.
    pub(super) changes: changes::Told,
    /// TCP connections towards it that sent something meanwhile.
    pub(super) tried: u64,
    /// What the kernel tells of drops and resets was listened to.
    pub(super) listened: bool,
    /// Every table was read whole.
    pub(super) whole: bool,
}

impl Reach {
    /// Looks at the way to an address of the host.
    pub(super) fn look(target: Target, namespace: Option<&Namespace>, time: Duration) -> anyhow::Result<Self> {
        let link = link_of(&target, &mut Kernel::open(namespace)?)?;
        // What was lost in the past says nothing of now: counters are held against those of a moment before.
        let before = Look::at_links(namespace)?;
        let there_before = Towards::at(&target, link, namespace)?;
        let mut changes = Changes::open(namespace)?;
        let heard = heard::listen(&target, namespace, time)?;
        // What did not fit into its buffer meanwhile is asked for, as in every watch.
        changes.follow(Duration::ZERO)?;
        let now = Look::at_links(namespace)?;
        let towards = Towards::at(&target, link, namespace)?;
        let mut kernel = Kernel::open(namespace)?;
        let changes = changes.into_told();
        let whole = changes.whole && before.whole && now.whole && there_before.whole && towards.whole;
        let (tried, listened) = (towards.tried_since(&there_before), heard.listens);
        let mut reach = Self { target, link, steps: Vec::new(), findings: Vec::new(), changes, tried, listened, whole };
        let mut way = route::look(&mut reach, &mut kernel, namespace)?;
        if let Some(way) = &way {
            hops::look(&mut reach, &mut kernel, way)?;
        }
        let mut owners = Owners::new(true, is_net_admin(namespace));
        if towards.is_opening() {
            owners.look(std::iter::empty);
        }
        let who = |inode| owners.holder(inode);
        towards.tell(&mut reach, &who);
        if let Some(why) = owners.known().unknown.filter(|_| towards.is_opening()) {
            reach.step("owners", format!("not all known: {why}"));
        }
        if way.is_none() {
            way = own_way::look(&mut reach, &mut kernel, &towards)?;
        }
        let is_local = way.as_ref().is_some_and(|way| way.recipient == Recipient::Local);
        if let Some(way) = way {
            towards.judge(&mut reach, &who);
            sockets::look(&mut reach, &way, &towards, namespace)?;
            for ifindex in way.links() {
                let name = kernel.interface(ifindex);
                // A link that is not there drops everything: that is no finding of its own.
                let is_down = |one: &Finding| matches!(one.cause, "link-down" | "no-carrier");
                if !reach.findings.iter().any(|one| is_down(one) && one.subject == name.as_bytes()) {
                    reach.findings.extend(machine::lost_on(&before, &now, &name));
                }
            }
        }
        heard.tell(&mut reach, is_local, &own_addresses(&mut kernel)?);
        reach.let_queues_explain();
        Ok(reach)
    }

    /// A full queue drops SYNs, and is why they get no answer.
    fn let_queues_explain(&mut self) {
        let is_full = |one: &Finding| one.cause == "accept-queue-full";
        if self.findings.iter().any(is_full) {
            self.findings.retain(|one| one.cause != "syn-unanswered");
            self.findings.sort_by_key(|one| !is_full(one));
        }
    }

    fn step(&mut self, name: &'static str, text: impl Into<String>) {
        self.steps.push(Step { name, text: text.into() });
    }
}

/// The addresses of this host.
fn own_addresses(kernel: &mut Kernel) -> anyhow::Result<Local> {
    let mut own = Local::default();
    for (table, wanted) in Local::tables() {
        kernel.rows(table, &wanted, |row| own.take(table, row.payload()))?;
    }
    Ok(own)
}

/// The index of the link that an address is on, where it has to be said.
fn link_of(target: &Target, kernel: &mut Kernel) -> anyhow::Result<Option<u32>> {
    let Some(name) = &target.link else {
        if target.is_link_local() {
            let say = format!("{} is on every link: say on which, {0}%eth0", target.ip);
            return Err(Mistaken::sentence(say));
        }
        return Ok(None);
    };
    let mut found = None;
    kernel.rows(Table::Links, &Wanted::default(), |row| {
        let Some(index) = Link::read(row.payload()).map(|link| link.index()) else { return };
        if shown(row, "ifname") == *name || index.to_string() == *name {
            found = Some(index);
        }
    })?;
    match found {
        Some(index) => Ok(Some(index)),
        None => Err(Mistaken::sentence(format!("there is no link `{name}` (sockeye links)"))),
    }
}
