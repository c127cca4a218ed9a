"""Makes cases.json: rules, events, and which of the events each rule matches.

    python3 -m venv v && v/bin/pip install -r requirements.txt && v/bin/python make.py

pySigma reads the rules (escapes, modifiers, conditions); what it made of them is then evaluated twice, by a walk over its
condition tree in Python, and by the query of its SQLite backend in SQLite. Where a field is missing SQL has a third truth
value and Sigma has not, so those events are held against the walk alone. The two must agree before a case is written.
"""
import ipaddress
import json
import random
import re
import sqlite3
from datetime import datetime

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR, ConditionValueExpression
from sigma.types import (SigmaBool, SigmaCasedString, SigmaCIDRExpression, SigmaCompareExpression, SigmaExists, SigmaExpansion,
                         SigmaFieldReference, SigmaNull, SigmaNumber, SigmaRegularExpression, SigmaRegularExpressionFlag,
                         SigmaString, SigmaTimestampPart, SpecialChars, TimestampPart)

FIELDS = ["path", "user", "cmd", "other", "n", "m", "ip", "at_time"]
rng = random.Random(20260302)


# ---- what pySigma made of a rule, evaluated

def as_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def fold(text):
    return "".join(c.lower() if c.isascii() else c for c in text)


def string_regex(string, cased):
    out = ""
    for part in string.s:
        if part == SpecialChars.WILDCARD_MULTI:
            out += ".*"
        elif part == SpecialChars.WILDCARD_SINGLE:
            out += "."
        else:
            out += re.escape(part if cased else fold(part))
    return re.compile(out, re.DOTALL)


def string_matches(string, value):
    cased = isinstance(string, SigmaCasedString)
    text = as_text(value)
    return string_regex(string, cased).fullmatch(text if cased else fold(text)) is not None


def number(value):
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(value) if re.fullmatch(r"-?[0-9.]+([eE][+-]?[0-9]+)?", value) else None
    except ValueError:
        return None


PARTS = {TimestampPart.MINUTE: lambda t: t.minute, TimestampPart.HOUR: lambda t: t.hour, TimestampPart.DAY: lambda t: t.day,
         TimestampPart.WEEK: lambda t: t.isocalendar()[1], TimestampPart.MONTH: lambda t: t.month, TimestampPart.YEAR: lambda t: t.year}
OPS = {"LT": lambda a, b: a < b, "LTE": lambda a, b: a <= b, "GT": lambda a, b: a > b, "GTE": lambda a, b: a >= b}


def field_matches(field, value, event):
    there = event.get(field)
    if isinstance(value, SigmaExpansion):
        return any(field_matches(field, one, event) for one in value.values)
    if isinstance(value, SigmaNull):
        return there is None
    if isinstance(value, SigmaExists):
        return (field in event) == value.exists
    if there is None:
        return False
    if isinstance(value, SigmaRegularExpression):
        flags = 0
        for flag, one in ((SigmaRegularExpressionFlag.IGNORECASE, re.I), (SigmaRegularExpressionFlag.MULTILINE, re.M), (SigmaRegularExpressionFlag.DOTALL, re.S)):
            if flag in value.flags:
                flags |= one
        return re.search(str(value.regexp), as_text(there), flags) is not None
    if isinstance(value, SigmaString):
        return string_matches(value, there)
    if isinstance(value, SigmaBool):
        return fold(as_text(there)) == ("true" if value.boolean else "false")
    if isinstance(value, SigmaCIDRExpression):
        try:
            return ipaddress.ip_address(there) in value.network
        except ValueError:
            return False
    if isinstance(value, SigmaFieldReference):
        mine, theirs = there, event.get(value.field)
        if theirs is None:
            return False
        if isinstance(mine, (int, float)) and isinstance(theirs, (int, float)):
            return mine == theirs
        a, b = fold(as_text(mine)), fold(as_text(theirs))
        if value.starts_with and value.ends_with:
            return b in a
        return a.startswith(b) if value.starts_with else a.endswith(b) if value.ends_with else a == b
    if isinstance(value, SigmaTimestampPart):
        return float(PARTS[value.timestamp_part](datetime.fromisoformat(there.replace("Z", "+00:00")))) == float(value.number)
    if isinstance(value, SigmaCompareExpression):
        limit = value.number
        if isinstance(limit, SigmaTimestampPart):
            mine, limit = float(PARTS[limit.timestamp_part](datetime.fromisoformat(there.replace("Z", "+00:00")))), float(limit.number)
        else:
            mine, limit = number(there), float(limit.number)
        return mine is not None and OPS[value.op.name](mine, limit)
    if isinstance(value, SigmaNumber):
        mine = number(there)
        return mine is not None and mine == float(value.number)
    raise ValueError(f"a value of type {type(value)}")


