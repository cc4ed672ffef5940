//! The answers the library gives by itself.

use crate::message::Field;

/// A short text for a status, ended by a line feed.
pub(crate) fn text(status: u16) -> &'static str {
    match status {
        ..400 => "",
        400 => "400 Bad Request\n",
        401 => "401 Unauthorized\n",
        403 => "403 Forbidden\n",
        404 => "404 Not Found\n",
        405 => "405 Method Not Allowed\n",
        408 => "408 Request Timeout\n",
        409 => "409 Conflict\n",
        410 => "410 Gone\n",
        412 => "412 Precondition Failed\n",
        413 => "413 Content Too Large\n",
        415 => "415 Unsupported Media Type\n",
        416 => "416 Range Not Satisfiable\n",
        417 => "417 Expectation Failed\n",
        421 => "421 Misdirected Request\n",
        426 => "426 Upgrade Required\n",
        429 => "429 Too Many Requests\n",
        500 => "500 Internal Server Error\n",
        501 => "501 Not Implemented\n",
        502 => "502 Bad Gateway\n",
        503 => "503 Service Unavailable\n",
        504 => "504 Gateway Timeout\n",
        status if status < 500 => "The request cannot be served.\n",
        _ => "The server cannot serve this request.\n",
    }
}

/// The fields that go with it.
pub(crate) fn fields(status: u16) -> &'static [Field<'static>] {
    match status {
        // RFC 9110 §15.5.6: a 405 lists the methods that are allowed; the library refuses only what reads files.
        405 => &READ_ONLY,
        // RFC 6455 §4.4 and RFC 9110 §15.5.22: which protocol to upgrade to, and its version.
        426 => &UPGRADE,
        _ => &PLAIN,
    }
}

const fn field(name: &'static str, value: &'static str) -> Field<'static> {
    Field { name: name.as_bytes(), value: value.as_bytes() }
}

pub(crate) const TEXT: Field<'static> = field("content-type", "text/plain; charset=utf-8");
static PLAIN: [Field<'static>; 1] = [TEXT];
static READ_ONLY: [Field<'static>; 2] = [TEXT, field("allow", "GET, HEAD")];
static UPGRADE: [Field<'static>; 3] =
    [TEXT, field("upgrade", "websocket"), field("sec-websocket-version", "13")];
