//! `/etc/services`: names of ports (services(5)).

/// The port of a service name or alias, whatever its protocol.
pub(crate) fn port(file: &str, service: &str) -> Option<u16> {
    entries(file).find(|(_, names)| names.clone().any(|name| name == service)).map(|(port, _)| port)
}

/// Ports with their names.
fn entries(file: &str) -> impl Iterator<Item = (u16, impl Iterator<Item = &str> + Clone)> {
    file.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let port = words.next()?.split('/').next()?.parse().ok()?;
        Some((port, std::iter::once(name).chain(words)))
    })
}

/// The name of a port.
pub(crate) fn name(file: &str, port: u16) -> Option<String> {
    entries(file).find(|(number, _)| *number == port).and_then(|(_, mut names)| names.next()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    const FILE: &str = "# comment\nssh 22/tcp # SecureShell\nhttp\t80/tcp www www-http\nbad line\n";

    #[test]
    fn names_and_aliases_are_found() {
        assert_eq!(super::port(FILE, "www-http"), Some(80));
        assert_eq!(super::port(FILE, "comment"), None);
        assert_eq!(super::name(FILE, 22), Some("ssh".to_owned()));
    }
}
