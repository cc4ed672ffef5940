//! Integers with a prefix (RFC 7541 section 5.1).

use super::Error;

/// Reads the integer whose prefix is the low `prefix` bits of `bytes[*at]` and moves `at` behind it.
#[inline]
pub(super) fn decode(bytes: &[u8], at: &mut usize, prefix: u32) -> Result<u32, Error> {
    let mask = (1_u8 << prefix) - 1;
    let first = *bytes.get(*at).ok_or(Error::Truncated)? & mask;
    *at += 1;
    if first < mask {
        return Ok(u32::from(first));
    }
    decode_long(bytes, at, mask)
}

fn decode_long(bytes: &[u8], at: &mut usize, mask: u8) -> Result<u32, Error> {
    let mut value = u64::from(mask);
    // Five continuation octets hold 35 bits, more than any length or index here. A longer encoding, even of a
    // small value padded with zeros, is refused: RFC 7541 section 5.1, "Integer encodings that exceed
    // implementation limits -- in value or octet length -- MUST be treated as decoding errors".
    for shift in [0, 7, 14, 21, 28] {
        let octet = *bytes.get(*at).ok_or(Error::Truncated)?;
        *at += 1;
        value += u64::from(octet & 0x7f) << shift;
        if octet & 0x80 == 0 {
            return u32::try_from(value).map_err(|_| Error::IntegerOverflow);
        }
    }
    Err(Error::IntegerOverflow)
}

/// Writes `value` at `at`, with `pattern` in the bits above the prefix, and returns the position behind it; octets
/// beyond the end of `out` are dropped, which the encoder's bound rules out.
#[inline]
pub(super) fn encode(out: &mut [u8], mut at: usize, pattern: u8, prefix: u32, value: usize) -> usize {
    let mask = (1_usize << prefix) - 1;
    let mut put = |octet: u8| {
        if let Some(place) = out.get_mut(at) {
            *place = octet;
        }
        at += 1;
    };
    if value < mask {
        put(pattern | value as u8);
        return at;
    }
    put(pattern | mask as u8);
    let mut rest = value - mask;
    while rest >= 0x80 {
        put(rest as u8 | 0x80);
        rest >>= 7;
    }
    put(rest as u8);
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 7541 appendices C.1.1 to C.1.3
        for (value, prefix, wire) in [(10, 5, &[0x0a][..]), (1337, 5, &[0x1f, 0x9a, 0x0a]), (42, 8, &[0x2a])]
        {
            let mut out = [0; 8];
            let end = if prefix == 8 {
                encode(&mut out, 0, 0, 7, value)
            } else {
                encode(&mut out, 0, 0, prefix, value)
            };
            assert_eq!(&out[..end], wire);
            let mut at = 0;
            assert_eq!(decode(wire, &mut at, prefix.min(7)), Ok(value as u32));
            assert_eq!(at, wire.len());
        }
    }

    #[test]
    fn every_boundary_comes_back() {
        for prefix in 4..=7 {
            for value in (0..70_000).step_by(if cfg!(miri) { 1_117 } else { 1 }).chain([
                1 << 21,
                (1 << 28) + 77,
                u32::MAX as usize,
            ]) {
                let mut out = [0; 8];
                let end = encode(&mut out, 0, 0, prefix, value);
                let mut at = 0;
                assert_eq!(decode(&out[..end], &mut at, prefix), Ok(value as u32));
                for cut in 0..end {
                    assert_eq!(decode(&out[..cut], &mut 0, prefix), Err(Error::Truncated));
                }
            }
        }
    }

    #[test]
    fn too_large_and_too_long_are_refused() {
        for wire in [
            &[0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f][..],
            &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x7f, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
        ] {
            assert_eq!(decode(wire, &mut 0, 7), Err(Error::IntegerOverflow));
        }
    }
}
