#!/usr/bin/env python3
"""An IoT hub that is not ours: HTTPS, and the CloudEvents SDK reads each event of a batch.

    python3 events_sink.py FOLDER

Makes a CA and a certificate for 127.0.0.1, writes FOLDER/ca.pem, prints `{"port": …}`, then one line of JSON per event:
`{"type", "id", "source", "data"}`. What the SDK does not read is answered 400 and ends the program with 1.
"""

import datetime
import http.server
import ipaddress
import json
import os
import pathlib
import ssl
import sys

import zstandard
from cloudevents.core.formats.json import JSONFormat
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# One member of a batch is an event in the JSON format (CloudEvents JSON Event Format §4).
BATCH = "application/cloudevents-batch+json"
DAY = datetime.timedelta(days=1)


def certificate(name, key, issuer, issuer_key, extension):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + DAY)
    return builder.add_extension(extension, critical=False).sign(issuer_key, hashes.SHA256())


def named(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def server_settings(folder):
    """Writes ca.pem for the sensor, and returns what the server shows."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = certificate("sink CA", ca_key, named("sink CA"), ca_key, x509.BasicConstraints(ca=True, path_length=None))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    own = certificate("sink", key, ca.subject, ca_key, address)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "sink.pem").write_bytes(key.private_bytes(pem, *plain) + own.public_bytes(pem))
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.load_cert_chain(folder / "sink.pem")
    return settings


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            for event in read_batch(self.headers, body):
                print(json.dumps(event), flush=True)
        except Exception as error:
            self.answer(400)
            print(f"not read: {error!r}: {body[:500]!r}", file=sys.stderr, flush=True)
            os._exit(1)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def read_batch(headers, body):
    if headers["content-type"] != BATCH:
        raise ValueError(f"content type {headers['content-type']}")
    if headers.get("content-encoding") == "zstd":
        body = zstandard.ZstdDecompressor().stream_reader(body).read()
    for member in json.loads(body):
        event = JSONFormat().read(None, json.dumps(member))
        yield {
            "type": event.get_type(),
            "id": event.get_id(),
            "source": event.get_source(),
            "data": event.get_data(),
        }


def main(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    server.socket = server_settings(folder).wrap_socket(server.socket, server_side=True)
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
