use std::time::Duration;

/// How HTTP/2 connections are set up, and how long their peers may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http2Config {
    /// Server: whether HTTP/2 is spoken where a client asks for it: by ALPN `h2`, by prior knowledge or by an upgrade
    /// of an HTTP/1.1 request. Default on.
    pub enabled: bool,
    /// The codec's limits. Servers announce extended CONNECT, by which WebSockets are opened (RFC 8441).
    pub codec: proto_h2::Config,
    /// How long the connection preface, and each frame other than DATA, may take from its first byte to its last; the
    /// preface from the start of the connection. Default 10 s; zero: for ever. Then the connection ends
    /// (CVE-2007-6750).
    pub head_timeout: Duration,
    /// How long a connection may be without a stream. Default 60 s; zero: for ever. Then GOAWAY with NO_ERROR.
    pub idle_timeout: Duration,
    /// Bytes of content of one received message. Default: no limit. A request with more is answered with 413 if its
    /// answer has not begun ([RFC 9110 §15.5.14](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14)), else its stream is
    /// reset with ENHANCE_YOUR_CALM, as is that of a response with more: [`End::Limited`](crate::End::Limited).
    pub body: u64,
    /// How long a request with `Expect: 100-continue` waits for `100 Continue` before its content is sent anyway
    /// ([RFC 9110 §10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)). Default 1 s; zero: for ever.
    pub continue_timeout: Duration,
    /// The rate in bytes per second that a body keeps as it comes, once [`body_grace`](Self::body_grace) is used up,
    /// while the application takes it. Default 100. Below: the stream is reset with CANCEL,
    /// [`End::Timeout`](crate::End::Timeout).
    pub body_rate: u32,
    /// How long a body may lag behind its minimum rate. Default 5 s; zero: for ever.
    pub body_grace: Duration,
    /// The rate in bytes per second at which a peer gives credit for what is to be sent to it, once
    /// [`send_grace`](Self::send_grace) is used up. Default 100. Below: the stream is reset with CANCEL,
    /// [`End::Timeout`](crate::End::Timeout) (CVE-2019-9517).
    pub send_rate: u32,
    /// How long a stream may wait for credit. Default 30 s; zero: for ever.
    pub send_grace: Duration,
}

impl Default for Http2Config {
    fn default() -> Self {
        let mut codec = proto_h2::Config::default();
        codec.extended_connect = true;
        Self {
            enabled: true,
            codec,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            body: u64::MAX,
            continue_timeout: Duration::from_secs(1),
            body_rate: 100,
            body_grace: Duration::from_secs(5),
            send_rate: 100,
            send_grace: Duration::from_secs(30),
        }
    }
}
