"""The path on sparse columns against the one on their dense copy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, sparse

from bayesreg.data.columns import Columns
from bayesreg.numerics.gram_set import gram_set_path
from bayesreg.numerics.least_squares import LeastSquares
from bayesreg.numerics.sparse_set import sparse_set_path
from bayesreg.penalty import Penalty

STRENGTHS = np.array([3.0, 1.0, 0.2])


def draw(
    n: int, p: int, penalty: Penalty, *, weighted: bool = False, centred: bool = True, seed: int = 0
) -> tuple[LeastSquares, LeastSquares]:
    """Return the same problem with sparse and with dense columns; one of the columns and one of the rows is empty."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.3)
    X[:, 10], X[4] = 0.0, 0.0
    b = X[:, :3] @ [1.0, -2.0, 0.5] + 0.3 * rng.standard_normal(n)
    weight = np.arange(n) % 3.0 if weighted else None
    mean = np.average(X, axis=0, weights=weight) if centred else None
    b = b - np.average(b, weights=weight) if centred else b
    root = np.ones(n) if weight is None else np.sqrt(weight)
    A = root[:, None] * (X if mean is None else X - mean)
    norm = np.linalg.norm(A, axis=0)

    def problem(columns: Columns) -> LeastSquares:
        return LeastSquares(columns, weight, b, penalty, norm, lambda: A.T @ A)

    return problem(Columns(sparse.csc_array(X), mean)), problem(Columns(X, mean))


PENALTIES = {
    "lasso": Penalty(np.full(120, 0.5), np.zeros(120)),
    "net": Penalty(np.full(120, 0.5), np.full(120, 0.5)),
    "ridge": Penalty(np.zeros(120), np.full(120, 0.5)),
    "some free": Penalty(np.where(np.arange(120) % 50 == 7, 0.0, 0.5), np.zeros(120)),
    "signs": Penalty(np.full(120, 0.5), np.zeros(120), positive=np.arange(120) % 2 == 0),
}


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize(("n", "weighted"), [(40, False), (300, True)])
def test_it_is_that_of_the_dense_copy(name: str, centred: bool, n: int, weighted: bool) -> None:
    stored, dense = draw(n, 120, PENALTIES[name], weighted=weighted, centred=centred)
    theirs = list(gram_set_path(dense, STRENGTHS, None, 10_000))
    ours = list(sparse_set_path(stored, STRENGTHS, None, 10_000))
    for (d, cycles), (expected, _) in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(d, expected, rtol=1e-8, atol=1e-10)
        assert np.array_equal(d == 0, expected == 0)
        assert cycles < 2000


def test_any_start_leads_to_the_same_point_and_is_not_modified() -> None:
    stored, _ = draw(40, 120, PENALTIES["net"])
    (cold, _), *_ = sparse_set_path(stored, np.ones(1), None, 10_000)
    start = np.random.default_rng(0).standard_normal(120)
    kept = start.copy()
    (warm, _), *_ = sparse_set_path(stored, np.ones(1), start, 10_000)
    np.testing.assert_allclose(warm, cold, rtol=1e-9, atol=1e-12)
    assert np.array_equal(start, kept)


def test_signs_without_a_penalty_reach_the_minimum_of_nnls() -> None:
    zero = np.zeros(90)
    stored, dense = draw(40, 90, Penalty(zero, zero, positive=np.ones(90, dtype=bool)), centred=False)
    A, b = dense.rows()
    (d, _), *_ = sparse_set_path(stored, np.ones(1), None, 10_000)
    assert np.all(d >= 0)
    np.testing.assert_allclose(np.linalg.norm(A @ d - b), optimize.nnls(A, b)[1], atol=1e-10 * np.linalg.norm(b))


def test_the_number_of_cycles_is_bounded() -> None:
    stored, _ = draw(40, 120, PENALTIES["lasso"])
    (_, cycles), *_ = sparse_set_path(stored, np.array([1e-3]), None, 5)
    # A round of cycles over the active columns is finished.
    assert cycles <= 5 + 10
