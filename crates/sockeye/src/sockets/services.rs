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

/// Every name and alias.
pub(crate) fn all_names(file: &str) -> impl Iterator<Item = &str> {
    entries(file).flat_map(|(_, names)| names)
}

/// The first name of every port.
pub(crate) fn names(file: &str) -> std::collections::HashMap<u16, String> {
    let mut found = std::collections::HashMap::new();
    for (port, mut names) in entries(file) {
        if let Some(name) = names.next() {
            found.entry(port).or_insert_with(|| name.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    const FILE: &str = "# comment\nssh 22/tcp # SecureShell\nhttp\t80/tcp www www-http\nbad line\n";

    #[test]
    fn names_and_aliases_are_found() {
        assert_eq!(super::port(FILE, "www-http"), Some(80));
        assert_eq!(super::port(FILE, "comment"), None);
        assert_eq!(super::names(FILE).get(&22).map(String::as_str), Some("ssh"));
    }
}
