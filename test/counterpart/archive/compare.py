"""Compares the archive, read by pyarrow, with the records as the server gives them. Argument: the run's folder."""
import collections
import glob
import hashlib
import json
import os
import sys
import urllib.request

import pyarrow.parquet as parquet

run = sys.argv[1]
url, token = os.environ["FIREBREAK_URL"], os.environ["FIREBREAK_TOKEN"]
folder = f"{run}/data/archive/shop"


def records():
    found, at = {}, 0
    while True:
        request = urllib.request.Request(f"{url}/api/v1/streams/shop/records?from={at}&limit=5000", headers={"Authorization": f"Bearer {token}"})
        page = json.load(urllib.request.urlopen(request))
        for item in page["items"]:
            found[item["index"]] = item["record"]
        if page["next"] == at or page["next"] >= page["size"]:
            return found
        at = page["next"]


def at_path(record, path):
    for part in path[1:].split("/"):
        if not isinstance(record, dict) or part not in record:
            return None
        record = record[part]
    return record


def same(mine, theirs):
    if mine is None or theirs is None:
        return mine is None and theirs is None
    if hasattr(theirs, "isoformat"):  # a time, UTC
        return mine.rstrip("Z").ljust(26, "0")[:26].replace("T", " ") == theirs.strftime("%Y-%m-%d %H:%M:%S.%f") or \
            mine == theirs.strftime("%Y-%m-%dT%H:%M:%SZ")
    return mine == theirs


truth = records()
[manifest_file] = glob.glob(f"{folder}/*.json")
manifest = json.load(open(manifest_file))
assert (manifest["first"], manifest["end"]) == (0, len(truth)), "records are missing"
seen, cells = set(), 0
for table in manifest["tables"]:
    path = f"{folder}/{table['file']['name']}"
    assert hashlib.sha256(open(path, "rb").read()).hexdigest() == table["file"]["sha256"], path
    assert os.stat(path).st_mode & 0o777 == 0o600, path
    read = parquet.read_table(path)
    assert read.num_rows == table["rows"]
    assert read.column_names == [c["name"] for c in table["layout"]["columns"]]
    types = {"UBIGINT": "uint64", "BIGINT": "int64", "TIMESTAMP": "timestamp[us]", "DOUBLE": "double", "BOOLEAN": "bool", "VARCHAR": "string"}
    for column, field in zip(table["layout"]["columns"], read.schema):
        assert str(field.type) == types[column["type"]], (column, field.type)
    for row in read.to_pylist():
        seen.add(row["index"])
        if table["layout"]["name"] == "control":
            continue
        for column in table["layout"]["columns"]:
            if not column["path"]:
                continue
            mine, theirs = at_path(truth[row["index"]], column["path"]), row[column["name"]]
            # A path with values of two types has a column for each; a value is in the one of its own.
            if theirs is None and any(c["path"] == column["path"] and c is not column and row[c["name"]] is not None for c in table["layout"]["columns"]):
                continue
            assert same(mine, theirs), (row["index"], column, mine, theirs)
            cells += 1
        if row["extra"]:
            json.loads(row["extra"])
assert seen == set(truth), "the files hold other records than the server"
assert not any("mail" in c["name"] for t in manifest["tables"] for c in t["layout"]["columns"]), "an encrypted field was derived"

callers = collections.Counter(r["caller"] for r in truth.values() if r.get("type") == "inference")
assert {r["caller"]: r["n"] for r in parquet.read_table(f"{run}/answer.parquet").to_pylist()} == callers
impact = json.load(open(f"{run}/impact.json"))
mine = [r for r in truth.values() if r.get("type") == "inference" and r.get("release") == "1.0.0"]
assert impact["count"] == len(mine) > 0
assert {c["caller"]: c["count"] for c in impact["callers"]} == collections.Counter(r["caller"] for r in mine)
assert {c["answer"]: c["count"] for c in impact["answers"]} == collections.Counter(r["output"]["label"] for r in mine)
cells_read = parquet.read_table(f"{run}/cells.parquet").to_pylist()
assert sum(c["count"] for c in cells_read) == sum(r.get("type") == "inference" for r in truth.values())
assert collections.Counter({c["caller"]: 0 for c in cells_read}).keys() == callers.keys()
print(f"archive: {len(truth)} records, {cells} values, equal in Parquet as pyarrow reads it and as records")
