//! Whether a request that changes something comes from a page of our own. Beside the token in the form: where there
//! is no session yet (sign-in), this is what keeps another site from signing somebody in.

use axum::http::{HeaderMap, header};

/// Browsers say where a form is from; what is no browser says nothing, and carries no cookies of people either.
#[must_use]
pub fn is_ours(headers: &HeaderMap, host: &str) -> bool {
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    origin.to_str().ok().and_then(|origin| origin.strip_prefix("https://")).is_some_and(|origin| origin == host)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ours(fields: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        is_ours(&headers, "sensor.example:8443")
    }

    #[test]
    fn takes_forms_of_its_own_pages_and_of_programs() {
        assert!(ours(&[]));
        assert!(ours(&[("origin", "https://sensor.example:8443"), ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn refuses_forms_of_other_sites() {
        for fields in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("origin", "http://sensor.example:8443")],
            &[("origin", "https://sensor.example")],
            &[("origin", "https://sensor.example:8443.evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://sensor.example:8443")],
        ] {
            assert!(!ours(fields), "{fields:?}");
        }
    }
}
