use std::path::{Path, PathBuf};

use proto_h1::date;

use crate::file::{Conditions, Decision, EntityTag, PathError, RangeSet, content_type, file_path};
use crate::message::{Field, Request};
use crate::service::{FileError, FileId, FileMeta};
use crate::status;

/// A request for a file, kept until the driver has opened it.
#[derive(Debug)]
pub(crate) struct FileRequest {
    pub(crate) root: PathBuf,
    pub(crate) path: PathBuf,
    /// The path and query as requested, for the redirect to a directory.
    target: Box<[u8]>,
    conditions: Conditions,
    head: bool,
}

impl FileRequest {
    /// The request, or the status to refuse it with.
    pub(crate) fn new(root: &Path, request: &Request<'_>) -> Result<Self, u16> {
        let head = match request.method() {
            b"GET" => false,
            b"HEAD" => true,
            _ if request.is_known_method() => return Err(405),
            _ => return Err(501),
        };
        let path = file_path(request.path(), "index.html").map_err(|error| -> u16 {
            match error {
                PathError::Malformed => 400,
                PathError::NotServed => 404,
            }
        })?;
        // One slash in front: `//host/` would be a reference to another host.
        let slashes = request.path().iter().take_while(|&&byte| byte == b'/').count();
        let mut target = [b"/", &request.path()[slashes..], b"/"].concat();
        if let Some(query) = request.query() {
            target.push(b'?');
            target.extend_from_slice(query);
        }
        Ok(Self { root: root.into(), path, target: target.into(), conditions: conditions(request), head })
    }
}

fn conditions(request: &Request<'_>) -> Conditions {
    let fields = request.fields();
    let list = |name| {
        let joined = fields.all(name).collect::<Vec<_>>().join(&b","[..]);
        (!joined.is_empty()).then(|| joined.into_boxed_slice())
    };
    let date = |name| fields.first(name).and_then(date::parse);
    Conditions {
        if_match: list("if-match"),
        if_unmodified_since: date("if-unmodified-since"),
        if_none_match: list("if-none-match"),
        if_modified_since: date("if-modified-since"),
        if_range: fields.first("if-range").map(Box::from),
        if_range_date: date("if-range"),
        // RFC 9110 14.2: a Range is ignored with any method but GET.
        range: fields.first("range").filter(|_| request.method() == b"GET").and_then(RangeSet::parse),
    }
}

/// The answer with a file, as it goes out.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) request: Box<FileRequest>,
    pub(crate) state: State,
}

#[derive(Debug)]
pub(crate) enum State {
    /// The driver is to open the file.
    Asking,
    /// The driver is opening it.
    Opening,
    /// The head of the answer is to be sent.
    Opened(Result<(FileId, FileMeta), FileError>),
    /// `left` bytes from `offset` on are to be sent; `reading` while the driver is asked for some.
    Sending { file: FileId, offset: u64, left: u64, reading: bool },
    /// The driver sends the rest of the content by itself.
    Leaving { file: FileId },
}

impl Transfer {
    pub(crate) fn new(request: Box<FileRequest>) -> Self {
        Self { request, state: State::Asking }
    }

    /// Whether a turn would do something.
    pub(crate) fn wants_write(&self) -> bool {
        !matches!(self.state, State::Opening | State::Sending { reading: true, .. } | State::Leaving { .. })
    }

    /// Whether content is under way.
    pub(crate) fn is_sending(&self) -> bool {
        matches!(self.state, State::Sending { .. } | State::Leaving { .. })
    }

    /// The file, while it is open.
    pub(crate) fn open_file(&self) -> Option<FileId> {
        match self.state {
            State::Opened(Ok((file, _))) | State::Sending { file, .. } | State::Leaving { file } => {
                Some(file)
            }
            State::Asking | State::Opening | State::Opened(Err(_)) => None,
        }
    }
}

/// The head of the answer with an open file, and which part of it follows.
pub(crate) struct FileHead {
    pub(crate) status: u16,
    /// Content length as announced.
    pub(crate) length: u64,
    /// Where the body begins, and how many bytes of it are sent.
    pub(crate) offset: u64,
    pub(crate) send: u64,
    texts: Texts,
    content_type: &'static str,
}

/// The values of the fields, owned while the head is written.
struct Texts {
    tag: EntityTag,
    modified: Option<[u8; date::LEN]>,
    content_range: String,
}

impl FileHead {
    /// Decides what to answer `request` with, the file being what `meta` says.
    pub(crate) fn new(request: &FileRequest, meta: &FileMeta) -> Self {
        let tag = EntityTag::of(meta);
        let (mut content_range, len) = (String::new(), meta.len);
        let (status, offset, length) = match request.conditions.decide(meta, &tag) {
            Decision::Whole => (200, 0, len),
            Decision::Part(range) => {
                content_range = format!("bytes {}-{}/{len}", range.first, range.last);
                (206, range.first, range.len())
            }
            Decision::NotModified => (304, 0, len),
            Decision::PreconditionFailed => (412, 0, 0),
            Decision::Unsatisfiable => {
                content_range = format!("bytes */{len}");
                (416, 0, 0)
            }
        };
        let name = request.path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let send = if request.head || status == 304 { 0 } else { length };
        let modified = meta.modified.map(date::format);
        let texts = Texts { tag, modified, content_range };
        Self { status, length, offset, send, texts, content_type: content_type(name) }
    }

    /// Calls `with` with the fields of the head.
    pub(crate) fn with_fields<T>(&self, with: impl FnOnce(&[Field<'_>]) -> T) -> T {
        let mut fields = Vec::with_capacity(6);
        if matches!(self.status, 200 | 206) {
            fields.push(Field::new("content-type", self.content_type.as_bytes()));
        }
        if matches!(self.status, 200 | 206 | 304) {
            fields.push(Field::new("etag", self.texts.tag.as_str().as_bytes()));
            if let Some(modified) = &self.texts.modified {
                fields.push(Field::new("last-modified", modified));
            }
        }
        if self.status >= 400 {
            fields.push(status::TEXT);
        }
        fields.push(Field::new("accept-ranges", b"bytes"));
        if !self.texts.content_range.is_empty() {
            fields.push(Field::new("content-range", self.texts.content_range.as_bytes()));
        }
        with(&fields)
    }
}

/// The answer when the file cannot be had: a status, and where to go instead.
pub(crate) fn refusal(request: &FileRequest, error: FileError) -> (u16, Option<&[u8]>) {
    match error {
        FileError::NotFound => (404, None),
        FileError::Forbidden => (403, None),
        FileError::Directory => (301, Some(&request.target)),
        FileError::Busy => (503, None),
        FileError::Io => (500, None),
    }
}
