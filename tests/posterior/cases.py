"""The problems that the samplers are verified on: priors, what their scale is relative to, and shapes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import PriorWarning
from bayesreg.problem import Problem

INF = float("inf")
SIGMA = scales.InverseGamma(3.0, 4.0)
NOISE: dict[str, Any] = {
    "known": 1.3,
    "inverse gamma": SIGMA,
    "half-normal": scales.HalfNormal(1.5),
    "half-t": scales.HalfStudentT(5.0, 1.2),
    "half-Cauchy": scales.HalfCauchy(1.2),
    "gamma": scales.Gamma(3.0, 2.0),
}
SHAPES = {"n > p": (9, 3), "p > n": (4, 7), "larger": (12, 7)}
LIKELIHOODS: dict[str, Callable[[Any], Any]] = {
    "gaussian": likelihoods.Gaussian,
    "bernoulli": lambda sigma: likelihoods.Bernoulli(),
    "student t": lambda sigma: likelihoods.StudentT(4.0, sigma),
    "laplace": likelihoods.Laplace,
    "quantile": lambda sigma: likelihoods.AsymmetricLaplace(0.3, sigma),
}


def _one_free(p: int) -> list[float]:
    return [1.0, INF, *[0.7] * (p - 2)]


def _unequal(p: int) -> list[float]:
    return [1.5, 1.0, *[0.7] * (p - 2)]


Maker = Callable[[Any], Any]
# Each prior for a given relative_to; the number of columns does not matter.
PENALISED: dict[str, Maker] = {
    "gaussian": lambda r: priors.Gaussian(1.4, loc=0.3, relative_to=r),
    "gaussian, learned": lambda r: priors.Gaussian(scales.HalfNormal(1.5), relative_to=r),
    "laplace": lambda r: priors.Laplace(0.8, relative_to=r),
    "laplace, learned": lambda r: priors.Laplace(scales.HalfCauchy(0.8), loc=-0.2, relative_to=r),
    "laplace, learned rate": lambda r: priors.Laplace(rate=scales.Gamma(3.0, 2.0), relative_to=r),
    "laplace, inverse gamma": lambda r: priors.Laplace(scales.InverseGamma(3.0, 2.0), relative_to=r),
    "laplace, half-t": lambda r: priors.Laplace(scales.HalfStudentT(4.0, 0.8), relative_to=r),
    "elastic net": lambda r: priors.ElasticNet(1.2, 0.8, relative_to=r),
    "elastic net, learned l1": lambda r: priors.ElasticNet(scales.Gamma(3.0, 2.0), 0.8, relative_to=r),
    "elastic net, learned": lambda r: priors.ElasticNet(scales.HalfNormal(1.5), scales.Gamma(3.0, 2.0), relative_to=r),
}
MIXTURES: dict[str, Maker] = {
    "student t": lambda r: priors.StudentT(3.0, 0.9, relative_to=r),
    "student t, learned": lambda r: priors.StudentT(4.0, scales.HalfNormal(1.0), loc=0.2, relative_to=r),
    "horseshoe": lambda r: priors.Horseshoe(0.7, relative_to=r),
    "horseshoe, learned": lambda r: priors.Horseshoe(scales.HalfCauchy(0.8), relative_to=r),
    "regularised horseshoe, known slab": lambda r: priors.RegularizedHorseshoe(0.8, 2.0, None, relative_to=r),
    "regularised horseshoe, learned": lambda r: priors.RegularizedHorseshoe(
        scales.HalfCauchy(0.8), 1.5, 4.0, relative_to=r
    ),
}
BY_COLUMN: dict[str, Callable[[int, Any], Any]] = {
    "group laplace": lambda p, r: priors.GroupLaplace([0, 0, 1, 2, 2, 2, 1][:p], 0.9, relative_to=r),
    "group laplace, learned": lambda p, r: priors.GroupLaplace(
        [0, 1, 0, 1, 2, 2, 2][:p], scales.HalfNormal(1.0), relative_to=r
    ),
    "gaussian, a free column": lambda p, r: priors.Gaussian(1.0, factor=_one_free(p), relative_to=r),
    "laplace, learned, a free column": lambda p, r: priors.Laplace(
        scales.HalfNormal(1.0), factor=_one_free(p), relative_to=r
    ),
    "elastic net, unequal": lambda p, r: priors.ElasticNet([1.5, 0.0, 1.0, *[0.7] * (p - 3)], 0.6, relative_to=r),
    "horseshoe, expected": lambda p, r: priors.Horseshoe(expected_nonzero=1.0, factor=_unequal(p), relative_to=r),
}
INTERCEPTS: dict[str, dict[str, Any]] = {
    "normal": {},
    "relative normal": {"intercept": priors.Gaussian(1.2, relative_to="sigma")},
    "flat": {"intercept": priors.Flat()},
    "none": {"fit_intercept": False},
}


def make_prior(name: str, relative_to: Any, p: int) -> Any:
    """Return a prior of the lists above."""
    if name in BY_COLUMN:
        return BY_COLUMN[name](p, relative_to)
    return (PENALISED | MIXTURES)[name](relative_to)


def words(name: str) -> tuple[Any, ...]:
    """Which ``relative_to`` a prior knows."""
    if name == "horseshoe, expected":
        return ("sigma",)
    return (None, "sigma") if name in MIXTURES or "horseshoe" in name else (None, "sigma", "penalty")


def columns(n: int, p: int, seed: int = 1) -> np.ndarray:
    """Correlated columns of unequal size, about as informative as the priors above."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * np.linspace(0.4, 0.9, p) + 0.3
    X[:, 1:2] += 0.7 * X[:, :1]
    return X


def make_problem(
    prior: Any,
    sigma: Any = SIGMA,
    shape: str = "n > p",
    *,
    intercept: Any = None,
    likelihood: str = "gaussian",
    **model: Any,
) -> Problem:
    """Bind a model to columns of one of the ``SHAPES`` and an offset, with a normal intercept by default."""
    X = columns(*SHAPES[shape])
    if model.get("fit_intercept", True):
        model["intercept"] = priors.Gaussian(1.2, loc=0.4) if intercept is None else intercept
    y = (np.arange(X.shape[0]) % 2).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PriorWarning)
        return br.Model(LIKELIHOODS[likelihood](sigma), prior, **model).bind(
            make_design(X, y, None, np.linspace(-0.5, 0.5, y.size))
        )
