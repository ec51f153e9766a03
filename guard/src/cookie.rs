//! The session's cookie. `__Host-`: no other host, no other path and no plain HTTP can set or read it.

use axum::http::{HeaderMap, HeaderValue, header};

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// The cookie of one program's sessions. Cookies know no ports: two programs on one host need two names.
#[derive(Debug, Clone, Copy)]
pub struct SessionCookie(&'static str);

impl SessionCookie {
    /// With a name that begins with `__Host-`.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The token in a request's cookie, if there is exactly one: of two, one was put there by somebody else.
    #[must_use]
    pub fn token(self, headers: &HeaderMap) -> Option<&str> {
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut tokens = values.flat_map(|value| value.split(';')).filter_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == self.0).then_some(value)
        });
        let token = tokens.next()?;
        tokens.next().is_none().then_some(token)
    }

    /// Sets the cookie; ends with the browser's session.
    ///
    /// # Panics
    /// Never: a token is base64url.
    #[must_use]
    pub fn set(self, token: &str) -> HeaderValue {
        HeaderValue::from_str(&format!("{}={token}; {ATTRIBUTES}", self.0)).expect("a token is base64url")
    }

    /// Removes the cookie.
    ///
    /// # Panics
    /// Never: constants are ASCII.
    #[must_use]
    pub fn removed(self) -> HeaderValue {
        HeaderValue::from_str(&format!("{}=; {ATTRIBUTES}; Max-Age=0", self.0)).expect("constants are ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cookies: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        SessionCookie::named("__Host-picket").token(&headers).map(str::to_owned)
    }

    #[test]
    fn reads_the_one_token_among_others() {
        assert_eq!(found(&["a=b; __Host-picket=tok; c=d"]), Some("tok".into()));
        assert_eq!(found(&["a=b", "__Host-picket=tok"]), Some("tok".into()));
        assert_eq!(found(&["picket=tok; x__Host-picket=tok"]), None);
    }

    #[test]
    fn believes_neither_of_two() {
        assert_eq!(found(&["__Host-picket=one; __Host-picket=two"]), None);
        assert_eq!(found(&["__Host-picket=one", "__Host-picket=one"]), None);
    }
}
