"""The medians of runs.ndjson (one line a pass, ours and theirs) and how they stand to each other."""
import json
import statistics
import sys

passes = {}
for line in open(sys.argv[1]):
    for name, value in json.loads(line).items():
        passes.setdefault(name, []).append(value)
median = {name: statistics.median(values) for name, values in passes.items()}
both = median["adwin"] + median["page_hinkley"], median["river_adwin"] + median["river_page_hinkley"]


def told(ours, theirs, goal, what, factor):
    ratio = theirs / ours
    print(f"| {what} | {theirs:,.1f} | {ours:,.1f} | {ratio:,.1f} x | {factor} x: {'reached' if ratio >= goal else 'MISSED'} |")


print("Nanoseconds of processor time a value, medians (lowest .. highest):")
for name, values in passes.items():
    if not name.endswith("_told"):
        print(f"  {name:20} {median[name]:10,.1f}   ({min(values):,.1f} .. {max(values):,.1f}, {len(values)} passes)")
print("\n| | peer | ours | ratio | goal |\n|---|---|---|---|---|")
told(median["profile"], median["whylogs_frame"], 15, "whylogs, a frame at once; a profile", 15)
told(median["profile"], median["whylogs_row"], 15, "whylogs, row by row; a profile", 15)
told(median["watch"], median["whylogs_frame"], 15, "whylogs, a frame at once; the watches of drift and quality", 15)
told(median["watch"], median["evidently"], 60, "Evidently, drift of the second half; the watches", 60)
told(median["profile"], median["evidently"], 60, "Evidently, drift of the second half; a profile", 60)
told(median["adwin"], median["river_adwin"], 1, "river ADWIN, an update", 1)
told(median["page_hinkley"], median["river_page_hinkley"], 1, "river Page-Hinkley, an update", 1)
told(both[0], both[1], 1, "river ADWIN and Page-Hinkley", 1)
for what, ours in (("watches: quality, cells, e-values", median["watch"]), ("watches and a profile with its sketches", median["watch"] + median["profile"])):
    print(f"{what}: {ours:.1f} ns a value, goal 100 ns: {'reached' if ours <= 100 else 'MISSED'}")
for name in ("adwin", "page_hinkley"):
    same = set(passes[name + "_told"]) == set(passes["river_" + name + "_told"])
    print(f"{name}: {median[name + '_told']:.0f} changes told here, {median['river_' + name + '_told']:.0f} by river{'' if same else ': DIFFERENT'}")
