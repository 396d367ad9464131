"""The exact lasso path against scikit-learn, closed forms, and the optimality conditions taken from the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import linalg, optimize
from sklearn.linear_model import lars_path, lasso_path

from bayesreg.errors import InputError, NotIdentifiedError
from bayesreg.numerics import lasso_knots
from bayesreg.numerics.lasso_knots import Knots, find_knots

Case = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def follow(A: np.ndarray, b: np.ndarray, l1: np.ndarray, l2: np.ndarray, **options: Any) -> Knots:
    return find_knots(A.T @ A, A.T @ b, l1, l2, **options)


def draw(kind: str, seed: int) -> Case:
    """Return rows, response and penalties of a kind that tries something of the path."""
    rng = np.random.default_rng([seed, *kind.encode()])
    n, p = (10, 25) if kind == "wide" else (25, 10)
    A = rng.standard_normal((n, p))
    b = A[:, 0] - A[:, 3] + 0.5 * rng.standard_normal(n)
    l1, l2 = np.ones(p), np.zeros(p)
    if kind == "correlated":
        A = A @ (np.eye(p) + rng.uniform(-1, 1, (p, p)))
    elif kind == "whole numbers":
        A, b = rng.integers(-1, 2, (8, p)).astype(float), rng.integers(-3, 4, 8).astype(float)
    elif kind == "repeated columns":
        A = A[:, rng.integers(0, 5, p)] * rng.choice([-1.0, 1.0], p)
    elif kind == "sums of columns":
        A = A[:, :4] @ rng.integers(-1, 2, (4, p))
    elif kind == "scaled columns":
        unit = 10 ** rng.uniform(-6, 6, p)
        A, l1 = A * unit, unit
    elif kind == "scaled response":
        b = 1e8 * b
    elif kind == "penalty each":
        l1 = 10 ** rng.uniform(-2, 2, p)
    elif kind == "some unpenalised":
        l1 = np.where(np.arange(p) % 4 == 0, 0.0, rng.uniform(0.5, 2, p))
        A[:, 4] = A[:, 0] - 2 * A[:, 8]  # one of which the others span
    elif kind == "ridge too":
        l2 = rng.choice([0.0, 3.0], p)
        A[:, 1] = 0.0
    elif kind == "powers":
        A = np.vander(np.linspace(-1, 1, n), p, increasing=True)
        b = np.sin(3 * A[:, 1]) + 0.1 * rng.standard_normal(n)
    return A, b, l1, l2


KINDS = [
    *("tall", "wide", "correlated", "whole numbers", "repeated columns", "sums of columns", "scaled columns"),
    *("scaled response", "penalty each", "some unpenalised", "ridge too", "powers"),
]


def distance(case: Case, s: float, d: np.ndarray) -> float:
    """Distance to the optimality conditions, from the rows, for unit columns as a share of the largest |c|."""
    A, b, l1, l2 = case
    pull = A.T @ (b - A @ d) - l2 * d
    unit = np.sqrt((A * A).sum(axis=0) + l2)
    unit[unit == 0] = 1.0
    off = np.where(d == 0, np.maximum(np.abs(pull) - s * l1, 0), np.abs(pull - s * l1 * np.sign(d)))
    return float(np.max(off / unit) / np.max(np.abs(A.T @ b) / unit))


def between(knots: Knots, seed: int, size: int = 30) -> np.ndarray:
    """Strengths that the path covers, evenly and on a log scale down to 1e-6, and above its first."""
    rng = np.random.default_rng(seed)
    top, end = knots.strength[0], knots.strength[-1]
    return end + (top - end) * np.concatenate([rng.uniform(0, 1.2, size), 10 ** rng.uniform(-6, 0, size)])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", KINDS)
def test_at_knots_and_between_them_the_optimality_conditions_hold(kind: str, seed: int) -> None:
    case = draw(kind, seed)
    knots = follow(*case)
    assert knots.end == "reached"
    assert knots.strength[-1] == 0
    assert np.all(np.diff(knots.strength) < 0)
    assert knots.kkt < 1e-10
    for s in (*knots.strength, *between(knots, seed)):
        assert distance(case, s, knots.at(s)) < 1e-10


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", KINDS)
def test_no_repair_is_needed(kind: str, seed: int) -> None:
    assert follow(*draw(kind, seed)).repairs == 0


@pytest.mark.parametrize(
    ("kind", "seed"), [(kind, seed) for kind in ("tall", "wide", "correlated") for seed in range(4)]
)
def test_knots_and_solutions_are_those_of_lars(kind: str, seed: int) -> None:
    A, b, l1, l2 = draw(kind, seed)
    knots = follow(A, b, l1, l2)
    alphas, _, coefs = lars_path(A, b, method="lasso")
    # A wide path ends, for LARS, at the last knot above 0.
    k = alphas.size - (alphas[-1] < 1e-9 * alphas[0])
    assert k >= knots.strength.size - 2
    np.testing.assert_allclose(knots.strength[:k], len(b) * alphas[:k], rtol=1e-9, atol=1e-10 * knots.strength[0])
    np.testing.assert_allclose(knots.coef[:k], coefs.T[:k], rtol=0, atol=1e-9)
    assert np.array_equal(knots.coef[: k - 1] != 0, np.abs(coefs.T[: k - 1]) > 1e-12)


def test_on_a_grid_the_solutions_are_those_of_coordinate_descent() -> None:
    A, b, l1, l2 = draw("tall", 0)
    knots = follow(A, b, l1, l2)
    grid = np.geomspace(knots.strength[0], 1e-2 * knots.strength[0], 12)
    _, coefs, _ = lasso_path(A, b, alphas=grid / len(b), tol=1e-13, max_iter=100_000)
    # The square root of its gap tolerance bounds the error of the peer.
    np.testing.assert_allclose(knots.at(grid), coefs.T, rtol=0, atol=1e-6)


def test_orthogonal_columns_enter_where_the_closed_form_says() -> None:
    rng = np.random.default_rng(3)
    A = linalg.qr(rng.standard_normal((20, 6)), mode="economic")[0]
    b, l1 = rng.standard_normal(20), rng.uniform(0.5, 2.0, 6)
    c = A.T @ b
    knots = follow(A, b, l1, np.zeros(6))
    order = np.argsort(-np.abs(c) / l1)
    np.testing.assert_allclose(knots.strength[:-1], (np.abs(c) / l1)[order], rtol=1e-13)
    assert np.array_equal(knots.event_feature, order)
    assert np.array_equal(knots.event_knot, np.arange(6))
    assert np.all(knots.event_kind == 1)
    for s in (0.0, 0.1, 0.4, 2.0):
        expected = np.sign(c) * np.maximum(np.abs(c) - s * l1, 0)
        np.testing.assert_allclose(knots.at(s), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("turned", [False, True])
def test_several_events_at_one_strength_are_one_knot(turned: bool) -> None:
    A = np.eye(60)
    if turned:  # then the events differ by rounding
        A = linalg.qr(np.random.default_rng(0).standard_normal((60, 60)))[0]
    c = np.repeat([4.0, -4.0, 2.0, 1.0], [10, 20, 20, 10])
    knots = follow(A, A @ c, np.ones(60), np.zeros(60))
    np.testing.assert_allclose(knots.strength, [4.0, 2.0, 1.0, 0.0], rtol=1e-14)
    assert knots.event_knot.tolist() == [0] * 30 + [1] * 20 + [2] * 10
    assert knots.event_feature.tolist() == list(range(60))
    np.testing.assert_allclose(knots.coef[-1], c, rtol=1e-14)
    assert knots.repairs == 0


@pytest.mark.parametrize("seed", range(4))
def test_in_two_copies_of_a_problem_all_happens_twice(seed: int) -> None:
    A, b, l1, l2 = draw("correlated", seed)
    once = follow(A, b, l1, l2)
    twice = follow(linalg.block_diag(A, A), np.tile(b, 2), np.tile(l1, 2), np.tile(l2, 2))
    assert twice.repairs == 0
    for j in range(10):
        np.testing.assert_allclose(twice.visits(j), once.visits(j), rtol=1e-8)
        np.testing.assert_allclose(twice.visits(10 + j), once.visits(j), rtol=1e-8)
    for s in (*once.strength, *between(once, seed)):
        np.testing.assert_allclose(twice.at(s), np.tile(once.at(s), 2), rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", range(10))
def test_a_column_that_stays_at_its_bound_does_not_enter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((9, 2))
    # Both are at their bounds at the first knot, and the gradients of both fall in proportion to s.
    c = A.T @ A[:, 0]
    knots = follow(A, A[:, 0], np.abs(c), np.zeros(2))
    assert (knots.event_feature.tolist(), knots.repairs) == ([0], 0)
    np.testing.assert_allclose(knots.at(0.25), [0.75, 0.0], rtol=0, atol=1e-15)


def test_a_small_strength_does_not_get_the_rounding_of_a_large_one() -> None:
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((9, 2)), rng.standard_normal(9)
    l1 = np.array([1e7, 1e-7])
    knots = follow(A, b, l1, np.zeros(2))
    assert knots.strength.size == 3
    assert distance((A, b, l1, np.zeros(2)), knots.strength[1], knots.coef[1]) < 1e-14


def test_rounding_does_not_build_up_along_a_long_path() -> None:
    rng = np.random.default_rng(0)
    A = rng.standard_normal((60, 150)) + rng.standard_normal((60, 1))
    case = (A, rng.standard_normal(60), np.ones(150), np.zeros(150))
    knots = follow(*case)
    assert knots.strength.size > 80
    # Rounding of the Gram matrix times the condition number of the last supports, some 1e3.
    assert max(distance(case, s, d) for s, d in zip(knots.strength, knots.coef, strict=True)) < 1e-13
    assert knots.repairs == 0


@pytest.mark.parametrize("p", range(1, 8))
def test_the_longest_path_has_the_number_of_segments_that_is_proven(p: int) -> None:
    """Mairal & Yu (2012, theorem 1): (3^p + 1)/2, by appending a column that runs the path backwards and forwards."""
    X, y = np.ones((1, 1)), np.ones(1)
    for q in range(1, p):
        last = follow(X, y, np.ones(q), np.zeros(q)).strength[-2]
        a = 0.5 * last / (2 * y @ y + 1)
        X = np.block([[X, 2 * a * y[:, None]], [np.zeros((1, q)), np.full((1, 1), a)]])
        y = np.append(y, 1.0)
    knots = follow(X, y, np.ones(p), np.zeros(p))
    assert knots.strength.size == (3**p + 1) // 2
    assert knots.end == "reached"
    # Each sign pattern but the opposites of those seen before, once.
    patterns = {tuple(row) for row in np.sign(0.5 * (knots.coef[1:] + knots.coef[:-1]))}
    assert len(patterns) == knots.strength.size - 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["wide", "correlated", "penalty each", "ridge too", "whole numbers"])
def test_a_coefficient_is_not_zero_exactly_during_its_visits(kind: str, seed: int) -> None:
    knots = follow(*draw(kind, seed))
    middle = 0.5 * (knots.strength[1:] + knots.strength[:-1])
    inside = np.zeros((middle.size, knots.coef.shape[1]), dtype=bool)
    for j in range(knots.coef.shape[1]):
        for entered, left in knots.visits(j):
            inside[:, j] |= (middle < entered) & ~(middle < left)
    assert np.array_equal(knots.at(middle) != 0, inside)


def test_coefficients_leave_and_come_back_and_are_zero_where_they_do() -> None:
    knots = follow(*draw("correlated", 1))
    left = knots.event_kind < 0
    assert left.any()
    assert max(len(knots.visits(j)) for j in range(10)) > 1
    assert np.all(knots.coef[knots.event_knot, knots.event_feature] == 0)
    assert np.count_nonzero(knots.event_kind == 1) - np.count_nonzero(left) == np.count_nonzero(knots.coef[-1])


def test_of_identical_columns_one_does_the_work_of_both() -> None:
    A, b, l1, l2 = draw("tall", 2)
    once = follow(A, b, l1, l2)
    twice = follow(np.column_stack([A, A]), np.append(b, []), np.ones(20), np.zeros(20))
    np.testing.assert_allclose(twice.strength, once.strength, rtol=1e-12)
    for s in between(once, 0):
        d = twice.at(s)
        np.testing.assert_allclose(d[:10] + d[10:], once.at(s), rtol=0, atol=1e-12)
        assert not np.any((d[:10] != 0) & (d[10:] != 0))


def test_units_of_columns_and_response_change_nothing_else() -> None:
    A, b, l1, l2 = draw("correlated", 3)
    unit = 10.0 ** np.linspace(-6, 6, 10)
    plain, scaled = follow(A, b, l1, l2), follow(A * unit, 1e5 * b, unit, l2)
    assert np.array_equal(scaled.event_feature, plain.event_feature)
    # Ill conditioned: rounding of the two Gram matrices moves the knots by their condition number.
    np.testing.assert_allclose(scaled.strength, 1e5 * plain.strength, rtol=1e-8, atol=1e-10 * scaled.strength[0])
    for s in between(plain, 0):
        np.testing.assert_allclose(scaled.at(1e5 * s) * unit / 1e5, plain.at(s), rtol=0, atol=1e-8)


def test_a_fixed_ridge_is_rows_of_its_own() -> None:
    A, b, l1, l2 = draw("ridge too", 4)
    A[:, 1] = A[:, 2]
    rows = np.vstack([A, np.diag(np.sqrt(l2))])
    other = follow(rows, np.append(b, np.zeros(10)), l1, np.zeros(10))
    knots = follow(A, b, l1, l2)
    np.testing.assert_allclose(knots.strength, other.strength, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(knots.coef, other.coef, rtol=0, atol=1e-12)


def test_unpenalised_coefficients_are_always_in() -> None:
    A, b, l1, l2 = draw("some unpenalised", 0)
    knots = follow(A, b, l1, l2)
    fit = np.linalg.lstsq(A[:, [0, 8]], b, rcond=None)[0]
    pull = np.abs(A.T @ (b - A[:, [0, 8]] @ fit))[l1 > 0] / l1[l1 > 0]
    np.testing.assert_allclose(knots.strength[0], pull.max(), rtol=1e-12)
    np.testing.assert_allclose(A @ knots.coef[0], A[:, [0, 8]] @ fit, rtol=0, atol=1e-12)
    free = np.flatnonzero(l1 == 0)
    assert np.count_nonzero(np.all(knots.coef[:, free] != 0, axis=0)) == 2
    assert np.count_nonzero(np.all(knots.coef[:, free] == 0, axis=0)) == 1
    assert not np.isin(knots.event_feature, free).any()
    assert knots.visits(0).shape == (0, 2)


def test_for_more_rows_than_columns_the_path_ends_in_least_squares() -> None:
    A, b, l1, l2 = draw("tall", 5)
    np.testing.assert_allclose(follow(A, b, l1, l2).coef[-1], np.linalg.lstsq(A, b, rcond=None)[0], atol=1e-13)


@pytest.mark.parametrize("seed", range(3))
def test_for_more_columns_than_rows_it_ends_in_the_interpolation_of_least_norm(seed: int) -> None:
    A, b, _, l2 = draw("wide", seed)
    l1 = np.random.default_rng(seed).uniform(0.5, 2.0, 25)
    d = follow(A, b, l1, l2).coef[-1]
    best = optimize.linprog(np.tile(l1, 2), A_eq=np.hstack([A, -A]), b_eq=b)
    np.testing.assert_allclose(A @ d, b, rtol=0, atol=1e-12)
    np.testing.assert_allclose(l1 @ np.abs(d), best.fun, rtol=1e-9)


def test_the_path_stops_where_it_is_told_to() -> None:
    case = draw("correlated", 0)
    whole = follow(*case)
    s_min = 0.3 * whole.strength[0]
    part = follow(*case, s_min=s_min)
    assert (part.end, part.strength[-1]) == ("reached", s_min)
    np.testing.assert_allclose(part.coef[-1], whole.at(s_min), rtol=0, atol=1e-13)
    short = follow(*case, max_knots=4)
    assert (short.end, short.strength.size) == ("max_knots", 4)
    np.testing.assert_allclose(short.strength, whole.strength[:4], rtol=1e-13)
    with pytest.raises(InputError, match=r"strength must be at least .*max_knots"):
        short.at(0.5 * short.strength[-1])
    with pytest.raises(InputError, match="strength must be at least"):
        whole.at(np.nan)


def test_above_the_first_knot_and_for_many_strengths_at_once() -> None:
    knots = follow(*draw("tall", 1))
    assert not knots.at(2 * knots.strength[0]).any()
    assert not knots.at(np.inf).any()
    grid = np.linspace(0, knots.strength[0], 6).reshape(2, 3)
    assert knots.at(grid).shape == (2, 3, 10)
    assert np.array_equal(knots.at(grid)[1, 0], knots.at(grid[1, 0]))
    assert np.array_equal(knots.at(knots.strength), knots.coef)


@pytest.mark.parametrize("options", [{"s_min": -1.0}, {"s_min": np.nan}, {"s_min": np.inf}, {"max_knots": 1}])
def test_impossible_limits_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="s_min must be at least 0 and max_knots at least 2"):
        find_knots(np.eye(2), np.ones(2), np.ones(2), np.zeros(2), **options)


@pytest.mark.parametrize("s_min", [0.0, 2.0])
def test_a_path_that_never_leaves_zero_is_one_knot(s_min: float) -> None:
    knots = find_knots(np.eye(2), np.zeros(2) if s_min == 0 else np.ones(2), np.ones(2), np.zeros(2), s_min=s_min)
    assert knots.strength.tolist() == [s_min]
    assert knots.at([s_min, s_min + 1]).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert (knots.end, knots.event_feature.size) == ("reached", 0)


def test_without_an_l1_penalty_the_path_is_the_closed_form_everywhere() -> None:
    A, b, _, _ = draw("tall", 0)
    knots = follow(A, b, np.zeros(10), np.ones(10))
    assert knots.strength.tolist() == [0.0]
    np.testing.assert_allclose(knots.at(3.0), np.linalg.solve(A.T @ A + np.eye(10), A.T @ b), rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_nearly_collinear_unpenalised_columns_are_solved_for_to_rounding(seed: int) -> None:
    A, b, l1, l2 = draw("tall", seed)
    A[:, 1] = A[:, 0] + 1e-4 * A[:, 1]
    l1[:2] = 0.0
    knots = follow(A, b, l1, l2)
    assert (knots.end, knots.repairs) == ("reached", 0)
    # c - G d is a difference of terms of the size of d, some 1e4.
    assert distance((A, b, l1, l2), knots.strength[0], knots.coef[0]) < 1e-11


def test_an_unpenalised_part_without_a_solution_is_an_error() -> None:
    with pytest.raises(NotIdentifiedError, match="coefficients with l1 = 0 have no solution"):
        find_knots(np.ones((2, 2)), np.array([1.0, 0.0]), np.zeros(2), np.zeros(2))


@pytest.mark.parametrize("kind", ["wide", "correlated", "whole numbers", "some unpenalised"])
def test_the_size_of_the_blocks_changes_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = draw(kind, 1)
    whole = follow(*case)
    monkeypatch.setattr(lasso_knots, "_BLOCK", 3)
    parts = follow(*case)
    assert np.array_equal(parts.event_feature, whole.event_feature)
    assert np.array_equal(parts.event_knot, whole.event_knot)
    np.testing.assert_allclose(parts.coef, whole.coef, rtol=0, atol=1e-10)


def spoil(monkeypatch: pytest.MonkeyPatch, where: slice, zeros: bool) -> None:
    """Let the homotopy go wrong once in some of its knots, in the coefficients that are 0 there or in the others."""
    honest, calls = lasso_knots._Problem.follow, []

    def spoiled(self: Any, here: Any, s_min: float, room: int) -> Any:
        rows, status = honest(self, here, s_min, room)
        if room > 0 and not calls:
            calls.append(room)
            rows.coef[where] += 1e-6 * ((rows.coef[where] == 0) == zeros)
        return rows, status

    monkeypatch.setattr(lasso_knots._Problem, "follow", spoiled)


@pytest.mark.parametrize("kind", ["tall", "wide", "correlated", "some unpenalised", "ridge too", "scaled columns"])
def test_where_the_homotopy_goes_wrong_the_path_is_repaired(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = draw(kind, 0)
    whole = follow(*case)
    spoil(monkeypatch, slice(3, None), zeros=False)
    repaired = follow(*case)
    assert (repaired.repairs, repaired.end) == (1, "reached")
    assert np.array_equal(repaired.event_feature, whole.event_feature)
    for s in (*whole.strength, *between(whole, 0)):
        assert distance(case, s, repaired.at(s)) < 1e-10


def test_a_coefficient_that_is_not_zero_outside_its_visits_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    c = np.array([4.0, 3.0, 2.0, 1.0])
    spoil(monkeypatch, slice(1, 2), zeros=True)
    knots = find_knots(np.eye(4), c, np.ones(4), np.zeros(4))
    assert knots.repairs == 1
    np.testing.assert_allclose(knots.at(2.5), [1.5, 0.5, 0.0, 0.0], rtol=1e-13)
    assert knots.at(2.5)[2:].tolist() == [0.0, 0.0]


def test_the_point_where_blocks_meet_is_the_one_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    case = draw("correlated", 0)
    whole = follow(*case)
    spoil(monkeypatch, slice(0, 1), zeros=True)
    np.testing.assert_allclose(follow(*case).coef, whole.coef, rtol=0, atol=1e-12)


def test_a_path_that_cannot_be_repaired_ends_where_it_is_still_right(monkeypatch: pytest.MonkeyPatch) -> None:
    case = draw("correlated", 0)
    whole = follow(*case)
    spoil(monkeypatch, slice(3, None), zeros=False)
    monkeypatch.setattr(lasso_knots, "minimise", lambda G, c, penalty, d, scale, cycles: (d + 1e-6, cycles))
    lost = follow(*case)
    assert (lost.end, lost.repairs) == ("lost", 0)
    np.testing.assert_allclose(lost.strength, whole.strength[:3], rtol=1e-13)
    for s in between(lost, 0):
        assert distance(case, s, lost.at(s)) < 1e-10


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("gap", 10.0 ** np.arange(-12, -2))
def test_columns_too_alike_for_their_gram_matrix_are_never_passed_over_in_silence(gap: float, seed: int) -> None:
    rng = np.random.default_rng([seed, round(-np.log10(gap))])
    A = rng.standard_normal((20, 4))
    A = np.column_stack([A, A + gap * rng.standard_normal((20, 4))])
    G, c = A.T @ A, A.T @ rng.standard_normal(20)
    l1 = rng.choice([0.0, 1.0, 2.0], 8)
    try:
        knots = find_knots(G, c, l1, np.zeros(8))
    except NotIdentifiedError:
        assert np.count_nonzero(l1 == 0) > 1
        return
    assert knots.end == "reached" or gap < 1e-5
    unit = np.sqrt(np.diag(G))
    for s in (*knots.strength, *between(knots, 0)):
        d = knots.at(s)
        # From the Gram matrix: it is the problem that was posed.
        pull = c - G @ d
        off = np.where(d == 0, np.maximum(np.abs(pull) - s * l1, 0), np.abs(pull - s * l1 * np.sign(d)))
        assert np.max(off / unit) <= 1.1e-8 * np.max(np.abs(c) / unit)
