use std::path::PathBuf;

/// Why a request path names no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// `%` not followed by two hexadecimal digits, or not UTF-8 after decoding: 400.
    Malformed,
    /// It names something that is never served: a way up, a separator or NUL in disguise, a hidden file: 404.
    NotServed,
}

/// The file path, relative to a root, that the path of a request target names.
///
/// The path is split at `/` *before* it is percent-decoded, so `%2f` cannot make a component; `..`, NUL, `\` and
/// names that begin with a dot (save `.well-known`, [RFC 8615](https://www.rfc-editor.org/rfc/rfc8615)) are not
/// served. A path that ends in `/` names `index` in that directory.
///
/// ```
/// use app::file::{PathError, file_path};
/// assert_eq!(file_path(b"/docs/a%20b.txt", "index.html"), Ok("docs/a b.txt".into()));
/// assert_eq!(file_path(b"/docs/", "index.html"), Ok("docs/index.html".into()));
/// assert_eq!(file_path(b"/%2e%2e/etc/passwd", "index.html"), Err(PathError::NotServed));
/// ```
///
/// # Errors
/// [`PathError`] says which answer to give.
pub fn file_path(path: &[u8], index: &str) -> Result<PathBuf, PathError> {
    let mut file = PathBuf::new();
    let mut last = &b""[..];
    for component in path.split(|&byte| byte == b'/') {
        last = component;
        let name = decode(component)?;
        match name.as_str() {
            "" | "." => continue,
            ".well-known" => {}
            hidden if hidden.starts_with('.') => return Err(PathError::NotServed),
            name if name.contains(['/', '\\', '\0']) => return Err(PathError::NotServed),
            _ => {}
        }
        file.push(name);
    }
    if last.is_empty() || last == b"." {
        file.push(index);
    }
    Ok(file)
}

fn decode(component: &[u8]) -> Result<String, PathError> {
    let mut bytes = Vec::with_capacity(component.len());
    let mut rest = component;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |at: usize| (*tail.get(at)? as char).to_digit(16);
        let (Some(high), Some(low)) = (digit(0), digit(1)) else { return Err(PathError::Malformed) };
        bytes.push((high << 4 | low) as u8); // two digits below 16
        rest = &tail[2..];
    }
    String::from_utf8(bytes).map_err(|_| PathError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_root_and_nothing_hidden_is_named() {
        for path in [
            "/..",
            "/../x",
            "/a/../../x",
            "/%2e%2e/x",
            "/.%2e/x",
            "/a%2fb",
            "/..%2f..%2fx",
            "/a%5cb",
            "/..\\x",
            "/a%00.html",
            "/.git/config",
            "/a/.env",
            "/%2Ehidden",
            "/...",
        ] {
            assert_eq!(file_path(path.as_bytes(), "i"), Err(PathError::NotServed), "{path}");
        }
    }

    #[test]
    fn broken_encodings_are_told_apart() {
        for path in ["/%", "/%4", "/%zz", "/%+1", "/%ff", "/a%c3"] {
            assert_eq!(file_path(path.as_bytes(), "i"), Err(PathError::Malformed), "{path}");
        }
    }

    #[test]
    fn ordinary_paths_are_relative_and_clean() {
        for (path, file) in [
            ("/", "i"),
            ("//a///b.txt", "a/b.txt"),
            ("/a/./b/", "a/b/i"),
            ("/a/.", "a/i"),
            ("/gr%C3%BC%C3%9Fe.html", "grüße.html"),
            ("/.well-known/security.txt", ".well-known/security.txt"),
        ] {
            assert_eq!(file_path(path.as_bytes(), "i"), Ok(file.into()), "{path}");
        }
    }
}
