"""same_scores.py A B: ends with 1, naming the places, when the two JSON files differ by more than the last digits of numbers."""
import json
import math
import sys


def differences(a, b, place=""):
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for key in a:
            yield from differences(a[key], b[key], f"{place}/{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (one, other) in enumerate(zip(a, b)):
            yield from differences(one, other, f"{place}/{i}")
    elif isinstance(a, float) and isinstance(b, float):
        if not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-15):
            yield f"{place}: {a} and {b}"
    elif a != b:
        yield f"{place}: {a} and {b}"


found = list(differences(*(json.load(open(path)) for path in sys.argv[1:3])))
for line in found:
    print(line, file=sys.stderr)
sys.exit(1 if found else 0)
