use super::packed::{HEADER, Header, MAX_LEN};
use super::static_table::known;

/// Joins all cookie fields of the packed list `scratch[..used]` to one, at the end, with `; ` between them: RFC 9113
/// section 8.2.3, "these MUST be concatenated into a single octet string using the two-octet delimiter of 0x3b, 0x20
/// [..] before being passed into a non-HTTP/2 context".
///
/// Returns the length of the new list; `None` when `scratch` is too short for both forms.
pub(crate) fn join(scratch: &mut [u8], used: usize) -> Option<usize> {
    const NAME: &[u8] = b"cookie";
    let (list, joined) = scratch.split_at_mut_checked(used)?;
    let mut len = HEADER + NAME.len();
    joined.get_mut(HEADER..len)?.copy_from_slice(NAME);
    let (mut at, mut sensitive, mut malformed) = (0, false, false);
    while let Some(header) = list.get(at..).and_then(Header::read) {
        if header.token() == known::COOKIE {
            if len > HEADER + NAME.len() {
                joined.get_mut(len..len + 2)?.copy_from_slice(b"; ");
                len += 2;
            }
            let value = list.get(at + HEADER + header.name_len()..at + header.total())?;
            joined.get_mut(len..len + value.len())?.copy_from_slice(value);
            len += value.len();
            sensitive |= header.is_sensitive();
            malformed |= header.is_malformed();
        }
        at += header.total();
    }
    let value_len = len - HEADER - NAME.len();
    if value_len > MAX_LEN {
        return None;
    }
    let header = Header::new(NAME.len(), value_len, known::COOKIE).mark(sensitive, malformed);
    joined.get_mut(..HEADER)?.copy_from_slice(&header.to_bytes());

    let (mut from, mut to) = (0, 0);
    while from < used {
        let header = scratch.get(from..).and_then(Header::read)?;
        let end = from + header.total();
        if header.token() != known::COOKIE {
            scratch.copy_within(from..end, to);
            to += header.total();
        }
        from = end;
    }
    scratch.copy_within(used..used + len, to);
    Some(to + len)
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, Field, Fields};

    #[test]
    fn crumbs_become_one_cookie_at_the_end() {
        let block = b"\x82\x60\x03a=b\x84\x00\x06cookie\x03c=d\x10\x06cookie\x03e=f\x86";
        for room in (0..300).step_by(if cfg!(miri) { 23 } else { 1 }) {
            let mut scratch = vec![0; room];
            let Ok(fields) = Decoder::new(4096).decode(block, &mut scratch) else { continue };
            let used = fields.packed_len();
            let Some(len) = super::join(&mut scratch, used) else {
                assert!(room < used + 27, "room for {room}");
                continue;
            };
            let fields = Fields::new(&scratch[..len], 4);
            assert!(fields.iter().eq([
                Field::new(b":method", b"GET"),
                Field::new(b":path", b"/"),
                Field::new(b":scheme", b"http"),
                Field::new(b"cookie", b"a=b; c=d; e=f").sensitive(),
            ]));
        }
    }
}
