"""Asks the model at argv[1], gives the exchanges to the server at argv[2] in both ways, and compares what was recorded."""
import base64
import json
import os
import random
import sys
import time
import urllib.request

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

model, server = sys.argv[1:3]
token = os.environ["FIREBREAK_TOKEN"]
random.seed(5)


def post(url, body, headers):
    return json.load(urllib.request.urlopen(urllib.request.Request(url, body, headers)))


def api(path, body=None, kind="application/x-ndjson"):
    return post(server + path, body, {"Authorization": f"Bearer {token}", "Content-Type": kind})


exchanges = {}
for i in range(200):
    rows = random.randint(1, 3)
    asked = {"id": f"x{i}", "inputs": [{"name": name, "shape": [rows, 1], "datatype": "FP64", "data": [round(random.uniform(18, 90), 3) for _ in range(rows)]}
                                      for name in ("age", "amount")]}
    exchanges[asked["id"]] = (asked, post(f"{model}/v2/models/credit/infer", json.dumps(asked).encode(), {"Content-Type": "application/json"}))

receipt = api("/api/v1/streams/lines/taps/openinference",
              "\n".join(json.dumps({"request": a, "response": b}) for a, b in exchanges.values()).encode())
assert "leaf_hash" in receipt

halves = [(id, what, body) for id, pair in exchanges.items() for what, body in zip(("request", "response"), pair)]
random.shuffle(halves)
for id, what, body in halves:
    event = CloudEvent({"id": id, "type": f"org.kubeflow.serving.inference.{what}", "source": "http://localhost:9081/", "specversion": "1.0",
                        "inferenceservicename": "credit", "datacontenttype": "application/json"}, body)
    message = to_binary_event(event) if random.random() < 0.5 else to_structured_event(event)
    headers = dict(message.headers) | {"Authorization": "Basic " + base64.b64encode(f"tap:{token}".encode()).decode()}
    post(f"{server}/api/v1/streams/events/taps/kserve", message.body, headers)


def recorded(stream):
    found, at = {}, 0
    while True:
        page = api(f"/api/v1/streams/{stream}/records?from={at}&limit=5000")
        found |= {item["record"]["id"]: item["record"] for item in page["items"] if item["record"].get("type") == "inference"}
        if page["next"] == at or page["next"] >= page["size"]:
            return found
        at = page["next"]


expected = {}
for id, (asked, answered) in exchanges.items():
    ages, amounts = (i["data"] for i in asked["inputs"])
    scores = answered["outputs"][0]["data"]
    for k, row in enumerate(zip(ages, amounts, scores)):
        expected[id if len(ages) == 1 else f"{id}/{k}"] = row
deadline = time.monotonic() + 20
for stream in ("lines", "events"):
    found = recorded(stream)
    while len(found) < len(expected) and time.monotonic() < deadline:
        found = recorded(stream)
    assert found.keys() == expected.keys(), (stream, len(found), len(expected))
    for id, (age, amount, score) in expected.items():
        record = found[id]
        assert record["features"] == {"age": age, "amount": amount}, (stream, id, record, age, amount)
        assert abs(record["output"]["score"] - score) < 1e-12, (stream, id, record, score)
        assert record["disposition"] == "served", record
assert all(r["model"]["version"] == "v3" for r in recorded("lines").values())
print(f"taps: {len(exchanges)} exchanges with MLServer, {len(expected)} inferences, the same by lines and by CloudEvents")
