"""One pass of one peer over the values: JSON of nanoseconds of processor time a value, as peers_bench prints for ours.

peer.py whylogs|evidently|river VALUES.csv
"""
import json
import sys
import time

ROWS = 2_000  # logged one by one: each takes milliseconds


def timed(values, work):
    before = time.process_time_ns()
    out = work()
    return (time.process_time_ns() - before) / values, out


def whylogs(path):
    import pandas
    import whylogs as why

    frame = pandas.read_csv(path, float_precision="round_trip")
    why.log(frame.head(10))  # what is loaded at first use is not the values' cost
    rows = frame.head(ROWS).to_dict("records")
    schema_profile = why.log(row=rows[0]).profile()

    def log_rows():
        for row in rows:
            schema_profile.track(row)

    return {"whylogs_frame": timed(frame.size, lambda: why.log(frame))[0], "whylogs_row": timed(ROWS * len(frame.columns), log_rows)[0]}


def evidently(path):
    import pandas
    from evidently import Report
    from evidently.presets import DataDriftPreset

    frame = pandas.read_csv(path, float_precision="round_trip")
    half = len(frame) // 2
    Report([DataDriftPreset()]).run(frame.head(1100), frame.tail(1100))
    reference, current = frame.iloc[:half], frame.iloc[half:]
    return {"evidently": timed(frame.size, lambda: Report([DataDriftPreset()]).run(current, reference))[0]}


def river(path):
    import csv

    from river import drift

    with open(path, newline="") as file:
        rows = csv.reader(file)
        next(rows)
        columns = [[float(x) for x in column] for column in zip(*rows)]

    def changes(make):
        told = 0
        for column in columns:
            detector = make()
            for value in column:
                detector.update(value)
                told += detector.drift_detected
        return told

    out = {}
    for name, make in (("adwin", drift.ADWIN), ("page_hinkley", drift.PageHinkley)):
        out["river_" + name], out["river_" + name + "_told"] = timed(sum(map(len, columns)), lambda: changes(make))
    return out


print(json.dumps({"whylogs": whylogs, "evidently": evidently, "river": river}[sys.argv[1]](sys.argv[2])))
