//! The head of a CGI answer. Pure.
//! <https://www.rfc-editor.org/rfc/rfc3875#section-6>

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// A CGI program's head may have so many bytes.
pub(super) const LONGEST: usize = 16 * 1024;

/// Status and headers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub status: StatusCode,
    pub headers: HeaderMap,
}

/// Where the head ends and the body begins, once it is there.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    let mut line = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if line == 0 => return Some(at + 1),
            b'\n' => line = 0,
            b'\r' => {}
            _ => line += 1,
        }
    }
    None
}

/// Reads a whole head; `None` if it is none.
pub(super) fn read(bytes: &[u8]) -> Option<Head> {
    let mut head = Head { status: StatusCode::OK, headers: HeaderMap::new() };
    for line in std::str::from_utf8(bytes).ok()?.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("status") {
            head.status = value.split(' ').next()?.parse().ok()?;
        } else {
            head.headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?);
        }
    }
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_end_with_an_empty_line() {
        let text = b"Status: 404 Not Found\r\nPragma: no-cache\r\n\r\nbody";
        let at = end(text).unwrap();
        assert_eq!(&text[at..], b"body");
        let head = read(&text[..at]).unwrap();
        assert_eq!((head.status.as_u16(), head.headers.len()), (404, 1));
        assert_eq!(end(b"Status: 200 OK\r\n"), None);
        assert_eq!(read(b"nonsense\n\n"), None);
        assert_eq!(read(b"Status: many\n\n"), None);
    }
}
