"""Writes what Evidently answers for small samples, and the kernel statistic behind its p value: scores.py FILE"""
import json
import sys
import warnings

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import mmd_stattest
from evidently.legacy.calculations.stattests.energy_distance import _energy_dist
from evidently.legacy.calculations.stattests.epps_singleton_stattest import _epps_singleton
from evidently.legacy.calculations.stattests.fisher_exact_stattest import _fisher_exact_stattest
from evidently.legacy.calculations.stattests.g_stattest import _g_stat_test
from evidently.legacy.calculations.stattests.tvd_stattest import _tvd_stattest
from evidently.legacy.core import ColumnType

warnings.simplefilter("ignore")
random = np.random.default_rng(7)
cases = []


def score(test, reference, current, kind):
    return float(test(pd.Series(reference), pd.Series(current), kind, 0.1)[0])


def categorical(reference, current):
    scores = {}
    if len(reference) == len(current):
        scores["g_test"] = score(_g_stat_test, reference, current, ColumnType.Categorical)
        if len(set(reference) | set(current)) == 2:
            scores["fisher_exact"] = score(_fisher_exact_stattest, reference, current, ColumnType.Categorical)
    if len(reference) <= 200:
        scores["TVD"] = score(_tvd_stattest, reference, current, ColumnType.Categorical)
    cases.append({"kind": "categorical", "reference": list(reference), "current": list(current), "scores": scores})


def numeric(reference, current):
    scores = {"ed": score(_energy_dist, reference, current, ColumnType.Numerical), "es": score(_epps_singleton, reference, current, ColumnType.Numerical)}
    x, y = np.array(reference).reshape(-1, 1), np.array(current).reshape(-1, 1)
    np.random.seed(0)
    scores["empirical_mmd"] = float(mmd_stattest.mmd_pval(x, y)[0])
    sigma = float(mmd_stattest.sigma_median(mmd_stattest.squared_paired_dist(x, x)))
    matrix = mmd_stattest.kernel_matrix(x, y)
    statistic = float(mmd_stattest.mmd_2samp(matrix - np.diag(np.diagonal(matrix)), len(y)))
    cases.append({"kind": "numeric", "reference": list(map(float, reference)), "current": list(map(float, current)), "scores": scores,
                  "kernel": {"sigma": sigma, "statistic": statistic}})


def repeated(*counts):
    return [name for name, count in zip("abcdef", counts) for _ in range(count)]


categorical(repeated(16, 18, 16, 14, 12, 12), repeated(16, 16, 16, 16, 16, 8))
categorical(repeated(16, 18, 16, 14, 12, 12), repeated(10, 10, 24, 24, 10, 10))
categorical(repeated(16, 18, 16, 14, 12, 12), repeated(10, 24, 12, 16, 8, 16))
categorical(repeated(5, 5, 8), repeated(4, 6, 8))
for a, b in ((8, 2), (1, 5), (10, 10), (3, 17), (40, 60), (25, 5)):
    size = a + b
    for other in (size // 3, size // 2, size - 1):
        categorical(repeated(a, b), repeated(other, size - other))
categorical(repeated(3, 9), repeated(10, 2, 0))
x = (38.7, 41.5, 43.8, 44.5, 45.5, 46, 47.7, 58)
y = (39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8)
numeric(x, y)
numeric(x, [value + 5 for value in x])
for rows, shift, spread in ((30, 0, 1), (31, 0.5, 1), (40, 0, 2), (50, 1.5, 1), (25, 0.2, 1)):
    numeric(np.round(random.normal(0, 1, rows), 6), np.round(random.normal(shift, spread, rows + 7), 6))
with open(sys.argv[1], "w") as file:
    json.dump({"library": "evidently 0.7.21, numpy 2.3.5, scipy 1.17.1, pandas 2.3.3", "cases": cases}, file)
    file.write("\n")
