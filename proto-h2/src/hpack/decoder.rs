use super::packed::{self, HEADER, Header, MAX_LEN};
use super::ring::{Found, Ring};
use super::{Error, Fields, huffman, integer, static_table};

/// The size of the dynamic table before any setting is acknowledged (RFC 9113 section 6.5.2).
const INITIAL_TABLE_SIZE: u32 = 4096;

/// The decoding half of HPACK: one direction of one connection.
#[derive(Debug)]
pub struct Decoder {
    table: Ring,
    /// The largest size the peer may choose: the last acknowledged setting.
    limit: u32,
    /// The smallest limit since the last block, when it lies below the size the table had: the next block must
    /// begin by lowering the size to this or less.
    demanded: Option<u32>,
}

impl Decoder {
    /// A decoder whose dynamic table can hold up to `capacity` octets as RFC 7541 section 4.1 counts (at most
    /// 256 KiB), and whose limit is 4096 as HTTP/2 has it before settings are acknowledged, or `capacity` when that
    /// is less.
    ///
    /// Allocates `capacity` and some more (about 1/16) bytes, once.
    pub fn new(capacity: u32) -> Self {
        let mut table = Ring::new(capacity);
        let limit = capacity.min(INITIAL_TABLE_SIZE);
        table.set_max_size(limit);
        Self { table, limit, demanded: None }
    }

    /// The peer has acknowledged SETTINGS_HEADER_TABLE_SIZE of `size` (no more than the capacity is granted). When
    /// that is less than the size the table has now, the next block must begin with a size update (RFC 7541
    /// section 4.2).
    pub fn set_limit(&mut self, size: u32) {
        self.limit = size.min(super::ring::MAX_CAPACITY);
        if self.limit < self.table.max_size() {
            self.demanded = Some(self.demanded.map_or(self.limit, |demanded| demanded.min(self.limit)));
        }
    }

