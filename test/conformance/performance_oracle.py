"""Writes test/data/conformance/performance.json: what scikit-learn, SciPy and NannyML answer about labelled answers.

Not part of `make test`, which reads the file. To write it anew, with Python 3.11:
  python3 -m venv build/oracle && build/oracle/bin/pip install -r test/conformance/performance_requirements.txt
  build/oracle/bin/python test/conformance/performance_oracle.py
"""
import io
import json
import pathlib
import subprocess

import nannyml
import numpy
import pandas
import scipy
import sklearn
from nannyml.calibration import _calculate_expected_calibration_error, _get_bin_index_edges
from nannyml.performance_estimation.confidence_based import metrics as cbpe
from nannyml.sampling_error import binary_classification as sampling
from scipy.optimize import brentq
from scipy.special import betaln, xlogy
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "test/data/conformance/performance.json"
WORTH = numpy.array([[0.5, -2.0], [-10.0, 4.0]])  # [[TN, FP], [FN, TP]]
EXACT = {"relative": 1e-9, "absolute": 1e-12}
# NannyML rounds cumulative chances to five decimals.
ROUNDED = {"relative": 1e-5, "absolute": 1e-6}


def rows(first, last, digits):
    text = subprocess.run(["zstd", "-dc", ROOT / "test/data/drift/elec2_model.csv.zst"], check=True, capture_output=True).stdout
    data = pandas.read_csv(io.BytesIO(text))[first:last]
    return data.score.to_numpy().round(digits), data.label.to_numpy()


def case(identity, kind, expected, tolerance=EXACT, **inputs):
    return {"id": identity, "kind": kind, **inputs, "tolerance": tolerance,
            "expected": {k: float(v) for k, v in expected.items()}}


def realised(first, last, digits):
    score, label = rows(first, last, digits)
    flagged = (score >= 0.5).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(label, flagged).ravel()
    expected = {
        "true_positive": tp, "false_positive": fp, "false_negative": fn, "true_negative": tn,
        "accuracy": metrics.accuracy_score(label, flagged), "precision": metrics.precision_score(label, flagged),
        "recall": metrics.recall_score(label, flagged), "specificity": tn / (tn + fp), "f1": metrics.f1_score(label, flagged),
        "roc_auc": metrics.roc_auc_score(label, score), "average_precision": metrics.average_precision_score(label, score),
        "log_loss": metrics.log_loss(label, score), "brier": metrics.brier_score_loss(label, score),
        "mae": metrics.mean_absolute_error(label, score), "rmse": metrics.root_mean_squared_error(label, score),
        "business_value": (numpy.array([[tn, fp], [fn, tp]]) * WORTH).sum() / len(label)}
    return case(f"realised {first}:{last} {digits}", "realised", expected, rows=[first, last], digits=digits)


def isotonic(first, last, digits):
    score, label = rows(first, last, digits)
    fit = IsotonicRegression(out_of_bounds="clip").fit(score, label)
    at = [0.0, 0.013, 0.1, 0.2, 0.3, 0.41, 0.5, 0.5555, 0.6, 0.777, 0.9, 1.0]
    return case(f"isotonic {first}:{last} {digits}", "isotonic", {str(x): y for x, y in zip(at, fit.predict(at))},
                rows=[first, last], digits=digits)


def calibration_error(first, last, bins):
    score, label = rows(first, last, 6)
    edges = _get_bin_index_edges(len(score), bins)
    return case(f"ece {first}:{last} {bins}", "ece", {"ece": _calculate_expected_calibration_error(label, score, edges)},
                rows=[first, last], digits=6, bins=bins)


def estimated(first, last, digits):
    """NannyML where no two scores are equal; scikit-learn with weights p and 1 - p where they are."""
    fit = IsotonicRegression(out_of_bounds="clip").fit(*rows(0, 5000, 6))
    score, _ = rows(first, last, digits)
    if digits == 6:  # equal scores have no order of their own in NannyML: keep one row of each
        score = numpy.unique(score)
    p, flagged = fit.predict(score), (score >= 0.5).astype(int)
    twice, weight = numpy.r_[score, score], numpy.r_[p, 1 - p]
    truth = numpy.r_[numpy.ones(len(p)), numpy.zeros(len(p))]
    if digits == 6:
        auc, ap = cbpe.estimate_roc_auc(p, score), cbpe.estimate_ap(p, score)
    else:
        auc = metrics.roc_auc_score(truth, twice, sample_weight=weight)
        ap = metrics.average_precision_score(truth, twice, sample_weight=weight)
    expected = {
        "accuracy": cbpe.estimate_accuracy(flagged, p), "precision": cbpe.estimate_precision(flagged, p),
        "recall": cbpe.estimate_recall(flagged, p), "specificity": cbpe.estimate_specificity(flagged, p),
        "f1": cbpe.estimate_f1(flagged, p), "roc_auc": auc, "average_precision": ap,
        "business_value": cbpe.estimate_business_value(flagged, p, None, WORTH) / len(p)}
    return case(f"estimated {first}:{last} {digits}", "estimated", expected, ROUNDED if digits == 6 else EXACT,
                rows=[first, last], digits=digits, distinct=digits == 6)


