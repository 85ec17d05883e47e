//! JSON as iproute2 prints it, where an object can have the same key twice: `ip route` says `dst` of the route and of the
//! tunnel that it leads into. The later ones get a number, `dst#2`. `tc filter` has words without a value in an object.

use std::iter::Peekable;
use std::str::CharIndices;

use serde_json::{Map, Value};

/// Reads a document.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, letters: text.char_indices().peekable() };
    let value = reader.value()?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.wrong("the end")),
    }
}

struct Reader<'a> {
    text: &'a str,
    letters: Peekable<CharIndices<'a>>,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, String> {
        match self.peek() {
            Some('{') => self.object(),
            Some('[') => self.list(),
            _ => {
                let atom = self.atom()?;
                // Strings with escapes, numbers and words are read by somebody who knows how.
                serde_json::from_str(atom).map_err(|error| format!("{error} in {atom:?}"))
            }
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut fields = Map::new();
        self.members('{', '}', |reader| {
            let Value::String(key) = reader.value()? else { return Err(reader.wrong("a key")) };
            let again = (2..).map(|number| format!("{key}#{number}"));
            let key =
                std::iter::once(key.clone()).chain(again).find(|key| !fields.contains_key(key)).unwrap_or_default();
            let has_value = reader.peek() == Some(':');
            let value = if has_value { reader.take(':').and_then(|()| reader.value())? } else { Value::Null };
            fields.insert(key, value);
            Ok(())
        })?;
        Ok(Value::Object(fields))
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        self.members('[', ']', |reader| {
            items.push(reader.value()?);
            Ok(())
        })?;
        Ok(Value::Array(items))
    }

    fn members(
        &mut self,
        open: char,
        close: char,
        mut member: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.take(open)?;
        while self.peek() != Some(close) {
            member(self)?;
            if self.peek() != Some(close) {
                self.take(',')?;
            }
        }
        self.take(close)
    }

    /// The text of a string, or of everything up to the next mark.
    fn atom(&mut self) -> Result<&str, String> {
        let Some(&(start, first)) = self.letters.peek() else { return Err(self.wrong("a value")) };
        let mut end = start;
        let (mut is_first, mut is_escaped) = (true, false);
        while let Some(&(at, letter)) = self.letters.peek() {
            if first != '"' && (letter.is_whitespace() || "{}[]:,\"".contains(letter)) {
                break;
            }
            self.letters.next();
            end = at + letter.len_utf8();
            if first == '"' && !is_first && letter == '"' && !is_escaped {
                break;
            }
            is_escaped = letter == '\\' && !is_escaped;
            is_first = false;
        }
        Ok(&self.text[start..end])
    }

    fn peek(&mut self) -> Option<char> {
        while self.letters.next_if(|(_, letter)| letter.is_whitespace()).is_some() {}
        self.letters.peek().map(|&(_, letter)| letter)
    }

    fn take(&mut self, wanted: char) -> Result<(), String> {
        if self.peek() != Some(wanted) {
            return Err(self.wrong(&format!("{wanted:?}")));
        }
        self.letters.next();
        Ok(())
    }

    fn wrong(&mut self, wanted: &str) -> String {
        let at = self.letters.peek().map_or(self.text.len(), |&(at, _)| at);
        format!("{wanted} was expected at byte {at}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_that_comes_again_is_kept() {
        let text = r#" [ {"dst":"10.1.0.0/16", "a\"b": [1.50,-2, null ] , "dst":{"dst":true}, "dst": [] } ,{}]"#;
        let expected =
            json!([{"dst": "10.1.0.0/16", "a\"b": [1.5, -2, null], "dst#2": {"dst": true}, "dst#3": []}, {}]);
        assert_eq!(read(text), Ok(expected));
        assert_eq!(read(r#"{"eat","a":1}"#), Ok(json!({"eat": null, "a": 1})));
        assert!(read("[1 2]").is_err() && read("{\"a\":1").is_err() && read("[1]]").is_err());
    }
}
