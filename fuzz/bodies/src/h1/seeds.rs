//! Messages of every framing, right and wrong in one way each.

use strategies::http1::requests;
use strategies::some;

use crate::with_knobs;

const REQUESTS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET /x?y=z HTTP/1.1\r\nhost: example.com:80\r\nUser-Agent: some agent/1.0 (with words)\r\nAccept: */*\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\nrest",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nx",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b;c=\"d\\\"\" ; e\r\n world\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n\u{1}\0",
    "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nanything",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://b:81/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n+5\r\nhello\r\n",
    "POST / HTTP/1.1\nHost: a\n folded\nX : y\n\n",
];

const RESPONSES: &[&str] = &[
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\nZ:\r\n\r\nHTTP/1.1 304 \r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 \r\n\r\nuntil the end",
    "HTTP/1.0 200 fine\r\nServer: x\r\n\r\nbody",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n\u{1}\0",
    "HTTP/1.1 404 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\nrest",
    "HTTP/1.1 999 x\r\nContent-Length: 10\r\n\r\nshort",
    "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 7\r\n\r\nzzz",
];

/// Requests, with nothing before them.
pub fn request_seeds() -> Vec<Vec<u8>> {
    REQUESTS.iter().map(|text| text.as_bytes().to_vec()).chain(some(&requests(), 4)).collect()
}

fn responses() -> Vec<Vec<u8>> {
    RESPONSES
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .chain(some(&strategies::http1::responses(), 4))
        .collect()
}

/// Requests, to a strict server and to one with every leniency and narrow limits.
pub fn server_seeds() -> Vec<Vec<u8>> {
    with_knobs(&[[0x00], [0x7f]], &request_seeds())
}

/// Responses, to a strict client and to one with every leniency and narrow limits.
pub fn client_seeds() -> Vec<Vec<u8>> {
    with_knobs(&[[0x00], [0x7f]], &responses())
}

/// Responses, to GET and to HEAD.
pub fn response_seeds() -> Vec<Vec<u8>> {
    with_knobs(&[[0], [1]], &responses())
}
