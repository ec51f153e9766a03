#!/usr/bin/env python3
"""Validates the test vectors against docs/cddl with cddl-verifier, a validator that is not ours.

What is accepted must validate; what is refused for its shape must not. Exits 1 and names every vector that does
otherwise. Also says how many of the other refused vectors the CDDL stops by itself.

    python3 validate_vectors.py [REPOSITORY]
"""

import base64
import collections
import json
import pathlib
import re
import sys

import cddl_verifier

# The files whose rules describe a document; the rule of the document's name is where validation starts.
FILES = {
    "activation-file": ["activation-file", "activation", "trust-root", "common"],
    "deactivation": ["deactivation", "common"],
    "request": ["request", "common"],
    "trust-root-file": ["trust-root", "common"],
    "heartbeat": ["heartbeat", "common"],
    "answer": ["answer", "common"],
    "recovery": ["recovery", "common"],
}


def validator(folder, document):
    text = "\n".join((folder / f"{name}.cddl").read_text() for name in FILES[document])
    return cddl_verifier.Validator(text)


def binary(path):
    """The document in its binary form."""
    content = path.read_bytes()
    if path.suffix != ".txt":
        return content
    lines = re.search(r"-----BEGIN PICKET ACTIVATION-----(.*)-----END", content.decode(), re.DOTALL)
    return base64.b64decode("".join(lines.group(1).split()), validate=True)


def complaint(validator, document, content):
    """What the validator says against it, if anything."""
    try:
        result = validator.validate(content, document)
    except (cddl_verifier.CBORDecodeError, RecursionError) as error:
        return str(error)
    return None if result.valid else "; ".join(result.errors)


def main(repository):
    vectors = repository / "protocol" / "vectors"
    manifest = json.loads((vectors / "manifest.json").read_text())
    validators = {document: validator(repository / "docs" / "cddl", document) for document in FILES}
    wrong, figures = [], collections.Counter()
    for vector in manifest["vectors"]:
        layer = vector.get("layer", "accepted")
        if layer != "accepted" and vector["file"].endswith(".txt"):
            continue  # Broken armour: there is no document in it to validate.
        document = vector["document"]
        why = complaint(validators[document], document, binary(vectors / vector["file"]))
        valid = why is None
        figures[layer, valid] += 1
        if (layer == "accepted" and not valid) or (layer == "shape" and valid):
            wrong.append(f"{vector['name']}: layer {layer}, {why or 'validates'}")
    for layer in ["accepted", "shape", "size", "encoding", "headers", "trust", "signature", "content", "time", "binding", "serial"]:
        print(f"{layer:9} {figures[layer, True]:4} validate, {figures[layer, False]:4} do not")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong or figures["accepted", True] < 12 or figures["shape", False] < 20 else 0


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parents[2]
    sys.exit(main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here))
