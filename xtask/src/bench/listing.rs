//! The cookies of a listing, as the bare loop and as sockeye print them.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use serde_json::Value;

/// What identifies a socket: no other one ever had it.
pub(super) type Cookie = u64;

/// What a listing is worth, against the sockets that were there all the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// Sockets that it has not.
    pub(super) missed: u64,
    /// Sockets that it has more than once.
    pub(super) doubled: u64,
    /// It says itself that it cannot be sure.
    pub(super) unsure: u64,
}

/// The cookies that the bare loop prints.
pub(super) fn of_bare(text: &[u8]) -> Result<Vec<Cookie>> {
    let text = std::str::from_utf8(text).context("the bare loop prints no text")?;
    text.lines().map(|line| Cookie::from_str_radix(line, 16).with_context(|| format!("no cookie: {line:?}"))).collect()
}

/// The cookies of NDJSON, and whether a confirmation there says that it is not sure.
pub(super) fn of_ndjson(text: &[u8]) -> Result<(Vec<Cookie>, bool)> {
    let mut cookies = Vec::new();
    let mut unsure = false;
    for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let value: Value = serde_json::from_slice(line).context("sockeye prints no JSON")?;
        if let Some(verdict) = value.get("verdict") {
            unsure = verdict.pointer("/consistency/confirmed/sure") == Some(&Value::Bool(false));
            continue;
        }
        let cookie = value.get("cookie").and_then(Value::as_str).and_then(|cookie| cookie.strip_prefix("0x"));
        let cookie = cookie.and_then(|cookie| Cookie::from_str_radix(cookie, 16).ok());
        cookies.push(cookie.with_context(|| format!("no cookie: {value}"))?);
    }
    Ok((cookies, unsure))
}

impl Faults {
    /// Holds a listing against the sockets that stayed.
    pub(super) fn of(listed: &[Cookie], unsure: bool, staying: &HashSet<Cookie>) -> Self {
        let mut times: HashMap<Cookie, u64> = HashMap::with_capacity(staying.len());
        for cookie in listed.iter().filter(|cookie| staying.contains(cookie)) {
            *times.entry(*cookie).or_default() += 1;
        }
        Self {
            missed: (staying.len() - times.len()) as u64,
            doubled: times.values().filter(|&&times| times > 1).count() as u64,
            unsure: unsure.into(),
        }
    }
}

impl std::ops::AddAssign for Faults {
    fn add_assign(&mut self, other: Self) {
        self.missed += other.missed;
        self.doubled += other.doubled;
        self.unsure += other.unsure;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_and_doubles_of_the_staying_ones_count() {
        let staying = HashSet::from([1, 2, 3]);
        let faults = Faults::of(&[2, 7, 2, 3, 7, 7], false, &staying);
        assert_eq!(faults, Faults { missed: 1, doubled: 1, unsure: 0 });
    }

    #[test]
    fn sockeye_says_cookies_and_whether_it_is_sure() {
        let text = concat!(
            "{\"cookie\":\"0x1f\",\"state\":\"established\"}\n",
            "{\"verdict\":{\"answer\":\"whole\",\"consistency\":{\"confirmed\":{\"sure\":false}}}}\n"
        );
        assert_eq!(of_ndjson(text.as_bytes()).expect("fine"), (vec![0x1f], true));
    }

    #[test]
    fn the_bare_loop_prints_cookies_only() {
        assert_eq!(of_bare(b"1f\nff\n").expect("fine"), [0x1f, 0xff]);
        assert!(of_bare(b"12 of 13\n").is_err());
    }
}