    /// Decodes one field block, which must be complete, into `scratch`, whose length limits the decoded list.
    ///
    /// # Errors
    /// All errors but [`Error::ListTooLarge`] are fatal to the connection; the decoder must not be used again.
    #[inline]
    pub fn decode<'s>(&mut self, block: &[u8], scratch: &'s mut [u8]) -> Result<Fields<'s>, Error> {
        let room = scratch.len().min(MAX_LEN);
        let (used, count) = self.decode_block(block, &mut scratch[..room])?;
        Ok(Fields::new(&scratch[..used], count))
    }

    /// How many octets the dynamic table holds, as RFC 7541 section 4.1 counts.
    pub fn table_size(&self) -> u32 {
        self.table.size()
    }

    /// How many entries the dynamic table holds.
    pub fn table_len(&self) -> u32 {
        self.table.len()
    }

    /// Bytes on the heap.
    pub fn heap_size(&self) -> usize {
        self.table.heap()
    }

    fn decode_block(&mut self, block: &[u8], scratch: &mut [u8]) -> Result<(usize, u32), Error> {
        let mut at = self.size_updates(block)?;
        let (mut used, mut count) = (0, 0);
        let mut overflow = false;
        while let Some(&octet) = block.get(at) {
            let start = at;
            let room = &mut scratch[used..];
            let field = if octet & 0x80 != 0 {
                self.indexed(block, &mut at, room)
            } else if octet & 0xe0 == 0x20 {
                // RFC 7541 section 4.2: "This dynamic table size update MUST occur at the beginning of the first
                // header block following the change to the dynamic table size."
                Err(Error::SizeUpdateLate)
            } else {
                self.literal(block, &mut at, room)
            };
            match field {
                Ok(len) => {
                    used += len;
                    count += 1;
                }
                Err(Error::ListTooLarge) => {
                    // The rest is still read for the sake of the table, each field over the ones before.
                    overflow = true;
                    at = start;
                    if used == 0 {
                        self.pass_over(block, &mut at)?;
                    }
                    used = 0;
                }
                Err(error) => return Err(error),
            }
        }
        if overflow { Err(Error::ListTooLarge) } else { Ok((used, count)) }
    }

    fn size_updates(&mut self, block: &[u8]) -> Result<usize, Error> {
        let mut at = 0;
        while block.get(at).is_some_and(|octet| octet & 0xe0 == 0x20) {
            let size = integer::decode(block, &mut at, 5)?;
            // RFC 7541 section 6.3: "The new maximum size MUST be lower than or equal to the limit determined by
            // the protocol using HPACK. A value that exceeds this limit MUST be treated as a decoding error."
            if size > self.limit {
                return Err(Error::SizeUpdateTooLarge);
            }
            if self.demanded.is_some_and(|demanded| size <= demanded) {
                self.demanded = None;
            }
            self.table.set_max_size(size);
        }
        if self.demanded.is_some() { Err(Error::SizeUpdateMissing) } else { Ok(at) }
    }

    /// RFC 7541 section 6.1.
    #[inline]
    fn indexed(&self, block: &[u8], at: &mut usize, room: &mut [u8]) -> Result<usize, Error> {
        let index = integer::decode(block, at, 7)? as usize;
        if let Some((entry, len)) = static_table::packed(index) {
            return if packed::copy(room, entry, len) { Ok(len) } else { Err(Error::ListTooLarge) };
        }
        let found = self.dynamic(index)?;
        let len = found.header.total();
        if self.table.copy(found, len, room) { Ok(len) } else { Err(Error::ListTooLarge) }
    }

    #[inline]
    fn dynamic(&self, index: usize) -> Result<Found, Error> {
        // Index 0 wraps around and is as far out of range as one can be.
        let age = index.wrapping_sub(static_table::ENTRIES);
        u32::try_from(age).ok().and_then(|age| self.table.find(age)).ok_or(Error::InvalidIndex)
    }

    /// RFC 7541 section 6.2.
    #[inline]
    fn literal(&mut self, block: &[u8], at: &mut usize, room: &mut [u8]) -> Result<usize, Error> {
        let octet = block.get(*at).copied().unwrap_or(0);
        let (indexing, sensitive) = (octet & 0x40 != 0, octet & 0xf0 == 0x10);
        let index = integer::decode(block, at, if indexing { 6 } else { 4 })? as usize;

        let Some((header_room, room)) = room.split_first_chunk_mut::<HEADER>() else {
            return Err(Error::ListTooLarge);
        };
        let (name_len, token, malformed) = if index == 0 {
            let len = string(block, at, room)?;
            let name = &room[..len];
            let token = static_table::token(name, static_table::name_hash(name));
            (len, token, token == 0 && packed::name_is_malformed(name))
        } else if let Some((entry, _)) = static_table::packed(index) {
            let header = Header::read(entry).ok_or(Error::InvalidIndex)?;
            let name = entry.get(HEADER..).unwrap_or_default();
            if !packed::copy(room, name, header.name_len()) {
                return Err(Error::ListTooLarge);
            }
            (header.name_len(), header.token(), false)
        } else {
            let found = self.dynamic(index)?;
            let header = found.header;
            if !self.table.copy_name(found, room) {
                return Err(Error::ListTooLarge);
            }
            // The mark may come from the value there; then the name is looked at again.
            let malformed = header.is_malformed() && packed::name_is_malformed(&room[..header.name_len()]);
            (header.name_len(), header.token(), malformed)
        };

        let value_len = string(block, at, &mut room[name_len..])?;
        let value = &room[name_len..name_len + value_len];
        let malformed = malformed || packed::value_is_malformed(value);
        let header = Header::new(name_len, value_len, token).mark(false, malformed);
        *header_room = header.mark(sensitive, false).to_bytes();
        if indexing {
            self.table.insert(header, &room[..name_len], value);
        }
        Ok(HEADER + name_len + value_len)
    }

    /// Reads a field that does not fit the scratch space, for its effect on the table only: larger
    /// than the table, it empties it (RFC 7541 section 4.4).
    fn pass_over(&mut self, block: &[u8], at: &mut usize) -> Result<(), Error> {
        let octet = block.get(*at).copied().unwrap_or(0);
        if octet & 0x80 != 0 {
            integer::decode(block, at, 7)?;
            return Ok(());
        }
        let indexing = octet & 0x40 != 0;
        let index = integer::decode(block, at, if indexing { 6 } else { 4 })? as usize;
        let name_len = match static_table::field(index) {
            Some((name, _)) => name.len(),
            None if index == 0 => string_len(block, at)?,
            None => self.dynamic(index)?.header.name_len(),
        };
        let value_len = string_len(block, at)?;
        if indexing {
            if name_len + value_len + super::ring::OVERHEAD <= self.table.max_size() as usize {
                return Err(Error::FieldTooLarge);
            }
            let max_size = self.table.max_size();
            self.table.set_max_size(0);
            self.table.set_max_size(max_size);
        }
        Ok(())
    }
}

/// A string literal (RFC 7541 section 5.2) decoded to the front of `out`.
#[inline]
fn string(block: &[u8], at: &mut usize, out: &mut [u8]) -> Result<usize, Error> {
    let (start, end, coded) = string_span(block, at)?;
    if coded {
        return huffman::decode(block, start, end, out);
    }
    let len = end - start;
    let Some(src) = block.get(start..) else { return Err(Error::Truncated) };
    if packed::copy(out, src, len) { Ok(len) } else { Err(Error::ListTooLarge) }
}

/// The length of a string literal once decoded.
fn string_len(block: &[u8], at: &mut usize) -> Result<usize, Error> {
    let (start, end, coded) = string_span(block, at)?;
    if coded { huffman::decoded_len(block, start, end) } else { Ok(end - start) }
}

/// Where a string literal lies, and whether it is Huffman-coded; moves `at` behind it.
#[inline]
fn string_span(block: &[u8], at: &mut usize) -> Result<(usize, usize, bool), Error> {
    let coded = block.get(*at).ok_or(Error::Truncated)? & 0x80 != 0;
    let len = integer::decode(block, at, 7)? as usize;
    let start = *at;
    let end = start.checked_add(len).filter(|&end| end <= block.len()).ok_or(Error::Truncated)?;
    *at = end;
    Ok((start, end, coded))
}
