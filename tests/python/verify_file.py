#!/usr/bin/env python3
"""Verifies an activation file from its bytes and a pinned fingerprint, with cbor2 and pycose: no code of ours.

    python3 verify_file.py FILE FINGERPRINT

FINGERPRINT is the trust root id as the portal shows it: 64 hexadecimal digits. Prints who it is for and exits 0, or says
what does not hold and exits 1. It checks the root chain and the signatures, not time, binding or serial.
"""

import hashlib
import pathlib
import sys

import cbor2
from pycose.algorithms import EdDSA
from pycose.headers import KID, Algorithm
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import Sign1Message, SignMessage

SELF_DESCRIBED = bytes.fromhex("d9d9f7")
TYP = 16
ACTIVATION_CLAIM = -70001
ISS, SUB = 1, 2


class Refused(Exception):
    """The file does not hold."""


def check(holds, why):
    if not holds:
        raise Refused(why)


def kid_of(public_key):
    return hashlib.sha256(public_key).digest()


def okp(public_key):
    return OKPKey(crv=Ed25519, x=public_key)


def headers(message):
    """Protected headers by label, whatever pycose made of them."""
    return cbor2.loads(message.phdr_encoded)


def cose(kind, tag, content):
    item = cbor2.loads(content)
    check(isinstance(item, cbor2.CBORTag) and item.tag == tag, f"not tagged {tag}")
    check(item.value[1] == {}, "a header stands unprotected")
    return kind.from_cose_obj(item.value, allow_unknown_attributes=True)


def open_root(content):
    message = cose(SignMessage, 98, content)
    check(headers(message) == {TYP: "application/picket-root+cose"}, "not a trust root")
    return message, cbor2.loads(message.payload)


def verify_root(message, judges):
    """Every signature is by a root key of one of the judges and verifies; each judge reaches its threshold."""
    keys = {kid_of(key): key for judge in judges for key in judge[3]}
    signers = set()
    for signer in message.signers:
        check(signer.get_attr(Algorithm) == EdDSA, "another algorithm")
        kid = signer.phdr[KID]
        check(kid in keys, f"signed by {kid.hex()}, which is no root key")
        signer.key = okp(keys[kid])
        check(signer.verify_signature(), f"the signature by {kid.hex()} does not verify")
        signers.add(kid)
    for judge in judges:
        counted = sum(kid_of(key) in signers for key in judge[3])
        check(counted >= judge[2], f"version {judge[1]}: {counted} of {judge[2]} root keys signed")


def newest_root(roots, fingerprint):
    check(hashlib.sha256(roots[0]).hexdigest() == fingerprint, "the chain begins with another version 1 than the pinned one")
    previous = None
    for content in roots:
        message, root = open_root(content)
        check(root[1] == (previous[1] + 1 if previous else 1), "versions are not consecutive")
        verify_root(message, [previous, root] if previous else [root])
        previous = root
    return previous


def verify(content, fingerprint):
    check(content.startswith(SELF_DESCRIBED), "not self-described CBOR")
    version, roots, activation = cbor2.loads(content)
    check(version == 1, f"version {version}")
    root = newest_root(roots, fingerprint)
    message = cose(Sign1Message, 18, activation)
    named = headers(message)
    check(set(named) == {1, 4, TYP} and named[1] == -8, "other headers than alg, kid and typ")
    check(named[TYP] == "application/picket-activation+cwt", "another kind of document")
    check(named[4] not in root[5], "the signer was withdrawn")
    signers = {kid_of(key): key for key, roles in root[4] if "activation" in roles}
    check(named[4] in signers, "no key that may sign activations")
    message.key = okp(signers[named[4]])
    check(message.verify_signature(), "the signature does not fit the file")
    claims = cbor2.loads(message.payload)
    check(claims[ISS] == fingerprint, "issued under another trust root")
    return claims


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    content = pathlib.Path(arguments[0]).read_bytes()
    try:
        claims = verify(content, arguments[1].lower())
    except Refused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001: whatever the libraries stumble over is a refusal too
        print(f"refused: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    claim = claims[ACTIVATION_CLAIM]
    print(f"verified: {claim[2]!r}, sensor {claims[SUB]}, serial {claim[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
