"""3,000 inferences and 300 labels as lines: odd numbers, texts of all kinds, absent fields, a schema that changes midway."""
import json
import random

random.seed(11)
for i in range(3000):
    record = {"type": "inference", "id": f"e{i}", "time": f"2026-11-20T10:{i // 60 % 60:02}:{i % 60:02}.{i % 1000:03}Z",
              "caller": f"key-{i % 17}", "release": "1.0.0" if i % 5 else "1.1.0",
              "model": {"name": "scorer", "version": "1", "digest": "ab" * 32},
              "features": {"age": i % 90, "amount": round(random.uniform(-1e6, 1e6), 2), "tiny": random.random() * 1e-300,
                           "sex": random.choice(["f", "m", "ü\u0000é", "", "a'b\"c,\n"]), "flag": i % 2 == 0, "mail": f"m{i}@example.org"},
              "output": {"label": "approve" if i % 3 else "decline", "score": random.random()},
              "disposition": random.choice(["served", "fallback"]), "latency_us": i}
    if i % 97 == 0:
        record["features"]["late_comer"] = i > 1000
    if i % 101 == 0:
        record["features"]["tags"] = ["a", {"b": None}]
    if i % 7 == 0:
        del record["features"]["age"]
    print(json.dumps(record))
    if i % 10 == 0:
        print(json.dumps({"type": "label", "id": f"e{i}", "time": "2026-11-20T12:00:00Z", "label": "fraud" if i % 20 else "fine"}))
