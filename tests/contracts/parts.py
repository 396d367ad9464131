"""The lists that the contracts are products of."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from bayesreg import likelihoods, priors, scales

INF = float("inf")
P = 3
BERNOULLI = likelihoods.Bernoulli()
POISSON = likelihoods.Poisson()
# Likelihoods at a known noise level beside the Gaussian and the Bernoulli.
OTHERS: dict[str, Any] = {
    "huber": likelihoods.Huber(0.8, 1.1),
    "laplace": likelihoods.Laplace(0.9),
    "quantile": likelihoods.AsymmetricLaplace(0.3, 0.6),
    "student_t": likelihoods.StudentT(4.0, 0.9),
    "poisson": POISSON,
}

LAWS = {
    "flat": scales.Flat(),
    "jeffreys": scales.Jeffreys(),
    "half_normal": scales.HalfNormal(1.7),
    "half_student_t": scales.HalfStudentT(4.0, 0.8),
    "half_cauchy": scales.HalfCauchy(1.3),
    "gamma": scales.Gamma(2.5, 1.4),
    "inverse_gamma": scales.InverseGamma(3.0, 2.0),
    "r_squared": scales.RSquared(1.5, 2.5, size=3.0),
}

# Each entry makes the prior for a given relative_to.
KNOWN_PRIORS: dict[str, Callable[[Any], Any]] = {
    "gaussian": lambda r: priors.Gaussian(0.7, relative_to=r),
    "gaussian_vector_inf": lambda r: priors.Gaussian([0.5, INF, 2.0], relative_to=r),
    "gaussian_loc": lambda r: priors.Gaussian(0.7, loc=[0.5, -1.0, 0.0], relative_to=r),
    "gaussian_factor": lambda r: priors.Gaussian(0.7, factor=[1.0, 3.0, INF], relative_to=r),
    "laplace": lambda r: priors.Laplace(0.2, relative_to=r),
    "laplace_vector_inf": lambda r: priors.Laplace([0.1, INF, 0.4], relative_to=r),
    "laplace_loc": lambda r: priors.Laplace(0.2, loc=[0.5, -1.0, 0.0], relative_to=r),
    "laplace_rate": lambda r: priors.Laplace(rate=4.0, relative_to=r),
    "laplace_rate_zero": lambda r: priors.Laplace(rate=[4.0, 0.0, 1.5], relative_to=r),
    "elastic_net": lambda r: priors.ElasticNet(l1=3.0, l2=2.0, relative_to=r),
    "elastic_net_vector": lambda r: priors.ElasticNet(l1=[3.0, 0.0, 5.0], l2=[2.0, 1.5, 0.0], relative_to=r),
    "elastic_net_unpenalised": lambda r: priors.ElasticNet(l1=[3.0, 0.0, 5.0], l2=[2.0, 0.0, 0.0], relative_to=r),
    "elastic_net_loc_factor": lambda r: priors.ElasticNet(
        l1=3.0, l2=2.0, loc=[0.5, -1.0, 0.0], factor=[1.0, 3.0, INF], relative_to=r
    ),
    "elastic_net_only_l1": lambda r: priors.ElasticNet(l1=3.0, l2=0.0, relative_to=r),
    "elastic_net_only_l2": lambda r: priors.ElasticNet(l1=0.0, l2=3.0, relative_to=r),
    "group": lambda r: priors.GroupLaplace(["a", "b", "a"], 0.4, relative_to=r),
    "group_loc_factor": lambda r: priors.GroupLaplace([0, 0, 1], 0.4, loc=0.2, factor=[1.0, 3.0, INF], relative_to=r),
    "laplace_positive": lambda r: priors.Laplace(0.2, relative_to=r, positive=True),
    "gaussian_positive": lambda r: priors.Gaussian(0.7, loc=0.1, relative_to=r, positive=[True, False, True]),
    "elastic_net_positive": lambda r: priors.ElasticNet(
        l1=[3.0, 0.0, 5.0], l2=[2.0, 0.0, 0.0], relative_to=r, positive=[True, True, False]
    ),
}
LEARNED_PRIORS: dict[str, Callable[[Any], Any]] = {
    "gaussian_learned": lambda r: priors.Gaussian(LAWS["half_cauchy"], relative_to=r),
    "gaussian_learned_factor": lambda r: priors.Gaussian(
        LAWS["half_normal"], loc=0.3, factor=[1.0, 0.5, INF], relative_to=r
    ),
    "gaussian_learned_share": lambda r: priors.Gaussian(LAWS["r_squared"], relative_to=r),
    "group_gaussian": lambda r: priors.GroupGaussian(["a", "b", "a"], LAWS["half_cauchy"], relative_to=r),
    "group_gaussian_loc_factor": lambda r: priors.GroupGaussian(
        [0, 1, 0], {0: LAWS["inverse_gamma"], 1: LAWS["r_squared"]}, loc=0.2, factor=[1.0, 3.0, INF], relative_to=r
    ),
    "laplace_learned": lambda r: priors.Laplace(LAWS["half_student_t"], relative_to=r),
    "laplace_learned_rate": lambda r: priors.Laplace(rate=LAWS["gamma"], relative_to=r),
    "laplace_learned_factor": lambda r: priors.Laplace(
        rate=LAWS["jeffreys"], loc=-0.2, factor=[2.0, INF, 1.0], relative_to=r
    ),
    "elastic_net_learned_l1": lambda r: priors.ElasticNet(l1=LAWS["gamma"], l2=2.0, relative_to=r),
    "elastic_net_learned_both": lambda r: priors.ElasticNet(
        l1=LAWS["half_normal"], l2=LAWS["inverse_gamma"], loc=0.1, factor=[1.0, 2.0, 3.0], relative_to=r
    ),
    "elastic_net_learned_l1_alone": lambda r: priors.ElasticNet(l1=LAWS["flat"], l2=0.0, relative_to=r),
}
# Normal mixtures, which know no "penalty".
MIXTURE_PRIORS: dict[str, Callable[[Any], Any]] = {
    "student_t_vector_inf": lambda r: priors.StudentT(2.5, [0.5, INF, 2.0], loc=[0.5, -1.0, 0.0], relative_to=r),
    "student_t_learned": lambda r: priors.StudentT(1.0, LAWS["half_normal"], factor=[1.0, 0.5, INF], relative_to=r),
    "horseshoe": lambda r: priors.Horseshoe(0.4, loc=0.2, relative_to=r),
    "horseshoe_learned": lambda r: priors.Horseshoe(relative_to=r),
    "horseshoe_learned_factor": lambda r: priors.Horseshoe(LAWS["gamma"], factor=[2.0, INF, 1.0], relative_to=r),
    "regularized_vector": lambda r: priors.RegularizedHorseshoe([0.4, 0.1, 2.0], 1.5, loc=0.3, relative_to=r),
    "regularized_learned": lambda r: priors.RegularizedHorseshoe(relative_to=r),
    "regularized_learned_scale": lambda r: priors.RegularizedHorseshoe(
        LAWS["half_student_t"], 0.8, None, factor=[1.0, INF, 0.3], relative_to=r
    ),
}
FLAT_PRIOR: dict[str, Callable[[Any], Any]] = {"flat": lambda r: priors.Flat()}
RELATIVE_TO = (None, "sigma", "penalty", "auto")


def gaussian_data(n: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated columns of unequal size and a response that uses two of them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, P)) @ np.array([[1.0, 0.6, 0.0], [0.0, 0.8, 0.0], [0.3, 0.0, 2.0]]) + [1.0, -2.0, 0.5]
    y = 3.0 + X @ [1.2, 0.0, -0.6] + 0.8 * rng.standard_normal(n)
    return X, y


def binary_data(n: int = 40, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and classes that they predict, but do not separate."""
    X, _ = gaussian_data(n, seed)
    rng = np.random.default_rng(seed)
    return X, (rng.random(n) < 1 / (1 + np.exp(-(X @ [0.8, 0.1, -0.4] - 0.5)))).astype(float)


