//! Something that is wrong, with what shows it and what usually helps.

use std::time::Duration;

use sockeye_query::Value;
use sockeye_state::lives::cause::Quantity;

use crate::output::{escape, value};

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Evidence {
    /// A number, whose unit is in its name.
    Number(u64),
    /// Anything else, as the kernel's bytes.
    Text(Vec<u8>),
    /// What was measured, with its unit.
    Quantity(Quantity),
}

impl From<u64> for Evidence {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Evidence {
    fn from(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }
}

impl From<String> for Evidence {
    fn from(text: String) -> Self {
        Self::Text(text.into_bytes())
    }
}

impl Evidence {
    /// The JSON member: the name with its unit, and the number.
    fn member(&self, name: &str) -> (String, Value<'_>) {
        match self {
            Self::Number(number) => (name.to_owned(), Value::Unsigned(*number)),
            Self::Text(text) => (name.to_owned(), Value::Text(text)),
            Self::Quantity(quantity) => {
                let (suffix, number) = match *quantity {
                    Quantity::Share(share) => ("_percent", Some(whole(share * 100.0))),
                    Quantity::Bytes(bytes) => ("_bytes", Some(bytes)),
                    Quantity::BytesPerSecond(rate) => ("_bytes_per_second", Some(whole(rate))),
                    Quantity::Time(time) => ("_us", microseconds(time)),
                    Quantity::Count(count) => ("", Some(count)),
                    _ => ("", None),
                };
                (format!("{name}{suffix}"), number.map_or(Value::Nothing, Value::Unsigned))
            }
        }
    }

    /// For people: `busy share 92%`.
    fn text(&self, name: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(name.replace('_', " ").as_bytes());
        out.push(b' ');
        let text = match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => return escape::text(out, text),
            Self::Quantity(Quantity::Share(share)) => format!("{}%", whole(share * 100.0)),
            Self::Quantity(Quantity::Bytes(bytes)) => format!("{bytes} bytes"),
            Self::Quantity(Quantity::BytesPerSecond(rate)) => format!("{} bytes/s", whole(*rate)),
            Self::Quantity(Quantity::Time(time)) => match microseconds(*time) {
                Some(time) => humantime::format_duration(Duration::from_micros(time)).to_string(),
                None => "without end".to_owned(),
            },
            Self::Quantity(Quantity::Count(count)) => count.to_string(),
            Self::Quantity(_) => String::new(),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

/// A time as it is told; `None`: it has no end.
fn microseconds(time: Duration) -> Option<u64> {
    u64::try_from(time.as_micros()).ok()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and saturates")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// A stable word for what is wrong.
    pub(crate) cause: &'static str,
    /// What it is wrong with.
    pub(crate) subject: Vec<u8>,
    /// What shows it, by name.
    pub(crate) evidence: Vec<(&'static str, Evidence)>,
    /// What usually helps.
    pub(crate) advice: &'static str,
}

impl Finding {
    pub(crate) fn new(cause: &'static str, subject: impl Into<Vec<u8>>, advice: &'static str) -> Self {
        Self { cause, subject: subject.into(), evidence: Vec::new(), advice }
    }

    /// The same with one more piece of evidence.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, evidence: impl Into<Evidence>) -> Self {
        self.evidence.push((name, evidence.into()));
        self
    }

    /// The same with who holds the socket, where that is known.
    #[must_use]
    pub(crate) fn held_by(self, owner: Option<String>) -> Self {
        match owner {
            Some(owner) => self.with("owner", owner),
            None => self,
        }
    }

    /// Appends two lines: what is wrong with what, as is shown by what; and what usually helps.
    pub(crate) fn text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("! {}  ", self.cause).as_bytes());
        escape::text(out, &self.subject);
        for (at, (name, evidence)) in self.evidence.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"  " } else { b", " });
            evidence.text(name, out);
        }
        out.extend_from_slice(format!("\n    {}\n", self.advice).as_bytes());
    }

    /// Appends it as an object.
    pub(crate) fn json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        value::json_entry(out, "cause", &Value::Text(self.cause.as_bytes()));
        out.push(b',');
        value::json_entry(out, "subject", &Value::Text(&self.subject));
        out.extend_from_slice(b",\"evidence\":{");
        for (at, (name, evidence)) in self.evidence.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let (key, value) = evidence.member(name);
            value::json_entry(out, &key, &value);
        }
        out.extend_from_slice(b"},");
        value::json_entry(out, "advice", &Value::Text(self.advice.as_bytes()));
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_end_is_no_number() {
        let wait = |time| Evidence::Quantity(Quantity::Time(time));
        let finding = Finding::new("receiver-does-not-read", "one", "read")
            .with("unread_wait", wait(Duration::MAX))
            .with("wait", wait(Duration::from_micros(7_000_003)));
        let (mut json, mut text) = (Vec::new(), Vec::new());
        finding.json(&mut json);
        finding.text(&mut text);
        let (json, text) = (String::from_utf8_lossy(&json), String::from_utf8_lossy(&text));
        assert!(json.contains(r#""evidence":{"unread_wait_us":null,"wait_us":7000003}"#), "{json}");
        assert!(text.contains("unread wait without end, wait 7s 3us"), "{text}");
    }
}
