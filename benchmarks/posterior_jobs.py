"""What is sampled for the speed of posteriors: data and model of each job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.report.demo import breast_cancer, diabetes

Array = NDArray[np.float64]
Data = tuple[Array, Array]


@dataclass(frozen=True)
class Job:
    """A name to ask for, the data for a scale of at most 1, and the model, the same for every side."""

    name: str
    data: Callable[[float], Data]
    model: br.Model


def _frames(load: Callable[[], Any]) -> Callable[[float], Data]:
    def data(scale: float) -> Data:
        X, y = load()
        return np.asarray(X, dtype=float), np.asarray(y, dtype=float)

    return data


def _autoregressive(n: int, p: int, active: int) -> Callable[[float], Data]:
    """Columns of an AR(1) with correlation 0.5; the first and every further so many-th has the coefficient 1 or -1."""

    def data(scale: float) -> Data:
        rows, columns = max(int(n * scale), 40), p if scale == 1 else max(int(p * scale), 5)
        rng = np.random.default_rng(0)
        X = rng.standard_normal((rows, columns))
        for j in range(1, columns):
            X[:, j] = 0.5 * X[:, j - 1] + np.sqrt(0.75) * X[:, j]
        coef = np.zeros(columns)
        where = np.linspace(0, columns - 1, min(active, columns)).astype(int)
        coef[where] = np.resize([1.0, -1.0], where.size)
        return X, X @ coef + rng.standard_normal(rows)

    return data


def _classes(n: int, p: int) -> Callable[[float], Data]:
    def data(scale: float) -> Data:
        rng = np.random.default_rng(1)
        X = rng.standard_normal((max(int(n * scale), 100), p))
        coef = 0.5 * rng.standard_normal(p)
        return X, (rng.random(X.shape[0]) < expit(X @ coef - 0.3)).astype(float)

    return data


# Everything learned: tau ~ HalfCauchy(1) relative to sigma, on standardised columns; sigma by its default law, which is
# HalfStudentT(3, sd(y)), and for p >= n - 1 InverseGamma(1.5, 0.375 var(y)) on its square; a flat intercept.
_NORMAL = likelihoods.Gaussian()
LASSO = br.Model(_NORMAL, priors.Laplace(scales.HalfCauchy(1.0)), standardize=True)
RIDGE = br.Model(_NORMAL, priors.Gaussian(scales.HalfCauchy(1.0)), standardize=True)
HORSESHOE = br.Model(_NORMAL, priors.Horseshoe(scales.HalfCauchy(1.0)), standardize=True)
# The classes of this job can be separated: a law of tau without a mean would leave the posterior improper.
LOGISTIC_LASSO = br.Model(likelihoods.Bernoulli(), priors.Laplace(scales.HalfNormal(1.0)), standardize=True)
LOGISTIC_RIDGE = br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0))

JOBS = (
    Job("diabetes lasso", _frames(diabetes), LASSO),
    Job("diabetes ridge", _frames(diabetes), RIDGE),
    Job("diabetes horseshoe", _frames(diabetes), HORSESHOE),
    Job("500x100 lasso", _autoregressive(500, 100, 10), LASSO),
    Job("500x100 horseshoe", _autoregressive(500, 100, 10), HORSESHOE),
    Job("200x1000 lasso", _autoregressive(200, 1000, 10), LASSO),
    Job("200x1000 ridge", _autoregressive(200, 1000, 10), RIDGE),
    Job("200x1000 horseshoe", _autoregressive(200, 1000, 10), HORSESHOE),
    Job("breast-cancer logistic lasso", _frames(breast_cancer), LOGISTIC_LASSO),
    Job("20000x50 logistic ridge", _classes(20_000, 50), LOGISTIC_RIDGE),
    Job("1000000x50 lasso", _autoregressive(1_000_000, 50, 10), LASSO),
)
