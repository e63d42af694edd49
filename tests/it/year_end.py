"""Adds up a province's blocs by itself and holds the province's report against it.

    year_end.py INPUTS OUT TEXT SEED

INPUTS: the folder given to `batch`; OUT: its result; TEXT: the report's text (pdftotext); SEED: which 20 figures are followed
to their sources. Standard library only, and nothing of the program under test. Prints what it compared; fails on the first
thing that is not so.
"""

import collections
import hashlib
import json
import pathlib
import random
import re
import sys

inputs, out, text, seed = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
text = " ".join(pathlib.Path(text).read_text(encoding="utf-8").replace("\u00a0", " ").split())
manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
lineage = json.loads((out / "lineage.json").read_text(encoding="utf-8"))
register = json.loads((inputs / "province.json").read_text(encoding="utf-8"))

left_out = {left["paper"] for left in manifest["left_out"]}


def contradicts(content):
    """Whether totals or members are not what the rows say."""
    rows = collections.Counter()
    for row in content["commendations"]:
        rows[row["honoree"]] += row["count"]
    totals = content["commendation_totals"]
    return any(totals[whom] != rows[whom] for whom in totals) or content["member_count"] != len(content["members"])


papers, absent, remarks, silent, adjusted, late = {}, [], {}, 0, 0, 0
for bloc in register["blocs"]:
    path = inputs / f"{bloc['id']}.json"
    found = None
    if path.exists():
        sent = json.loads(path.read_text(encoding="utf-8"))
        for index, paper in enumerate(sent["papers"]):
            name = f"{bloc['id']}/{index + 1:02}-{paper['kind']}"
            if paper["kind"] == "annual-summary":
                assert contradicts(paper["content"]) == (name in left_out), f"{name}: left out, or not, without reason"
                found = None if name in left_out else paper
                if found is None:
                    remarks[bloc["id"]] = "Số liệu gửi còn lỗi, chưa tổng hợp"
    else:
        silent += 1
    if found is None:
        absent.append(bloc["name"])
    else:
        papers[bloc["id"]] = found
        words = []
        if sent["sent_on"] > register["periods"][str(register["year"])]["due"]:
            late += 1
            words.append("Gửi chậm ngày " + "/".join(reversed(sent["sent_on"].split("-"))))
        if sent.get("adjustment") is not None:
            adjusted += 1
            words.append(f"Điều chỉnh lần {sent['adjustment']['number']}")
        if words:
            remarks[bloc["id"]] = "; ".join(words)

# What is remarked of each bloc, as the report was told to print it.
told = json.loads((out / ".tdkt/data/toan-tinh+bao-cao-tong-hop.pdf.json").read_text(encoding="utf-8"))
rows = told["request"]["content"]["blocs"]
assert [row["name"] for row in rows] == [bloc["name"] for bloc in register["blocs"]]
for bloc, row in zip(register["blocs"], rows):
    assert row.get("note") == remarks.get(bloc["id"]), (bloc["id"], row)


def ranks(paper):
    return [nomination["rank"] for nomination in paper["content"]["nominations"]]


tied = 0
for bloc, paper in papers.items():
    scores = [nomination["score"] for nomination in paper["content"]["nominations"]]
    # Whoever has as many points has the same place; the places behind stay empty.
    assert ranks(paper) == [1 + sum(other > score for other in scores) for score in scores], bloc
    tied += len(set(ranks(paper))) < len(ranks(paper))
print(
    len(register["blocs"]), "blocs:", silent, "have sent nothing,", len(left_out), "papers contradict themselves,",
    tied, "rank equals,", adjusted, "were adjusted,", late, "late",
)

assert manifest["missing"] == absent, (manifest["missing"], absent)
assert manifest["provisional"] == bool(absent)
for name in absent:
    assert name in text, f"{name} is not named"
assert not absent or "số liệu tạm tính" in text


def number(n):
    return f"{n:02}" if n < 10 else f"{n:,}".replace(",", ".")


sums = collections.Counter()
forms = collections.Counter()
for paper in papers.values():
    content = paper["content"]
    sums["members"] += content["member_count"]
    for nomination in content["nominations"]:
        sums["flags" if nomination["form"].startswith("emulation-flag") else "certificates"] += 1
    for row in content["commendations"]:
        forms[row["form"], row["honoree"]] += row["count"]
    for row in content["initiatives"]:
        sums[row["level"]] += row["count"]

blocs = number(len(papers))
told = f" của {blocs} cụm, khối có số liệu" if absent else ""
sentences = [
    f"Tổng số đơn vị thành viên{told}: {number(sums['members'])} đơn vị",
    f"{blocs} cụm, khối đề nghị {number(sums['flags'])} Cờ thi đua, {number(sums['certificates'])} Bằng khen",
    f"{number(sums['grassroots'])} sáng kiến cấp cơ sở, {number(sums['province'])} sáng kiến cấp tỉnh",
]
for (form, honoree), count in forms.items():
    whom = {"collective": "tập thể", "individual": "cá nhân"}[honoree]
    sentences.append(f"{form}: {number(count)} {whom}")
for sentence in sentences:
    assert sentence in text, f"not in the report: {sentence}"
    print("agrees:", sentence)


def at(value, pointer):
    for key in pointer.split("/")[1:]:
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


figures = [figure for figure in lineage["figures"] if isinstance(figure["value"], int) and figure["sources"]]
for figure in figures:
    assert figure["value"] == sum(source["value"] for source in figure["sources"]), figure["at"]
chosen = random.Random(seed).sample(figures, min(20, len(figures)))
for figure in chosen:
    for source in figure["sources"]:
        paper = papers[source["bloc"]]
        canonical = json.dumps(paper, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(canonical.encode()).hexdigest() == source["sha256"], source
        value = at(paper, source["at"])
        # An item that was counted is a source of 1.
        assert value == source["value"] or (source["value"] == 1 and isinstance(value, dict)), source
    print("followed:", figure["at"], figure["value"], "from", len(figure["sources"]), "places")
print(len(chosen), "figures followed,", len(figures), "add up")

for file in manifest["files"]:
    bytes_ = (out / file["file"]).read_bytes()
    assert hashlib.sha256(bytes_).hexdigest() == file["sha256"], file["file"]
assert re.fullmatch("[0-9a-f]{64}", manifest["merged"]["sha256"])
print(len(manifest["files"]), "files have the bytes that the manifest says")
