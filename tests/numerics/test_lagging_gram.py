"""A Gram matrix that lags: how near it stays, what it costs the optimum, and when it stops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from bayesreg.data.columns import Columns
from bayesreg.numerics import lagging_gram
from bayesreg.numerics.lagging_gram import LaggingGram
from bayesreg.numerics.prox_newton import Ridge, prox_newton
from bayesreg.penalty import Penalty
from tests.numerics.test_prox_newton import Logistic, smooth_problem, worst


@pytest.fixture(autouse=True)
def lagging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is too cheap to lag."""
    monkeypatch.setattr(lagging_gram, "CHEAP", 0.0)


def held(X: np.ndarray, index: np.ndarray) -> LaggingGram:
    gram = LaggingGram(Columns(np.asfortranarray(X), None), np.linalg.norm(X, axis=0))
    gram.hold(index)
    return gram


def test_it_keeps_the_old_curvature_until_that_lags_too_far() -> None:
    rng = np.random.default_rng(0)
    X, h = rng.standard_normal((40, 12)), rng.random(40)
    gram = held(X, np.array([7, 2, 5]))
    first, along, total, used = gram.at(h, 0.1)
    assert used is h
    again, _, _, used = gram.at(1.05 * h, 0.1)
    assert used is h
    assert again is first
    fresh, *_, used = gram.at(1.2 * h, 0.1)
    assert used is not h
    np.testing.assert_allclose(fresh, 1.2 * first, rtol=1e-6)
    some = X[:, [7, 2, 5]]
    np.testing.assert_allclose(first, some.T @ (h[:, None] * some), rtol=3e-6, atol=3e-6)
    np.testing.assert_allclose(along, some.T @ h)
    assert total == pytest.approx(h.sum())


def test_columns_that_join_bring_their_products_at_the_old_curvature() -> None:
    rng = np.random.default_rng(1)
    X, h = rng.standard_normal((40, 12)) * 10.0 ** rng.integers(-30, 30, 12), rng.random(40)
    gram = held(X, np.array([7, 2, 5]))
    gram.at(h, 0.1)
    gram.hold(np.array([7, 2, 5, 0, 11, 4]))
    grown, along, _, used = gram.at(1.01 * h, 0.1)
    assert used is h
    some = X[:, [7, 2, 5, 0, 11, 4]]
    exact = some.T @ (h[:, None] * some)
    unit = np.sqrt(np.diag(exact))
    np.testing.assert_allclose(grown / np.outer(unit, unit), exact / np.outer(unit, unit), atol=3e-6)
    assert np.array_equal(grown, grown.T)
    np.testing.assert_allclose(along, some.T @ h)


def test_doubt_leads_to_the_curvature_asked_for_and_then_to_full_precision() -> None:
    rng = np.random.default_rng(2)
    X, h = rng.standard_normal((40, 6)), rng.random(40)
    gram = held(X, np.arange(6))
    gram.at(h, 0.1)
    gram.at(1.01 * h, 0.1)
    gram.doubt()
    assert gram.lags
    np.testing.assert_allclose(gram.at(1.01 * h, 0.1)[0], 1.01 * X.T @ (h[:, None] * X), rtol=3e-6, atol=3e-6)
    gram.doubt()
    assert not gram.lags
    np.testing.assert_allclose(gram.at(h, 0.1)[0], X.T @ (h[:, None] * X), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("close", [1e-2, 1e-4, 1e-6])
def test_nearly_collinear_columns_are_solved_to_the_end(close: float) -> None:
    rng = np.random.default_rng(3)
    n, p = 300, 80
    X = rng.standard_normal((n, p))
    X[:, 40:] = X[:, :40] + close * rng.standard_normal((n, 40))
    y = (rng.random(n) < expit(X[:, :5].sum(axis=1))).astype(float)
    penalty = Penalty(np.full(p, 1.0), np.full(p, 1e-3))
    problem = smooth_problem(Logistic(y, np.ones(n)), X, penalty, Ridge(0.0, 0.0))
    point = prox_newton(problem, np.zeros(p), 0.0, 1000)
    assert worst(problem, point.d, point.intercept) < 1e-12
