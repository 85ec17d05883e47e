//! Something that is wrong, with what shows it and what usually helps.

use sockeye_query::Value;

use crate::output::{escape, value};

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// A number, whose unit is in its name.
    Number(u64),
    /// Anything else, as the kernel's bytes.
    Text(Vec<u8>),
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
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Number(number) => Value::Unsigned(*number),
            Self::Text(text) => Value::Text(text),
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// Appends two lines: what is wrong with what, as is shown by what; and what usually helps.
    pub(crate) fn text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("! {}  ", self.cause).as_bytes());
        escape::text(out, &self.subject);
        for (at, (name, evidence)) in self.evidence.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"  " } else { b", " });
            out.extend_from_slice(name.as_bytes());
            out.push(b' ');
            value::text(out, &evidence.value());
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
            value::json_entry(out, name, &evidence.value());
        }
        out.extend_from_slice(b"},");
        value::json_entry(out, "advice", &Value::Text(self.advice.as_bytes()));
        out.push(b'}');
    }
}
