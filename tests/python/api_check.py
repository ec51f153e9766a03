"""Holds a running portal (or management console) against its own description, by schemathesis: each operation reaches 2xx
with what this script knows, and everything that is sent and answered fits the description; then values by the hundred that
nobody thought of, of which none may be answered by a failure of the server or by what the description does not have.

    api_check.py URL DATA-FOLDER [EXAMPLES]

Uses the owner's token of the data folder, and its database where only a sensor could bring something about."""

import http.server
import pathlib
import sqlite3
import ssl
import subprocess
import sys
import threading

import schemathesis

URL, DATA = sys.argv[1], pathlib.Path(sys.argv[2])
EXAMPLES = sys.argv[3] if len(sys.argv) > 3 else "25"
HEADERS = {"Authorization": "Bearer " + (DATA / "api-token").read_text().strip()}
CA = (DATA / "tls-ca.pem").read_text()
# It would take its own token away.
DANGEROUS = "DELETE /api/v1/tokens/{id}"

schema = schemathesis.openapi.from_url(URL + "/api/v1/openapi.json", headers=HEADERS)
reached = set()


def ask(method, path, body=None, query=None, **names):
    """Asks with valid values; the answer must be 2xx and as described."""
    arguments = {"path_parameters": names, "query": query or {}, "headers": HEADERS}
    if body is not None:
        arguments |= {"body": body, "media_type": "application/json"}
    case = schema["/api/v1/" + path][method].Case(**arguments)
    answer = case.call()
    assert answer.status_code // 100 == 2, f"{method} {path}: {answer.status_code} {answer.text}"
    case.validate_response(answer)
    reached.add(f"{method} /api/v1/{path}")
    return answer.json() if answer.headers["content-type"] == ["application/json"] else answer.content


