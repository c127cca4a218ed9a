#!/usr/bin/env python3
"""Writes what a run of scripts/assurance.sh counted between the markers of docs/ASSURANCE.md.

    assurance_table.py COUNTS DOCUMENT    COUNTS: a folder with damage.json, kills.json, disk.json, fuzz.txt, run.txt

Only the long forms count. Fails, and leaves the document alone, when anything is missing.
"""
import json, os, re, sys

BEGIN, END = "<!-- counts: begin, written by scripts/assurance.sh -->", "<!-- counts: end -->"
DISK = ["call_fails_once", "calls_fail_for_ever", "power_cut_at_a_call", "full_disk", "lost_writes", "writes_at_another_place",
        "writes_into_another_file", "bit_rot"]
OUTCOMES = ["unharmed", "found_by_verify", "found_at_open", "found_at_reading", "found_by_receipt", "unnoticed"]
ORDER = ["log:", "export", "archive:", "evidence", "keys", "derived:", "lock"]

def number(n):
    return f"{n:,}"

def table(head, rows):
    align = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, align] + rows)

def damage(parts):
    keys = sorted(parts, key=lambda k: (next(i for i, o in enumerate(ORDER) if k.startswith(o)), k))
    rows, found, harmless, sums = [], {}, {}, [0] * 6
    for key in keys:
        part, ways = parts[key], parts[key]["damages"]
        flips, cuts = ways.get("bit flipped", 0), ways.get("cut", 0)
        line = [flips, cuts, sum(ways.values()) - flips - cuts, sum(part["found"].values()), sum(part["harmless"].values()), part["unnoticed"]]
        if sum(line[:3]) != sum(line[3:]):
            sys.exit(f"{key}: {sum(line[:3])} damages, {sum(line[3:])} judged")
        sums = [a + b for a, b in zip(sums, line)]
        rows.append([key] + [number(n) for n in line])
        for name, into in (("found", found), ("harmless", harmless)):
            for text, count in part[name].items():
                into[text] = into.get(text, 0) + count
    rows.append(["**all**"] + [f"**{number(n)}**" for n in sums])
    list_of = lambda counts, head: table([head, "damages"], [[text, number(n)] for text, n in sorted(counts.items(), key=lambda item: -item[1])])
    return "\n\n".join([
        "### Damage",
        table(["what", "bits flipped", "lengths cut to", "other ways", "found", "harmless", "unnoticed"], rows),
        list_of(found, "found by"),
        list_of(harmless, "harmless, because"),
    ])

def kills(parts):
    logs, whole = parts["journal, stream and blobs"], parts["server and gateway"]
    hit = {point: count for point, count in logs["at_points"].items() if count > 0}
    points = sum(hit.values())
    rows = [
        ["server and gateway under load, at random moments", number(whole["kills"]),
         f"{number(whole['records_acknowledged'])} records, {number(whole['requests_answered'])} answers, {number(whole['notes_acknowledged'])} notes",
         number(whole["lost"]), number(whole["doubled"]), number(whole["unverifiable"])],
        [f"journal, stream and blobs: {number(points)} at {len(hit)} named points, {number(logs['at_random_moments'])} at random moments",
         number(logs["kills"]), f"{number(logs['acknowledged'])} receipts", number(logs["lost"]), number(logs["doubled"]), number(logs["unverifiable"])],
    ]
    named = ", ".join(f"{point} {count}" for point, count in sorted(hit.items()))
    return "\n\n".join([
        "### kill -9",
        table(["what was killed", "kills", "acknowledged", "lost", "doubled", "logs that did not verify"], rows),
        f"Of the answers {number(whole['of_them_named_in_gap_records'])} are not recorded themselves but named in gap records, as the gateway promises when "
        f"it is killed. Seeds: {whole['seed']}, {logs['seed']}. Named points: {named}.",
    ])

def disk(parts):
    rows = [[name.replace("_", " "), number(parts[name]["runs"])] + [number(parts[name][outcome]) for outcome in OUTCOMES] for name in DISK]
    return "\n\n".join(["### Simulated disk", table(["fault", "runs"] + [outcome.replace("_", " ") for outcome in OUTCOMES], rows)])

def fuzz(text):
    runs = re.findall(r"^fuzz: (\w+): Done (\d+) runs in (\d+) second", text, re.M)
    targets = re.findall(r"^fuzz: (\w+)", text, re.M)
    if not runs or len(runs) != len(targets):
        sys.exit("fuzz.txt: a target has no summary")
    rows = [[target, number(int(count)), seconds] for target, count, seconds in sorted(runs)]
    total = sum(int(count) for _, count, _ in runs)
    rows.append([f"**{len(runs)} targets**", f"**{number(total)}**", ""])
    return "\n\n".join(["### Fuzzing", table(["target", "executions", "seconds"], rows)])

def main(folder, document):
    read = lambda name: open(os.path.join(folder, name), encoding="utf-8").read()
    long_form = lambda name: json.loads(read(name))["long"]
    run = dict(line.split(" ", 1) for line in read("run.txt").splitlines())
    head = (f"Run of {run['day']} at commit {run['commit']} on {run['cores']} cores. `make test` has {number(int(run['tests']))} "
            f"tests, `make test-long` {run['long_tests']} more.")
    body = "\n\n".join([head, damage(long_form("damage.json")), kills(long_form("kills.json")), disk(long_form("disk.json")), fuzz(read("fuzz.txt"))])
    text = open(document, encoding="utf-8").read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    with open(document, "w", encoding="utf-8") as out:
        out.write(before + BEGIN + "\n\n" + body + "\n\n" + END + after)
    print(f"assurance: {document} is written")

main(*sys.argv[1:])
