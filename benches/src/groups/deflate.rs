//! Compressed messages: ours, and the compressor it is made with by itself.

use crate::measure::{Case, Contestant, Standing};
#[cfg(feature = "rivals-c")]
use crate::rivals::zlib_ng;
#[cfg(feature = "rivals")]
use crate::rivals::{miniz, yawc};
use crate::{ours, raw};

/// The group's name.
pub const NAME: &str = "deflate";

/// Room for a message, compressed or not.
pub const ROOM: usize = 64 * 1024;

/// How messages are compressed.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// 1 to 9.
    pub level: u8,
    /// Whether one message may refer to those before it.
    pub takeover: bool,
}

/// Both directions; 128 B, 1 KiB and 16 KiB; levels 1 and 6; with and without context takeover.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for takeover in [true, false] {
        for len in [128, 1024, 16 << 10] {
            let messages = messages(len);
            for level in [1, 6] {
                let setting = Setting { level, takeover };
                cases.push(case("send", len, setting, sending(&messages, setting)));
                cases.push(case("receive", len, setting, receiving(&messages, setting)));
            }
        }
    }
    cases
}

fn case(what: &str, len: usize, setting: Setting, contestants: Vec<Contestant>) -> Case {
    let takeover = if setting.takeover { "takeover" } else { "alone" };
    Case {
        group: NAME,
        shape: format!("{what} {} level {} {takeover}", crate::size(len), setting.level),
        operations: MESSAGES as u64,
        bytes: len as u64,
        contestants,
    }
}

const MESSAGES: usize = 64;

/// Messages like those of an application that sends JSON.
pub fn messages(len: usize) -> Vec<Vec<u8>> {
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut message = || {
        let mut text = String::new();
        while text.len() < len {
            let (id, price, size, side) = (next() % 100_000, next() % 10_000, next() % 500, next() % 2);
            let side = if side == 0 { "buy" } else { "sell" };
            text += &format!(
                "{{\"type\":\"trade\",\"id\":{id},\"price\":{price}.25,\"size\":{size},\"side\":\"{side}\"}},"
            );
        }
        text.truncate(len);
        text.into_bytes()
    };
    (0..MESSAGES).map(|_| message()).collect()
}

fn sending(messages: &[Vec<u8>], setting: Setting) -> Vec<Contestant> {
    let mut all: Vec<_> = ours::deflate::send(messages, setting).into_iter().collect();
    let zlib_rs = raw::ZlibRs::deflate(setting.level);
    all.push(raw::send("zlib-rs alone", Standing::Floor, zlib_rs, messages, setting));
    #[cfg(feature = "rivals-c")]
    {
        let zlib_ng = zlib_ng::Deflate::new(setting.level);
        all.push(raw::send("zlib-ng alone", Standing::Rival, zlib_ng, messages, setting));
    }
    #[cfg(feature = "rivals")]
    {
        let miniz = miniz::Deflate::new(setting.level);
        all.push(raw::send("miniz_oxide alone", Standing::Rival, miniz, messages, setting));
        all.extend(yawc::send_deflated(messages, setting));
    }
    all
}

fn receiving(messages: &[Vec<u8>], setting: Setting) -> Vec<Contestant> {
    let wire = ours::deflate::wire(messages, setting);
    let payloads = payloads(&wire);
    let mut all: Vec<_> = ours::deflate::receive(&wire, setting).into_iter().collect();
    let zlib_rs = raw::ZlibRs::inflate();
    all.push(raw::receive("zlib-rs alone", Standing::Floor, zlib_rs, &payloads, setting));
    #[cfg(feature = "rivals-c")]
    {
        let zlib_ng = zlib_ng::Inflate::new();
        all.push(raw::receive("zlib-ng alone", Standing::Rival, zlib_ng, &payloads, setting));
    }
    #[cfg(feature = "rivals")]
    {
        let miniz = miniz::Inflate::new();
        all.push(raw::receive("miniz_oxide alone", Standing::Rival, miniz, &payloads, setting));
        all.extend(yawc::receive_deflated(&wire, messages.len() as u64, setting));
    }
    all
}

/// The payload of a message.
#[derive(Debug, Clone)]
pub enum Payload {
    /// It did not shrink.
    Plain(Vec<u8>),
    /// With the tail that its sender took away.
    Compressed(Vec<u8>),
}

/// The payloads of unmasked frames below 64 KiB.
fn payloads(mut wire: &[u8]) -> Vec<Payload> {
    let mut payloads = Vec::new();
    while let [first, len, rest @ ..] = wire {
        let (len, rest) = match (len, rest) {
            (126, [high, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            _ => (usize::from(*len), rest),
        };
        let Some((payload, behind)) = rest.split_at_checked(len) else { break };
        payloads.push(match first & 0x40 {
            0 => Payload::Plain(payload.to_vec()),
            _ => Payload::Compressed([payload, b"\0\0\xff\xff"].concat()),
        });
        wire = behind;
    }
    payloads
}
