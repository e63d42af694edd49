#!/usr/bin/env python3
"""Sends a request, waits for its document, fetches it and checks its hash; verifies webhooks. Standard library only.

    tdkt_client.py paper  DATA.json OUT.pdf          needs TDKT_SERVICE, and TDKT_KEY where the service asks for keys
    tdkt_client.py verify HEADERS.json BODY          needs TDKT_WEBHOOK_SECRET (whsec_...)

Exit codes: 0 done, 1 the data or the message is refused, 75 try later.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

MENDABLE, LATER = 1, 75
# A message older or newer than this is not accepted (Standard Webhooks 1.0.0).
TOLERANCE = 300


class Refused(Exception):
    """An answer that no repetition makes better."""


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
    sys.exit(LATER)


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
    _, document = call("GET", job["document"]["href"], headers={"Accept": "*/*"})
    if hashlib.sha256(document).hexdigest() != job["document"]["sha256"]:
        raise Refused("the file is not the one that the job names")
    # Whole or not at all.
    with open(target + ".part", "wb") as file:
        file.write(document)
    os.replace(target + ".part", target)
    print(job["id"], job["document"]["sha256"], job["document"]["pages"])


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


def main(arguments):
    match arguments:
        case ["paper", data, target]:
            paper(data, target)
        case ["verify", headers, body]:
            with open(headers, encoding="utf-8") as file, open(body, "rb") as message:
                if not verify(json.load(file), message.read(), os.environ["TDKT_WEBHOOK_SECRET"]):
                    raise Refused("the signature is wrong, or the message is too old")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refused:
        print(refused, file=sys.stderr)
        sys.exit(MENDABLE)
