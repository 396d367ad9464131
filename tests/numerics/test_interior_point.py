"""The minimiser of a penalised check loss against linear programs, all faces of tiny problems, and KKT by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from bayesreg.numerics.interior_point import CheckLoss, minimise

SHAPES = [(50, 4), (100, 10), (20, 40)]
KINDS = ["gaussian", "cauchy", "integer", "duplicates", "units", "large", "small", "weights", "offset", "exact", "rare"]
PENALTIES = ["none", "l1", "l2", "both", "mixed"]


def draw(seed: int, n: int, k: int, kind: str, penalty: str, level: float, positive: bool = False) -> CheckLoss:
    """A random problem with a free intercept in its first column."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, (n, k)).astype(float) if kind == "integer" else rng.standard_normal((n, k))
    if kind == "duplicates":
        X[:, k // 2 : 2 * (k // 2)] = X[:, : k // 2]
    if kind == "rare":
        X = (rng.random((n, k)) < 0.2).astype(float)
    noise = {"cauchy": rng.standard_cauchy(n), "integer": rng.integers(-3, 4, n), "exact": np.arange(n) % 3 == 0}
    y = X @ np.where(np.arange(k) < 5, rng.integers(-3, 4, k), 0) + noise.get(kind, rng.standard_normal(n))
    weight = rng.uniform(0, 100, n) * (rng.random(n) > 0.2) if kind == "weights" else np.ones(n)
    slope = weight * (level - (y < np.quantile(y, level)))
    l1 = np.full(k, 0.2 * np.abs(X.T @ slope).max()) * (penalty in ("l1", "both", "mixed"))
    l2 = np.full(k, 0.1 * np.abs(X.T @ slope).max()) * (penalty in ("l2", "both", "mixed"))
    if penalty == "mixed":
        l1[::3], l2[1::2] = 0, 0
    if kind == "units":
        unit = 10.0 ** rng.uniform(-6, 6, k)
        X, l1, l2 = X * unit, l1 * unit, l2 * unit**2
    unit = {"large": 1e8, "small": 1e-8}.get(kind, 1.0)
    y, l2 = y * unit + (1e3 if kind == "offset" else 0.0), l2 / unit
    A, may = np.column_stack([np.ones(n), X]), np.append(False, np.full(k, positive))
    return CheckLoss(A, y, weight * level, weight * (1 - level), np.append(0, l1), np.append(0, l2), may)


def linear_program(problem: CheckLoss) -> float:
    """Minimum for l2 = 0, by HiGHS, over d = plus - minus and r = u - v, with a response of the order of 1."""
    n, k = problem.rows.shape
    unit = np.median(np.abs(problem.response))
    cost = np.concatenate([problem.l1, problem.l1, problem.up, problem.down])
    equal = np.hstack([problem.rows, -problem.rows, np.eye(n), -np.eye(n)])
    upper = np.concatenate([np.full(k, np.inf), np.where(problem.signed, 0.0, np.inf), np.full(2 * n, np.inf)])
    bounds = np.column_stack([np.zeros(upper.size), upper])
    result = linprog(cost, A_eq=equal, b_eq=problem.response / unit, bounds=bounds, method="highs-ds")
    assert result.status == 0
    return float(result.fun * unit)


def enumerated(problem: CheckLoss) -> float:
    """Minimum over the stationary points of every face: each row above, below or at its kink, each coefficient too."""
    A, y, best = problem.rows, problem.response, np.inf
    n, k = A.shape
    for rows in itertools.product((-1, 0, 1), repeat=n):
        at = np.array(rows) == 0
        if at.sum() > k:
            continue
        slope = np.where(at, 0.0, np.where(np.array(rows) > 0, -problem.up, problem.down)) @ A
        for columns in itertools.product(*[(0,) if free else (-1, 0, 1) for free in ~problem.kinked]):
            sign = np.array(columns)
            F = (sign != 0) | ~problem.kinked
            E = A[np.ix_(at, F)]
            K = np.block([[np.diag(problem.l2[F]), E.T], [E, np.zeros((at.sum(), at.sum()))]])
            b = np.append(-(slope + problem.l1 * sign)[F], y[at])
            d = np.zeros(k)
            d[F] = np.linalg.lstsq(K, b, rcond=1e-12)[0][: F.sum()]
            best = min(best, problem.objective(d))
    return best


def null_objective(problem: CheckLoss) -> float:
    """Minimum with the intercept alone: it is at one of the responses."""
    flat = np.zeros(problem.l1.size)
    return min(problem.objective(np.append(value, flat[1:])) for value in problem.response)


def violation(problem: CheckLoss, d: np.ndarray, theta: np.ndarray) -> float:
    """Largest violation of the optimality conditions, in units of the losses' slopes and of the data."""
    A, width = problem.rows, problem.up + problem.down
    r = problem.response - A @ d
    spread = np.abs(problem.response) + np.abs(A) @ np.abs(d)
    outside = np.maximum(np.maximum(theta - problem.down, -problem.up - theta), 0)
    expected = np.where(r > 0, -problem.up, problem.down)
    # A row is at its kink when its residual is rounding.
    off_kink = np.where(np.abs(r) > 1e-12 * spread, np.abs(theta - expected), 0)
    slope = A.T @ theta
    norm = np.linalg.norm(A, axis=0) * np.linalg.norm(width)
    at_zero = np.maximum(np.where(problem.signed, -slope, np.abs(slope)) - problem.l1, 0)
    off_zero = np.abs(slope + problem.l1 * np.sign(d) + problem.l2 * d)
    in_columns = np.where((d == 0) & (problem.l2 + problem.l1 + problem.signed > 0), at_zero, off_zero) / norm
    assert np.all(d[problem.signed] >= 0)
    return float(max((outside + off_kink).max() / width.max(), in_columns.max()))


def column_free(seed: int, n: int, k: int) -> CheckLoss:
    """A tiny problem with every kind of coefficient."""
    rng = np.random.default_rng(seed)
    level = rng.choice([0.1, 0.5])
    l1, l2 = rng.choice([0.0, 0.3, 1.0], k), rng.choice([0.0, 0.5, 2.0], k)
    weight = rng.integers(1, 4, n)
    y = rng.integers(-3, 4, n) if seed % 2 else rng.standard_normal(n)
    A = rng.integers(-2, 3, (n, k)) if seed % 3 == 0 else rng.standard_normal((n, k))
    may = rng.random(k) < 0.2
    return CheckLoss(A.astype(float), y.astype(float), weight * level, weight * (1 - level), l1, l2, may)


def test_the_objective_is_the_formula() -> None:
    problem = column_free(1, 5, 3)
    d = np.array([0.5, 1.5, 2.5])
    expected = 0.0
    for i in range(5):
        r = problem.response[i] - sum(problem.rows[i, j] * d[j] for j in range(3))
        expected += problem.up[i] * r if r > 0 else -problem.down[i] * r
    expected += sum(problem.l1[j] * abs(d[j]) + problem.l2[j] * d[j] ** 2 / 2 for j in range(3))
    np.testing.assert_allclose(problem.objective(d), expected, rtol=1e-14)


def test_a_sign_that_is_not_allowed_has_an_infinite_objective() -> None:
    one = np.ones(1)
    assert CheckLoss(np.eye(1), one, one, one, one, one, np.array([True])).objective(-one) == np.inf


@pytest.mark.parametrize("seed", range(6))
def test_the_conjugate_of_the_penalty_is_its_largest_value_on_a_grid(seed: int) -> None:
    problem = column_free(seed, 5, 3)
    rng = np.random.default_rng(seed)
    slope, bound = rng.uniform(-3, 3, 3), rng.uniform(0.5, 2, 3)
    grid = np.linspace(-1, 1, 2001)[:, None] * bound
    values = slope * grid - np.array([problem.penalty(d) for d in grid])
    # The grid's error is second order in its step of 0.002 at most.
    np.testing.assert_allclose(problem.conjugate(slope, bound), values.max(axis=0), atol=4e-6)


@pytest.mark.parametrize("seed", range(6))
def test_the_gap_is_the_difference_of_primal_and_dual_value_and_never_negative(seed: int) -> None:
    problem = draw(seed, 15, 4, "gaussian", "both", 0.3)
    rng = np.random.default_rng(seed)
    # Without the intercept, whose box has its own centre.
    rows, l1, l2 = problem.rows[:, 1:], problem.l1[1:], problem.l2[1:]
    problem = CheckLoss(rows, problem.response, problem.up, problem.down, l1, l2)
    d, theta = rng.standard_normal(4), rng.uniform(-problem.up, problem.down)
    wide = np.full(4, 1e6)
    difference = problem.objective(d) - problem.dual(theta, wide)
    assert difference > 0
    assert 0 < problem.gap(d, theta) <= difference * (1 + 1e-12)
    found = minimise(problem)
    # Strong duality, without any box.
    np.testing.assert_allclose(problem.dual(found.theta, wide * np.inf), problem.objective(found.d), rtol=1e-13)


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_every_kind_of_data_meets_the_optimality_conditions(kind: str, penalty: str, level: float) -> None:
    for seed, (n, k) in enumerate(SHAPES):
        problem = draw(seed, n, k, kind, penalty, level)
        found = minimise(problem)
        fall = null_objective(problem) - problem.objective(found.d)
        # An offset costs the digits that it has more than the noise; a perfect fit leaves only rounding of the null.
        assert problem.gap(found.d, found.theta) <= (1e-11 if kind == "offset" else 1e-12) * fall
        assert violation(problem, found.d, found.theta) < 1e-12
        assert found.iterations < 40


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "units"])
@pytest.mark.parametrize("penalty", ["none", "l1"])
@pytest.mark.parametrize("positive", [False, True])
def test_without_l2_the_minimum_is_that_of_a_linear_program(kind: str, penalty: str, positive: bool) -> None:
    for seed, (n, k) in enumerate(SHAPES):
        problem = draw(seed, n, k, kind, penalty, 0.3, positive)
        found = minimise(problem)
        # HiGHS stops at 1e-7 of feasibility, on a vertex that is usually exact.
        scale = null_objective(problem)
        np.testing.assert_allclose(problem.objective(found.d) / scale, linear_program(problem) / scale, atol=1e-9)
        assert violation(problem, found.d, found.theta) < 1e-12


