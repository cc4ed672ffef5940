//! Which limit ended a connection or a stream, and how often each has done so.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proto_core::Reason;
use proto_h1::{CloseReason, Error as Http1Error};
use proto_h2::{Error as Http2Error, StreamLimit};
use proto_ws::{Error as WebSocketError, Outcome};

use crate::handler::End;
use crate::role::{Connection, Role};

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A limit whose firing ends a connection, or one stream of it. `docs/LIMITS.md` has what each is for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Limit { $($(#[$doc])* $name,)* }

        impl Limit {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name, for logs and metrics: where it is configured, and the field.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        const COUNT: usize = [$($text,)*].len();
    };
}

limits! {
    /// [`proto_h1::Limits::body`].
    Body = "http1.body";
    /// [`proto_h1::Limits::head`].
    Head = "http1.head";
    /// [`proto_h1::Limits::target`].
    Target = "http1.target";
    /// [`proto_h1::Limits::fields`].
    Fields = "http1.fields";
    /// [`proto_h1::Limits::extension_line`] and [`proto_h1::Limits::extensions`].
    Extensions = "http1.extensions";
    /// [`proto_h1::Limits::trailers`].
    Trailers = "http1.trailers";
    /// [`proto_h1::Limits::informational`].
    Informational = "http1.informational";
    /// [`proto_h1::Limits::drain`], and [`proto_h1::Limits::body_grace`] for a body that nobody wants.
    Drain = "http1.drain";
    /// [`proto_h1::Limits::head_timeout`], once a byte was there.
    HeadTimeout = "http1.head_timeout";
    /// [`proto_h1::Limits::idle_timeout`], and [`proto_h1::Limits::head_timeout`] before the first byte.
    IdleTimeout = "http1.idle_timeout";
    /// [`proto_h1::Limits::body_rate`] and [`proto_h1::Limits::body_grace`].
    BodyRate = "http1.body_rate";
    /// [`Http2Config::head_timeout`](crate::Http2Config::head_timeout).
    Http2HeadTimeout = "http2.head_timeout";
    /// [`Http2Config::idle_timeout`](crate::Http2Config::idle_timeout).
    Http2IdleTimeout = "http2.idle_timeout";
    /// [`Http2Config::body`](crate::Http2Config::body), of a stream.
    Http2Body = "http2.body";
    /// [`Http2Config::body_rate`](crate::Http2Config::body_rate), of a stream.
    Http2BodyRate = "http2.body_rate";
    /// [`Http2Config::send_rate`](crate::Http2Config::send_rate), of a stream.
    Http2SendRate = "http2.send_rate";
    /// [`proto_h2::Limits::concurrent_streams`], of a stream.
    ConcurrentStreams = "http2.concurrent_streams";
    /// [`proto_h2::Limits::header_list`], of a stream.
    HeaderList = "http2.header_list";
    /// [`proto_h2::Limits::fields`], of a stream.
    Http2Fields = "http2.fields";
    /// [`proto_h2::Limits::stream_window`], of a stream.
    StreamWindow = "http2.stream_window";
    /// [`proto_h2::Limits::frame_size`].
    FrameSize = "http2.frame_size";
    /// [`proto_h2::Limits::header_block`].
    HeaderBlock = "http2.header_block";
    /// [`proto_h2::Limits::continuations`].
    Continuations = "http2.continuations";
    /// [`proto_h2::Limits::header_table`].
    HeaderTable = "http2.header_table";
    /// [`proto_h2::Limits::connection_window`].
    ConnectionWindow = "http2.connection_window";
    /// [`proto_h2::Limits::settings_timeout_ms`].
    SettingsTimeout = "http2.settings_timeout";
    /// [`proto_h2::Limits::resets`].
    Resets = "http2.resets";
    /// [`proto_h2::Limits::control`].
    Http2Control = "http2.control";
    /// [`proto_h2::Limits::tiny`].
    Tiny = "http2.tiny";
    /// [`proto_ws::Limits::max_frame`].
    MaxFrame = "websocket.max_frame";
    /// [`proto_ws::Limits::max_message`].
    MaxMessage = "websocket.max_message";
    /// [`proto_ws::Limits::max_fragments`].
    MaxFragments = "websocket.max_fragments";
    /// [`proto_ws::Limits::max_expansion`], [`proto_ws::Limits::expansion_burst`] and
    /// [`proto_ws::Limits::expansion_per_second`].
    MaxExpansion = "websocket.max_expansion";
    /// [`proto_ws::Limits::control_burst`] and [`proto_ws::Limits::control_per_second`].
    Control = "websocket.control";
    /// [`proto_ws::Config::close_timeout`].
    CloseTimeout = "websocket.close_timeout";
    /// [`proto_ws::KeepAlive::hang_up_after`].
    HangUpAfter = "websocket.hang_up_after";
    /// [`Config::deflate_memory`](crate::Config::deflate_memory), of a WebSocket that cannot do without.
    DeflateMemory = "app.deflate_memory";
    /// [`Config::opening_timeout`](crate::Config::opening_timeout).
    OpeningTimeout = "app.opening_timeout";
    /// [`Config::raw_idle_timeout`](crate::Config::raw_idle_timeout).
    RawIdleTimeout = "app.raw_idle_timeout";
}

impl Limit {
    fn of_http1(error: Http1Error) -> Option<Self> {
        Some(match error {
            Http1Error::BodyTooLarge => Self::Body,
            Http1Error::HeadTooLarge | Http1Error::MethodTooLong => Self::Head,
            Http1Error::TargetTooLong => Self::Target,
            Http1Error::TooManyFields => Self::Fields,
            Http1Error::ChunkExtensionTooLarge => Self::Extensions,
            Http1Error::TrailersTooLarge => Self::Trailers,
            Http1Error::TooManyInformational => Self::Informational,
            Http1Error::HeadTimeout => Self::HeadTimeout,
            Http1Error::BodyTooSlow => Self::BodyRate,
            _ => return None,
        })
    }

    fn of_http2(error: Http2Error) -> Option<Self> {
        use proto_h2::hpack::Error::{SizeUpdateMissing, SizeUpdateTooLarge};
        Some(match error {
            Http2Error::FrameTooLarge => Self::FrameSize,
            Http2Error::HeaderBlock => Self::HeaderBlock,
            Http2Error::ContinuationFlood => Self::Continuations,
            Http2Error::Compression(SizeUpdateMissing | SizeUpdateTooLarge) => Self::HeaderTable,
            Http2Error::WindowExceeded => Self::ConnectionWindow,
            Http2Error::SettingsTimeout => Self::SettingsTimeout,
            Http2Error::ResetFlood => Self::Resets,
            Http2Error::ControlFlood => Self::Http2Control,
            Http2Error::TinyFlood => Self::Tiny,
            _ => return None,
        })
    }

    pub(crate) fn of_stream(limit: StreamLimit) -> Option<Self> {
        Some(match limit {
            StreamLimit::ConcurrentStreams => Self::ConcurrentStreams,
            StreamLimit::HeaderList => Self::HeaderList,
            StreamLimit::Fields => Self::Http2Fields,
            StreamLimit::StreamWindow => Self::StreamWindow,
            _ => return None,
        })
    }

    fn of_close(reason: CloseReason) -> Option<Self> {
        match reason {
            CloseReason::RequestUnread => Some(Self::Drain),
            CloseReason::Idle => Some(Self::IdleTimeout),
            _ => None,
        }
    }

    fn of_websocket(error: WebSocketError) -> Option<Self> {
        Some(match error {
            WebSocketError::FrameTooLarge => Self::MaxFrame,
            WebSocketError::MessageTooLarge => Self::MaxMessage,
            WebSocketError::TooManyFragments => Self::MaxFragments,
            WebSocketError::Expansion => Self::MaxExpansion,
            WebSocketError::Overloaded => Self::DeflateMemory,
            WebSocketError::Flood => Self::Control,
            WebSocketError::CloseTimeout => Self::CloseTimeout,
            WebSocketError::Silent => Self::HangUpAfter,
            _ => return None,
        })
    }
}

impl End {
    /// The limit that ended the stream, if one did.
    pub fn limit(self) -> Option<Limit> {
        match self {
            Self::Http1(error) => Limit::of_http1(error),
            Self::Http2(error) => Limit::of_http2(error),
            Self::Limited(limit) => Some(limit),
            Self::Timeout(Reason::Head) => Some(Limit::OpeningTimeout),
            Self::Timeout(Reason::BodyRate) => Some(Limit::Http2BodyRate),
            Self::Timeout(Reason::SendProgress) => Some(Limit::Http2SendRate),
            Self::WebSocketFault(error) => Limit::of_websocket(error),
            _ => None,
        }
    }
}

impl<S> Connection<S> {
    /// How often `limit` has fired on this connection: more than once only where it costs the peer a stream and not the
    /// connection, as over HTTP/2.
    pub fn fired(&self, limit: Limit) -> u32 {
        let of_streams = match &self.role {
            Role::Http2(http2) => http2.fired.of(limit),
            _ => 0,
        };
        of_streams + u32::from(self.limit() == Some(limit))
    }

    /// The limit that ended the connection, if one did.
    pub fn limit(&self) -> Option<Limit> {
        if self.limited.is_some() {
            return self.limited;
        }
        match &self.role {
            Role::Server(server) => match server.error() {
                Some(error) => Limit::of_http1(error),
                None => Limit::of_close(server.close_reason()?),
            },
            Role::Client(client) => Limit::of_http1(client.error()?),
            Role::Http2(http2) => Limit::of_http2(http2.codec.error()?),
            Role::WebSocket(socket) => match socket.outcome()? {
                Outcome::ProtocolError(error) => Limit::of_websocket(error),
                Outcome::Timeout => Some(Limit::CloseTimeout),
                Outcome::Silent => Some(Limit::HangUpAfter),
                _ => None,
            },
            Role::Raw(_) => None,
        }
    }
}

/// How often limits have fired on a connection that went on. Nothing is allocated before the first does.
#[derive(Debug, Default)]
pub(crate) struct Fired(Option<Box<[u32; COUNT]>>);

impl Fired {
    pub(crate) fn of(&self, limit: Limit) -> u32 {
        self.0.as_ref().and_then(|counts| counts.get(limit as usize)).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, limit: Limit) {
        let counts = self.0.get_or_insert_with(|| Box::new([0; COUNT]));
        if let Some(count) = counts.get_mut(limit as usize) {
            *count = count.saturating_add(1);
        }
    }
}

/// How many connections or streams each limit has ended. Clones count together, so the one in a [`Config`](crate::Config) that all
/// threads of a server are given counts for the server, and can be read from anywhere at any time.
///
/// ```
/// let config = app::Config::default();
/// let counters = config.counters.clone();
/// assert_eq!(counters.of(app::Limit::Head), 0);
/// for (limit, count) in counters.all() {
///     println!("{} {count}", limit.name());
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Counters(Arc<[AtomicU64; COUNT]>);

impl Default for Counters {
    fn default() -> Self {
        Self(Arc::new([const { AtomicU64::new(0) }; COUNT]))
    }
}

impl Counters {
    /// How many this limit has ended.
    pub fn of(&self, limit: Limit) -> u64 {
        self.0.get(limit as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Every limit and its count.
    pub fn all(&self) -> impl Iterator<Item = (Limit, u64)> + '_ {
        Limit::ALL.iter().map(|&limit| (limit, self.of(limit)))
    }

    /// Only when a limit fires, which is rare: what threads share costs nothing otherwise.
    pub(crate) fn add(&self, limit: Limit) {
        if let Some(count) = self.0.get(limit as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}
