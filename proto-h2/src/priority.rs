/// The extensible priority of a stream (RFC 9218 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Priority {
    /// 0, the most urgent, to 7. Default 3.
    pub urgency: u8,
    /// Whether parts are of use before the whole is there, so that several such streams share the connection.
    pub incremental: bool,
}

impl Default for Priority {
    fn default() -> Self {
        Self { urgency: 3, incremental: false }
    }
}

impl Priority {
    /// Reads the value of a Priority field or of a PRIORITY_UPDATE frame: a dictionary of structured fields (RFC
    /// 8941) with `u` and `i`.
    ///
    /// Members that are unknown, of the wrong type or out of range are ignored, as RFC 9218 section 4 demands; a
    /// value that is no dictionary at all counts as absent.
    pub fn parse(value: &[u8]) -> Self {
        let mut priority = Self::default();
        priority.update(value);
        priority
    }

    /// Reads another line of the same field.
    pub(crate) fn update(&mut self, value: &[u8]) {
        for member in value.split(|&byte| byte == b',') {
            let member = blanks_off(member);
            let member = member.split(|&byte| byte == b';').next().unwrap_or(member); // parameters mean nothing
            match blanks_off(member) {
                [b'u', b'=', urgency @ b'0'..=b'7'] => self.urgency = urgency - b'0',
                b"i" | b"i=?1" => self.incremental = true,
                b"i=?0" => self.incremental = false,
                _ => {}
            }
        }
    }
}

fn blanks_off(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_rfc_9218() {
        for (value, urgency, incremental) in [
            (&b""[..], 3, false),
            (b"u=5", 5, false),
            (b"u=0, i", 0, true),
            (b"i, u=7", 7, true),
            (b"u=5,\ti=?1", 5, true),
            (b"i=?0,u=1", 1, false),
            (b"u=8", 3, false),
            (b"u=-1", 3, false),
            (b"u=1.0", 3, false),
            (b"U=1", 3, false),
            (b"u=2;x=1, i;y", 2, true),
            (b"u=1, u=6", 6, false),
            (b"unknown=7, i", 3, true),
            (b"\xff\x00,,", 3, false),
        ] {
            assert_eq!(Priority::parse(value), Priority { urgency, incremental }, "{}", value.escape_ascii());
        }
    }
}
