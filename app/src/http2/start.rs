//! How a connection becomes HTTP/2: by prior knowledge, by ALPN or by an upgrade.

use proto_h2::{PREFACE, StreamId};

use super::Http2;
use crate::handler::Handler;
use crate::message::{BodyLength, Field, Request, RequestView, ResponseHead};
use crate::raw::Sniffed;
use crate::role::Role;
use crate::turn::Turn;

/// Whether a connection begins with the preface of HTTP/2
/// ([RFC 9113 §3.4](https://www.rfc-editor.org/rfc/rfc9113#section-3.4)).
pub(crate) fn preface(input: &[u8]) -> Sniffed {
    if input.starts_with(PREFACE) {
        Sniffed::Http2
    } else if PREFACE.starts_with(input) {
        Sniffed::Incomplete
    } else {
        Sniffed::Other
    }
}

/// The value of HTTP2-Settings, if the request offers to go on with HTTP/2
/// ([RFC 7540 §3.2](https://www.rfc-editor.org/rfc/rfc7540#section-3.2), which RFC 9113 only deprecates).
///
/// An offer is ignored when it comes with content, which "MUST be sent in its entirety before the client can send
/// HTTP/2 frames": it would have to be kept, or would keep the connection from its other streams.
pub(crate) fn upgrade_offer<'b>(request: &Request<'b>) -> Option<&'b [u8]> {
    let RequestView::Http1(head) = &request.head else { return None };
    let fields = head.fields;
    let bodiless = matches!(head.body, BodyLength::None | BodyLength::Known(0));
    if !head.upgrade || !bodiless || !fields.contains_token("upgrade", "h2c") {
        return None;
    }
    // 3.2.1: "A server MUST NOT upgrade the connection to HTTP/2 if this header field is not present or if more than
    // one is present", and it is a connection option.
    let mut settings = fields.all("http2-settings");
    let value = settings.next()?;
    (settings.next().is_none() && fields.contains_token("connection", "http2-settings")).then_some(value)
}

impl<H: Handler> Turn<'_, '_, H> {
    /// The connection is HTTP/2 from its first byte.
    pub(crate) fn speak_http2(&mut self) {
        let config = &self.shared.config.http2;
        let mut codec = proto_h2::Connection::server(config.codec);
        codec.handle_timeout(self.shared.now);
        self.connection.role = Role::Http2(Box::new(Http2::new(codec, config, self.shared.now)));
        if self.connection.draining
            && let Some(mut multiplex) = self.multiplex()
        {
            multiplex.drain();
        }
    }

    /// Accepts the offer of a request to go on with HTTP/2, where the request becomes stream 1. False when the offer
    /// is to be ignored: its settings are not valid.
    #[inline(never)]
    pub(crate) fn upgrade_http2(&mut self, request: &Request<'_>, settings: &[u8]) -> bool {
        let config = &self.shared.config.http2;
        let is_head = request.method() == b"HEAD";
        let Ok(mut codec) = proto_h2::Connection::server_upgraded(config.codec, settings, is_head) else {
            return false;
        };
        codec.handle_timeout(self.shared.now);
        let Role::Server(server) = &mut self.connection.role else { return false };
        let fields = [Field::new("upgrade", "h2c")];
        let head = ResponseHead { status: 101, fields: &fields };
        if head.send_http1(BodyLength::None, &self.shared.stamp, server, self.out).is_err() {
            return false;
        }
        self.connection.role = Role::Http2(Box::new(Http2::new(codec, config, self.shared.now)));
        if let (Some(mut multiplex), Some(first)) = (self.multiplex(), StreamId::from_wire(1)) {
            multiplex.begin(first, request, true);
        }
        true
    }
}
