use alloc::boxed::Box;
use alloc::vec;

use proto_core::{Full, WriteBuf};

use super::packed::{Header, MAX_LEN, equal};
use super::ring::Ring;
use super::static_table::{self, known};
use super::{Field, huffman, integer};

/// The size of the peer's dynamic table before it sends settings (RFC 9113 section 6.5.2).
const INITIAL_TABLE_SIZE: u32 = 4096;

/// Entries of one chain that are looked at: enough for any honest table, and a bound on the work that fields made
/// to collide can cause.
const MAX_CHAIN: usize = 16;

/// The encoding half of HPACK: one direction of one connection.
///
/// A field that equals the one that followed last time is found by one comparison, without hashing; others by the
/// hash of the name (both the static and the dynamic table are searched by it) and a tag from the value.
pub struct Encoder {
    table: Ring,
    /// One for each entry there can be, at its number modulo their count, a power of two.
    links: Box<[Link]>,
    /// The newest entry whose name has this hash. Entries are not taken out: a reference to one that is gone is
    /// older than the oldest.
    buckets: Box<[Ref]>,
    /// What followed static entries last time; the first, what began the last block. Some share a place, which costs
    /// a comparison when the guess is wrong.
    after_static: [Ref; 16],
    /// How often in a row a name in this class, by its tag, came with a value that was not in the table.
    churn: [u8; CLASSES],
    /// The limits set since the last block: the smallest and the last.
    resize: Option<(u32, u32)>,
    capacity: u32,
}

const CLASSES: usize = 32;

/// A table entry: a static index, or [`DYNAMIC`] and the low bits of an entry's number.
type Ref = u16;
const DYNAMIC: Ref = 1 << 15;

#[derive(Clone, Copy, Default)]
struct Link {
    /// The next older entry of the chain.
    older: Ref,
    /// What followed this entry last time.
    after: Ref,
    name_tag: u16,
    field_tag: u16,
}

/// What was found of a field in the tables.
enum Match {
    Field(Ref),
    Name(usize),
    None,
}

impl Encoder {
    /// An encoder that uses at most `capacity` octets of dynamic table (as RFC 7541 section 4.1 counts, at most
    /// 256 KiB), and no more than the peer's setting: 4096 until [`set_limit`](Self::set_limit) says otherwise.
    ///
    /// Allocates about 1.4 times `capacity` bytes, once.
    pub fn new(capacity: u32) -> Self {
        let mut table = Ring::new(capacity);
        let capacity = table.max_size();
        let slots = table.capacity_slots();
        let max_size = capacity.min(INITIAL_TABLE_SIZE);
        table.set_max_size(max_size);
        Self {
            table,
            links: vec![Link::default(); slots].into_boxed_slice(),
            buckets: vec![0; slots].into_boxed_slice(),
            after_static: [0; 16],
            churn: [0; CLASSES],
            // A table smaller than the peer assumes is announced, so that it can free what it keeps beyond.
            resize: (capacity < INITIAL_TABLE_SIZE).then_some((capacity, capacity)),
            capacity,
        }
    }

    /// The peer's SETTINGS_HEADER_TABLE_SIZE. The next block begins with the size updates this calls for (RFC 7541
    /// section 4.2).
    pub fn set_limit(&mut self, size: u32) {
        let size = size.min(self.capacity);
        let (smallest, last) = self.resize.unwrap_or((self.table.max_size(), self.table.max_size()));
        if size != last || self.resize.is_some() {
            self.resize = Some((smallest.min(size), size));
        }
    }

