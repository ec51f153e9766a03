//! Size: refused before a byte is looked at.

use picket_protocol::{armour::armour, wire};

use super::refused;
use crate::{
    Made, accepted, cast,
    cose::{Sign, Sign1},
    edit::{DEACTIVATION, REQUEST, edited, set},
    manifest::{Document, Layer::Size},
};

const TOO_LARGE: &str = "too-large";

pub(super) fn all() -> Vec<Made> {
    let one_more = accepted::of_size(wire::MAX_ACTIVATION_FILE + 1);
    let mut armoured = armour(&accepted::file(&cast::chain(2), &accepted::plain_cose()));
    armoured.push_str(&" ".repeat(wire::MAX_ARMOURED + 1 - armoured.len()));
    let padding = vec![0u8; 8192];
    let deactivation = edited(&accepted::deactivation_payload(), |claims| {
        set(claims, &[DEACTIVATION], 99, padding.as_slice());
    });
    let heartbeat =
        edited(&accepted::heartbeat().encode(), |map| set(map, &[], 99, vec![0u8; wire::MAX_HEARTBEAT].as_slice()));
    let root = edited(&accepted::content(&cast::chain(1)[0]), |root| set(root, &[], 99, padding.as_slice()));
    let request = edited(&accepted::request_payload(), |claims| set(claims, &[REQUEST], 99, padding.as_slice()));
    let made = |name, document, bytes, repaired| {
        Made::accepted(name, document, "plain", bytes, "an ignored key makes it too large")
            .refused(Size, TOO_LARGE, repaired)
    };
    vec![
        Made::accepted("one-byte-too-large", Document::ActivationFile, "plain", one_more, "65537 bytes")
            .refused(Size, TOO_LARGE, "largest"),
        refused(Size, TOO_LARGE, "armour-too-large", armoured.into_bytes(), "spaces after the last line"),
        made(
            "deactivation-too-large",
            Document::Deactivation,
            Sign1::new("deactivation+cwt", deactivation).bytes(),
            "deactivation",
        ),
        made("request-too-large", Document::Request, super::signature::es256(&request), "request"),
        made("heartbeat-too-large", Document::Heartbeat, heartbeat, "heartbeat"),
        super::refused_root(
            Size,
            TOO_LARGE,
            "root-too-large",
            &[Sign::root(root, &[cast::seed::ROOT_A]).bytes()],
            "an ignored key makes it too large",
        ),
        refused(
            Size,
            TOO_LARGE,
            "brings-root-too-large",
            accepted::file(&with_large_second(), &accepted::plain_cose()),
            "version 2 in the file has more than 8192 bytes",
        )
        .in_context("trusts-version-1")
        .repaired("brings-version-2"),
    ]
}

fn with_large_second() -> [Vec<u8>; 2] {
    let second = edited(&accepted::content(&cast::chain(2)[1]), |root| set(root, &[], 99, vec![0u8; 8192].as_slice()));
    [cast::chain(1)[0].clone(), Sign::root(second, &[cast::seed::ROOT_A]).bytes()]
}