@pytest.mark.parametrize("seed", range(24))
def test_tiny_problems_reach_the_minimum_over_all_faces(seed: int) -> None:
    problem = column_free(seed, 5, 2) if seed % 2 else column_free(seed, 3, 3)
    found = minimise(problem)
    np.testing.assert_allclose(problem.objective(found.d), enumerated(problem), rtol=1e-12, atol=1e-14)
    assert violation(problem, found.d, found.theta) < 1e-12


@pytest.mark.parametrize(
    ("kind", "n", "k", "seeds"),
    [
        ("sparse", 6, 20, (138, 484, 1352, 1480)),
        ("sparse", 10, 40, (58,)),
        ("sparse", 30, 60, (9, 228)),
        ("binary", 6, 20, (19, 276, 339)),
        ("one ridge", 6, 20, (140, 240)),
        ("one ridge", 30, 60, (61, 136)),
    ],
)
def test_small_problems_that_are_hard_to_follow_end_at_rounding(
    kind: str, n: int, k: int, seeds: tuple[int, ...]
) -> None:
    # Cycling paths, dependent rows, and one ridge for columns of very different units.
    for seed in seeds:
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n, k))
        if kind == "sparse":
            X *= rng.random((n, k)) < 0.1
        if kind == "binary":
            X = (rng.random((n, k)) < 0.2).astype(float)
        if kind == "one ridge":
            X *= 10.0 ** rng.uniform(-6, 6, k)
        y = X[:, :3] @ rng.integers(-3, 4, 3)
        y += rng.integers(-3, 4, n) if kind == "binary" else rng.standard_normal(n)
        strength = 10.0 ** rng.uniform(-3, 0)
        l1 = strength * (rng.random(k) < 0.7) * (np.linalg.norm(X, axis=0) if kind == "one ridge" else 1.0)
        l2 = strength * (rng.random(k) < 0.7)
        up, down = np.full(n, 0.95), np.full(n, 0.05)
        problem = CheckLoss(np.column_stack([np.ones(n), X]), y, up, down, np.append(0, l1), np.append(0, l2))
        found = minimise(problem)
        assert problem.gap(found.d, found.theta) <= 4 * problem.rounding(found.d, found.theta)
        assert found.iterations < 30


