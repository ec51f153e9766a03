#!/usr/bin/env python3
"""An IoT hub that is not ours: HTTPS, and the CloudEvents SDK reads each event of a batch.

    python3 events_sink.py FOLDER

Makes a CA and a certificate for 127.0.0.1, writes FOLDER/ca.pem, prints `{"port": …}`, then one line of JSON per event:
`{"type", "id", "source", "data"}`. What the SDK does not read is answered 400 and ends the program with 1.
"""

import http.server
import json
import os
import pathlib
import ssl
import sys

import zstandard

from authority import Authority
from events import read_event

# One member of a batch is an event in the JSON format (CloudEvents JSON Event Format §4).
BATCH = "application/cloudevents-batch+json"


def server_settings(folder):
    """Writes ca.pem for the sensor, and returns what the server shows."""
    authority = Authority("sink CA")
    authority.write(folder / "ca.pem")
    authority.write_pair("sink", folder / "sink.pem", address="127.0.0.1")
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
        yield read_event(json.dumps(member))


def main(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    server.socket = server_settings(folder).wrap_socket(server.socket, server_side=True)
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
