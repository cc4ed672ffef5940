//! Basic authentication ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto_core::{Full, SendError, WriteBuf};

/// Writes the value of an Authorization field: `Basic` and the encoded `user:password`.
///
/// ```
/// use proto_core::WriteBuf;
/// use proto_h1::auth;
/// let mut room = [0; 64];
/// let mut out = WriteBuf::new(&mut room);
/// auth::write_basic(b"Aladdin", b"open sesame", &mut out)?;
/// assert_eq!(out.written(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// assert!(auth::check_basic(out.written(), b"Aladdin", b"open sesame"));
/// # Ok::<(), proto_core::SendError>(())
/// ```
///
/// # Errors
/// [`SendError::Full`]; [`SendError::Misuse`] for a user name with a colon, or control bytes in either part
/// (RFC 7617 2).
pub fn write_basic(user: &[u8], password: &[u8], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
    if user.contains(&b':') || user.iter().chain(password).any(u8::is_ascii_control) {
        return Err(SendError::Misuse);
    }
    Ok(out.all_or_nothing(|out| {
        out.put(b"Basic ")?;
        let mut bytes = user.iter().chain(b":").chain(password).copied();
        loop {
            let mut group = [0; 3];
            let mut len = 0;
            for (place, byte) in group.iter_mut().zip(&mut bytes) {
                *place = byte;
                len += 1;
            }
            if len == 0 {
                return Ok::<(), Full>(());
            }
            let written = STANDARD.encode_slice(group.get(..len).unwrap_or_default(), out.spare());
            out.advance(written.map_err(|_| Full)?);
            if len < 3 {
                return Ok(());
            }
        }
    })?)
}

/// Whether `value`, the value of an Authorization field, is Basic with exactly this user and password.
///
/// Which byte differs does not show in the time taken, only lengths do. Values over 1 KiB never match.
pub fn check_basic(value: &[u8], user: &[u8], password: &[u8]) -> bool {
    let mut room = [0; 1024];
    let Some(given) = credentials(value, &mut room) else { return false };
    let expected = user.iter().chain(b":").chain(password);
    let differences = given.iter().zip(expected).fold(0, |found, (a, b)| found | (a ^ b));
    given.len() == user.len() + 1 + password.len()
        && core::hint::black_box(differences) == 0
        && !user.contains(&b':')
}

/// User and password of `value`, the value of an Authorization field, decoded into `room`; `None` when it is not
/// Basic, malformed, or too long.
pub fn parse_basic<'r>(value: &[u8], room: &'r mut [u8]) -> Option<(&'r [u8], &'r [u8])> {
    let given = credentials(value, room)?;
    let colon = given.iter().position(|&byte| byte == b':')?;
    Some((given.get(..colon)?, given.get(colon + 1..)?))
}

fn credentials<'r>(value: &[u8], room: &'r mut [u8]) -> Option<&'r [u8]> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let text = crate::fields::trim_blanks(rest);
    if text.len() / 4 * 3 > room.len() {
        return None;
    }
    let len = STANDARD.decode_slice(text, room).ok()?;
    room.get(..len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_checked() {
        for (user, password) in
            [(&b""[..], &b""[..]), (b"a", b""), (b"ab", b"c:d"), (b"abc", b"\xff\xfe"), (b"u", &[b'x'; 90])]
        {
            let mut room = [0; 256];
            let mut out = WriteBuf::new(&mut room);
            write_basic(user, password, &mut out).unwrap();
            let mut decoded = [0; 256];
            assert_eq!(parse_basic(out.written(), &mut decoded), Some((user, password)));
            assert!(check_basic(out.written(), user, password));
            assert!(!check_basic(out.written(), user, b"other"));
            assert!(!check_basic(out.written(), b"other", password));
        }
    }

    #[test]
    fn refused() {
        let mut room = [0; 256];
        for value in [
            &b""[..],
            b"Basic",
            b"Basic ",
            b"Basic !!!!",
            b"Basic YQ==",
            b"Bearer YTpi",
            b"Basic YTpi=",
            b"BasicYTpi",
        ] {
            assert_eq!(parse_basic(value, &mut room), None, "{}", value.escape_ascii());
        }
        assert_eq!(parse_basic(b"bAsIc  YTpi", &mut room), Some((&b"a"[..], &b"b"[..])));
        assert!(!check_basic(b"Basic YTpi", b"a:b", b""));
        let mut out = WriteBuf::new(&mut room);
        assert_eq!(write_basic(b"a:b", b"", &mut out), Err(SendError::Misuse));
        assert_eq!(write_basic(b"a", b"\n", &mut out), Err(SendError::Misuse));
        let mut small = [0; 12];
        let mut out = WriteBuf::new(&mut small);
        assert_eq!(write_basic(b"abc", b"def", &mut out), Err(SendError::Full));
        assert!(out.is_empty());
    }
}