    /// The most room that [`encode`](Self::encode) may need for `fields`: the block is not longer.
    pub fn bound<'f>(fields: impl IntoIterator<Item = Field<'f>>) -> usize {
        // Two size updates; for each field a first octet with no more than three of an index behind it, and two
        // lengths.
        const PER_FIELD: usize = 4 + 2 * 5;
        let field = |field: Field<'_>| PER_FIELD + field.name.len() + field.value.len();
        fields.into_iter().map(field).fold(2 * 6, usize::saturating_add)
    }

    /// Writes one field block.
    ///
    /// # Errors
    /// [`Full`] when the room is less than [`bound`](Self::bound); nothing was written and no table has changed.
    #[inline]
    pub fn encode<'f, F>(&mut self, fields: F, out: &mut WriteBuf<'_>) -> Result<(), Full>
    where
        F: IntoIterator<Item = Field<'f>, IntoIter: Clone>,
    {
        let fields = fields.into_iter();
        if Self::bound(fields.clone()) > out.room() {
            return Err(Full);
        }
        let spare = out.spare();
        let mut at = self.size_updates(spare);
        let mut last = 0;
        for field in fields {
            at = self.field(&field, spare, at, &mut last);
        }
        out.advance(at);
        Ok(())
    }

    /// How many octets the dynamic table holds, as RFC 7541 section 4.1 counts.
    pub fn table_size(&self) -> u32 {
        self.table.size()
    }

    /// Bytes on the heap.
    pub fn heap_size(&self) -> usize {
        self.table.heap() + size_of_val(&*self.links) + size_of_val(&*self.buckets)
    }

    fn size_updates(&mut self, out: &mut [u8]) -> usize {
        let Some((smallest, last)) = self.resize.take() else { return 0 };
        let mut at = 0;
        // RFC 7541 section 4.2: "the smallest maximum size that occurs in that interval MUST be signaled in a
        // dynamic table size update. The final maximum size is always signaled".
        if smallest < last && smallest < self.table.max_size() {
            self.table.set_max_size(smallest);
            at = integer::encode(out, at, 0x20, 5, smallest as usize);
        }
        self.table.set_max_size(last);
        integer::encode(out, at, 0x20, 5, last as usize)
    }

    #[inline]
    fn field(&mut self, field: &Field<'_>, out: &mut [u8], at: usize, last: &mut Ref) -> usize {
        let guess = self.after(*last);
        if !field.sensitive
            && let Some(index) = self.index_of(guess, field)
        {
            *last = guess;
            if guess & DYNAMIC != 0 {
                self.churn[usize::from(self.link(guess).name_tag) % CLASSES] = 0;
            }
            return integer::encode(out, at, 0x80, 7, index);
        }
        self.search(field, out, at, last)
    }

    #[inline(never)]
    fn search(&mut self, field: &Field<'_>, out: &mut [u8], at: usize, last: &mut Ref) -> usize {
        let name_hash = static_table::name_hash(field.name);
        let token = static_table::token(field.name, name_hash);
        let value_hash = value_hash(field.value);
        // RFC 7541 section 7.1.3 names both fields, and short cookies, as examples of what can be guessed.
        let never = field.sensitive
            || matches!(token, known::AUTHORIZATION | known::PROXY_AUTHORIZATION)
            || (token == known::COOKIE && field.value.len() < 20);

        let found = self.find(field, token, name_hash, value_hash);
        let class = usize::from(tags(name_hash, value_hash).0) % CLASSES;
        if let Match::Field(entry) = found
            && !never
        {
            self.churn[class] = 0;
            self.set_after(*last, entry);
            *last = entry;
            return integer::encode(out, at, 0x80, 7, self.index(entry));
        }

        let name_index = match found {
            Match::Field(entry) => self.index(entry),
            Match::Name(index) => index,
            Match::None => 0,
        };
        let indexing = !never && self.worth_indexing(field, token, class);
        let mut at = match (indexing, never) {
            (true, _) => integer::encode(out, at, 0x40, 6, name_index),
            (false, false) => integer::encode(out, at, 0x00, 4, name_index),
            (false, true) => integer::encode(out, at, 0x10, 4, name_index),
        };
        if name_index == 0 {
            at = string(field.name, out, at);
        }
        at = string(field.value, out, at);
        if indexing && let Some(entry) = self.insert(field, token, name_hash, value_hash) {
            self.set_after(*last, entry);
            *last = entry;
        }
        at
    }

    /// Values that change with every message would push out those that do not.
    fn worth_indexing(&mut self, field: &Field<'_>, token: u8, class: usize) -> bool {
        const AGE: u8 = 21;
        const CONTENT_RANGE: u8 = 30;
        const SET_COOKIE: u8 = 55;
        let size = field.list_size();
        if size > self.table.max_size() as usize / 4 * 3
            || field.name.len() > MAX_LEN
            || matches!(token, AGE | CONTENT_RANGE | SET_COOKIE)
        {
            return false;
        }
        // A name that keeps coming with new values is indexed four times, and then tried again now and then.
        let churn = &mut self.churn[class];
        *churn = churn.wrapping_add(1);
        if *churn > 64 {
            *churn = 4;
        }
        *churn <= 4
    }

    fn find(&self, field: &Field<'_>, token: u8, name_hash: u64, value_hash: u64) -> Match {
        let mut name = 0;
        if token != 0 && usize::from(token) <= static_table::ENTRIES {
            name = usize::from(token);
            if let known::METHOD | known::PATH | known::SCHEME | known::STATUS | 16 = token {
                let mut index = name;
                while let Some((static_name, value)) = static_table::field(index)
                    && (index == name || static_name == field.name)
                {
                    if value == field.value {
                        return Match::Field(index as Ref);
                    }
                    index += 1;
                }
            } else if field.value.is_empty() {
                return Match::Field(token.into());
            }
        }
        let (name_tag, field_tag) = tags(name_hash, value_hash);
        let mut entry = self.buckets[name_hash as usize & (self.buckets.len() - 1)];
        let mut age = 0;
        for _ in 0..MAX_CHAIN {
            // Each is older than the one before, or the chain ends: what it refers to is gone.
            let Some(older) = self.age(entry).filter(|&older| older > age) else { break };
            age = older;
            let link = self.link(entry);
            if link.name_tag == name_tag {
                if link.field_tag == field_tag && self.index_of(entry, field).is_some() {
                    return Match::Field(entry);
                }
                if name == 0 && self.table.has_name(age, field.name) {
                    name = self.index(entry);
                }
            }
            entry = link.older;
        }
        if name == 0 { Match::None } else { Match::Name(name) }
    }

    fn insert(&mut self, field: &Field<'_>, token: u8, name_hash: u64, value_hash: u64) -> Option<Ref> {
        let entry = self.table.inserted() as Ref | DYNAMIC;
        let header = Header::new(field.name.len(), field.value.len(), token);
        if !self.table.insert(header, field.name, field.value) {
            return None;
        }
        let bucket = name_hash as usize & (self.buckets.len() - 1);
        let older = core::mem::replace(&mut self.buckets[bucket], entry);
        let (name_tag, field_tag) = tags(name_hash, value_hash);
        *self.link_mut(entry) = Link { older, after: 0, name_tag, field_tag };
        Some(entry)
    }

    /// The index of `entry` if it is `field`.
    #[inline]
    fn index_of(&self, entry: Ref, field: &Field<'_>) -> Option<usize> {
        if entry & DYNAMIC != 0 {
            let age = self.age(entry)?;
            let same = self.table.is(age, field.name, field.value);
            return same.then_some(static_table::ENTRIES + age as usize);
        }
        let (name, value) = static_table::field(usize::from(entry))?;
        let same = name.len() == field.name.len() && value.len() == field.value.len();
        (same && equal(value, field.value) && equal(name, field.name)).then_some(usize::from(entry))
    }

    /// How many insertions ago the dynamic entry was made, if it is still there.
    #[inline]
    fn age(&self, entry: Ref) -> Option<u32> {
        let age = u32::from((self.table.inserted() as Ref).wrapping_sub(entry) & !DYNAMIC);
        (entry & DYNAMIC != 0 && age.wrapping_sub(1) < self.table.len()).then_some(age)
    }

    #[inline]
    fn index(&self, entry: Ref) -> usize {
        match self.age(entry) {
            Some(age) => static_table::ENTRIES + age as usize,
            None => usize::from(entry),
        }
    }

    #[inline]
    fn link(&self, entry: Ref) -> Link {
        self.links[usize::from(entry) & (self.links.len() - 1)]
    }

    #[inline]
    fn link_mut(&mut self, entry: Ref) -> &mut Link {
        let mask = self.links.len() - 1;
        &mut self.links[usize::from(entry) & mask]
    }

    #[inline]
    fn after(&self, last: Ref) -> Ref {
        if last & DYNAMIC == 0 { self.after_static[usize::from(last % 16)] } else { self.link(last).after }
    }

    #[inline]
    fn set_after(&mut self, last: Ref, entry: Ref) {
        if last & DYNAMIC == 0 {
            self.after_static[usize::from(last % 16)] = entry;
        } else {
            self.link_mut(last).after = entry;
        }
    }
}

