#!/usr/bin/env python3
"""Sends a request, waits for its document, fetches it and checks its hash; verifies webhooks. Standard library only.

    tdkt_client.py paper  DATA.json OUT.pdf          needs TDKT_SERVICE, and TDKT_KEY where the service asks for keys
    tdkt_client.py verify HEADERS.json BODY          needs TDKT_WEBHOOK_SECRET (whsec_...)
    tdkt_client.py listen PORT FOLDER                needs all of them: fetches each paper that a webhook tells of

Exit codes: 0 done, 1 the data or the message is refused, 75 try later.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import queue
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

MENDABLE, LATER = 1, 75
# A message older or newer than this is not accepted (Standard Webhooks 1.0.0).
TOLERANCE = 300


# How the names of files end; a dossier is several papers in one file.
ENDINGS = {"application/pdf": ".pdf", "application/zip": ".zip"}


class Refused(Exception):
    """An answer that no repetition makes better."""


class Later(Exception):
    """No answer now; the same again after a while."""


def call(method, path, body=None, headers=None, tries=8):
    """One request. What may pass is asked for again, after as long as the service says."""
    headers = {"Accept": "application/json", **(headers or {})}
    if os.environ.get("TDKT_KEY"):
        headers["Authorization"] = "Bearer " + os.environ["TDKT_KEY"]
    url = os.environ["TDKT_SERVICE"].rstrip("/") + path
    for attempt in range(tries):
        try:
            request = urllib.request.Request(url, data=body, headers=headers, method=method)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            told = error.read()
            wait = error.headers.get("Retry-After")
            if error.code not in (408, 409, 429, 503) or wait is None:
                raise Refused(told.decode("utf-8", "replace")) from error
            pause = min(int(wait), 60)
        except urllib.error.URLError:
            pause = 2 ** attempt
        time.sleep(pause)
    raise Later("the service does not answer; try again later")


def paper(data, target):
    """From data to a checked file."""
    with open(data, "rb") as file:
        body = file.read()
    # The same key in every try: a broken connection does not make a second job.
    headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{uuid.uuid4()}"', "Prefer": "wait=10"}
    _, answer = call("POST", "/v1/documents", body, headers)
    job = json.loads(answer)
    while not job["done"]:
        _, answer = call("GET", f"/v1/jobs/{job['id']}?wait=20")
        job = json.loads(answer)
    if job["state"] != "succeeded":
        raise Refused(json.dumps(job.get("failure", job["state"]), ensure_ascii=False))
    document, _ = fetch(job["document"]["href"], job["document"]["sha256"])
    write(document, target)
    print(job["id"], job["document"]["sha256"], job["document"]["pages"])


def fetch(href, sha256):
    """The paper, if it is the one that was named, and how its file's name ends."""
    headers, document = call("GET", href, headers={"Accept": "*/*"})
    if hashlib.sha256(document).hexdigest() != sha256:
        raise Refused("the file is not the one that the job names")
    return document, ENDINGS.get(headers.get_content_type(), "")


def write(document, target):
    """Whole or not at all."""
    with open(target + ".part", "wb") as file:
        file.write(document)
    os.replace(target + ".part", target)


def verify(headers, body, secret, now=None):
    """Whether a webhook is the service's own: Standard Webhooks 1.0.0, HMAC-SHA256."""
    headers = {name.lower(): value for name, value in headers.items()}
    sent = int(headers["webhook-timestamp"])
    if abs((time.time() if now is None else now) - sent) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{sent}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # Several signatures while a secret is exchanged.
    given = [word.split(",", 1) for word in headers["webhook-signature"].split()]
    return any(len(part) == 2 and part[0] == "v1" and hmac.compare_digest(part[1], expected) for part in given)


def listen(port, folder, secret):
    """Takes webhooks. They come by https only: a proxy that speaks TLS stands in front, or the service is a lab's."""
    told = queue.Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                genuine = verify(dict(self.headers), body, secret)
            # A signature that is not ASCII cannot be compared: TypeError.
            except (KeyError, TypeError, ValueError):
                genuine = False
            if genuine:
                # Answered before the work: the service waits 15 seconds. A system in earnest writes it down first.
                told.put(json.loads(body))
            self.send_response(204 if genuine else 401)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("listening on", server.server_port, flush=True)
    seen = set()
    while True:
        event = told.get()
        # The same event may come twice, always under the same id.
        if event["type"] != "job.succeeded" or event["data"]["event_id"] in seen:
            continue
        data = event["data"]
        try:
            document, ending = fetch(data["href"] + "/document", data["sha256"])
        except Refused as refused:
            # Erased since, perhaps. The others are fetched all the same.
            print(data["job_id"], refused, file=sys.stderr, flush=True)
            continue
        except Later as later:
            print(data["job_id"], later, file=sys.stderr, flush=True)
            told.put(event)
            continue
        write(document, os.path.join(folder, data["job_id"] + ending))
        seen.add(data["event_id"])
        print(data["job_id"], data["sha256"], flush=True)


def main(arguments):
    match arguments:
        case ["paper", data, target]:
            paper(data, target)
        case ["verify", headers, body]:
            with open(headers, encoding="utf-8") as file, open(body, "rb") as message:
                if not verify(json.load(file), message.read(), os.environ["TDKT_WEBHOOK_SECRET"]):
                    raise Refused("the signature is wrong, or the message is too old")
        case ["listen", port, folder]:
            listen(int(port), folder, os.environ["TDKT_WEBHOOK_SECRET"])
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refused:
        print(refused, file=sys.stderr)
        sys.exit(MENDABLE)
    except Later as later:
        print(later, file=sys.stderr)
        sys.exit(LATER)
