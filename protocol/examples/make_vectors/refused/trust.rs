//! Trust: the root chain, and whether its newest version lets the signer sign this.

use picket_protocol::{
    cbor::Value,
    documents::trust_root::{Role, TrustRoot},
};

use super::{local, refused, refused_root};
use crate::{
    Made, accepted,
    cast::{self, chain, root, seed, signed},
    cose::{Sign, Sign1},
    edit::{edited, set},
    manifest::{Document, Layer::Trust},
};

const BROKEN: &str = "root-chain-broken";

pub(super) fn all() -> Vec<Made> {
    [files(), signers(), chains(), deactivations()].into_iter().flatten().collect()
}

fn with_roots(roots: &[Vec<u8>]) -> Vec<u8> {
    accepted::file(roots, &local().bytes())
}

/// Version 2 as another signed it who holds the same root key: nothing but the stored chain tells them apart.
fn another_version_2() -> Vec<u8> {
    let keys = [(seed::SIGNER, Role::Activation), (seed::STRANGER, Role::Activation)];
    signed(&root(2, 1, &[seed::ROOT_A, seed::ROOT_B], &keys, &[]), &[seed::ROOT_A])
}

fn files() -> Vec<Made> {
    let plain = || with_roots(&chain(2));
    let made = |name, context: &str, code, bytes, why| refused(Trust, code, name, bytes, why).in_context(context);
    let from_2 = || with_roots(&chain(2)[1..]);
    vec![
        made("no-trust-root", "no-trust", "no-trust-root", plain(), "nothing is pinned here yet"),
        made("unknown-root", "trusts-another", "unknown-root", plain(), "another trust root is pinned here"),
        made("own-root-in-the-file", "plain", "unknown-root", stranger(), "a file never brings its own trust"),
        made(
            "chain-from-version-3",
            "trusts-version-1",
            "root-too-old",
            with_roots(&chain(3)[2..]),
            "version 1 is stored, the file begins with 3",
        )
        .repaired("brings-versions-2-and-3"),
        made(
            "chain-from-version-2-of-none",
            "no-trust",
            "root-too-old",
            from_2(),
            "nothing stored, and no version 1 to show",
        )
        .repaired("chain-from-version-2"),
        made(
            "disagrees-with-stored",
            "plain",
            BROKEN,
            with_roots(&[chain(1)[0].clone(), another_version_2()]),
            "another version 2 than the stored one",
        ),
        made(
            "begins-with-another-version-2",
            "plain",
            BROKEN,
            with_roots(&[another_version_2()]),
            "no stored version has these bytes",
        )
        .repaired("chain-from-version-2"),
        made(
            "disagrees-with-a-newer-stored",
            "trusts-version-3",
            BROKEN,
            with_roots(&[chain(1)[0].clone(), another_version_2()]),
            "the newer one judges, and both must agree",
        )
        .repaired("older-chain-than-stored"),
    ]
}

/// A file whose roots and activation hold together, by somebody else.
fn stranger() -> Vec<u8> {
    let keys = [(seed::STRANGER, Role::Activation)];
    let own = vec![signed(&root(1, 1, &[seed::ROOT_STRANGER], &keys, &[]), &[seed::ROOT_STRANGER])];
    let payload = edited(&local().payload, |claims| set(claims, &[], 1, cast::id_of(&own).to_string().as_str()));
    accepted::file(&own, &Sign1::activation(payload).signer(seed::STRANGER).bytes())
}

fn signers() -> Vec<Made> {
    let by = |roots: &[Vec<u8>], seed: u8| accepted::file(roots, &local().signer(seed).bytes());
    let dropped =
        signed(&root(2, 1, &[seed::ROOT_A, seed::ROOT_B], &[(seed::TI_SIGNER, Role::Ti)], &[]), &[seed::ROOT_A]);
    let withdrawn = root(2, 1, &[seed::ROOT_A, seed::ROOT_B], &[(seed::SIGNER, Role::Activation)], &[seed::SIGNER]);
    let withdrawn = signed(&withdrawn, &[seed::ROOT_A]);
    let later = |second: Vec<u8>| with_roots(&[chain(1)[0].clone(), second]);
    vec![
        refused(Trust, "unknown-signer", "signer-unknown", by(&chain(2), seed::STRANGER), "no version names the key"),
        refused(
            Trust,
            "unknown-signer",
            "signer-is-a-root-key",
            by(&chain(2), seed::ROOT_A),
            "a root key signs roots only",
        ),
        refused(Trust, "wrong-role", "signer-of-ti", by(&chain(2), seed::TI_SIGNER), "a key for TI packages"),
        refused(
            Trust,
            "signer-withdrawn",
            "signer-withdrawn",
            by(&chain(2), seed::OLD_SIGNER),
            "version 2 withdrew it",
        ),
        refused(
            Trust,
            "signer-withdrawn",
            "signer-withdrawn-in-store",
            by(&chain(1), seed::OLD_SIGNER),
            "the stored version 2 withdrew it; the file ends with 1",
        )
        .repaired("old-signer-before-withdrawal"),
        refused(
            Trust,
            "signer-withdrawn",
            "signer-withdrawn-in-file",
            by(&chain(2), seed::OLD_SIGNER),
            "version 1 is stored; version 2 in the file withdrew it",
        )
        .in_context("trusts-version-1")
        .repaired("old-signer-before-withdrawal"),
        refused(
            Trust,
            "signer-withdrawn",
            "signer-named-and-withdrawn",
            later(withdrawn),
            "to be withdrawn outweighs to be named",
        )
        .in_context("trusts-version-1")
        .repaired("brings-version-2"),
        refused(
            Trust,
            "unknown-signer",
            "signer-no-longer-named",
            later(dropped),
            "version 1 named it, version 2 does not",
        )
        .in_context("trusts-version-1")
        .repaired("brings-version-2"),
    ]
}

