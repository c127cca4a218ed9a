"""Writes reference.csv and Evidently's reports and tests over it: fixtures.py FOLDER"""
import sys

import numpy as np
import pandas as pd
from evidently import Report
from evidently.legacy.metric_preset import DataDriftPreset as OldDriftPreset
from evidently.legacy.report import Report as OldReport
from evidently.legacy.test_preset import DataDriftTestPreset
from evidently.legacy.test_suite import TestSuite
from evidently.presets import DataDriftPreset

folder = sys.argv[1]
random = np.random.default_rng(20261129)


def sample(rows, shift, channels, missing):
    frame = pd.DataFrame({
        "amount": np.round(np.exp(random.normal(3 + shift, 0.8, rows)), 2),
        "age": random.integers(18, 80, rows),
        "channel": random.choice(channels, rows),
    })
    frame.loc[random.random(rows) < missing, "amount"] = np.nan
    return frame


reference = sample(400, 0, ["web", "app", "shop"], 0.02)
current = sample(400, 0.9, ["web", "app", "phone"], 0.15)
reference.to_csv(f"{folder}/reference.csv", index=False)
Report([DataDriftPreset()]).run(current, reference).save_json(f"{folder}/evidently_report.json")
for name, old in (("old_report", OldReport(metrics=[OldDriftPreset()])), ("tests", TestSuite(tests=[DataDriftTestPreset()]))):
    old.run(reference_data=reference, current_data=current)
    with open(f"{folder}/evidently_{name}.json", "w") as file:
        file.write(old.json())
