//! The request's host and path, before anything else looks at them.
//!
//! A sensor or a portal is reached by whatever name or address the plant gave it, so no list of hosts is kept; but a host is of host's
//! characters, there is one, and no redirect or page is ever built with it.

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// Most bytes of a path with its query.
const MAX_TARGET: usize = 2048;

/// The host that a request was sent to, with its port if it is not 443.
#[derive(Debug, Clone)]
pub struct Host(pub String);

impl Host {
    /// Without the port.
    #[must_use]
    pub fn name(&self) -> &str {
        let end = self.0.rfind(':').filter(|colon| self.0[*colon..].find(']').is_none());
        self.0[..end.unwrap_or(self.0.len())].trim_matches(['[', ']'])
    }
}

impl<S: Sync> FromRequestParts<S> for Host {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get().cloned().ok_or(StatusCode::NOT_FOUND)
    }
}

/// Lets well-formed requests through and notes their host.
pub async fn check(mut request: Request, next: Next) -> Response {
    let Some(host) = host(&request) else { return StatusCode::BAD_REQUEST.into_response() };
    if !path_is_plain(request.uri().path()) || target_length(&request) > MAX_TARGET {
        return StatusCode::BAD_REQUEST.into_response();
    }
    request.extensions_mut().insert(Host(host));
    next.run(request).await
}

/// One host: in HTTP/2 the authority, in HTTP/1.1 the field; where both are there, they agree.
fn host(request: &Request) -> Option<String> {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let host = match (authority, single(request.headers())?) {
        (Some(authority), Some(field)) if authority != field => return None,
        (Some(host), _) | (None, Some(host)) => host,
        (None, None) => return None,
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (!host.is_empty() && host.len() <= 300 && host.bytes().all(allowed)).then(|| host.to_owned())
}

/// `Some(None)` without a field, none when there are several or it is not ASCII.
fn single(headers: &HeaderMap) -> Option<Option<&str>> {
    let mut fields = headers.get_all(header::HOST).iter();
    let Some(first) = fields.next() else { return Some(None) };
    if fields.next().is_some() { None } else { first.to_str().ok().map(Some) }
}

/// No page of ours has any of these; whoever sends them is looking for another program's mistakes.
fn path_is_plain(path: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    path.starts_with('/')
        && path.bytes().all(allowed)
        && !path.contains("//")
        && !path.split('/').any(|part| part.starts_with('.'))
}

fn target_length(request: &Request) -> usize {
    request.uri().path_and_query().map_or(0, |target| target.as_str().len())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn paths_have_no_escapes_dots_or_empty_parts() {
        for good in ["/", "/settings/users", "/assets/look.0a1b2c.css"] {
            assert!(path_is_plain(good), "{good}");
        }
        for bad in ["", "*", "//", "/a//b", "/../etc/passwd", "/a/./b", "/%2e%2e/x", "/a%00", "/a;b", "/a\\b", "/.git"]
        {
            assert!(!path_is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn the_name_is_without_port_and_brackets() {
        for (host, name) in
            [("sensor:8443", "sensor"), ("10.0.0.7", "10.0.0.7"), ("[fe80::1]:443", "fe80::1"), ("[::1]", "::1")]
        {
            assert_eq!(Host(host.to_owned()).name(), name);
        }
    }

    fn host_of(uri: &str, fields: &[&str]) -> Option<String> {
        let mut request = Request::get(uri);
        for field in fields {
            request = request.header("host", *field);
        }
        host(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn there_is_one_host_of_plain_characters() {
        assert_eq!(host_of("/", &["sensor:8443"]), Some("sensor:8443".into()));
        assert_eq!(host_of("https://[fe80::1]/", &[]), Some("[fe80::1]".into()));
        for (uri, fields) in [
            ("/", &[][..]),
            ("/", &["a", "a"]),
            ("https://a/", &["b"]),
            ("/", &["a/b"]),
            ("/", &["a\"><script>"]),
            ("/", &[""]),
        ] {
            assert_eq!(host_of(uri, fields), None, "{uri} {fields:?}");
        }
    }
}
