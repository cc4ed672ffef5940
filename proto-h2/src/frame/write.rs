//! Frames of a fixed form, each written whole or not at all.

use proto_core::{Full, WriteBuf};

use super::head::{FrameHead, HEAD_LEN, kind};
use crate::ErrorCode;

/// Writes a frame of `N` octets of payload.
fn small<const N: usize>(
    out: &mut WriteBuf<'_>,
    kind: u8,
    flags: u8,
    id: u32,
    payload: [u8; N],
) -> Result<(), Full> {
    if out.room() < HEAD_LEN + N {
        return Err(Full);
    }
    out.put(&FrameHead { len: N as u32, kind, flags, id }.to_bytes())?;
    out.put(&payload)
}

pub(crate) fn settings_ack(out: &mut WriteBuf<'_>) -> Result<(), Full> {
    small(out, kind::SETTINGS, super::flag::ACK, 0, [])
}

pub(crate) fn ping(out: &mut WriteBuf<'_>, ack: bool, payload: [u8; 8]) -> Result<(), Full> {
    small(out, kind::PING, u8::from(ack), 0, payload)
}

pub(crate) fn rst_stream(out: &mut WriteBuf<'_>, id: u32, code: ErrorCode) -> Result<(), Full> {
    small(out, kind::RST_STREAM, 0, id, code.0.to_be_bytes())
}

pub(crate) fn window_update(out: &mut WriteBuf<'_>, id: u32, increment: u32) -> Result<(), Full> {
    small(out, kind::WINDOW_UPDATE, 0, id, increment.to_be_bytes())
}

pub(crate) fn go_away(out: &mut WriteBuf<'_>, last: u32, code: ErrorCode) -> Result<(), Full> {
    let [a, b, c, d] = last.to_be_bytes();
    let [w, x, y, z] = code.0.to_be_bytes();
    small(out, kind::GOAWAY, 0, 0, [a, b, c, d, w, x, y, z])
}
