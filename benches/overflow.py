#!/usr/bin/env python3
"""Seconds and memory of papers far longer than an office sends: `render` in a process of its own; the least seconds of three
runs, the most memory. Seconds of the processor hold on a busy machine too.

Usage: benches/overflow.py [EXECUTABLE]

The overflow sample of every kind, and the sizes of tests/it/overflow.rs: the longest names of sixty members, three hundred
nominees, two thousand rows of one appendix. Prints the table of docs/benchmarks.md, and ends with 1 if a paper was not made.
"""

import json
import os
import pathlib
import re
import sys
import tempfile
import time
import zipfile

executable = sys.argv[1] if len(sys.argv) > 1 else "target/release/tdkt-reports"
root = pathlib.Path(__file__).resolve().parent.parent / "report_templates" / "documents"
runs = 3


def sample(kind, name="overflow"):
    return json.loads((root / kind / "samples" / f"{name}.json").read_text())


def two_thousand_rows():
    request = sample("annual-summary", "simple")
    content = request["content"]
    units = [member["unit"] for member in content["members"]]
    content["commendations"] = [
        {
            "form": f"Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh, đợt {n + 1}",
            "honoree": "individual" if n % 2 else "collective",
            "count": 1 + n % 9,
            "member": units[n % len(units)],
        }
        for n in range(2_000)
    ]
    for key in ("commendation_totals", "previous"):
        del content[key]
    return request


def three_hundred_nominees():
    request = sample("award-proposal", "simple")
    content = request["content"]
    person = next(one for one in content["nominations"] if one["sort"] == "individual")
    name = "Công Tằng Tôn Nữ Nguyễn Thị Minh Khai"
    content["nominations"] = [dict(person, nominee=f"{name} {n + 1}") for n in range(300)]
    del content["ballots"]
    return request


def measured(request, folder):
    """Pages, seconds, seconds of the processor, peak MiB."""
    request["status"] = "draft"
    data, paper = folder / "request.json", folder / "paper"
    data.write_text(json.dumps(request, ensure_ascii=False))
    seconds, busy, memory = [], [], []
    for _ in range(runs):
        began = time.monotonic()
        process = os.posix_spawnp(
            executable,
            [executable, "render", str(data), "--output", str(paper)],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, str(folder / "log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            ],
        )
        _, status, used = os.wait4(process, 0)
        if status != 0:
            sys.exit((folder / "log").read_text())
        seconds.append(time.monotonic() - began)
        busy.append(used.ru_utime + used.ru_stime)
        memory.append(used.ru_maxrss / 1024)
    return pages(paper), min(seconds), min(busy), max(memory)


def pages(paper):
    made = paper.read_bytes()
    if not made.startswith(b"PK"):
        return count(made)
    with zipfile.ZipFile(paper) as papers:
        return sum(count(papers.read(name)) for name in papers.namelist() if name.endswith(".pdf"))


def count(pdf):
    # The root of the pages counts them all.
    return max(int(number) for number in re.findall(rb"/Type/Pages\b[^>]*?/Count (\d+)", pdf))


def main():
    cases = [(f"{kind}, `overflow`", sample(kind)) for kind in sorted(folder.name for folder in root.iterdir())]
    cases += [("award-proposal of 300 nominees", three_hundred_nominees()), ("annual-summary with an appendix of 2,000 rows", two_thousand_rows())]
    print("| paper | pages | s | CPU s | peak MiB |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, request in cases:
            number, seconds, busy, memory = measured(request, pathlib.Path(folder))
            print(f"| {name} | {number:,} | {seconds:.1f} | {busy:.1f} | {memory:.0f} |", flush=True)


main()
