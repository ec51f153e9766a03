//! What an answer's status and body mean: accepted, or which refusal. Nobody's word but the answer's is used.

use std::time::UNIX_EPOCH;

use hyper::header::{HeaderMap, RETRY_AFTER};
use picket_lifecycle::event::Failure;
use picket_protocol::{ids::SensorId, refusal::Refusal, time::UnixSeconds};
use serde::Deserialize;

use super::exchange::Answer;

/// Most seconds of `Retry-After` that are honoured.
const MAX_RETRY_AFTER: u32 = 3600;

/// Whom the answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// A portal or management console: its codes are believed.
    Upstream,
    /// A hub, which may be anybody's: only its status counts.
    Hub,
}

/// The body of an answer that accepts, or why it does not.
///
/// # Errors
/// The refusal with `Retry-After`.
pub fn judge(answer: Answer, speaker: Speaker, host: &str, sensor: SensorId) -> Result<Vec<u8>, Failure> {
    let status = answer.status;
    if (200..300).contains(&status) {
        return Ok(answer.body);
    }
    let told = if speaker == Speaker::Upstream { code(&answer.body) } else { None };
    let refusal = match (told.as_deref(), status, speaker) {
        (Some("portal.already-used"), ..) => Refusal::AlreadyUsed { sensor },
        (Some("portal.voided"), ..) => Refusal::Voided { sensor },
        (Some("portal.deleted"), ..) => Refusal::Deleted { sensor },
        (Some("portal.rejected"), ..) | (_, 401 | 403 | 404 | 410, Speaker::Upstream) => Refusal::Rejected { status },
        _ => Refusal::Http { status, host: host.to_owned() },
    };
    Err(Failure { refusal, retry_after: retry_after(&answer.headers) })
}

/// The `code` of an RFC 9457 problem.
fn code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Problem {
        code: String,
    }
    serde_json::from_slice::<Problem>(body).ok().map(|problem| problem.code)
}

/// Seconds; a date counts from the server's own `Date`, since our clock may be wrong.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<u32>() {
        Ok(seconds) => seconds,
        Err(_) => u32::try_from(http_date(text)?.since(date(headers)?)).ok()?,
    };
    Some(seconds.min(MAX_RETRY_AFTER))
}

/// The server's clock, by its `Date` header.
#[must_use]
pub fn date(headers: &HeaderMap) -> Option<UnixSeconds> {
    http_date(headers.get(hyper::header::DATE)?.to_str().ok()?)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
fn http_date(text: &str) -> Option<UnixSeconds> {
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(UnixSeconds(i64::try_from(date.as_secs()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENSOR: SensorId = SensorId::from_bytes([7; 16]);

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(hyper::header::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        Answer { status, headers: map, body: body.as_bytes().to_vec() }
    }

    fn refusal(status: u16, body: &str, speaker: Speaker) -> Refusal {
        judge(answer(status, &[], body), speaker, "portal.example", SENSOR).unwrap_err().refusal
    }

    #[test]
    fn believes_the_portals_codes_and_no_others() {
        let told = |code: &str| format!("{{\"code\":\"{code}\",\"status\":409}}");
        assert_eq!(
            refusal(409, &told("portal.already-used"), Speaker::Upstream),
            Refusal::AlreadyUsed { sensor: SENSOR }
        );
        assert_eq!(refusal(409, &told("portal.voided"), Speaker::Upstream), Refusal::Voided { sensor: SENSOR });
        assert_eq!(refusal(410, &told("portal.deleted"), Speaker::Upstream), Refusal::Deleted { sensor: SENSOR });
        assert_eq!(refusal(403, &told("portal.rejected"), Speaker::Upstream), Refusal::Rejected { status: 403 });
        assert!(matches!(refusal(409, &told("portal.deleted"), Speaker::Hub), Refusal::Http { status: 409, .. }));
        assert!(matches!(refusal(409, &told("activation.busy"), Speaker::Upstream), Refusal::Http { status: 409, .. }));
    }

    #[test]
    fn tells_rejected_from_broken() {
        for status in [401, 403, 404, 410] {
            assert_eq!(refusal(status, "<html>", Speaker::Upstream), Refusal::Rejected { status });
            assert!(matches!(refusal(status, "", Speaker::Hub), Refusal::Http { .. }));
        }
        for status in [301, 302, 400, 429, 500, 503] {
            assert!(matches!(refusal(status, "", Speaker::Upstream), Refusal::Http { .. }), "{status}");
        }
    }

    #[test]
    fn honours_retry_after_to_an_hour_in_both_forms() {
        let after = |headers: &[(&str, &str)]| {
            judge(answer(503, headers, ""), Speaker::Upstream, "h", SENSOR).unwrap_err().retry_after
        };
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[("retry-after", "120")]), Some(120));
        assert_eq!(after(&[("retry-after", "999999")]), Some(3600));
        assert_eq!(after(&[("retry-after", "soon")]), None);
        let (now, then) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:37 GMT");
        assert_eq!(after(&[("date", now), ("retry-after", then)]), Some(60));
        assert_eq!(after(&[("date", then), ("retry-after", now)]), None);
    }
}
