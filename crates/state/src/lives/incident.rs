//! Something that went wrong with a socket, or with a packet that was for none, as the kernel tells of it while it happens.

use core::net::SocketAddr;
use std::sync::Arc;

use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::inet::IPPROTO_TCP;
use sockeye_wire::sock_diag::state::State;

use super::engine::{Lives, Teller};
use super::event::Told;
use super::life::{Life, Listener, Side, Time, Totals};
use super::listeners::Spot;
use super::said::port;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// A segment was sent again.
    Retransmit,
    /// A connection, or an attempt at one, was broken off by a reset.
    Reset,
    /// A packet was dropped.
    Drop,
    /// A socket reports an error.
    Error,
}

impl Trouble {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Retransmit => "retransmit",
            Self::Reset => "reset",
            Self::Drop => "drop",
            Self::Error => "error",
        }
    }
}

/// Which way a packet went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From here.
    Sent,
    /// To here.
    Received,
}

impl Direction {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "received",
        }
    }
}

/// Something that went wrong. What the kernel did not say is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// When.
    pub at: Time,
    /// What.
    pub trouble: Trouble,
    /// The socket, where there is one and the kernel says which.
    pub cookie: Option<u64>,
    /// `IPPROTO_TCP` and others.
    pub protocol: Option<u16>,
    /// The state of the socket.
    pub state: Option<State>,
    /// This end.
    pub local: SocketAddr,
    /// The other end.
    pub peer: SocketAddr,
    /// The control group of the socket.
    pub cgroup: Option<u64>,
    /// Which way the packet went that was dropped, or the reset.
    pub direction: Option<Direction>,
    /// Why it was dropped, or the reset was sent, in the kernel's word.
    pub reason: Option<Arc<str>>,
    /// The function of the kernel that dropped it.
    pub location: Option<Arc<str>>,
    /// Segments that were sent again.
    pub segments: Option<u64>,
    /// What the socket has done up to now.
    pub totals: Totals,
    /// The error number.
    pub error: Option<u32>,
}

/// An incident, and what is known of the socket that it happened to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Met<'a> {
    /// What went wrong.
    pub incident: &'a Incident,
    /// The socket with the last message about it, where it is followed.
    pub socket: Option<(&'a Life, &'a [u8])>,
    /// Who listens where a packet came to that belongs to no socket that is known.
    pub listener: Option<&'a Listener>,
}

impl Met<'_> {
    /// The same, to be told later.
    pub fn keep(&self) -> KeptMet {
        KeptMet {
            incident: self.incident.clone(),
            socket: self.socket.map(|(life, message)| (life.clone(), message.into())),
            listener: self.listener.cloned(),
        }
    }
}

/// An incident that waits to be told.
#[derive(Clone, Debug)]
pub struct KeptMet {
    incident: Incident,
    socket: Option<(Life, Box<[u8]>)>,
    listener: Option<Listener>,
}

impl KeptMet {
    /// The incident.
    pub fn met(&self) -> Met<'_> {
        let socket = self.socket.as_ref().map(|(life, message)| (life, &**message));
        Met { incident: &self.incident, socket, listener: self.listener.as_ref() }
    }
}

impl Lives {
    /// Something went wrong in this namespace.
    pub fn incident(&mut self, incident: &Incident, tell: Teller<'_>) {
        self.incident_at(incident, true, tell);
    }

    /// The same, and its local end is no address of this namespace: it is meant for nobody who listens at any address.
    pub fn incident_elsewhere(&mut self, incident: &Incident, tell: Teller<'_>) {
        self.incident_at(incident, false, tell);
    }

    fn incident_at(&mut self, incident: &Incident, is_here: bool, tell: Teller<'_>) {
        if let Some(cookie) = incident.cookie {
            self.meet_withheld(cookie, incident.state, incident.at, tell);
        }
        if let Some(entry) = incident.cookie.and_then(|cookie| self.store.get_mut(cookie))
            && !entry.life.described
            && entry.life.side == Some(Side::Connect)
            && port(&entry.message) == 0
        {
            // A socket that begins to connect has no port yet when that is told. Of others a packet may have other ends: that of a
            // listener is from somebody, and on its way it may get other addresses.
            bare::set_ends(&mut entry.message, incident.local, incident.peer);
        }
        let came_in = incident.direction != Some(Direction::Sent) && incident.protocol == Some(IPPROTO_TCP);
        let mut spots = Spot::of_packet(incident.local).filter(|_| came_in);
        let listener = spots.find_map(|spot| {
            let cookies = if is_here { self.listeners.of(spot) } else { self.listeners.at(spot) };
            self.listener_among(spot, cookies)
        });
        let departed = |cookie| {
            let entry = self.departed.iter().rfind(|entry| entry.life.cookie == cookie)?;
            Some((&entry.life, &*entry.message))
        };
        let socket = incident.cookie.and_then(|cookie| self.get(cookie).or_else(|| departed(cookie)));
        let listener = listener.as_deref().filter(|_| socket.is_none());
        tell(Told::Incident(Met { incident, socket, listener }));
    }
}