def word_matches(value, event):
    pattern = string_regex(value, False).pattern if isinstance(value, SigmaString) else re.escape(as_text(value.number))
    return any(re.search(pattern, fold(as_text(v)), re.DOTALL) for v in event.values() if v is not None)


def matches(node, event):
    if isinstance(node, ConditionAND):
        return all(matches(one, event) for one in node.args)
    if isinstance(node, ConditionOR):
        return any(matches(one, event) for one in node.args)
    if isinstance(node, ConditionNOT):
        return not matches(node.args[0], event)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return field_matches(node.field, node.value, event)
    if isinstance(node, ConditionValueExpression):
        return word_matches(node.value, event)
    raise ValueError(f"a node of type {type(node)}")


# ---- rules and events

TEXTS = ["cmd.exe", "C:\\Windows\\System32\\cmd.exe", "/usr/bin/python3", "python3 -c 'import os'", "Admin", "admin", "svc-train", "a*b", "a?b",
         "50%", "", "tool -enc aWQ=", "tool /enc aWQ=", "x\\y", "Müller", "line one\nline two", "train-7", "1.5", "42", "true", "-encode /file"]
SECRETS = ["import os", "whoami", "exec("]
PIECES = ["cmd", "win", "exe", "python", "adm", "svc-", "a*b", "bin", "import", "\\sys", "train", "line", "ll", "%", "1", "-", "enc"]
VALUES = ["cmd.exe", "*\\cmd.exe", "ADMIN", "svc-*", "a\\*b", "a?b", "a\\?b", "*py*3*", "M?ller", "", "tool*", "?dmin", "x\\\\y", "x\\y", "*\\\\y", "42", "line*two", "50%"]
REGEXES = ["^cmd", "exe$", "py.*3", "a.b", "[0-9]+", "(adm|svc)", "line.*two", "^line two$", "Sys\\w+32", "\\.exe", "i?mport", "x\\\\y", "[^a-z]admin", "tr(ai)+n"]
NETWORKS = ["10.0.0.0/8", "192.168.4.0/22", "2001:db8::/32", "203.0.113.7/32"]
ADDRESSES = ["10.1.2.3", "192.168.5.1", "192.168.8.1", "2001:db8::1", "2001:db9::1", "203.0.113.7", "no address"]
NUMBERS = [0, 1, 5, 42, -3, 1.5, 1000000, 0.25]
TIMES = ["2026-03-02T02:10:00Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "2024-02-29T12:30:15Z"]


def b64(text, shift):
    import base64
    return base64.b64encode(b"z" * shift + text.encode()).decode()


def event():
    out = {}
    for field in ("path", "user", "cmd", "other"):
        text = rng.choice(TEXTS)
        if rng.random() < 0.15:
            secret = rng.choice(SECRETS)
            text = "run " + (b64(secret, rng.randrange(3)) if rng.random() < 0.7 else b64("".join(c + "\0" for c in secret), rng.randrange(3)))
        out[field] = text
    if rng.random() < 0.3:
        out["other"] = rng.choice([out["user"], out["user"].upper() if out["user"].isascii() else out["user"], out["user"][:3]])
    out["n"], out["m"] = rng.choice(NUMBERS), rng.choice(NUMBERS)
    out["ip"], out["at_time"] = rng.choice(ADDRESSES), rng.choice(TIMES)
    for field in list(out):
        if rng.random() < 0.08:
            if rng.random() < 0.5:
                del out[field]
            else:
                out[field] = None
    return out


def some(values, most=3):
    return rng.choice(values) if rng.random() < 0.5 else [rng.choice(values) for _ in range(rng.randint(2, most))]


def item(easy=False):
    text_field = rng.choice(["path", "user", "cmd", "other"])
    kind = rng.choice([0, 1, 2, 3, 4, 5, 6, 11]) if easy else rng.randrange(18)
    if kind <= 3:
        return text_field, some(VALUES)
    if kind <= 6:
        modifier = rng.choice(["contains", "startswith", "endswith"])
        values = some(PIECES)
        extra = "|all" if modifier == "contains" and isinstance(values, list) and rng.random() < 0.5 else ""
        return f"{text_field}|{modifier}{extra}", values
    if kind == 7:
        return f"{text_field}|re" + rng.choice(["", "|i", "|m", "|s", "|i|s", "|m|s"]), some(REGEXES)
    if kind == 8:
        return f"{text_field}|cased", some(VALUES)
    if kind == 9:
        return f"{text_field}|contains|cased", some(PIECES)
    if kind == 10:
        return "ip|cidr", some(NETWORKS)
    if kind == 11:
        return rng.choice(["n", "m"]) + "|" + rng.choice(["lt", "lte", "gt", "gte"]), rng.choice(NUMBERS)
    if kind == 12:
        return rng.choice(["n", "m", "path"]), some(NUMBERS)
    if kind == 13:
        return rng.choice(FIELDS) + "|exists", rng.random() < 0.5
    if kind == 14:
        return rng.choice(FIELDS), None
    if kind == 15:
        return rng.choice(["user|fieldref", "user|fieldref|startswith", "user|fieldref|contains", "user|fieldref|endswith"]), "other"
    if kind == 16:
        return "cmd|" + rng.choice(["base64offset|contains", "wide|base64offset|contains", "base64|contains", "utf16be|base64offset|contains"]), some(SECRETS)
    return rng.choice([("cmd|windash|contains", "-enc"), ("cmd|windash", "tool /enc*"), ("at_time|hour", 2), ("at_time|week|gte", 52), ("at_time|month|lt", 3), ("at_time|minute", 59),
                       ("at_time|year|gt", 2025), ("at_time|day", 29), ("user|neq", "admin"), ("n|neq", 5)])


def selection(easy=False):
    return dict(item(easy) for _ in range(rng.randint(1, 3)))


def rule(i):
    searches, easy = {}, i % 3 == 0  # a third in what SQLite compares as Sigma does
    for name in ("sel_a", "sel_b", "filter_x"):
        roll = rng.random()
        searches[name] = selection(easy) if easy or roll < 0.75 else [selection(), selection()]
    if not easy and rng.random() < 0.12:
        searches["words"] = rng.choice([["cmd", "train"], ["import*os", "whoami"], ["admin"]])
    if rng.random() < 0.1:
        searches["_hidden"] = selection(easy)
    choices = ["sel_a", "sel_a and not filter_x", "1 of sel_*", "all of sel_*", "sel_a or sel_b and not filter_x", "not (sel_a or filter_x)", "1 of them", "all of them",
               "any of sel_* and not 1 of filter_*", "(sel_a or sel_b) and not filter_x", "not sel_a and not sel_b", "not not sel_a"]
    if "words" in searches:
        choices = ["words", "words and not filter_x", "sel_a or words", "1 of them"]
    condition = rng.choice(choices)
    if rng.random() < 0.1:
        condition = [condition, "sel_b and filter_x"] if "words" not in searches else condition
    return {"title": f"case {i}", "logsource": {"product": "test", "category": "test"}, "detection": {**searches, "condition": condition}}


def conditions(parsed):
    return [one.parsed for one in parsed.detection.parsed_condition]


def by_sqlite(collection, events):
    """Indexes of the events that the backend's queries find; None where it has no query for the rule."""
    try:
        queries = sqliteBackend().convert(collection)
    except Exception:  # a construct that this backend does not have
        return None
    db = sqlite3.connect(":memory:")
    db.create_function("regexp", 2, lambda pattern, text: text is not None and re.search(pattern, as_text(text)) is not None)
    db.execute("CREATE TABLE logs (i, " + ", ".join(f + " COLLATE NOCASE" for f in FIELDS) + ")")  # its = minds case, Sigma does not
    for i, one in enumerate(events):
        db.execute("INSERT INTO logs VALUES (" + ",".join("?" * (len(FIELDS) + 1)) + ")", [i] + [one.get(f) for f in FIELDS])
    found = set()
    for query in queries:
        try:
            found |= {row[0] for row in db.execute(query.replace("<TABLE_NAME>", "logs").replace("SELECT *", "SELECT i", 1))}
        except sqlite3.OperationalError:
            return None
    return found


def plain(value):
    """What SQLite compares as Sigma does: a text with a text, without what LIKE and its types take otherwise."""
    return isinstance(value, dict) and all(set(k.split("|")[1:]) <= {"contains", "startswith", "endswith", "all", "lt", "lte", "gt", "gte"}
                                           and k.split("|")[0] in (("n", "m") if set(k.split("|")[1:]) & {"lt", "lte", "gt", "gte"} else ("path", "user", "cmd", "other"))
                                           and all(isinstance(x, str) == (k.split("|")[0] not in ("n", "m")) for x in (v if isinstance(v, list) else [v]))
                                           for k, v in value.items())


def main():
    events = [event() for _ in range(60)]
    cases, checked = [], 0
    while len(cases) < 240:
        document = rule(len(cases))
        parsed = SigmaCollection.from_dicts([document])
        trees = conditions(parsed.rules[0])
        expected = [any(matches(tree, one) for tree in trees) for one in events]
        if not any(expected) and rng.random() < 0.8:
            continue
        if all(plain(s) for k, s in document["detection"].items() if k != "condition"):
            found = by_sqlite(parsed, events)
            whole = [i for i, one in enumerate(events) if all(one.get(f) is not None for f in FIELDS)]
            if found is not None:
                checked += 1
                for i in whole:
                    assert (i in found) == expected[i], (document, events[i], expected[i])
        cases.append({"rule": document, "matches": [i for i, yes in enumerate(expected) if yes]})
    refused = []
    for name, detection in REFUSED.items():
        document = {"title": name, "logsource": {"product": "test", "category": "test"}, "detection": detection}
        try:
            for one in SigmaCollection.from_dicts([document]).rules:
                conditions(one)
            says = "accepted"
        except Exception as error:
            says = type(error).__name__
        refused.append({"rule": document, "pysigma": says})
    with open("cases.json", "w", encoding="utf-8") as out:
        out.write('{"made": "make.py with pySigma 2.0.1, pySigma-backend-sqlite 2.1.1", "events": [\n')
        out.write(",\n".join(json.dumps(one) for one in events))
        out.write('\n], "cases": [\n')
        out.write(",\n".join(json.dumps(one) for one in cases))
        out.write('\n], "refused": [\n')
        out.write(",\n".join(json.dumps(one) for one in refused))
        out.write("\n]}\n")
    print(len(cases), "cases,", checked, "of them held against SQLite too,", sum(len(c["matches"]) for c in cases), "matches")


REFUSED = {
    "an unknown modifier": {"s": {"user|like": "x"}, "condition": "s"},
    "a condition with a name that is not there": {"s": {"user": "x"}, "condition": "s and t"},
    "a condition that ends early": {"s": {"user": "x"}, "condition": "s and"},
    "no condition": {"s": {"user": "x"}},
    "base64 of a wildcard": {"s": {"user|base64": "a*b"}, "condition": "s"},
    "contains of a number": {"s": {"n|contains": 5}, "condition": "s"},
    "greater than a text": {"s": {"n|gt": "five"}, "condition": "s"},
    "a network that is none": {"s": {"ip|cidr": "10.0.0.0/40"}, "condition": "s"},
    "an expression that is none": {"s": {"user|re": "(abc"}, "condition": "s"},
    "re behind contains": {"s": {"user|contains|re": "abc"}, "condition": "s"},
    "exists without a truth value": {"s": {"user|exists": "yes"}, "condition": "s"},
    "an aggregation": {"s": {"user": "x"}, "condition": "s | count() > 5"},
    "brackets that do not close": {"s": {"user": "x"}, "condition": "(s"},
}

if __name__ == "__main__":
    main()
