//! What an application says of its own accord leaves room for answers: a driver hands over input only while there is
//! room for one, and a peer that is in the middle of saying something may take nothing before it has been heard.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use app::{
    Address, App, BodyLength, ClientRole, Config, Handler, RequestHead, Service, Stream, Target, Writable,
};
use common::Wire;
use proto_core::WriteBuf;

/// Uploads without end, by HTTP or as bytes.
struct Flood {
    raw: bool,
}

impl Handler for Flood {
    type Session = bool;
    type Message = ();

    fn connected(&mut self, begun: &mut bool, stream: &mut Stream<'_>) {
        *begun = self.raw;
        stream.want_write();
    }

    fn writable(&mut self, begun: &mut bool, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        stream.want_write();
        if *begun {
            let _ = out.body(&[b'~'; 100_000]);
        } else {
            let head = RequestHead { method: b"POST", target: b"/", authority: b"h", fields: &[] };
            *begun = out.request(&head, BodyLength::Chunked).is_ok();
        }
    }
}

#[test]
fn room_for_an_answer_is_left_whatever_is_uploaded() {
    for role in [ClientRole::Http, ClientRole::Http2, ClientRole::Raw] {
        let name = format!("{role:?}");
        let mut app = App::new(Flood { raw: matches!(role, ClientRole::Raw) }, Config::default());
        let target = Target { address: Address::Host("h".into(), 80), tls: None, timeout: None };
        app.connect(target, role, false);
        let mut client = Wire::client(app).0;
        let (connection, mut room) = (client.connection.as_mut().unwrap(), vec![0; 40_000]);
        let mut out = WriteBuf::new(&mut room);
        for _ in 0..10 {
            client.app.transmit(connection, &mut out);
            client.app.receive(connection, &mut [], &mut [0; 65_536], &mut out);
        }
        assert!(out.len() > 30_000, "{name} wrote {}", out.len());
        assert!(out.room() >= client.app.min_output(), "{name} left {}", out.room());
    }
}
