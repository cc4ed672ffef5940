//! serde visitors that count, over serde_json's and sonic-rs's deserializers.

use std::fmt;
use std::hint::black_box;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::pieces::Pieces;
use crate::documents::Document;
use crate::measure::{Contestant, Standing};

/// serde_json over a slice.
pub fn serde_json(document: &Document) -> Contestant {
    let text = document.text.clone();
    Contestant::new("serde_json", Standing::Rival, move || {
        let mut events = 0;
        let mut deserializer = serde_json::Deserializer::from_slice(black_box(&text[..]));
        match Count(&mut events).deserialize(&mut deserializer) {
            Ok(()) => events,
            Err(_) => 0,
        }
    })
}

/// serde_json over a reader that gives `piece` bytes at a time.
pub fn serde_json_reader(document: &Document, piece: usize) -> Contestant {
    let text = document.text.clone();
    Contestant::new("serde_json reader", Standing::Rival, move || {
        let mut events = 0;
        let reader = std::io::BufReader::with_capacity(piece, Pieces(black_box(&text[..]), piece));
        let mut deserializer = serde_json::Deserializer::from_reader(reader);
        match Count(&mut events).deserialize(&mut deserializer) {
            Ok(()) => events,
            Err(_) => 0,
        }
    })
}

/// sonic-rs over a slice.
pub fn sonic(document: &Document) -> Contestant {
    let text = document.text.clone();
    Contestant::new("sonic-rs", Standing::Rival, move || {
        let mut events = 0;
        let mut deserializer = sonic_rs::Deserializer::from_slice(black_box(&text[..]));
        match Count(&mut events).deserialize(&mut deserializer) {
            Ok(()) => events,
            Err(_) => 0,
        }
    })
}

struct Count<'a>(&'a mut u64);

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! scalars {
    ($($name:ident: $type:ty,)*) => {
        $(fn $name<E>(self, value: $type) -> Result<(), E> {
            black_box(value);
            *self.0 += 1;
            Ok(())
        })*
    };
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    scalars! { visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str, }

    fn visit_unit<E>(self) -> Result<(), E> {
        *self.0 += 1;
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        *self.0 += 2;
        while access.next_element_seed(Count(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        *self.0 += 2;
        while access.next_key::<Key>()?.is_some() {
            *self.0 += 1;
            access.next_value_seed(Count(self.0))?;
        }
        Ok(())
    }
}

/// A key that is looked at and not kept.
struct Key;

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                black_box(key.len());
                Ok(Key)
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}
