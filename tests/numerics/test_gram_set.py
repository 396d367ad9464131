"""A growing Gram matrix: its entries are those of the rows, and its path ends at the minimum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bayesreg.data.columns import Columns
from bayesreg.groups import Groups
from bayesreg.numerics.gram_set import GramSet, gram_set_path
from bayesreg.numerics.least_squares import LeastSquares
from bayesreg.penalty import Penalty

STRENGTHS = np.array([1.0, 0.3, 0.05])


def draw(
    n: int, p: int, penalty: Penalty, *, weighted: bool = False, extra: bool = False, order: str = "C", seed: int = 0
) -> tuple[LeastSquares, np.ndarray, np.ndarray]:
    """Return the problem, and its rows and response with the weights and the extra row in them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1)) + 3.0
    b = X[:, :3] @ [1.0, -2.0, 0.5] + 0.3 * rng.standard_normal(n)
    weight = np.arange(n) % 3.0 if weighted else np.ones(n)
    mean = weight @ X / weight.sum()
    b -= weight @ b / weight.sum()
    A = np.sqrt(weight)[:, None] * (X - mean)
    row, target = (rng.standard_normal(p), 0.5) if extra else (None, 0.0)
    ls = LeastSquares(
        Columns(np.asarray(X, order=order), mean),
        weight if weighted else None,
        b,
        penalty,
        np.linalg.norm(A, axis=0),
        lambda: A.T @ A,
        row,
        target,
    )
    b = np.sqrt(weight) * b
    return ls, np.vstack([A, row]) if extra else A, np.append(b, target) if extra else b


def worst(penalty: Penalty, A: np.ndarray, b: np.ndarray, d: np.ndarray) -> float:
    """Largest KKT distance as a cosine."""
    distance = penalty.subdifferential_distance(d, A.T @ (A @ d - b))
    return float(np.max(distance / np.linalg.norm(A, axis=0) / np.linalg.norm(b)))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("extra", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_set_holds_the_products_of_its_columns(weighted: bool, extra: bool, order: str) -> None:
    ls, A, b = draw(12, 150, Penalty(np.ones(150), np.zeros(150)), weighted=weighted, extra=extra, order=order)
    work = GramSet(ls)
    for new in ([5, 2], [], [100], np.arange(20, 99), [0, 1]):
        work.add(np.array(new, dtype=np.intp))
    assert work.index[:3].tolist() == [5, 2, 100]
    assert work.size == 84
    inside = A[:, work.index]
    np.testing.assert_allclose(work.gram[: work.size, : work.size], inside.T @ inside, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(work.cross, inside.T @ b, rtol=1e-11, atol=1e-12)
    rng = np.random.default_rng(1)
    for kept in (1.0, 0.1):
        d = rng.standard_normal(84) * (rng.random(84) < kept)
        np.testing.assert_allclose(work.gradient(d), A.T @ (inside @ d - b), rtol=1e-10, atol=1e-11)


LASSO = Penalty(np.full(150, 1.0), np.zeros(150))
PENALTIES = {
    "lasso": LASSO,
    "net": Penalty(np.full(150, 1.0), np.full(150, 0.5)),
    "ridge": Penalty(np.zeros(150), np.full(150, 0.5)),
    "some free": Penalty(np.where(np.arange(150) % 50 == 7, 0.0, 1.0), np.zeros(150)),
    "signs": Penalty(np.full(150, 1.0), np.zeros(150), positive=np.arange(150) % 2 == 0),
    "groups": Penalty(np.zeros(150), np.zeros(150), Groups(np.arange(150) // 3, np.full(50, 2.0), np.ones(150))),
}


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize(("n", "weighted", "extra"), [(30, False, False), (300, True, True), (30, True, True)])
def test_every_point_of_a_path_meets_the_conditions(name: str, n: int, weighted: bool, extra: bool) -> None:
    penalty = PENALTIES[name]
    ls, A, b = draw(n, 150, penalty, weighted=weighted, extra=extra)
    for strength, (d, cycles) in zip(STRENGTHS, gram_set_path(ls, STRENGTHS, None, 10_000), strict=True):
        assert worst(penalty.scaled(strength), A, b, d) < 1e-12
        assert 0 < cycles < 2000
        assert np.all(d[penalty.constrained] >= 0)


@pytest.mark.parametrize("name", PENALTIES)
def test_any_start_leads_to_the_same_point(name: str) -> None:
    ls, _, _ = draw(40, 150, PENALTIES[name], seed=1)
    (cold, _), *_ = gram_set_path(ls, STRENGTHS[1:2], None, 10_000)
    rng = np.random.default_rng(0)
    for start in (np.zeros(150), rng.standard_normal(150), cold):
        kept = start.copy()
        (warm, cycles), *_ = gram_set_path(ls, STRENGTHS[1:2], start, 10_000)
        np.testing.assert_allclose(warm, cold, rtol=1e-8, atol=1e-10)
        assert np.array_equal(warm == 0, cold == 0)
        assert np.array_equal(start, kept)
    assert cycles <= 3


def test_signs_without_a_penalty_reach_the_minimum_of_nnls() -> None:
    zero = np.zeros(100)
    ls, A, b = draw(40, 100, Penalty(zero, zero, positive=np.ones(100, dtype=bool)))
    (d, _), *_ = gram_set_path(ls, np.ones(1), None, 10_000)
    expected, norm = optimize.nnls(A, b)
    np.testing.assert_allclose(np.linalg.norm(A @ d - b), norm, rtol=1e-9, atol=1e-12 * np.linalg.norm(b))
    np.testing.assert_allclose(d, expected, rtol=1e-7, atol=1e-10)


def test_only_columns_in_use_or_nearly_so_are_copied() -> None:
    ls, _, _ = draw(50, 4000, Penalty(np.ones(4000), np.zeros(4000)))
    strongest = float(np.abs(ls.cross).max())
    (empty, _), (few, _) = gram_set_path(ls, np.array([strongest * (1 + 1e-9), 0.5 * strongest]), None, 1000)
    assert np.all(empty == 0)
    assert 0 < np.count_nonzero(few) < 50


def test_the_number_of_cycles_is_bounded() -> None:
    ls, _, _ = draw(30, 150, LASSO)
    (_, cycles), *_ = gram_set_path(ls, np.array([1e-4]), np.zeros(150), 5)
    assert cycles <= 5
