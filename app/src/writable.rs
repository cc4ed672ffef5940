use proto_core::{SendError, WriteBuf};
use proto_ws::deflate::Compress;

use crate::date::Stamp;
use crate::http2::Outlet;
use crate::message::{BodyLength, Field, RequestHead, ResponseHead};
use crate::role::Raw;

/// One turn to write: every method consumes it, so that a turn holds one write, whoever writes the application.
///
/// There is room for something when a turn comes, but how much depends on the peer: methods that take a payload
/// say how much of it they took, and the rest waits for the next turn. Nothing is sent that is not accepted here,
/// and nothing that is accepted is lost while the link lives. On an error nothing was written, and the turn may
/// be asked for again.
///
/// [`SendError::Full`] asks for another turn, [`SendError::Blocked`] for patience; [`SendError::Misuse`] means that
/// this stream cannot send that now, such as a WebSocket message on an HTTP stream.
#[derive(Debug)]
pub struct Writable<'a, 'o> {
    pub(crate) carrier: Carrier<'a>,
    pub(crate) out: &'a mut WriteBuf<'o>,
    pub(crate) stamp: &'a Stamp,
}

/// What carries the stream.
#[derive(Debug)]
pub(crate) enum Carrier<'a> {
    Server(&'a mut proto_h1::Server),
    Client(&'a mut proto_h1::Client),
    Http2(Outlet<'a>),
    WebSocket {
        socket: &'a mut proto_ws::Connection,
        /// There is as much room as there ever is.
        widest: bool,
    },
    Raw(&'a mut Raw),
}

impl Writable<'_, '_> {
    /// How many payload bytes one call takes at the most, in this turn: as many as there is room for and, over
    /// HTTP/2, as the peer has given credit for.
    pub fn room(&self) -> usize {
        match &self.carrier {
            Carrier::Http2(outlet) => outlet.room(self.out),
            _ => self.out.room(),
        }
    }

    /// Server: sends a response that is known as a whole: the head, which announces the length of `body`, and as
    /// much of `body` as fits. The result counts the bytes taken; send the rest with [`body`](Self::body). With the
    /// last byte the response is complete.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn respond(self, head: &ResponseHead<'_>, body: &[u8]) -> Result<usize, SendError> {
        let server = match self.carrier {
            Carrier::Server(server) => server,
            Carrier::Http2(mut outlet) => return outlet.respond(head, body, self.stamp, self.out),
            _ => return Err(SendError::Misuse),
        };
        let empty = self.out.is_empty();
        let length = BodyLength::Known(body.len() as u64);
        head.send_http1(length, self.stamp, server, self.out).map_err(|error| never_fits(error, empty))?;
        match send_content(server, body, self.out) {
            Err(SendError::Full) => Ok(0),
            sent => sent,
        }
    }

    /// Server: sends the head of a response whose body follows with [`body`](Self::body). A `Known` length completes
    /// the response with its last byte; otherwise [`finish`](Self::finish) does. How the body is framed is the
    /// protocol's affair.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn head(self, head: &ResponseHead<'_>, length: BodyLength) -> Result<(), SendError> {
        let server = match self.carrier {
            Carrier::Server(server) => server,
            Carrier::Http2(mut outlet) => return outlet.head(head, length, self.stamp, self.out),
            _ => return Err(SendError::Misuse),
        };
        let empty = self.out.is_empty();
        head.send_http1(length, self.stamp, server, self.out).map_err(|error| never_fits(error, empty))?;
        finish_known(server, self.out);
        Ok(())
    }

    /// Server: sends an informational response (1xx, but not 101), such as 103 with links.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn inform(self, status: u16, fields: &[Field<'_>]) -> Result<(), SendError> {
        match self.carrier {
            Carrier::Server(server) => server.send_informational(status, fields, self.out),
            Carrier::Http2(mut outlet) => outlet.inform(status, fields, self.out),
            _ => Err(SendError::Misuse),
        }
    }

    /// Client: sends the head of the request; a body follows with [`body`](Self::body) unless `length` says
    /// otherwise.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn request(self, head: &RequestHead<'_>, length: BodyLength) -> Result<(), SendError> {
        let client = match self.carrier {
            Carrier::Client(client) => client,
            Carrier::Http2(mut outlet) => return outlet.request(head, length, self.out),
            _ => return Err(SendError::Misuse),
        };
        let empty = self.out.is_empty();
        client.send_head(&head.http1(length), self.out).map_err(|error| never_fits(error, empty))?;
        if client.content_left() == Some(0) && !client.awaits_continue() {
            client.finish(&[], self.out)?; // writes nothing: the body has no bytes
        }
        Ok(())
    }

    /// Sends a piece of the body, or raw bytes, and says how much was taken.
    ///
    /// # Errors
    /// See the [type](Self). An empty piece is accepted and does nothing.
    pub fn body(self, data: &[u8]) -> Result<usize, SendError> {
        match self.carrier {
            Carrier::Server(server) => send_content(server, data, self.out),
            Carrier::Client(client) => {
                let sent = client.send_body(data, self.out)?;
                if client.content_left() == Some(0) {
                    client.finish(&[], self.out)?;
                }
                Ok(sent)
            }
            Carrier::Http2(mut outlet) => outlet.body(data, self.out),
            Carrier::Raw(raw) => raw.send(data, self.out),
            _ => Err(SendError::Misuse),
        }
    }

    /// Completes a message whose length was not announced, with trailer fields where the protocol has them. For a
    /// raw stream: nothing more will be sent.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn finish(self, trailers: &[Field<'_>]) -> Result<(), SendError> {
        match self.carrier {
            Carrier::Server(server) => server.finish(trailers, self.out),
            Carrier::Client(client) => client.finish(trailers, self.out),
            Carrier::Http2(mut outlet) => outlet.finish(trailers, self.out),
            Carrier::Raw(raw) => raw.finish(),
            _ => Err(SendError::Misuse),
        }
    }

    /// Sends a piece of a WebSocket message and says how much was taken; `last` marks the final piece. Pieces
    /// travel as fragments of one message, whole messages that fit as one frame. The message is complete when its
    /// last piece was taken to its end.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn message(self, kind: crate::Kind, payload: &[u8], last: bool) -> Result<usize, SendError> {
        self.message_with(Compress::Auto, kind, payload, last)
    }

    /// [`message`](Self::message) with a choice about compression, which counts for the first piece of a message and
    /// where compression was agreed on.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn message_with(
        self,
        compress: Compress,
        kind: crate::Kind,
        payload: &[u8],
        last: bool,
    ) -> Result<usize, SendError> {
        match self.carrier {
            Carrier::WebSocket { socket, .. } => socket.send_with(compress, kind, payload, last, self.out),
            _ => Err(SendError::Misuse),
        }
    }

    /// Sends a WebSocket message as one frame, or not at all.
    ///
    /// # Errors
    /// See the [type](Self); `Misuse` also for a message larger than the output buffer: send it in pieces.
    pub fn whole_message(self, kind: crate::Kind, payload: &[u8]) -> Result<(), SendError> {
        self.whole_message_with(Compress::Auto, kind, payload)
    }

    /// [`whole_message`](Self::whole_message) with a choice about compression.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn whole_message_with(
        self,
        compress: Compress,
        kind: crate::Kind,
        payload: &[u8],
    ) -> Result<(), SendError> {
        match self.carrier {
            Carrier::WebSocket { socket, widest } => socket
                .send_message_with(compress, kind, payload, self.out)
                .map_err(|error| never_fits(error, widest)),
            _ => Err(SendError::Misuse),
        }
    }

    /// Sends a ping of at most 125 bytes.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn ping(self, payload: &[u8]) -> Result<(), SendError> {
        match self.carrier {
            Carrier::WebSocket { socket, .. } => socket.ping(payload, self.out),
            _ => Err(SendError::Misuse),
        }
    }
}

