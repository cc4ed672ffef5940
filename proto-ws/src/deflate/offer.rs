use core::fmt;

use crate::handshake::{Extension, Param};

/// The parameters of one offer or answer, as they are on the wire
/// ([section 7.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1)). `Display` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offer {
    /// `server_no_context_takeover` is there.
    pub server_no_context_takeover: bool,
    /// `client_no_context_takeover` is there.
    pub client_no_context_takeover: bool,
    /// `server_max_window_bits`, which always has a value.
    pub server_max_window_bits: Option<u8>,
    /// `client_max_window_bits`, which may come without a value in an offer.
    pub client_max_window_bits: Option<Option<u8>>,
}

impl Offer {
    /// Reads the parameters; `None` if one is unknown, there twice, or has no value where it needs one, one where it
    /// takes none, or a wrong one.
    ///
    //= https://www.rfc-editor.org/rfc/rfc7692#section-7
    //# A server MUST decline an extension negotiation offer for this extension if any of the following conditions are met
    pub fn parse(extension: &Extension<'_>) -> Option<Self> {
        let mut offer = Self::default();
        for param in extension.params() {
            let once = match param.name {
                b"server_no_context_takeover" if param.raw.is_none() => {
                    !core::mem::replace(&mut offer.server_no_context_takeover, true)
                }
                b"client_no_context_takeover" if param.raw.is_none() => {
                    !core::mem::replace(&mut offer.client_no_context_takeover, true)
                }
                b"server_max_window_bits" => offer.server_max_window_bits.replace(bits(&param)?).is_none(),
                b"client_max_window_bits" => {
                    let bits = if param.raw.is_some() { Some(bits(&param)?) } else { None };
                    offer.client_max_window_bits.replace(bits).is_none()
                }
                _ => false,
            };
            if !once {
                return None;
            }
        }
        Some(offer)
    }
}

/// 8 to 15, in decimal, without leading zeros.
fn bits(param: &Param<'_>) -> Option<u8> {
    let mut digits = param.value()?;
    match (digits.next()?, digits.next(), digits.next()) {
        (digit @ b'8'..=b'9', None, _) => Some(digit - b'0'),
        (b'1', Some(digit @ b'0'..=b'5'), None) => Some(10 + digit - b'0'),
        _ => None,
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("permessage-deflate")?;
        if self.server_no_context_takeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_no_context_takeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        match self.client_max_window_bits {
            Some(Some(bits)) => write!(f, "; client_max_window_bits={bits}"),
            Some(None) => f.write_str("; client_max_window_bits"),
            None => Ok(()),
        }
    }
}