def sampling_errors(first, last, n):
    score, label = rows(first, last, 6)
    _, keep = numpy.unique(score, return_index=True)
    keep = numpy.sort(keep)
    score, label = pandas.Series(score[keep]), pandas.Series(label[keep])
    flagged, chunk = (score >= 0.5).astype(int), numpy.zeros(n)
    expected = {
        "accuracy": sampling.accuracy_sampling_error(sampling.accuracy_sampling_error_components(label, flagged), chunk),
        "precision": sampling.precision_sampling_error(sampling.precision_sampling_error_components(label, flagged), chunk),
        "recall": sampling.recall_sampling_error(sampling.recall_sampling_error_components(label, flagged), chunk),
        "specificity": sampling.specificity_sampling_error(sampling.specificity_sampling_error_components(label, flagged), chunk),
        "f1": sampling.f1_sampling_error(sampling.f1_sampling_error_components(label, flagged), chunk),
        "roc_auc": sampling.auroc_sampling_error(sampling.auroc_sampling_error_components(label, score), chunk),
        "business_value": sampling.business_value_sampling_error(
            sampling.business_value_sampling_error_components(label, flagged, WORTH, "per_prediction"), chunk)}
    return case(f"sampling error {first}:{last} {n}", "sampling_error", expected, rows=[first, last], n=n, digits=6, distinct=True)


def ranking(shown, rest, k):
    everything = shown + rest
    order = list(range(len(everything), 0, -1))
    expected = {"ndcg": metrics.ndcg_score([everything], [order], k=k)}
    return case(f"ranking {shown} {k}", "ranking", expected, shown=shown, rest=rest, k=k)


def band(n, total, alpha):
    """Where the beta(1/2, 1/2) mixture over the likelihood reaches 1/alpha, by root finding; and Chernoff's limits."""
    mixture = betaln(0.5 + total, 0.5 + n - total) - betaln(0.5, 0.5)
    def likelihood(m):
        return xlogy(total, m) + xlogy(n - total, 1 - m)
    def ends(height):
        low = 0.0 if total == 0 else brentq(lambda m: height - likelihood(m), 1e-300, total / n, xtol=1e-15)
        high = 1.0 if total == n else brentq(lambda m: height - likelihood(m), total / n, 1 - 1e-16, xtol=1e-15)
        return low, high
    low, high = ends(mixture + numpy.log(alpha))
    lower, upper = ends(likelihood(total / n) + numpy.log(alpha))
    return case(f"band {total}/{n} {alpha}", "band", {"low": low, "high": high, "lower_limit": lower, "upper_limit": upper},
                n=n, sum=total, alpha=alpha)


CASES = [
    realised(0, 5000, 6), realised(20000, 21000, 6), realised(40000, 40200, 6), realised(5000, 9000, 2), realised(30000, 30500, 1),
    isotonic(0, 5000, 6), isotonic(0, 5000, 2), isotonic(20000, 20100, 6),
    calibration_error(0, 5000, 10), calibration_error(20000, 20137, 10), calibration_error(30000, 30015, 10),
    estimated(5000, 8000, 6), estimated(20000, 20500, 6), estimated(5000, 8000, 2), estimated(40000, 41000, 1),
    sampling_errors(0, 5000, 500), sampling_errors(20000, 26000, 3000), sampling_errors(10000, 10300, 100),
    ranking([1, 0, 1, 0, 0], [1, 1, 0, 0, 0], 5), ranking([0, 0, 0, 1, 0], [0, 0, 0, 0], 5), ranking([3, 2, 3, 0, 1, 2], [3, 2, 0], 6),
    ranking([0, 2, 1], [3, 3, 3], 3), ranking([3, 1, 0, 0, 0, 0, 0, 0, 0, 2], [], 10),
    band(100, 59, 0.05), band(10, 0, 0.05), band(10, 10, 0.01), band(5000, 903, 0.001), band(323, 147.0, 0.05), band(40, 12.25, 0.1),
]

if __name__ == "__main__":
    versions = {m.__name__: m.__version__ for m in (nannyml, sklearn, scipy, numpy, pandas)}
    document = {"versions": versions, "worth": {"true_negative": 0.5, "false_positive": -2.0, "false_negative": -10.0, "true_positive": 4.0},
                "cases": CASES}
    lines = json.dumps(document, indent=1)
    OUT.write_text(lines + "\n")
    print(sum(len(c["expected"]) for c in CASES), "values")
