"""A Gaussian likelihood with free columns projected out, from the Gram matrix and from the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.gaussian_data import GaussianGram, GaussianRows
from bayesreg.mixture_problem import MixtureProblem

INF = float("inf")
PARTLY_FREE = priors.Laplace(0.5, factor=[1.0, INF, 2.0, 1.0])
NORMAL = priors.Gaussian(2.0, loc=1.0)
MODELS = {
    "flat intercept": br.Model(likelihoods.Gaussian(0.7), priors.Laplace(0.5)),
    "free columns": br.Model(likelihoods.Gaussian(0.7), priors.Laplace(0.5, factor=[1.0, INF, 2.0, INF], loc=0.3)),
    "no intercept": br.Model(likelihoods.Gaussian(0.7), PARTLY_FREE, fit_intercept=False),
    "normal intercept": br.Model(likelihoods.Gaussian(0.7), PARTLY_FREE, intercept=NORMAL),
    "standardised": br.Model(likelihoods.Gaussian(0.7), priors.StudentT(4.0, 0.5), standardize=True),
}


def mixture_of(name: str, data: Any, weight: Any = None, offset: Any = None) -> MixtureProblem:
    return MixtureProblem.of(MODELS[name].bind(make_design(*data, weight, offset)))


@pytest.mark.parametrize("name", MODELS)
def test_gram_and_rows_say_the_same(name: str, linear: Any) -> None:
    rng = np.random.default_rng(1)
    weight, offset = rng.integers(1, 4, 30).astype(float), rng.standard_normal(30)
    mixture = mixture_of(name, linear, weight, offset)
    gram, rows = GaussianGram.of(mixture), GaussianRows.of(mixture)
    np.testing.assert_allclose(rows.X.T @ rows.X, gram.gram, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(rows.X.T @ rows.y, gram.cross, rtol=1e-9, atol=1e-10)
    assert rows.y @ rows.y == pytest.approx(gram.total, rel=1e-10)
    assert rows.rows == gram.rows == weight.sum() - gram.n_normals
    # Without noise both put the projected parts where least squares given the rest has them.
    delta, still = rng.standard_normal((5, gram.gram.shape[0])), np.zeros((5, gram.n_normals))
    np.testing.assert_allclose(gram.back(delta, np.ones(5), still), rows.back(delta, np.ones(5), still), rtol=1e-8)


@pytest.mark.parametrize("kind", [GaussianGram, GaussianRows])
@pytest.mark.parametrize("name", MODELS)
def test_what_is_projected_out_is_integrated_out(name: str, kind: Any, linear: Any) -> None:
    mixture = mixture_of(name, linear)
    problem, sigma = mixture.problem, 0.7
    data = kind.of(mixture)
    rng = np.random.default_rng(2)

    def coordinates(delta: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        levels = np.full((delta.shape[0], 5), sigma)
        raw = data.back(delta, levels[:, 0], normals)
        values = mixture.original(delta, np.ones((delta.shape[0], mixture.prior.size.size)), levels, raw)
        return values["coef"], values.get("intercept", np.zeros(delta.shape[0])), raw

    deltas = rng.standard_normal((3, mixture.prior.rate.size))
    normals = rng.standard_normal((3, data.n_normals))
    coef, intercept, _ = coordinates(deltas, normals)
    likelihood = problem.row_log_likelihood(coef, intercept, np.full(3, sigma)).sum(-1)
    # Joint density = density given delta of what was drawn (in standard normals) times the reduced likelihood.
    if kind is GaussianGram:
        quadratic = data.total - 2 * deltas @ data.cross + np.einsum("ki,ij,kj->k", deltas, data.gram, deltas)
    else:
        quadratic = ((data.y - deltas @ data.X.T) ** 2).sum(-1)
    reduced = -0.5 * quadratic / sigma**2 - 0.5 * (normals**2).sum(-1)
    np.testing.assert_allclose(np.diff(likelihood), np.diff(reduced), rtol=1e-8)


def test_weights_are_repeated_rows(linear: Any) -> None:
    X, y = linear
    times = np.random.default_rng(3).integers(0, 4, y.size)
    one = GaussianGram.of(mixture_of("free columns", (X, y), times.astype(float)))
    other = GaussianGram.of(mixture_of("free columns", (np.repeat(X, times, axis=0), np.repeat(y, times))))
    for name in ("gram", "cross", "total", "rows"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10, atol=1e-12)