def count_data(n: int = 30, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and counts that they predict."""
    X, _ = gaussian_data(n, seed)
    return X, np.random.default_rng(seed).poisson(np.exp(X @ [0.4, 0.0, -0.2] + 0.5)).astype(float)


def data_for(likelihood: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return data that a likelihood accepts."""
    if likelihood.has_sigma:
        return gaussian_data()
    return binary_data() if likelihood == BERNOULLI else count_data()


def row_options(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positive row weights that are not all alike and an offset."""
    rng = np.random.default_rng(5)
    return rng.integers(1, 4, n).astype(float), 0.5 * rng.standard_normal(n)


def relative_words(likelihood: Any, prior: str) -> Sequence[Any]:
    """Which ``relative_to`` go with a likelihood and a prior of the lists above."""
    if prior == "flat":
        return (None,)
    if prior in MIXTURE_PRIORS:
        return (None, "sigma", "auto") if likelihood.has_sigma else (None, "auto")
    return RELATIVE_TO if likelihood.has_sigma else (None, "auto")


def every_third_quick(cases: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Leave every third case with the quick tests; the others take too long together, and run with the slow ones."""
    return [pytest.param(*case, marks=() if i % 3 == 0 else pytest.mark.slow) for i, case in enumerate(cases)]


def all_pairs(cases: Iterable[tuple[str, ...]], seed: int) -> list[tuple[str, ...]]:
    """Choose cases, greedily, until every pair of factor values that occurs in ``cases`` occurs in the choice."""
    pool = list(cases)
    np.random.default_rng(seed).shuffle(pool)
    pairs = [set(itertools.combinations(enumerate(case), 2)) for case in pool]
    left = set().union(*pairs)
    chosen = []
    for wanted in range(len(next(iter(pairs))), 0, -1):
        for case, own in zip(pool, pairs, strict=True):
            if len(own & left) >= wanted:
                left -= own
                chosen.append(case)
    assert not left
    return chosen
