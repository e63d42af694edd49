#!/usr/bin/env python3
"""Memory and open files of a service, a worker and their render children over a long time, at a steady rate.

Usage: benches/soak.py [EXECUTABLE] [SECONDS] [REQUESTS A SECOND]

A real Redis, `serve` without workers, `work` with two render children. Every request is another paper, of every kind in
turn; one in ten is faulty. Every paper is waited for and read. Prints a table, and ends with 1 if something was lost or
grew: the last quarter's mean against the second quarter's (the first is warming up), 10 % for memory, 3 for open files.
"""

import hashlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

executable = sys.argv[1] if len(sys.argv) > 1 else "target/release/tdkt-reports"
seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 3600
rate = float(sys.argv[3]) if len(sys.argv) > 3 else 2.0
root = pathlib.Path(__file__).resolve().parent.parent
samples = [json.loads(path.read_text()) for path in sorted(root.glob("report_templates/documents/*/samples/simple.json"))]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def children(pid):
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in listed.split()]


def measure(pid):
    """Resident memory in MiB and open files; of a process that is gone, nothing."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        files = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024, files
    except (OSError, TypeError):
        return None


folder = tempfile.TemporaryDirectory()
redis_port = free_port()
redis = subprocess.Popen(["redis-server", "--port", str(redis_port), "--save", "", "--dir", folder.name], stdout=subprocess.DEVNULL)
common = ["--data", f"{folder.name}/data", "--redis-url", f"redis://127.0.0.1:{redis_port}", "--log", "warn"]
log = open(f"{folder.name}/log", "w+b")
serve = subprocess.Popen([executable, "serve", "--listen", "127.0.0.1:0", "--work", "false", *common], stderr=log)
url = None
while url is None:
    time.sleep(0.1)
    assert serve.poll() is None, "the service has ended"
    found = re.search(r"http://\S+", pathlib.Path(log.name).read_text())
    url = found and found[0]
work = subprocess.Popen([executable, "work", "--renderers", "2", *common], stderr=log)

counts = {"sent": 0, "done": 0, "refused as they should": 0, "lost": 0}
lock = threading.Lock()


def count(what):
    with lock:
        counts[what] += 1


def ask(method, path, body=None):
    request = urllib.request.Request(url + path, data=body, method=method, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def one(number):
    request = json.loads(json.dumps(samples[number % len(samples)]))
    request["paper"]["place"] = f"An Bình {number}"
    faulty = number % 10 == 9
    if faulty:
        request["content"] = 3
    try:
        status, body = ask("POST", "/v1/documents", json.dumps(request).encode())
        if faulty:
            return count("refused as they should" if status == 422 else "lost")
        job = json.loads(body)
        for _ in range(10):
            status, body = ask("GET", f"/v1/jobs/{job['id']}?wait=30")
            job = json.loads(body)
            if job["done"]:
                break
        status, paper = ask("GET", f"/v1/jobs/{job['id']}/document")
        right = status == 200 and hashlib.sha256(paper).hexdigest() in json.dumps(job)
        count("done" if right else "lost")
    except (OSError, KeyError, ValueError) as error:
        print(f"request {number}: {error!r}", flush=True)
        count("lost")


rows = []
began = time.monotonic()


def look():
    row = {"minute": (time.monotonic() - began) / 60}
    for name, pid in [("redis", redis.pid), ("serve", serve.pid), ("work", work.pid)]:
        row[name] = measure(pid)
    pressing = [found for found in map(measure, children(work.pid)) if found]
    row["child"] = (max((m for m, _ in pressing), default=0), max((f for _, f in pressing), default=0))
    rows.append(row)
    shown = "  ".join(f"{name} {row[name][0]:6.1f} MiB {row[name][1]:3d} files" for name in ["redis", "serve", "work", "child"])
    print(f"{row['minute']:6.1f} min  {shown}  {counts}", flush=True)


threads = []
next_look = 0.0
try:
    while time.monotonic() - began < seconds:
        now = time.monotonic() - began
        if now >= next_look:
            look()
            next_look += max(10.0, seconds / 60)
        if now * rate > counts["sent"]:
            thread = threading.Thread(target=one, args=(counts["sent"],))
            thread.start()
            threads = [one for one in threads if one.is_alive()] + [thread]
            count("sent")
        else:
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    look()
finally:
    for process in [serve, work]:
        process.terminate()
        process.wait(60)
    redis.terminate()
    redis.wait(10)

quarter = len(rows) // 4
verdict = counts["lost"] == 0
for name in ["redis", "serve", "work", "child"]:
    means = []
    for part in [rows[quarter : 2 * quarter], rows[3 * quarter :]]:
        values = [row[name] for row in part if row[name]]
        means.append([sum(value[i] for value in values) / len(values) for i in (0, 1)])
    (memory, files), (memory_late, files_late) = means
    flat = memory_late < memory * 1.1 + 2 and files_late < files + 3
    verdict = verdict and flat
    print(f"{name}: {memory:.1f} -> {memory_late:.1f} MiB, {files:.1f} -> {files_late:.1f} files: {'flat' if flat else 'GROWS'}")
print(counts)
sys.exit(0 if verdict else 1)
