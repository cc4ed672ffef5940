//! The limits of `app::Config`, each at its value and one beyond.

use app::{ClientRole, Config, DeflateConfig, End, Limit, WebSocket, WebSocketError};
use proto_ws::Side;
use proto_ws::handshake::Extensions;

use crate::h2::{ACK, SETTINGS, frame as frame2, setting};
use crate::host::{Ask, Bench, MOMENT, just_before, seconds};
use crate::websocket::{DEFLATE, close_code, frame, upgrade};

pub(crate) fn opening_timeout() {
    // Over HTTP/2 it waits for the settings of the server, too.
    let websocket = WebSocket::new("h", "/", &[], &[]).unwrap();
    let role = ClientRole::WebSocketHttp2(websocket);
    let mut bench = Bench::client(role, Ask::default(), |config| config.opening_timeout = seconds(7));
    bench.feed([frame2(SETTINGS, 0, 0, &setting(8, 1)), frame2(SETTINGS, ACK, 0, &[])].concat());
    bench.sleep(just_before(seconds(7)));
    assert!(bench.ends().is_empty());
    bench.sleep(MOMENT);
    assert_eq!(bench.ends(), [End::Timeout(proto_core::Reason::Head)]);
    bench.fired(&[Limit::OpeningTimeout]);
    let mut bench = Bench::opening(|config| config.opening_timeout = seconds(7));
    bench.sleep(just_before(seconds(7)));
    assert!(!bench.wire.closed);
    bench.sleep(MOMENT);
    assert!(bench.wire.closed);
    assert_eq!(bench.ends(), [End::Http1(app::Http1Error::HeadTimeout)]);
    bench.fired(&[Limit::OpeningTimeout]);
}

pub(crate) fn raw_idle_timeout() {
    let mut bench = Bench::server(|config| config.raw_idle_timeout = seconds(7));
    bench.feed(b"\x16\x03\x01 raw").sleep(just_before(seconds(7)));
    assert!(!bench.wire.closed);
    bench.sleep(MOMENT);
    assert!(bench.wire.closed);
    bench.fired(&[Limit::RawIdleTimeout]);
}

/// What a WebSocket keeps that inflates with context takeover, and compresses with it or not.
fn needs(both: bool) -> usize {
    let config = DeflateConfig::default();
    let offer: &[u8] =
        if both { b"permessage-deflate" } else { b"permessage-deflate; server_no_context_takeover" };
    config.accept(Extensions::new(offer).flatten()).unwrap().memory(Side::Server)
}

pub(crate) fn deflate_memory() {
    // A quarter is left for messages without context takeover.
    let least = |memory: usize| (memory..).find(|cap| cap - cap / 4 >= memory).unwrap();
    let cap = least(needs(true));
    for (memory, takeover) in [(cap, true), (cap - 1, false)] {
        let mut bench = Bench::server(limited(memory));
        bench.feed(upgrade(DEFLATE));
        assert!(bench.has_sent(b"permessage-deflate"));
        assert_eq!(!bench.has_sent(b"no_context_takeover"), takeover);
        bench.fired(&[]);
    }
    // What is needed to inflate one message is what would be kept to inflate with.
    let cap = needs(false);
    for (memory, fires) in [(cap, false), (cap - 1, true)] {
        let mut bench = Bench::server(limited(memory));
        bench.feed(upgrade(DEFLATE)).take();
        bench.feed(frame(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"));
        assert_eq!(close_code(&bench.sent), fires.then_some(1013));
        let end = fires.then_some(End::WebSocketFault(WebSocketError::Overloaded));
        assert_eq!(bench.ends(), end.as_slice());
        bench.fired(if fires { &[Limit::DeflateMemory] } else { &[] });
    }
}

fn limited(memory: usize) -> impl FnOnce(&mut Config) {
    move |config| {
        config.deflate = Some(DeflateConfig::default());
        config.deflate_memory = memory;
    }
}