/// Sends content as far as it fits; with the last byte of an announced length the response is complete.
///
/// A head may fit where not one byte of the body does: that is no error, the body follows in the next turn.
pub(crate) fn send_content(
    server: &mut proto_h1::Server,
    data: &[u8],
    out: &mut WriteBuf<'_>,
) -> Result<usize, SendError> {
    let sent = if server.sends_content() { server.send_body(data, out)? } else { data.len() };
    finish_known(server, out);
    Ok(sent)
}

/// Sends an answer of the library's own, head and content together or not at all: nobody would send the rest.
pub(crate) fn send_whole(
    server: &mut proto_h1::Server,
    head: &ResponseHead<'_>,
    text: &str,
    stamp: &Stamp,
    out: &mut WriteBuf<'_>,
) -> Result<(), SendError> {
    let (before, mark) = (server.clone(), out.mark());
    let sent = head
        .send_http1(BodyLength::Known(text.len() as u64), stamp, server, out)
        .and_then(|()| send_content(server, text.as_bytes(), out))
        .and_then(|sent| if sent == text.len() { Ok(()) } else { Err(SendError::Full) });
    if sent.is_err() {
        *server = before;
        out.rewind(mark);
    }
    sent
}

/// Completes a response that has nothing left to send: its announced length is reached, or it has no content.
pub(crate) fn finish_known(server: &mut proto_h1::Server, out: &mut WriteBuf<'_>) {
    if server.content_left() == Some(0) {
        let _ = server.finish(&[], out); // writes nothing, so there is room
    }
}

/// What does not fit into the widest room there is never will: waiting for room would be waiting for ever.
pub(crate) fn never_fits(error: SendError, widest: bool) -> SendError {
    if widest && error == SendError::Full { SendError::Misuse } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_library_is_sent_whole_or_not_at_all() {
        let mut server = proto_h1::Server::new(proto_h1::Config::default());
        let mut request = *b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        let step = server.receive(&mut request, &mut []).unwrap();
        assert_eq!(step.consumed, request.len());
        let stamp = Stamp::new(None);
        let whole = b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\nabsent";
        for room in 0..whole.len() {
            let mut room = vec![0; room];
            let mut out = WriteBuf::new(&mut room);
            let sent = send_whole(&mut server, &ResponseHead::new(404), "absent", &stamp, &mut out);
            assert_eq!((sent, out.len()), (Err(SendError::Full), 0));
            assert!(server.awaits_response());
        }
        let mut room = [0; 128];
        let mut out = WriteBuf::new(&mut room);
        assert_eq!(send_whole(&mut server, &ResponseHead::new(404), "absent", &stamp, &mut out), Ok(()));
        assert_eq!(out.written(), whole);
        assert!(server.response_complete());
    }
}
