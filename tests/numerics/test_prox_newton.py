"""Proximal Newton on a loss of the rows, against a plain proximal gradient and smooth minimisers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import optimize, sparse
from scipy.special import expit

from bayesreg.data.columns import Columns
from bayesreg.groups import Groups
from bayesreg.numerics import lagging_gram
from bayesreg.numerics.prox_newton import Ridge, RowLoss, SmoothProblem, prox_newton
from bayesreg.penalty import Penalty


@pytest.fixture(params=[5e7, 0.0], ids=["fresh", "lagging"], autouse=True)
def cheap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything once with a Gram matrix for each curvature, and once with one that lags in single precision."""
    monkeypatch.setattr(lagging_gram, "CHEAP", request.param)


@dataclass(frozen=True)
class Logistic:
    """Weighted logistic loss."""

    y: np.ndarray
    weight: np.ndarray

    def value(self, eta: np.ndarray) -> float:
        """Sum over the rows."""
        return float(self.weight @ (np.logaddexp(0, eta) - self.y * eta))

    def slope(self, eta: np.ndarray) -> np.ndarray:
        """Slope of each row."""
        return self.weight * (expit(eta) - self.y)

    def curvature(self, eta: np.ndarray) -> np.ndarray:
        """Curvature of each row."""
        return self.weight * expit(eta) * expit(-eta)

    def majorant(self, eta: np.ndarray) -> np.ndarray:
        """A quarter."""
        return self.weight / 4


@dataclass(frozen=True)
class Exponential:
    """Poisson loss, without a quadratic above it."""

    y: np.ndarray

    def value(self, eta: np.ndarray) -> float:
        """Sum over the rows."""
        return float(np.sum(np.exp(eta) - self.y * eta))

    def slope(self, eta: np.ndarray) -> np.ndarray:
        """Slope of each row."""
        return np.exp(eta) - self.y

    def curvature(self, eta: np.ndarray) -> np.ndarray:
        """Curvature of each row."""
        return np.exp(eta)

    def majorant(self, eta: np.ndarray) -> np.ndarray:
        """None."""
        return np.full(eta.shape, np.inf)


@dataclass(frozen=True)
class Linear:
    """Slopes of at most one, with a quadratic core of half-width ``core``: curvature 0 in most rows."""

    y: np.ndarray
    core: float

    def value(self, eta: np.ndarray) -> float:
        """Sum over the rows."""
        size = np.abs(eta - self.y)
        return float(np.sum(np.where(size <= self.core, size**2 / (2 * self.core), size - self.core / 2)))

    def slope(self, eta: np.ndarray) -> np.ndarray:
        """Slope of each row."""
        return np.clip((eta - self.y) / self.core, -1, 1)

    def curvature(self, eta: np.ndarray) -> np.ndarray:
        """Curvature of each row."""
        return np.where(np.abs(eta - self.y) <= self.core, 1 / self.core, 0.0)

    def majorant(self, eta: np.ndarray) -> np.ndarray:
        """Of the tangent parabola."""
        return 1 / np.maximum(np.abs(eta - self.y), self.core)


def smooth_problem(
    loss: RowLoss, X: Any, penalty: Penalty, intercept: Ridge | None, base: np.ndarray | None = None
) -> SmoothProblem:
    n = X.shape[0]
    base = np.zeros(n) if base is None else base
    dense = X.toarray() if sparse.issparse(X) else X
    scale = np.linalg.norm(dense, axis=0) * np.linalg.norm(loss.slope(base))
    return SmoothProblem(loss, Columns(X, None), base, penalty, intercept, np.where(scale > 0, scale, 1.0))


def worst(problem: SmoothProblem, d: np.ndarray, intercept: float) -> float:
    """Largest KKT distance over its scale, the intercept's over the norm of all slopes."""
    X = problem.X.dense()
    slope = problem.loss.slope(problem.base + intercept + X @ d)
    distance = float(np.max(problem.penalty.subdifferential_distance(d, X.T @ slope) / problem.scale))
    if problem.intercept is None:
        return distance
    pull = slope.sum() + problem.intercept.rate * (intercept - problem.intercept.loc)
    return max(distance, abs(float(pull)) / np.abs(problem.loss.slope(problem.base)).sum())


def draw(n: int, p: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.6)
    eta = X[:, :3] @ [1.0, -2.0, 0.5] if p >= 3 else X[:, 0]
    return X, (rng.random(n) < expit(eta)).astype(float), eta


