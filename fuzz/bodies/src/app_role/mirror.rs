use std::path::Path;

use app::{
    BodyLength, End, Fields, Handler, Kind, Message, MessageEnd, Protocol, Request, ResponseHead, SendError,
    Stream, Writable,
};

/// Sends back what it is sent, once that is complete: the content of a request, a message, raw bytes.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    pub(super) begun: usize,
    pub(super) ended: usize,
}

#[derive(Debug, Default)]
pub(super) struct Reflection {
    /// What is to be sent back.
    content: Vec<u8>,
    /// What kind of message it is, of a WebSocket.
    kind: Option<Kind>,
    complete: bool,
    head: bool,
    sent: usize,
}

impl Reflection {
    fn rest(&self) -> &[u8] {
        &self.content[self.sent..]
    }
}

impl Handler for Mirror {
    type Session = Reflection;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Reflection> {
        match request.websocket() {
            Some(Ok(upgrade)) => upgrade.accept(upgrade.protocols().next(), stream),
            Some(Err(refusal)) => {
                refusal.answer(stream);
                return None;
            }
            None if request.path() == b"/none" => return None,
            None if request.path().starts_with(b"/file") => {
                stream.serve_file(Path::new("/"), request);
                return None;
            }
            None => {}
        }
        self.begun += 1;
        Some(Reflection::default())
    }

    fn raw(&mut self, _: &mut Stream<'_>) -> Option<Reflection> {
        self.begun += 1;
        Some(Reflection::default())
    }

    fn body(&mut self, session: &mut Reflection, data: &mut [u8], stream: &mut Stream<'_>) {
        assert!(!session.complete, "a body after its end");
        session.content.extend_from_slice(data);
        data.fill(0); // it may be changed in place
        if stream.protocol() == Protocol::Raw {
            stream.want_write();
        }
    }

    fn body_end(&mut self, session: &mut Reflection, _: Fields<'_>, stream: &mut Stream<'_>) {
        assert!(!session.complete, "a second end");
        session.complete = true;
        stream.want_write();
    }

    fn message(&mut self, session: &mut Reflection, message: Message<'_>, stream: &mut Stream<'_>) {
        session.content.extend_from_slice(message.payload);
        session.kind = Some(message.kind);
        if message.end == MessageEnd::Message {
            session.complete = true;
            stream.hold();
            stream.want_write();
        }
    }

    fn writable(&mut self, session: &mut Reflection, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let raw = stream.protocol() == Protocol::Raw;
        if !(session.complete || raw) {
            return;
        }
        let result = if let Some(kind) = session.kind {
            out.message(kind, session.rest(), true).map(|sent| {
                session.sent += sent;
                if session.rest().is_empty() {
                    *session = Reflection::default();
                    stream.resume();
                } else {
                    stream.want_write();
                }
            })
        } else if !raw && !session.head {
            let length = BodyLength::Known(session.content.len() as u64);
            out.head(&ResponseHead::new(200), length).map(|()| {
                session.head = true;
                stream.want_write();
            })
        } else if !session.rest().is_empty() {
            out.body(session.rest()).map(|sent| {
                session.sent += sent;
                stream.want_write();
            })
        } else if session.complete {
            out.finish(&[])
        } else {
            Ok(())
        };
        match result {
            Ok(()) => {}
            Err(SendError::Full | SendError::Blocked) => stream.want_write(),
            Err(error) => panic!("{error}"),
        }
    }

    fn closed(&mut self, _: Reflection, _: End) {
        self.ended += 1;
    }
}
