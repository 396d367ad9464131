"""Statistics of all rows but a fold's against those of these rows."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from bayesreg.data.stats import SufficientStats
from bayesreg.numerics.fold_moments import complements, fold_stats, residual_squares, varying


def test_the_rest_of_each_fold_is_as_from_its_rows_even_where_one_fold_holds_nearly_everything() -> None:
    rng = np.random.default_rng(0)
    X, y, weight = rng.standard_normal((40, 3)) + 1e4, rng.standard_normal(40), rng.random(40)
    X[:10, 1] = 1e12 * rng.random(10)
    folds = [np.arange(10), np.arange(10, 15), np.arange(15, 40)]
    for k, rest in enumerate(complements(fold_stats(X, y, weight, folds))):
        rows = np.setdiff1d(np.arange(40), folds[k])
        direct = SufficientStats.from_rows(X[rows], y[rows], weight[rows])
        size = np.sqrt(np.diag(direct.gram))
        np.testing.assert_allclose(rest.gram / np.outer(size, size), direct.gram / np.outer(size, size), atol=1e-10)
        np.testing.assert_allclose(rest.cross, direct.cross, rtol=1e-9)
        np.testing.assert_allclose((rest.weight, rest.total, rest.y_mean), (direct.weight, direct.total, direct.y_mean))


def test_columns_that_are_constant_outside_a_fold_are_found_exactly() -> None:
    X = np.random.default_rng(0).standard_normal((12, 4))
    X[:, 0] = 0.1 + 0.2
    X[:, 1] = np.r_[np.ones(4), np.zeros(8)]
    X[:, 2] = 1e8 + np.r_[np.zeros(11), 1e-6]
    weight = np.ones(12)
    weight[11] = 0.0
    folds = [np.arange(4), np.arange(4, 8), np.arange(8, 12)]
    found = varying(X, weight, folds, complements(fold_stats(X, np.ones(12), weight, folds)))
    assert found.tolist() == [[False, False, False, True], [False, True, False, True], [False, True, False, True]]
    stored = sparse.csr_array(X)
    same = varying(stored, weight, folds, complements(fold_stats(stored, np.ones(12), weight, folds)))
    np.testing.assert_array_equal(same, found)


def test_squares_of_residuals_are_those_of_the_rows() -> None:
    rng = np.random.default_rng(1)
    X, y, weight = rng.standard_normal((9, 2)), rng.standard_normal(9), rng.random(9)
    coef, intercept = rng.standard_normal((3, 2)), rng.standard_normal(3)
    found = residual_squares(SufficientStats.from_rows(X, y, weight), coef, intercept)
    rows = (y - coef @ X.T - intercept[:, None]) ** 2 @ weight
    np.testing.assert_allclose(found, rows, rtol=1e-12)