def test_rows_at_their_kink_are_at_rounding_and_zeros_are_exact() -> None:
    problem = draw(3, 150, 12, "cauchy", "l1", 0.5)
    found = minimise(problem)
    at = np.abs(found.theta) < 0.5
    r = problem.response - problem.rows @ found.d
    nonzero = np.count_nonzero(found.d)
    assert 1 < nonzero < 13
    # A vertex: as many rows at their kink as coefficients off theirs.
    assert at.sum() == nonzero
    assert np.abs(r[at]).max() < 1e-14
    assert np.abs(r[~at]).min() > 1e-4


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("penalty", ["l1", "l2", "both"])
@pytest.mark.parametrize("positive", [False, True])
def test_without_an_intercept_every_column_may_be_penalised(
    shape: tuple[int, int], penalty: str, positive: bool
) -> None:
    whole = draw(0, *shape, "gaussian", penalty, 0.3, positive)
    for strength in (0.01, 1.0, 100.0):
        l1, l2 = strength * whole.l1[1:], strength * whole.l2[1:]
        problem = CheckLoss(whole.rows[:, 1:], whole.response, whole.up, whole.down, l1, l2, whole.signed[1:])
        found = minimise(problem)
        assert violation(problem, found.d, found.theta) < 1e-12
        assert problem.gap(found.d, found.theta) <= 1e-12 * problem.objective(np.zeros(shape[1]))
        assert found.d.any() == (penalty == "l2" or strength < 100)


