use crate::event::{Container, Literal, Token};
use crate::number::Number;
use serde_json::{Map, Value};
use std::string::String;
use std::vec::Vec;

/// Builds [`Value`]s from tokens: for tests, and for documents that are small.
///
/// Numbers become what `serde_json` makes of them; one beyond the range of a double becomes `null`. A key that
/// repeats replaces the earlier one. Bytes that are not UTF-8 (in the lejp dialect) become U+FFFD.
#[derive(Debug, Default)]
pub struct Values {
    open: Vec<Open>,
    text: Vec<u8>,
}

#[derive(Debug)]
enum Open {
    Array(Vec<Value>),
    Object(Map<String, Value>, String),
}

impl Values {
    /// Takes the next token; gives the value that it completes, if that is in no container.
    pub fn take(&mut self, token: &Token<'_>) -> Option<Value> {
        let value = match *token {
            Token::Begin(Container::Array) => {
                self.open.push(Open::Array(Vec::new()));
                return None;
            }
            Token::Begin(Container::Object) => {
                self.open.push(Open::Object(Map::new(), String::new()));
                return None;
            }
            Token::End(_) => match self.open.pop()? {
                Open::Array(elements) => Value::Array(elements),
                Open::Object(members, _) => Value::Object(members),
            },
            Token::Key { part, last } => {
                let name = self.text(part, last)?;
                if let Some(Open::Object(_, key)) = self.open.last_mut() {
                    *key = name;
                }
                return None;
            }
            Token::Text { part, last } => Value::String(self.text(part, last)?),
            Token::Number { text, last, .. } => {
                self.text.extend_from_slice(text);
                if !last {
                    return None;
                }
                let value = number(&self.text);
                self.text.clear();
                value
            }
            Token::Literal(Literal::True) => Value::Bool(true),
            Token::Literal(Literal::False) => Value::Bool(false),
            Token::Literal(Literal::Null) => Value::Null,
            Token::Complete { .. } => return None,
        };
        match self.open.last_mut() {
            None => return Some(value),
            Some(Open::Array(elements)) => elements.push(value),
            Some(Open::Object(members, key)) => {
                members.insert(core::mem::take(key), value);
            }
        }
        None
    }

    fn text(&mut self, part: &[u8], last: bool) -> Option<String> {
        self.text.extend_from_slice(part);
        if !last {
            return None;
        }
        let text = String::from_utf8_lossy(&self.text).into_owned();
        self.text.clear();
        Some(text)
    }
}

fn number(text: &[u8]) -> Value {
    let number = Number::new(text);
    // A negative zero is not an integer's.
    let integer = number.as_i64().filter(|&value| value != 0 || !text.starts_with(b"-"));
    match (integer, number.as_u64()) {
        (Some(value), _) => value.into(),
        (None, Some(value)) if !text.starts_with(b"-") => value.into(),
        _ => number.as_f64().map_or(Value::Null, Value::from),
    }
}
