//! How many there are of something, as people say it.

use std::fmt::Display;

/// `1 socket`, `2 sockets`, `0 sockets`.
pub(crate) fn several<N: Copy + Display + PartialEq + From<u8>>(count: N, one: &str) -> String {
    let ending = if count == N::from(1) { "" } else { "s" };
    format!("{count} {one}{ending}")
}

#[cfg(test)]
mod tests {
    use super::several;

    #[test]
    fn one_alone_is_singular() {
        let said = [0_u64, 1, 2, 11].map(|count| several(count, "socket"));
        assert_eq!(said, ["0 sockets", "1 socket", "2 sockets", "11 sockets"]);
    }
}