PENALTIES = {
    "lasso": lambda p: Penalty(np.full(p, 0.5), np.zeros(p)),
    "ridge": lambda p: Penalty(np.zeros(p), np.full(p, 0.2)),
    "net": lambda p: Penalty(np.full(p, 0.3), np.full(p, 0.2)),
    "some free": lambda p: Penalty(np.where(np.arange(p) == 4, 0.0, 0.5), np.zeros(p)),
    "signs": lambda p: Penalty(np.full(p, 0.3), np.full(p, 0.1), positive=np.arange(p) % 2 == 0),
    "groups": lambda p: Penalty(np.zeros(p), np.zeros(p), Groups(np.arange(p) // 3, np.full(p // 3, 0.6), np.ones(p))),
}


# Fewer and more columns than are all in the set from the start; every order in which they come in.
@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize(("n", "p"), [(50, 9), (12, 9), (30, 90), (8, 90), (120, 90)])
@pytest.mark.parametrize("intercept", [None, Ridge(0.0, 0.0), Ridge(2.0, -1.0)], ids=["none", "flat", "proper"])
def test_dense_and_sparse_columns_end_at_the_optimality_conditions(
    name: str, n: int, p: int, intercept: Ridge | None
) -> None:
    X, y, _ = draw(n, p)
    loss = Logistic(y, np.arange(n) % 3 + 0.5)
    found = []
    for columns in (X, sparse.csc_array(X)):
        problem = smooth_problem(loss, columns, PENALTIES[name](p), intercept, np.linspace(-0.5, 0.5, n))
        point = prox_newton(problem, np.zeros(p), 0.0, 1000)
        assert worst(problem, point.d, point.intercept) < 1e-11
        assert point.steps < 60
        found.append(point)
    np.testing.assert_allclose(found[0].d, found[1].d, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found[0].intercept, found[1].intercept, rtol=1e-7, atol=1e-9)
    assert np.array_equal(found[0].d == 0, found[1].d == 0)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("p", [9, 90])
def test_any_start_leads_to_the_same_point_and_is_not_modified(name: str, p: int) -> None:
    X, y, _ = draw(60, p, 1)
    problem = smooth_problem(Logistic(y, np.ones(60)), X, PENALTIES[name](p), Ridge(0.0, 0.0))
    cold = prox_newton(problem, np.zeros(p), 0.0, 1000)
    start = 3 * np.random.default_rng(0).standard_normal(p)
    start = np.where(problem.penalty.constrained, np.abs(start), start)
    kept = start.copy()
    warm = prox_newton(problem, start, -4.0, 1000)
    np.testing.assert_allclose(warm.d, cold.d, rtol=1e-8, atol=1e-10)
    assert np.array_equal(start, kept)
    assert prox_newton(problem, cold.d, cold.intercept, 1000).steps <= 2


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("start", [0.0, 5.0, -30.0])
def test_an_exponential_loss_is_descended_from_anywhere(start: float, sign: float) -> None:
    X, _, eta = draw(40, 4, 2)
    y = np.random.default_rng(0).poisson(np.exp(eta)).astype(float)
    problem = smooth_problem(Exponential(y), X * sign, PENALTIES["net"](4), Ridge(0.0, 0.0))
    point = prox_newton(problem, np.full(4, 0.3), start, 1000)

    def value(x: np.ndarray) -> float:
        return problem.value(x[0] + X @ x[1:] * sign, x[1:], float(x[0]))

    assert worst(problem, point.d, point.intercept) < 1e-12
    best = optimize.minimize(value, np.zeros(5), method="Nelder-Mead", options={"maxiter": 20_000, "fatol": 1e-12})
    assert value(np.append(point.intercept, point.d)) <= best.fun + 1e-9


@pytest.mark.parametrize("core", [1.0, 1e-2, 1e-4])
@pytest.mark.parametrize("name", ["lasso", "ridge", "signs", "groups"])
def test_a_loss_without_curvature_in_most_rows_is_minimised(core: float, name: str) -> None:
    X, _, eta = draw(40, 6, 3)
    y = eta + np.random.default_rng(0).standard_t(2, 40)
    problem = smooth_problem(Linear(y, core), X, PENALTIES[name](6), Ridge(0.0, 0.0))
    point = prox_newton(problem, np.zeros(6), 50.0, 2000)
    assert worst(problem, point.d, point.intercept) < 1e-10


def test_a_start_in_which_no_row_is_curved_is_left() -> None:
    X, _, eta = draw(20, 3, 4)
    y = eta + 100.0
    problem = smooth_problem(Linear(y, 0.1), X, PENALTIES["ridge"](3), None)
    point = prox_newton(problem, np.zeros(3), 7.0, 1000)
    assert point.intercept == 0.0
    assert worst(problem, point.d, 0.0) < 1e-11


def test_constant_and_empty_columns_beside_an_intercept_stay_at_zero() -> None:
    X, y, _ = draw(30, 4)
    X[:, 1], X[:, 2] = 1.0, 0.0
    for penalty in (PENALTIES["lasso"](4), PENALTIES["ridge"](4)):
        point = prox_newton(
            smooth_problem(Logistic(y, np.ones(30)), X, penalty, Ridge(0.0, 0.0)), np.zeros(4), 0.0, 100
        )
        assert point.d[1] == point.d[2] == 0.0
        assert np.all(point.d[[0, 3]] != 0)


def test_rows_of_weight_zero_do_not_count() -> None:
    X, y, _ = draw(30, 5)
    weight = np.arange(30) % 2.0
    used = weight > 0
    penalty = PENALTIES["net"](5)
    all_rows = prox_newton(smooth_problem(Logistic(y, weight), X, penalty, Ridge(0.0, 0.0)), np.zeros(5), 0.0, 100)
    kept = smooth_problem(Logistic(y[used], weight[used]), X[used], penalty, Ridge(0.0, 0.0))
    np.testing.assert_allclose(all_rows.d, prox_newton(kept, np.zeros(5), 0.0, 100).d, rtol=1e-10, atol=1e-13)


def test_a_separated_response_has_a_mode_under_a_weak_penalty() -> None:
    X, _, eta = draw(30, 5)
    problem = smooth_problem(
        Logistic((eta > 0).astype(float), np.ones(30)), X, Penalty(np.full(5, 1e-6), np.zeros(5)), Ridge(0.0, 0.0)
    )
    point = prox_newton(problem, np.zeros(5), 0.0, 1000)
    # In units of the penalty, which is what the slopes at the mode add up to, this is 1e-5.
    assert worst(problem, point.d, point.intercept) < 1e-12
    assert np.count_nonzero(point.d) > 0


def test_the_number_of_steps_is_bounded() -> None:
    X, y, _ = draw(50, 9)
    problem = smooth_problem(Logistic(y, np.ones(50)), X, PENALTIES["net"](9), Ridge(0.0, 0.0))
    assert prox_newton(problem, np.full(9, 3.0), 0.0, 2).steps == 2
