#!/usr/bin/env python3
"""A reader of an MQTT hub that is not ours: paho-mqtt takes the messages, and the CloudEvents SDK reads each.

    python3 events_reader.py certify FOLDER
    python3 events_reader.py read FOLDER PORT CA TOPIC

`certify` makes FOLDER/reader-ca.pem and a certificate in the name of `reader`. `read` connects by it to the broker at
127.0.0.1, believing it by the certificates in CA, subscribes to TOPIC, prints `{"subscribed": true}`, then one line of JSON
per event: `{"type", "id", "source", "data"}`. What the SDK does not read, or is not said to be an event, ends it with 1.
"""

import json
import os
import pathlib
import sys

import paho.mqtt.client as mqtt

from authority import Authority
from events import read_event

# CloudEvents MQTT binding §3.2: the content type is what says that the message is a whole event.
STRUCTURED = "application/cloudevents+json"


def certify(folder):
    authority = Authority("reader CA")
    authority.write(folder / "reader-ca.pem")
    authority.write_pair("reader", folder / "reader.pem")


def read(folder, port, ca, topic):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="reader", protocol=mqtt.MQTTv5)
    client.tls_set(ca_certs=ca, certfile=str(folder / "reader.pem"))
    client.on_connect = lambda *_: client.subscribe(topic, qos=1)
    client.on_subscribe = subscribed
    client.on_message = message
    client.connect("127.0.0.1", port)
    client.loop_forever(retry_first_connection=False)


def subscribed(_client, _userdata, _mid, reasons, _properties):
    if any(reason.is_failure for reason in reasons):
        fail(f"not subscribed: {reasons}")
    print(json.dumps({"subscribed": True}), flush=True)


def message(_client, _userdata, received):
    try:
        if getattr(received.properties, "ContentType", None) != STRUCTURED:
            raise ValueError(f"properties {received.properties}")
        print(json.dumps(read_event(received.payload)), flush=True)
    except Exception as error:
        fail(f"not read: {error!r}: {received.payload[:500]!r}")


def fail(why):
    print(why, file=sys.stderr, flush=True)
    os._exit(1)


if __name__ == "__main__":
    if sys.argv[1] == "certify":
        certify(pathlib.Path(sys.argv[2]))
    else:
        read(pathlib.Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
