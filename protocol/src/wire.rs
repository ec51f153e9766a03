//! The routes and media types between sensor and upstream, and their limits. One table, used by both ends.

/// `GET`: the CA certificates of the upstream (RFC 7030 §4.1).
pub const EST_CACERTS: &str = "/.well-known/est/cacerts";
/// `POST`: first enrolment. HTTP Basic: user = sensor id, password = the one-time token (RFC 7030 §4.2.1, §3.2.3).
pub const EST_ENROL: &str = "/.well-known/est/simpleenroll";
/// `POST`: renewal over mutual TLS (RFC 7030 §4.2.2). The one route that serves an expired certificate, within its grace.
pub const EST_RENEW: &str = "/.well-known/est/simplereenroll";
/// `POST`: a heartbeat over mutual TLS; the answer is its body.
pub const HEARTBEAT: &str = "/v1/heartbeat";
/// `POST`: CloudEvents for the built-in IoT hub, over mutual TLS.
pub const HUB_EVENTS: &str = "/v1/hub/events";

/// A heartbeat.
pub const MEDIA_HEARTBEAT: &str = "application/picket-heartbeat+cbor";
/// A heartbeat's answer.
pub const MEDIA_ANSWER: &str = "application/picket-heartbeat-answer+cbor";
/// An activation file.
pub const MEDIA_ACTIVATION_FILE: &str = "application/picket-activation";
/// A CloudEvents 1.0 batch, JSON.
pub const MEDIA_EVENTS: &str = "application/cloudevents-batch+json";
/// One CloudEvent 1.0, JSON.
pub const MEDIA_EVENT: &str = "application/cloudevents+json";
/// A problem (RFC 9457).
pub const MEDIA_PROBLEM: &str = "application/problem+json";
/// A certificate signing request (RFC 7030 §4.2.1), base64.
pub const MEDIA_CSR: &str = "application/pkcs10";
/// A certs-only CMS answer (RFC 7030 §4.2.3), base64.
pub const MEDIA_CERTS_ONLY: &str = "application/pkcs7-mime; smime-type=certs-only";

/// The CloudEvents type of a hub probe. Its `id` is the nonce.
pub const EVENT_PROBE: &str = "io.picket.probe";
/// The CloudEvents type of an alert.
pub const EVENT_ALERT: &str = "io.picket.alert";
/// The CloudEvents type of numbers that never come.
pub const EVENT_SKIP: &str = "io.picket.skip";

/// Most bytes of a batch of events, once unpacked. An alert of the longest record fits with room to spare.
pub const MAX_EVENTS_BODY: usize = 2 * 1024 * 1024;
/// Most events in a batch.
pub const MAX_EVENTS: usize = 4096;
/// Most bytes of an activation file.
pub const MAX_ACTIVATION_FILE: usize = 64 * 1024;
/// Most bytes of an armoured activation file.
pub const MAX_ARMOURED: usize = MAX_ACTIVATION_FILE * 4 / 3 + 4096;
/// Most bytes of a heartbeat.
pub const MAX_HEARTBEAT: usize = 64 * 1024;
/// Most bytes of a heartbeat's answer: it may carry a reissued activation file.
pub const MAX_ANSWER: usize = 256 * 1024;
/// Most bytes of a request document.
pub const MAX_REQUEST: usize = 4096;
/// Most bytes of a recovery document.
pub const MAX_RECOVERY: usize = 4096;
/// Most bytes of a deactivation.
pub const MAX_DEACTIVATION: usize = 4096;
/// Most bytes of a trust root file.
pub const MAX_ROOT_FILE: usize = 64 * 1024;
/// Most bytes of a trust root version.
pub const MAX_TRUST_ROOT: usize = 8192;
