use core::ops::Deref;

/// A few bytes of framing that go in front of a payload which is written, unmoved, from where it lies
/// (`writev` of prefix and payload). At most `N` bytes, at most 255.
#[derive(Clone, Copy)]
pub struct Prefix<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Prefix<N> {
    /// An empty prefix.
    pub const EMPTY: Self = {
        assert!(N <= u8::MAX as usize, "a prefix counts its length in one byte");
        Self { bytes: [0; N], len: 0 }
    };

    /// Appends one byte. Beyond `N` bytes it is dropped, which the codec's own tests must rule out;
    /// the return value says whether it fitted.
    #[inline]
    pub fn push(&mut self, byte: u8) -> bool {
        self.extend(&[byte])
    }

    /// Appends all of `bytes`, or nothing when they do not fit; says which.
    #[inline]
    pub fn extend(&mut self, bytes: &[u8]) -> bool {
        let start = usize::from(self.len);
        let end = start + bytes.len();
        match self.bytes.get_mut(start..end) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len = end as u8; // end <= N <= 255
                true
            }
            None => false,
        }
    }

    /// The bytes.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl<const N: usize> Deref for Prefix<N> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<const N: usize> AsRef<[u8]> for Prefix<N> {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<const N: usize> core::fmt::Debug for Prefix<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Prefix").field(&self.as_slice()).finish()
    }
}

impl<const N: usize> PartialEq for Prefix<N> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<const N: usize> Eq for Prefix<N> {}

#[cfg(test)]
mod tests {
    use super::Prefix;

    #[test]
    fn extends_whole_or_not_at_all() {
        let mut prefix = Prefix::<4>::EMPTY;
        assert!(prefix.extend(b"abc"));
        assert!(!prefix.extend(b"de"));
        assert!(prefix.push(b'd'));
        assert!(!prefix.push(b'e'));
        assert_eq!(&*prefix, b"abcd");
    }
}
