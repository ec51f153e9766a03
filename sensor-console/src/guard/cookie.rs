//! The session's cookie. `__Host-`: no other host, no other path and no plain HTTP can set or read it.

use axum::http::{HeaderMap, HeaderValue, header};

const NAME: &str = "__Host-picket";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// The token in a request's cookie, if there is exactly one: of two, one was put there by somebody else.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut tokens = values.flat_map(|value| value.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == NAME).then_some(value)
    });
    let token = tokens.next()?;
    tokens.next().is_none().then_some(token)
}

/// Sets the cookie; ends with the browser's session.
#[must_use]
pub fn set(token: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{NAME}={token}; {ATTRIBUTES}")).expect("a token is base64url")
}

/// Removes the cookie.
#[must_use]
pub fn removed() -> HeaderValue {
    HeaderValue::from_str(&format!("{NAME}=; {ATTRIBUTES}; Max-Age=0")).expect("constants are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cookies: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        token(&headers).map(str::to_owned)
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
