//! HTTP/2 over cleartext by Upgrade from HTTP/1.1 (RFC 7540 section 3.2), which RFC 9113 only deprecates.

use super::{Connection, Role};
use crate::settings::{ENTRY, LocalSettings};
use crate::store::RequestKind;
use crate::stream::State;
use crate::{Config, Error, StreamId};

impl Connection {
    /// The server's end after an HTTP/1.1 request with `Upgrade: h2c` was answered with 101. `settings` is the value
    /// of its HTTP2-Settings field. The request, of which all has come, is stream 1; answer it there.
    ///
    /// `head` says that its method was HEAD.
    ///
    /// # Errors
    /// The settings are not valid; the upgrade should have been ignored.
    pub fn server_upgraded(config: Config, settings: &[u8], head: bool) -> Result<Self, Error> {
        let mut connection = Self::new(Role::Server, config);
        let mut decoded = [0; 64 * ENTRY];
        let len = decode_base64url(settings, &mut decoded).ok_or(Error::Setting)?;
        if !len.is_multiple_of(ENTRY) {
            return Err(Error::FrameLength);
        }
        connection.peer.apply(decoded.get(..len).unwrap_or_default(), Role::Server, true)?;
        connection.encoder.set_limit(connection.peer.header_table_size);
        let mut stream = connection.new_stream(1, State::HalfClosedRemote);
        stream.head_received = true;
        stream.request = if head { RequestKind::Head } else { RequestKind::Other };
        connection.streams.insert(stream);
        connection.peer_streams = 1;
        connection.last_peer = 1;
        Ok(connection)
    }

    /// The client's end after its request with `Upgrade: h2c` was answered with 101. The response comes on the
    /// stream that is returned, which is ended on this side.
    ///
    /// `head` says that the method was HEAD.
    pub fn client_upgraded(config: Config, head: bool) -> (Self, StreamId) {
        let mut connection = Self::new(Role::Client, config);
        let mut stream = connection.new_stream(1, State::HalfClosedLocal);
        stream.head_sent = true;
        stream.request = if head { RequestKind::Head } else { RequestKind::Other };
        connection.streams.insert(stream);
        connection.next_own = 3;
        (connection, StreamId(1))
    }
}

/// The value of HTTP2-Settings for a client of this configuration (RFC 7540 section 3.2.1): writes it to `out` and
/// returns its length, at most 64.
pub fn http2_settings(config: &Config, out: &mut [u8; 64]) -> usize {
    let config = Config { limits: config.limits.in_range(), ..*config };
    let settings = LocalSettings::new(&config, Role::Client);
    let mut len = 0;
    for chunk in settings.as_slice().chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
        let bits = a << 16 | b << 8 | c;
        for nth in 0..=chunk.len() {
            let digit = bits >> (18 - 6 * nth) & 0x3f;
            if let (Some(to), Some(digit)) = (out.get_mut(len), DIGITS.get(digit as usize)) {
                *to = *digit;
                len += 1;
            }
        }
    }
    len
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Decodes base64url without padding (RFC 4648 section 5) strictly.
fn decode_base64url(text: &[u8], out: &mut [u8]) -> Option<usize> {
    let (mut bits, mut count, mut len) = (0_u32, 0, 0);
    for byte in text {
        let digit = DIGITS.iter().position(|digit| digit == byte)?;
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            *out.get_mut(len)? = (bits >> count) as u8;
            len += 1;
            bits &= (1 << count) - 1;
        }
    }
    // A single digit left over is no octet, and bits left over are zero.
    (count < 6 && bits == 0).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_field() {
        let mut text = [0; 64];
        let len = http2_settings(&Config::default(), &mut text);
        let mut back = [0; 64];
        let decoded = decode_base64url(&text[..len], &mut back).unwrap();
        assert_eq!(&back[..decoded], LocalSettings::new(&Config::default(), Role::Client).as_slice());
        assert!(Connection::server_upgraded(Config::default(), &text[..len], false).is_ok());
    }

    #[test]
    fn what_is_not_base64url_is_refused() {
        let mut out = [0; 8];
        assert_eq!(decode_base64url(b"", &mut out), Some(0));
        assert_eq!(decode_base64url(b"AAMAAABk", &mut out), Some(6));
        for bad in [&b"A"[..], b"AB", b"AA==", b"A+/A", b"AAMAAABkA", b"AA A"] {
            assert_eq!(decode_base64url(bad, &mut out), None, "{}", bad.escape_ascii());
        }
        for bad in [&b"AAMAAAB"[..], b"AAMAAABkAA", b"AAIAAAAC"] {
            assert!(Connection::server_upgraded(Config::default(), bad, false).is_err());
        }
    }
}