fn chains() -> Vec<Made> {
    let first = || chain(1)[0].clone();
    let two_of_two = root(1, 2, &[seed::ROOT_A, seed::ROOT_B], &[(seed::SIGNER, Role::Activation)], &[]);
    let broken = |name, roots: &[Vec<u8>], why| refused_root(Trust, BROKEN, name, roots, why);
    let mut bad = Sign::root(accepted::content(&first()), &[seed::ROOT_A, seed::ROOT_B]);
    bad.signers[1].2 = seed::ROOT_C;
    let resigned = |next: &TrustRoot, by: &[u8]| [chain(2), vec![signed(next, by)]].concat();
    let mut gap = cast::root_3();
    gap.version = 4;
    let repeated = signed(&root(2, 1, &[seed::ROOT_A, seed::ROOT_B], &[], &[]), &[seed::ROOT_B]);
    let key_change = root(3, 1, &[seed::ROOT_C], &[(seed::SIGNER, Role::Activation)], &[]);
    let of_three = |made: Made| made.repaired("trust-root-file-of-three");
    let listed =
        |root: TrustRoot| Sign::root(accepted::content(&signed(&root, &[seed::ROOT_A])), &[seed::ROOT_A; 10]).bytes();
    let crowd = (2..=8).map(|version| listed(root(version, 1, &[seed::ROOT_A], &[], &[])));
    vec![
        broken(
            "root-key-counted-twice",
            &[signed(&two_of_two, &[seed::ROOT_A, seed::ROOT_A])],
            "two signatures by one key are one of two",
        ),
        broken("root-below-threshold", &[signed(&two_of_two, &[seed::ROOT_B])], "one of two"),
        broken("root-surplus-bad-signature", &[bad.bytes()], "the threshold is met, yet every signature must verify"),
        broken(
            "root-surplus-stranger",
            &[signed(&cast::root_1(), &[seed::ROOT_A, seed::ROOT_STRANGER])],
            "the threshold is met, yet a stranger signed too",
        ),
        broken(
            "root-signed-by-its-activation-key",
            &[signed(&cast::root_1(), &[seed::SIGNER])],
            "a key of the root, but no root key",
        ),
        broken("root-chain-from-version-2", &[chain(2)[1].clone()], "what is pinned begins with version 1"),
        of_three(broken(
            "root-chain-with-a-gap",
            &resigned(&gap, &[seed::ROOT_A, seed::ROOT_C]),
            "version 4 follows version 2",
        )),
        of_three(broken(
            "root-chain-repeats-a-version",
            &[chain(2), vec![repeated]].concat(),
            "version 2 follows version 2",
        )),
        of_three(broken(
            "root-chain-without-predecessor",
            &resigned(&key_change, &[seed::ROOT_C]),
            "no root key of version 2 signed version 3",
        )),
        of_three(broken(
            "root-chain-without-itself",
            &resigned(&cast::root_3(), &[seed::ROOT_A]),
            "version 3 demands two of its own",
        )),
        of_three(broken(
            "root-chain-keys-of-two-apart",
            &resigned(&root(3, 2, &[seed::ROOT_B, seed::ROOT_C], &[], &[]), &[seed::ROOT_A, seed::ROOT_C]),
            "one of each does not add up to two of version 3",
        )),
        of_three(refused_root(
            Trust,
            "malformed",
            "root-chain-of-71-signatures",
            &[vec![first()], crowd.collect()].concat(),
            "at most 64 signatures in a file, each valid",
        )),
        // The chain in a file goes through the same checks as the one in a trust root file.
        refused(
            Trust,
            BROKEN,
            "brings-version-2-unsigned",
            with_roots(&[first(), signed(&cast::root_2(), &[seed::SIGNER])]),
            "signed by the activation key",
        )
        .in_context("trusts-version-1")
        .repaired("brings-version-2"),
        refused(Trust, BROKEN, "brings-version-3-after-1", with_roots(&[first(), chain(3)[2].clone()]), "a gap")
            .in_context("trusts-version-1")
            .repaired("brings-versions-2-and-3"),
        refused(
            Trust,
            "wrong-document",
            "root-is-an-activation",
            with_roots(&[first(), as_root()]),
            "an activation's typ on a root",
        )
        .in_context("trusts-version-1")
        .repaired("brings-version-2"),
    ]
}

fn as_root() -> Vec<u8> {
    let mut sign = Sign::root(accepted::content(&chain(2)[1]), &[seed::ROOT_A]);
    sign.protected = crate::cose::map(&[(16.into(), Value::Text("application/picket-activation+cwt".into()))]);
    sign.bytes()
}

fn deactivations() -> Vec<Made> {
    let by = |name, seed: u8, code, why| {
        let bytes = Sign1::new("deactivation+cwt", accepted::deactivation_payload()).signer(seed).bytes();
        Made::accepted(name, Document::Deactivation, "plain", bytes, why).refused(Trust, code, "deactivation")
    };
    let bytes = Sign1::new("deactivation+cwt", accepted::deactivation_payload()).bytes();
    vec![
        by("deactivation-signer-unknown", seed::STRANGER, "unknown-signer", "no pinned root names the key"),
        by("deactivation-signer-of-ti", seed::TI_SIGNER, "wrong-role", "a key for TI packages"),
        by("deactivation-signer-withdrawn", seed::OLD_SIGNER, "signer-withdrawn", "version 2 withdrew it"),
        Made::accepted(
            "deactivation-without-trust",
            Document::Deactivation,
            "no-trust",
            bytes,
            "nothing is pinned here",
        )
        .refused(Trust, "unknown-signer", "deactivation"),
    ]
}
