/// What a DEFLATE stream turned out to be.
#[derive(Debug, Default)]
pub struct Puffed {
    pub output: Vec<u8>,
    /// The farthest that anything in it refers back.
    pub farthest: usize,
}

/// Inflates a stream (RFC 1951) slowly and plainly: an implementation that no other is made from. It ends where the
/// input does, which must be between blocks. `output` so far is what earlier messages came to.
pub fn puff(mut self_: Puffed, input: &[u8]) -> Puffed {
    let mut bits = Bits { input, at: 0 };
    while bits.at < input.len() * 8 {
        let last = bits.take(1) == 1;
        match bits.take(2) {
            0 => {
                bits.align();
                let (len, check) = (bits.take(16), bits.take(16));
                assert_eq!(len ^ 0xffff, check, "length of a stored block");
                (0..len).for_each(|_| self_.output.push(bits.take(8) as u8));
            }
            1 => {
                let mut lengths = [8_u8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                codes(&mut self_, &mut bits, &Code::new(&lengths), &Code::new(&[5; 30]));
            }
            2 => {
                let (literals, distances, count) = (bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4);
                let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
                let mut lengths = [0; 19];
                order[..count].iter().for_each(|&at| lengths[at] = bits.take(3) as u8);
                let code = Code::new(&lengths);
                let mut lengths = Vec::new();
                while lengths.len() < literals + distances {
                    let (value, times) = match code.decode(&mut bits) {
                        16 => (*lengths.last().unwrap(), 3 + bits.take(2)),
                        17 => (0, 3 + bits.take(3)),
                        18 => (0, 11 + bits.take(7)),
                        length => (length as u8, 1),
                    };
                    lengths.extend(std::iter::repeat_n(value, times));
                }
                let (literals, distances) = lengths.split_at(literals);
                codes(&mut self_, &mut bits, &Code::new(literals), &Code::new(distances));
            }
            _ => panic!("reserved type of block"),
        }
        if last {
            bits.align();
        }
    }
    self_
}

fn codes(puffed: &mut Puffed, bits: &mut Bits<'_>, literals: &Code, distances: &Code) {
    // the base and the extra bits of each symbol, by the rule behind the tables of section 3.2.5
    let spread = |symbol: usize, group: usize, base: usize| {
        let extra = (symbol / group).saturating_sub(1);
        let first = if symbol < 2 * group { symbol } else { (group + symbol % group) << extra };
        (base + first, extra)
    };
    loop {
        match literals.decode(bits) {
            symbol @ 0..256 => puffed.output.push(symbol as u8),
            256 => return,
            symbol => {
                let (base, extra) = if symbol == 285 { (258, 0) } else { spread(symbol - 257, 4, 3) };
                let len = base + bits.take(extra);
                let (base, extra) = spread(distances.decode(bits), 2, 1);
                let distance = base + bits.take(extra);
                puffed.farthest = puffed.farthest.max(distance);
                for _ in 0..len {
                    puffed.output.push(puffed.output[puffed.output.len() - distance]);
                }
            }
        }
    }
}

struct Bits<'a> {
    input: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> usize {
        (0..count).fold(0, |value, place| {
            let bit = self.input[self.at / 8] >> (self.at % 8) & 1;
            self.at += 1;
            value | usize::from(bit) << place
        })
    }

    fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }
}

/// A canonical Huffman code: how many codes there are of each length, and the symbols in order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 16];
        lengths.iter().for_each(|&length| counts[usize::from(length)] += usize::from(length > 0));
        let mut symbols: Vec<_> = (0..lengths.len()).filter(|&symbol| lengths[symbol] > 0).collect();
        symbols.sort_by_key(|&symbol| (lengths[symbol], symbol));
        Self { counts, symbols }
    }

    fn decode(&self, bits: &mut Bits<'_>) -> usize {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1);
            if code < first + count {
                return self.symbols[index + code - first];
            }
            (index, first, code) = (index + count, (first + count) << 1, code << 1);
        }
        panic!("no such code");
    }
}
