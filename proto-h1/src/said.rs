//! What the fields of a head to be sent say about the message and the connection.

use proto_core::SendError;

use crate::Field;
use crate::encode::check_field;
use crate::fields::{Elements, is_named};

/// What the caller's fields say beyond themselves: a set of the constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said(u8);

impl Said {
    const NOTHING: Self = Self(0);
    /// A Connection field.
    pub(crate) const CONNECTION: Self = Self(1);
    /// `close` in one.
    pub(crate) const CLOSE: Self = Self(1 << 1);
    /// An Upgrade field.
    pub(crate) const UPGRADE: Self = Self(1 << 2);
    /// A TE field.
    pub(crate) const TE: Self = Self(1 << 3);
    /// An Expect field.
    pub(crate) const EXPECT: Self = Self(1 << 4);
    /// A Host field.
    pub(crate) const HOST: Self = Self(1 << 5);

    /// A bit for the length of every name that says something.
    const LENGTHS: u32 = 1 << 2 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 14 | 1 << 17;

    pub(crate) const fn has(self, what: Self) -> bool {
        self.0 & what.0 != 0
    }

    pub(crate) const fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// With what `field` says; an error for one that frames the message.
    #[inline(never)]
    fn and(self, field: &Field<'_>) -> Result<Self, SendError> {
        let is = |name: &[u8]| is_named(field.name, name);
        let says = match field.name.len() {
            2 if is(b"te") => Self::TE,
            4 if is(b"host") => Self::HOST,
            // RFC 9110 10.1.1: there is but one expectation.
            6 if is(b"expect") => {
                if self.has(Self::EXPECT) || !field.value.eq_ignore_ascii_case(b"100-continue") {
                    return Err(SendError::Misuse);
                }
                Self::EXPECT
            }
            7 if is(b"upgrade") => Self::UPGRADE,
            10 if is(b"connection") => {
                let close = Elements::new(field.value).any(|option| option.eq_ignore_ascii_case(b"close"));
                if close { Self(Self::CONNECTION.0 | Self::CLOSE.0) } else { Self::CONNECTION }
            }
            14 if is(b"content-length") => return Err(SendError::Misuse),
            17 if is(b"transfer-encoding") => return Err(SendError::Misuse),
            _ => Self::NOTHING,
        };
        Ok(Self(self.0 | says.0))
    }
}

/// Checks the fields of a head: expressible, and none that frames the message, which this crate writes itself.
#[inline]
pub(crate) fn check_fields(fields: &[Field<'_>]) -> Result<Said, SendError> {
    let mut said = Said::NOTHING;
    for field in fields {
        check_field(field)?;
        if field.name.len() < 32 && Said::LENGTHS >> field.name.len() & 1 != 0 {
            said = said.and(field)?;
        }
    }
    Ok(said)
}