/// A string literal (RFC 7541 section 5.2), Huffman-coded when that is shorter.
#[inline]
fn string(string: &[u8], out: &mut [u8], at: usize) -> usize {
    if string.len() < 127 {
        // Whichever it will be, its length takes one octet.
        if let Some(end) = huffman::encode(string, out, at + 1) {
            return integer::encode(out, at, 0x80, 7, end - at - 1) + (end - at - 1);
        }
    } else {
        let coded = huffman::encoded_len(string);
        if coded < string.len() {
            let start = integer::encode(out, at, 0x80, 7, coded);
            return huffman::encode(string, out, start).unwrap_or(start);
        }
    }
    let start = integer::encode(out, at, 0x00, 7, string.len());
    if let Some(room) = out.get_mut(start..start + string.len()) {
        room.copy_from_slice(string);
    }
    start + string.len()
}

#[inline]
fn tags(name_hash: u64, value_hash: u64) -> (u16, u16) {
    ((name_hash >> 40) as u16, (value_hash ^ name_hash >> 8) as u16)
}

/// A hash of the length and of sixteen bytes from each end.
#[inline]
fn value_hash(value: &[u8]) -> u64 {
    let (a, b) = static_table::ends(value);
    let inner = |at: usize| match value.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => 0,
    };
    let (c, d) = if value.len() > 16 { (inner(8), inner(value.len() - 16)) } else { (0, 0) };
    let outer = static_table::mix(a ^ 0x9e37_79b9_7f4a_7c15, b ^ 0xd6e8_feb8_6659_fd93 ^ value.len() as u64);
    outer ^ static_table::mix(c ^ 0xa076_1d64_78bd_642f, d ^ 0xe703_7ed1_a0b4_28db)
}

impl core::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Encoder").field("table", &self.table).finish_non_exhaustive()
    }
}
