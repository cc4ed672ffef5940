use super::list::is_tchar;

/// A `Sec-WebSocket-Extensions` field that does not follow its grammar
/// ([RFC 6455 section 9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("malformed list of extensions")
    }
}

impl core::error::Error for Malformed {}

/// An extension with its parameters, as offered or accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The registered name, a token.
    pub name: &'a [u8],
    params: &'a [u8],
}

impl<'a> Extension<'a> {
    /// The parameters in order.
    pub fn params(&self) -> Params<'a> {
        Params { rest: self.params }
    }
}

/// A parameter of an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    /// The name, a token.
    pub name: &'a [u8],
    /// The value, without its quotes if it had any; `None` when there is none. A quoted value has the form of a
    /// token once it is unquoted; backslashes of quoted pairs are still in it: see [`value`](Self::value).
    pub raw: Option<&'a [u8]>,
}

impl<'a> Param<'a> {
    /// The bytes of the value, quoted pairs resolved; `None` when there is none.
    pub fn value(&self) -> Option<impl Iterator<Item = u8> + Clone + 'a> {
        let raw = self.raw?;
        // a token has no backslash, so one that is seen is the first half of a quoted pair
        Some(raw.iter().copied().filter(|&byte| byte != b'\\'))
    }

    /// Whether the value is `expected`.
    pub fn is(&self, expected: &[u8]) -> bool {
        self.value().is_some_and(|value| value.eq(expected.iter().copied()))
    }
}

/// The members of one `Sec-WebSocket-Extensions` field.
///
/// ```
/// use proto_ws::handshake::Extensions;
/// let mut offered = Extensions::new(b"permessage-deflate; client_max_window_bits=\"15\", x-other");
/// let deflate = offered.next().unwrap()?;
/// assert_eq!(deflate.name, b"permessage-deflate");
/// assert!(deflate.params().any(|p| p.name == b"client_max_window_bits" && p.is(b"15")));
/// assert_eq!(offered.next().unwrap()?.name, b"x-other");
/// assert!(offered.next().is_none());
/// # Ok::<(), proto_ws::handshake::Malformed>(())
/// ```
#[derive(Debug, Clone)]
pub struct Extensions<'a> {
    rest: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// The members of the list `value`.
    pub const fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }

    fn member(&mut self) -> Result<Extension<'a>, Malformed> {
        let (name, rest) = token(self.rest)?;
        let start = skip_space(rest);
        let mut params = Params { rest: start };
        while let Some(param) = params.param() {
            param?;
        }
        let len = start.len() - params.rest.len();
        let end = skip_space(params.rest);
        self.rest = match end {
            [] => end,
            [b',', rest @ ..] => rest,
            _ => return Err(Malformed),
        };
        Ok(Extension { name, params: start.get(..len).unwrap_or_default() })
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Result<Extension<'a>, Malformed>;

    /// The next member; after a fault there is none.
    fn next(&mut self) -> Option<Self::Item> {
        // RFC 9110 section 5.6.1.2: empty members are passed over
        while let [b',' | b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return None;
        }
        let member = self.member();
        if member.is_err() {
            self.rest = &[];
        }
        Some(member)
    }
}

/// The parameters of an [`Extension`].
#[derive(Debug, Clone)]
pub struct Params<'a> {
    rest: &'a [u8],
}

impl<'a> Params<'a> {
    /// The next parameter: `; name`, `; name=token` or `; name="quoted token"`.
    fn param(&mut self) -> Option<Result<Param<'a>, Malformed>> {
        let [b';', rest @ ..] = skip_space(self.rest) else { return None };
        Some(parameter(skip_space(rest)).map(|(param, rest)| {
            self.rest = rest;
            param
        }))
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        self.param()?.ok() // checked when the extension was read
    }
}

fn parameter(text: &[u8]) -> Result<(Param<'_>, &[u8]), Malformed> {
    let (name, rest) = token(text)?;
    let [b'=', value @ ..] = skip_space(rest) else { return Ok((Param { name, raw: None }, rest)) };
    let (value, rest) = match skip_space(value) {
        [b'"', quoted @ ..] => unquote(quoted)?,
        plain => token(plain)?,
    };
    Ok((Param { name, raw: Some(value) }, rest))
}

/// The inside of a quoted string whose opening quote is gone. It must be a token once it is unquoted.
fn unquote(text: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let mut at = 0;
    loop {
        match text.get(at..).unwrap_or_default() {
            [b'"', rest @ ..] if at > 0 => return Ok((text.get(..at).unwrap_or_default(), rest)),
            [b'\\', byte, ..] if is_tchar(*byte) => at += 2,
            [byte, ..] if is_tchar(*byte) => at += 1,
            _ => return Err(Malformed),
        }
    }
}

fn token(text: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let len = text.iter().position(|&byte| !is_tchar(byte)).unwrap_or(text.len());
    if len == 0 { Err(Malformed) } else { Ok(text.split_at(len)) }
}

fn skip_space(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}
