#!/usr/bin/env python3
"""Sends records to a Firebreak stream as binary rows (docs/formats/rows.md). Python 3.9 or newer, nothing else.

  send_rows.py URL STREAM TOKEN_FILE < records.ndjson

A record whose fields all have columns in the stream goes out as a row; what is new (a field, a type) goes out as NDJSON
first, and the schema that it opens is asked for again.
"""
import json
import struct
import sys
import urllib.error
import urllib.request
from datetime import datetime

DISPOSITIONS = ["served", "fallback", "review", "limited", "blocked", "failed"]
EXACT_IN_DOUBLE = 2**53


class Stream:
    def __init__(self, url, name, token):
        self.base = f"{url}/api/v1/streams/{name}"
        self.token = token
        self.schemas = {}  # kind -> newest schema
        self.load_schemas()

    def call(self, path, body=None, content_type=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        if content_type:
            headers["Content-Type"] = content_type
        request = urllib.request.Request(self.base + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            sys.exit(f"{error.code}: {error.read().decode()}")

    def load_schemas(self):
        for schema in self.call("/schemas")["schemas"]:  # in order of their ids
            self.schemas[schema["kind"]] = schema

    def send(self, records):
        """The receipts of one batch of rows and, before it, of the records that have no row yet."""
        receipts = []
        rows, releases, rest = encode(records, self.schemas)
        if rest:
            lines = "".join(json.dumps(record) + "\n" for record in rest)
            receipts.append(self.call("/records", lines.encode(), "application/x-ndjson"))
            self.load_schemas()
        if rows:
            receipts.append(self.call("/records", batch(rows, releases), "application/vnd.firebreak.rows"))
        return receipts


def encode(records, schemas):
    rows, releases, rest = [], [], []
    for record in records:
        schema = schemas.get(record.get("type", "inference"))
        row = row_of(record, schema) if schema else None
        if row is None:
            rest.append(record)
            continue
        model = record.get("model") or {}
        release = tuple(text or "" for text in (record.get("release"), model.get("name"), model.get("version"),
                                                model.get("digest")))
        if any(release) and release not in releases:
            releases.append(release)
        rows.append((row, releases.index(release) + 1 if any(release) else 0))
    return rows, releases, rest


def flatten(record):
    """JSON Pointer -> value, of everything that can be a column; None when the record holds anything else."""
    fields = {}
    for key, value in record.items():
        if key in ("type", "release"):
            continue
        if key == "model":
            if set(value) - {"name", "version", "digest"}:
                return None
        elif key in ("features", "output"):
            for name, inner in value.items():
                fields[f"/{key}/" + name.replace("~", "~0").replace("/", "~1")] = inner
        else:
            fields["/" + key] = value
    return fields


def column_value(path, kind, value):
    """Fixed part and text of a value in a column of this kind; None when it belongs into another."""
    if kind == "time":
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        whole = int(moment.replace(microsecond=0).timestamp())
        return struct.pack("<q", whole * 1_000_000 + moment.microsecond), b""
    if kind == "disposition":
        return bytes([DISPOSITIONS.index(value)]), b""
    if kind == "flag":
        return (bytes([value]), b"") if isinstance(value, bool) else None
    if kind == "text":
        if not isinstance(value, str):
            return None
        text = value.encode()
        return struct.pack("<I", len(text)), text
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if kind == "integer":
        fits = path == "/latency_us" or abs(value) > EXACT_IN_DOUBLE
        return (struct.pack("<q", value), b"") if isinstance(value, int) and fits else None
    return (struct.pack("<d", value + 0.0), b"") if abs(value) <= EXACT_IN_DOUBLE or isinstance(value, float) else None


def row_of(record, schema):
    """The canonical row, or None when the schema has no column for something in the record."""
    fields = flatten(record)
    if fields is None:
        return None
    bitmap = bytearray((len(schema["columns"]) + 7) // 8)
    fixed, texts = b"", b""
    for i, (path, kind) in enumerate(schema["columns"]):
        value = fields.get(path)
        packed = column_value(path, kind, value) if value is not None else None
        if packed is None:
            bitmap[i // 8] |= 1 << (i % 8)
            continue
        del fields[path]
        fixed += packed[0]
        texts += packed[1]
    if fields:  # something has no column, or is null
        return None
    return struct.pack("<H", schema["id"]) + bytes(bitmap) + fixed + texts


def batch(rows, releases):
    out = b"FBROWSv1" + struct.pack("<H", len(releases))
    for release in releases:
        for text in release:
            out += struct.pack("<H", len(text.encode())) + text.encode()
    for row, release in rows:
        out += struct.pack("<IH", len(row), release) + row
    return out


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    with open(sys.argv[3], encoding="ascii") as token:
        stream = Stream(sys.argv[1], sys.argv[2], token.read().strip())
    records = [json.loads(line) for line in sys.stdin if line.strip()]
    for at in range(0, len(records), 1000):
        for receipt in stream.send(records[at:at + 1000]):
            print(json.dumps(receipt))


if __name__ == "__main__":
    main()
