"""Writes what whylogs, TFDV and SageMaker would keep of FOLDER/reference.csv: fixtures.py FOLDER

whylogs profiles it itself. TFDV is not run (its wheels want an older Python): its message is filled here by its rules and written by
Google's protobuf. SageMaker's monitor is a closed container: its files are written here after its documentation.
"""
import json
import sys

import numpy as np
import pandas as pd
from google.protobuf import json_format

folder = sys.argv[1]
frame = pd.read_csv(f"{folder}/reference.csv")


def whylogs_view():
    import whylogs
    view = whylogs.log(frame).view()
    view.to_pandas().reset_index().to_json(f"{folder}/whylogs_view.json", orient="records")
    with open(f"{folder}/whylogs_dict.json", "w") as file:  # numbers alone: its lists of items are no JSON
        json.dump({name: {k: v for k, v in view.get_column(name).to_summary_dict().items() if isinstance(v, (int, float)) and v == v} for name in view.get_columns()}, file)


def tfdv_statistics():
    from tensorflow_metadata.proto.v0 import statistics_pb2
    out = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = out.datasets.add(num_examples=len(frame))
    for name in frame.columns:
        column = frame[name]
        feature = dataset.features.add()
        feature.path.step.append(name)
        numeric = column.dtype != object
        feature.type = feature.STRING if not numeric else feature.INT if column.dtype.kind == "i" else feature.FLOAT
        statistics = feature.num_stats if numeric else feature.string_stats
        statistics.common_stats.num_non_missing = int(column.notna().sum())
        statistics.common_stats.num_missing = int(column.isna().sum())
        present = column.dropna()
        if not numeric:
            statistics.unique = present.nunique()
            statistics.avg_length = float(present.str.len().mean())
            for label, count in present.value_counts().items():
                statistics.rank_histogram.buckets.add(label=label, sample_count=count)
                statistics.top_values.add(value=label, frequency=count)
            continue
        statistics.mean, statistics.std_dev = present.mean(), present.std(ddof=0)
        statistics.min, statistics.max, statistics.median = present.min(), present.max(), present.median()
        statistics.num_zeros = int((present == 0).sum())
        counts, edges = np.histogram(present, 10)
        standard = statistics.histograms.add(type=standard_type("STANDARD"))
        for i, count in enumerate(counts):
            standard.buckets.add(low_value=edges[i], high_value=edges[i + 1], sample_count=count)
        quantiles = statistics.histograms.add(type=standard_type("QUANTILES"))
        edges = np.quantile(present, np.linspace(0, 1, 11))
        for i in range(10):
            quantiles.buckets.add(low_value=edges[i], high_value=edges[i + 1], sample_count=len(present) / 10)
    with open(f"{folder}/tfdv_statistics.pb", "wb") as file:
        file.write(out.SerializeToString(deterministic=True))
    with open(f"{folder}/tfdv_statistics.json", "w") as file:
        file.write(json_format.MessageToJson(out))


def standard_type(name):
    from tensorflow_metadata.proto.v0 import statistics_pb2
    return statistics_pb2.Histogram.HistogramType.Value(name)


def sagemaker_files():
    features, constraints = [], []
    for name in frame.columns:
        column = frame[name]
        common = {"num_present": int(column.notna().sum()), "num_missing": int(column.isna().sum())}
        present = column.dropna()
        constraint = {"name": name, "completeness": float(column.notna().mean())}
        if column.dtype == object:
            buckets = [{"value": value, "count": int(count)} for value, count in present.value_counts().items()]
            features.append({"name": name, "inferred_type": "String", "string_statistics": {
                "common": common, "distinct_count": float(present.nunique()), "distribution": {"categorical": {"buckets": buckets}}}})
            constraint |= {"inferred_type": "String", "string_constraints": {"domains": sorted(present.unique()) + ["branch"]}}
        else:
            kind = "Integral" if column.dtype.kind == "i" else "Fractional"
            counts, edges = np.histogram(present, 10)
            features.append({"name": name, "inferred_type": kind, "numerical_statistics": {
                "common": common, "mean": float(present.mean()), "sum": float(present.sum()), "std_dev": float(present.std(ddof=0)),
                "min": float(present.min()), "max": float(present.max()), "distribution": {"kll": {
                    "buckets": [{"lower_bound": float(edges[i]), "upper_bound": float(edges[i + 1]), "count": float(count)} for i, count in enumerate(counts)],
                    "sketch": {"parameters": {"c": 0.64, "k": 2048.0}, "data": [[float(value) for value in present]]}}}}})
            constraint |= {"inferred_type": kind, "num_constraints": {"is_non_negative": bool((present >= 0).all())}}
        constraints.append(constraint)
    violations = [
        {"feature_name": "channel", "constraint_check_type": "categorical_values_check", "description": "Value phone is not in the domain: 34.0 % of the values"},
        {"feature_name": "amount", "constraint_check_type": "completeness_check", "description": "Value: 0.855 does not meet the constraint requirement! Expected: 0.985"},
        {"feature_name": "amount", "constraint_check_type": "baseline_drift_check", "description": "Baseline drift distance: 0.41 exceeds threshold: 0.1"},
    ]
    for name, document in (("statistics", {"version": 0.0, "dataset": {"item_count": len(frame)}, "features": features}),
                           ("constraints", {"version": 0.0, "features": constraints}), ("violations", {"violations": violations})):
        with open(f"{folder}/sagemaker_{name}.json", "w") as file:
            json.dump(document, file)


whylogs_view()
tfdv_statistics()
sagemaker_files()
