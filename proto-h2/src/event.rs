use crate::hpack::Fields;
use crate::{By, ErrorCode, StreamId};

/// What a connection tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'b> {
    /// A list of fields has come: a valid message head, or trailers. `end` says that nothing follows on the stream.
    Headers {
        /// The stream.
        id: StreamId,
        /// What the fields are.
        kind: HeadersKind,
        /// The fields, pseudo-header fields first. Crumbs of a cookie are joined.
        fields: Fields<'b>,
        /// The peer has ended its side.
        end: bool,
    },
    /// Data has come. A frame may be told in pieces.
    Data {
        /// The stream.
        id: StreamId,
        /// The data; may be empty when `end` is set.
        payload: &'b mut [u8],
        /// Octets of credit to [release](crate::Connection::release) after
        /// [`hold_credit`](crate::Connection::hold_credit); 0 when credit is returned automatically.
        credit: u32,
        /// The peer has ended its side.
        end: bool,
    },
    /// The stream ended before its time. Nothing can be sent on it and nothing follows. A response that was complete
    /// stays complete: with `NO_ERROR`, its server only wants no more of the request (RFC 9113 section 8.1).
    Reset {
        /// The stream.
        id: StreamId,
        /// Why.
        code: ErrorCode,
        /// Who ended it.
        by: By,
    },
    /// Client, where pushes are accepted: the server will answer a request that was not made. The response comes on
    /// `promised`. Reset it with `PROTOCOL_ERROR` when the server has no authority for it (RFC 9113 section 8.4).
    Push {
        /// The stream of the request that caused it.
        id: StreamId,
        /// The stream the response will come on.
        promised: StreamId,
        /// The request that is assumed.
        fields: Fields<'b>,
    },
    /// The peer ends the connection: it processes no stream of ours above `last`. Those there are follow as
    /// [`Reset`](Self::Reset) by [`By::GoAway`]; the others go on.
    GoAway {
        /// The last stream it may have processed.
        last: StreamId,
        /// Why.
        code: ErrorCode,
        /// What it says for people to read.
        debug: &'b [u8],
    },
    /// The peer's settings have changed; see [`peer_settings`](crate::Connection::peer_settings). Transmit before more
    /// is sent, so that the acknowledgement precedes what makes use of them.
    Settings,
    /// The answer to [`ping`](crate::Connection::ping).
    Pong {
        /// The payload that was sent.
        payload: [u8; 8],
    },
}

/// What a list of fields is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadersKind {
    /// A request, which opens its stream.
    Request,
    /// A final response.
    Response,
    /// An informational response (1xx); others follow.
    Informational,
    /// Trailers.
    Trailers,
}

/// An [`Event`] that does not borrow yet: where things lie in the input and the scratch space.
#[derive(Debug)]
pub(crate) enum Tell {
    Headers { id: u32, kind: HeadersKind, list: List, end: bool },
    Data { id: u32, start: usize, len: usize, held: bool, end: bool },
    Reset { id: u32, code: ErrorCode, by: By },
    Push { id: u32, promised: u32, list: List },
    GoAway { last: u32, code: ErrorCode, start: usize, len: usize },
    Settings,
    Pong { payload: [u8; 8] },
}

/// A packed list at the front of the scratch space.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List {
    pub(crate) len: usize,
    pub(crate) count: u32,
}

impl Tell {
    /// Slices once, at the exit.
    #[inline]
    pub(crate) fn event<'b>(self, input: &'b mut [u8], scratch: &'b mut [u8]) -> Event<'b> {
        let fields = |list: List| Fields::new(scratch.get(..list.len).unwrap_or_default(), list.count);
        match self {
            Self::Headers { id, kind, list, end } => {
                Event::Headers { id: StreamId(id), kind, fields: fields(list), end }
            }
            Self::Data { id, start, len, held, end } => {
                let payload = input.get_mut(start..start + len).unwrap_or_default();
                let credit = if held { len as u32 } else { 0 };
                Event::Data { id: StreamId(id), payload, credit, end }
            }
            Self::Reset { id, code, by } => Event::Reset { id: StreamId(id), code, by },
            Self::Push { id, promised, list } => {
                Event::Push { id: StreamId(id), promised: StreamId(promised), fields: fields(list) }
            }
            Self::GoAway { last, code, start, len } => {
                let debug = input.get(start..start + len).unwrap_or_default();
                Event::GoAway { last: StreamId(last), code, debug }
            }
            Self::Settings => Event::Settings,
            Self::Pong { payload } => Event::Pong { payload },
        }
    }
}
