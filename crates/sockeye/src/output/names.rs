//! Names of hosts and services instead of numbers (`--resolve`), each asked for once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::sockets::services;

/// Asks the system for names. A name that takes long holds up the listing: that is what was asked for.
pub(crate) struct Resolver {
    hosts: Mutex<HashMap<IpAddr, Option<String>>>,
    services: HashMap<u16, String>,
}

impl Resolver {
    /// A resolver that knows nothing yet but the services.
    pub(crate) fn new() -> Self {
        let file = std::fs::read_to_string("/etc/services").unwrap_or_default();
        Self { hosts: Mutex::default(), services: services::names(&file) }
    }

    /// The name of an address.
    pub(crate) fn host(&self, address: IpAddr) -> Option<String> {
        if address.is_unspecified() {
            return None;
        }
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts
            .entry(address)
            .or_insert_with(|| dns_lookup::lookup_addr(&address).ok().filter(|name| *name != address.to_string()))
            .clone()
    }

    /// The name of a port.
    pub(crate) fn service(&self, port: u16) -> Option<&str> {
        self.services.get(&port).map(String::as_str)
    }
}