def sink():
    """A webhook that takes everything, by the portal's own certificate."""

    class Taking(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(DATA / "server.pem", DATA / "server.key")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://127.0.0.1:{server.server_port}/hook"


def raise_alarm():
    """As if the sensor's file had been used twice."""
    database = sqlite3.connect(DATA / "portal.db", timeout=10)
    database.execute(
        "INSERT INTO alarms (at, sensor, kind, detail) SELECT 1, id, 'superseded-key', '{}' FROM sensors WHERE deleted_at IS NULL"
    )
    database.commit()
    database.close()


def seen_by_anybody():
    about = ask("GET", "about")
    for path in ["openapi.json", "settings", "subscriptions", "hubs", "audit", "audit/export", "users", "tokens"]:
        ask("GET", path)
    ask("GET", "alerts", query={"limit": 10})
    for form in ["csv", "ndjson"]:
        ask("GET", "alerts/export", query={"format": form})
    return about["role"]


def sensors():
    hub = {"name": "Plant hub", "url": "https://hub.example:8443", "ca_pem": CA}
    hub = ask("POST", "hubs", hub)["id"]
    fields = {"subscription": "Plant", "site": "North", "zone": "Boilers", "tags": {"line": "2"}, "upload_days": 30}
    fields |= {"mode": {"mode": "cloud-connected", "hub": hub}, "licence_until": "2031-01-31"}
    one = ask("POST", "sensors", {"name": "Pump 1"} | fields)["id"]
    listed = ask("GET", "sensors", query={"limit": 1, "sort": "site", "search": "pump"})
    assert [sensor["id"] for sensor in listed["sensors"]] == [one]
    for form in ["csv", "json"]:
        ask("GET", "sensors/export", query={"format": form})
    for path in ["sensors/{id}", "sensors/{id}/streams"]:
        ask("GET", path, id=one)
    ask("GET", "sensors/{id}/probes/{nonce}", id=one, nonce="none")
    ask("PATCH", "sensors/{id}", {"zone": None, "tags": {}}, id=one)
    for query in [{}, {"armour": "true"}]:
        ask("POST", "sensors/{id}/activation-file", query=query, id=one)
    ask("POST", "sensors/{id}/reissue", {"changes": {"mode": {"mode": "locally-managed"}}}, id=one)
    ask("DELETE", "hubs/{id}", id=hub)
    near = {"name": "Near hub", "url": sink().removesuffix("/hook"), "ca_pem": CA}
    ask("POST", "hubs/{id}/test", id=ask("POST", "hubs", near)["id"])
    raise_alarm()
    alarm = ask("GET", "alarms", query={"open": "true"})["alarms"][0]["id"]
    ask("POST", "alarms/{id}/clear", id=str(alarm))
    ask("DELETE", "sensors/{id}", query={"reason": "scrapped"}, id=one)
    ask("POST", "sensors", {"name": "Pump 2", "subscription": "Plant"})
    table = "name,subscription,zone\nPump 3,Plant,Boilers\nPump 4,Plant,\n"
    made = ask("POST", "sensors/table", {"csv": table})["sensors"]
    ask("POST", "sensors/activation-files", {"sensors": [sensor["id"] for sensor in made]})


def trust():
    for path in ["trust-root", "trust-root/file"]:
        ask("GET", path)
    ask("POST", "recoveries", {"appliance": "0" * 17, "nonce": "ACDE-FGHJ-KMNP"})


def sharing():
    target = {"kind": "webhook", "url": sink(), "ca_pem": CA, "key": "k" * 43}
    made = ask("POST", "sharing/destinations", {"name": "SIEM", "target": target, "rule": {"severity": "low"}})
    ask("GET", "sharing/destinations")
    ask("PATCH", "sharing/destinations/{id}", {"rule": {"severity": "high"}}, id=made["id"])
    ask("POST", "sharing/destinations/{id}/test", id=made["id"])
    ask("DELETE", "sharing/destinations/{id}", id=made["id"])


def places():
    made = ask("POST", "subscriptions", {"name": "Plant Two"})
    ask("PATCH", "subscriptions/{id}", {"name": "Plant 2"}, id=made["id"])
    assert ask("GET", "places")["zones"][0]["name"] == "Boilers"
    ask("POST", "places/rename", {"kind": "zone", "from": "Boilers", "to": "Boiler house"})


def people():
    ask("POST", "users", {"name": "ada", "role": "reader", "subscriptions": ["Plant"]})
    ask("PATCH", "users/{name}", {"role": "contributor"}, name="ada")
    ask("POST", "users/{name}/setup-code", name="ada")
    ask("DELETE", "users/{name}", name="ada")
    token = ask("POST", "tokens", {"description": "robot", "role": "reader"})
    ask("DELETE", "tokens/{id}", id=token["id"])


def main():
    role = seen_by_anybody()
    if role == "portal":
        sensors()
        trust()
        places()
        sharing()
        people()
        missing = {operation.ok().label for operation in schema.get_all_operations()} - reached
        assert missing == {"POST /api/v1/pairing-tokens"}, f"never reached: {missing}"
    else:
        ask("POST", "pairing-tokens", {"sensors": 2})
    program = [sys.executable, "-m", "schemathesis.cli", "run", URL + "/api/v1/openapi.json", "--no-color"]
    program += ["--header", "Authorization: " + HEADERS["Authorization"], "--phases", "coverage,fuzzing"]
    # A description cannot say of a certificate or a name in use that it is none.
    program += ["--max-examples", EXAMPLES, "--seed", "1", "--exclude-checks", "positive_data_acceptance", "--exclude-name", DANGEROUS]
    fuzzed = subprocess.run(program + ["--continue-on-failure", "--suppress-health-check", "all"], capture_output=True, text=True)
    if fuzzed.returncode != 0:
        sys.exit(fuzzed.stdout + fuzzed.stderr)
    counted = next(line.strip() for line in fuzzed.stdout.splitlines() if " generated, " in line)
    print(f"{role}: {len(reached)} operations reached 2xx as described; {counted}")


main()