def test_a_penalty_above_the_largest_slope_leaves_the_median() -> None:
    problem = draw(0, 61, 5, "gaussian", "l1", 0.5)
    strong = CheckLoss(problem.rows, problem.response, problem.up, problem.down, 6 * problem.l1, problem.l2)
    d = minimise(strong).d
    assert np.all(d[1:] == 0)
    assert d[0] == pytest.approx(np.median(problem.response), rel=1e-15)


def test_identical_columns_share_the_coefficient_of_one() -> None:
    problem = draw(1, 60, 4, "duplicates", "l1", 0.5)
    single = CheckLoss(problem.rows[:, :3], problem.response, problem.up, problem.down, problem.l1[:3], np.zeros(3))
    d, expected = minimise(problem).d, minimise(single).d
    np.testing.assert_allclose(d[1:3] + d[3:], expected[1:], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("penalty", ["l1", "both", "mixed"])
def test_units_of_columns_and_response_do_not_matter(penalty: str) -> None:
    problem = draw(2, 60, 12, "gaussian", penalty, 0.3)
    expected = minimise(problem).d
    unit = 10.0 ** np.random.default_rng(0).uniform(-6, 6, 13)
    for scale in (1e-8, 1.0, 1e8):
        other = CheckLoss(
            problem.rows * unit,
            problem.response * scale,
            problem.up,
            problem.down,
            problem.l1 * unit,
            problem.l2 * unit**2 / scale,
        )
        d = minimise(other).d * unit / scale
        assert np.array_equal(d == 0, expected == 0)
        np.testing.assert_allclose(d, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("penalty", ["none", "both"])
def test_a_weight_is_a_number_of_repetitions_and_zero_is_none(penalty: str) -> None:
    problem = draw(4, 30, 4, "gaussian", penalty, 0.3)
    times = np.arange(30) % 3
    weighted = CheckLoss(
        problem.rows, problem.response, times * problem.up, times * problem.down, problem.l1, problem.l2
    )
    repeated = CheckLoss(
        *(np.repeat(part, times, axis=0) for part in (problem.rows, problem.response, problem.up, problem.down)),
        problem.l1,
        problem.l2,
    )
    found = minimise(weighted)
    np.testing.assert_allclose(found.d, minimise(repeated).d, rtol=1e-11, atol=1e-13)
    assert np.all(found.theta[times == 0] == 0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_sparse_rows_give_the_same_and_are_never_dense_as_a_whole(
    shape: tuple[int, int], penalty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    n, k = shape
    problem = draw(5, n, k, "gaussian", penalty, 0.3)
    problem.rows[:, 1:] *= np.random.default_rng(0).random((n, k)) < 0.2
    if penalty == "none" and k > n:
        return  # the answer is not unique
    found = minimise(problem)
    dense, to_dense = [], sparse.csc_array.toarray

    def spy(self: sparse.csc_array) -> np.ndarray:
        dense.append(self.shape)
        return np.asarray(to_dense(self))

    monkeypatch.setattr(sparse.csc_array, "toarray", spy)
    rows = sparse.csc_array(problem.rows)
    other = minimise(CheckLoss(rows, problem.response, problem.up, problem.down, problem.l1, problem.l2))
    np.testing.assert_allclose(other.d, found.d, rtol=1e-9, atol=1e-11)
    assert dense
    assert (n, k + 1) not in dense


def test_a_large_offset_leaves_the_gap_at_its_rounding() -> None:
    plain = draw(6, 150, 12, "gaussian", "both", 0.3)
    for offset in (1e4, 1e6, 1e8):
        y = plain.response + offset
        problem = CheckLoss(plain.rows, y, plain.up, plain.down, plain.l1, plain.l2)
        found = minimise(problem)
        assert problem.gap(found.d, found.theta) <= 4 * problem.rounding(found.d, found.theta)
        # The offset keeps about offset * eps of the response, and so do the coefficients.
        same = minimise(CheckLoss(plain.rows, y - offset, plain.up, plain.down, plain.l1, plain.l2))
        np.testing.assert_allclose(found.d[1:], same.d[1:], atol=1e-14 * offset)


@pytest.mark.parametrize("penalty", ["none", "l1", "l2"])
def test_moving_an_outlier_further_out_changes_nothing(penalty: str) -> None:
    problem = draw(6, 150, 12, "gaussian", penalty, 0.5)
    problem.response[3] = 1e3
    expected = minimise(problem).d
    for value in (1e6, 1e12, 1e100):
        problem.response[3] = value
        np.testing.assert_allclose(minimise(problem).d, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_a_coefficient_that_nothing_holds_at_its_bound_is_zero(seed: int) -> None:
    problem = draw(seed, 50, 4, "integer", "l2", 0.5, positive=True)
    # The intercept makes the slope of a constant column zero; its ridge alone decides.
    problem.rows[:, 1] = 3.0
    found = minimise(problem)
    assert 0 <= found.d[1] < 1e-12
    assert problem.gap(found.d, found.theta) <= 1e-12 * null_objective(problem)


def test_columns_of_zeros_get_zero() -> None:
    problem = draw(7, 60, 4, "gaussian", "mixed", 0.5)
    problem.rows[:, 1:4] = 0
    found = minimise(problem)
    assert np.all(found.d[1:4] == 0)
    assert problem.gap(found.d, found.theta) < 1e-13


def test_a_response_of_zeros_gives_zeros() -> None:
    problem = draw(8, 20, 3, "gaussian", "both", 0.5)
    found = minimise(CheckLoss(problem.rows, np.zeros(20), problem.up, problem.down, problem.l1, problem.l2))
    np.testing.assert_allclose(found.d, 0, atol=1e-15)


def test_without_columns_or_weights_nothing_is_to_be_done() -> None:
    y, half, none = np.array([-1.0, 0.0, 2.0]), np.full(3, 0.5), np.zeros(0)
    found = minimise(CheckLoss(np.empty((3, 0)), y, half, half, none, none))
    assert found.d.shape == (0,)
    assert list(found.theta) == [0.5, 0.0, -0.5]
    found = minimise(CheckLoss(np.ones((3, 2)), y, 0 * half, 0 * half, np.zeros(2), np.ones(2)))
    assert list(found.d) == [0, 0]
    assert list(found.theta) == [0, 0, 0]


def test_a_limit_on_the_steps_gives_back_a_feasible_point_and_an_honest_gap() -> None:
    problem = draw(9, 150, 12, "cauchy", "both", 0.3)
    best = problem.objective(minimise(problem).d)
    gaps = []
    for limit in (0, 2, 5):
        found = minimise(problem, limit)
        assert found.iterations == limit
        assert np.all((found.theta >= -problem.up) & (found.theta <= problem.down))
        excess = problem.objective(found.d) - best
        gaps.append(problem.gap(found.d, found.theta))
        assert 1e-6 * best < excess <= gaps[-1]
    assert gaps[2] < 0.5 * gaps[1] < 0.5 * gaps[0]
