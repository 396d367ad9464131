"""Penalised least squares: four ways to the solution, against rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from bayesreg.data.columns import Columns
from bayesreg.numerics.least_squares import LeastSquares, conjugate_gradients, orthogonal, refine, ridge
from bayesreg.penalty import Penalty


def exact_solution(A: np.ndarray, b: np.ndarray, l2: np.ndarray, weight: np.ndarray) -> list[Fraction]:
    """Solve (A'WA + L) x = A'Wb in rational arithmetic."""
    rows = [[Fraction(float(v)) for v in row] for row in A]
    target, w = [Fraction(float(v)) for v in b], [Fraction(float(v)) for v in weight]
    p, n = A.shape[1], A.shape[0]
    M = [[sum(w[i] * rows[i][j] * rows[i][k] for i in range(n)) for k in range(p)] for j in range(p)]
    for j in range(p):
        M[j][j] += Fraction(float(l2[j]))
        M[j].append(sum(w[i] * rows[i][j] * target[i] for i in range(n)))
    for j in range(p):
        pivot = max(range(j, p), key=lambda i: abs(M[i][j]))
        M[j], M[pivot] = M[pivot], M[j]
        for i in range(p):
            if i != j:
                factor = M[i][j] / M[j][j]
                M[i] = [x - factor * z for x, z in zip(M[i], M[j], strict=True)]
    return [M[j][p] / M[j][j] for j in range(p)]


def problem(A: np.ndarray, b: np.ndarray, l2: np.ndarray, weight: np.ndarray | None = None) -> LeastSquares:
    rows = A if weight is None else np.sqrt(weight)[:, None] * A
    return LeastSquares(
        Columns(A, None),
        weight,
        b,
        Penalty(np.zeros(l2.size), l2),
        np.linalg.norm(rows, axis=0),
        lambda: rows.T @ rows,
    )


def everything(sparse_columns: bool, centred: bool) -> tuple[LeastSquares, np.ndarray, np.ndarray, np.ndarray]:
    """Weights, one of them 0, perhaps a shift, an extra row; with the equivalent plain A, b and l2."""
    rng = np.random.default_rng(8)
    X = rng.standard_normal((9, 4)) * (rng.random((9, 4)) < 0.6) + [0.0, 1.0, 0.0, 0.0]
    weight, b, l2 = np.arange(9) % 4.0, rng.standard_normal(9), np.array([0.3, 1.0, 0.1, 2.0])
    mean = weight @ X / weight.sum() if centred else np.zeros(4)
    row, target = rng.standard_normal(4), 0.7
    plain = np.sqrt(weight)[:, None] * (X - mean)
    columns = Columns(sparse.csc_array(X) if sparse_columns else X, mean if centred else None)
    norm = np.linalg.norm(plain, axis=0)
    ls = LeastSquares(columns, weight, b, Penalty(0 * l2, l2), norm, lambda: columns.gram(weight), row, target)
    return ls, np.vstack([plain, row]), np.append(np.sqrt(weight) * b, target), l2


@pytest.mark.parametrize(("m", "p"), [(12, 4), (4, 12), (6, 6)])
def test_ridge_has_the_rational_solution_in_either_space(m: int, p: int) -> None:
    rng = np.random.default_rng(m)
    A, b, l2 = rng.standard_normal((m, p)), rng.standard_normal(m), rng.uniform(0.1, 2.0, p)
    expected = np.array([float(x) for x in exact_solution(A, b, l2, np.ones(m))])
    np.testing.assert_allclose(ridge(problem(A, b, l2)), expected, rtol=1e-12)


def test_ridge_is_refined_on_ill_conditioned_columns() -> None:
    # Condition number 1e9 of the normal equations: one solve alone leaves errors of 1e-8.
    x = np.linspace(0, 1, 40)
    A, l2 = x[:, None] ** np.arange(1, 7), np.full(6, 1e-7)
    b = np.cos(9 * x)
    expected = np.array([float(v) for v in exact_solution(A, b, l2, np.ones(40))])
    np.testing.assert_allclose(ridge(problem(A, b, l2)), expected, rtol=2e-12)


@pytest.mark.parametrize("l2", [[0.0, 0.0, 0.0], [0.0, 2.0, 0.5], [1.0, 2.0, 0.5]])
def test_the_orthogonal_solution_and_its_factor(l2: list[float]) -> None:
    rng = np.random.default_rng(1)
    A, b = rng.standard_normal((10, 3)) * [1e-6, 1.0, 1e6], rng.standard_normal(10)
    d, R = orthogonal(problem(A, b, np.array(l2)))
    expected = np.array([float(x) for x in exact_solution(A, b, np.array(l2), np.ones(10))])
    np.testing.assert_allclose(d, expected, rtol=1e-10)
    np.testing.assert_allclose(R.T @ R, A.T @ A + np.diag(l2), rtol=1e-10, atol=1e-8)


def test_the_gradient_and_the_cross_product_are_those_of_the_rows() -> None:
    rng = np.random.default_rng(1)
    A, b, d = rng.standard_normal((10, 3)), rng.standard_normal(10), rng.standard_normal(3)
    ls = problem(A, b, np.ones(3))
    np.testing.assert_allclose(ls.cross, A.T @ b, rtol=1e-14)
    np.testing.assert_allclose(ls.gradient(d), A.T @ (A @ d - b), rtol=1e-13)
    np.testing.assert_allclose(ls.kkt_scale, np.linalg.norm(A, axis=0) * np.linalg.norm(b), rtol=1e-13)
    assert np.all(problem(np.zeros((2, 2)), np.zeros(2), np.ones(2)).kkt_scale == 1.0)


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("sparse_columns", [False, True])
def test_weights_a_shift_and_an_extra_row_are_those_of_the_plain_problem(sparse_columns: bool, centred: bool) -> None:
    ls, A, b, _ = everything(sparse_columns, centred)
    d = np.array([0.5, 0.0, -1.0, 2.0])
    np.testing.assert_allclose(ls.gram, A.T @ A, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(ls.cross, A.T @ b, rtol=1e-12)
    np.testing.assert_allclose(ls.gradient(d), A.T @ (A @ d - b), rtol=1e-12)
    np.testing.assert_allclose(ls.size, np.linalg.norm(b), rtol=1e-14)
    np.testing.assert_allclose(ls.kkt_scale, np.linalg.norm(A, axis=0) * np.linalg.norm(b), rtol=1e-13)
    for found, expected in zip(ls.rows(), (A, b), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("sparse_columns", [False, True])
def test_every_way_to_the_solution_knows_weights_a_shift_and_an_extra_row(sparse_columns: bool, centred: bool) -> None:
    ls, A, b, l2 = everything(sparse_columns, centred)
    exact = [float(x) for x in exact_solution(A, b, l2, np.ones(10))]
    for solve in (ridge, conjugate_gradients, lambda ls: orthogonal(ls)[0]):
        np.testing.assert_allclose(solve(ls), exact, rtol=1e-12)


@pytest.mark.parametrize(("m", "p"), [(30, 12), (12, 30)])
def test_conjugate_gradients_reach_rounding_whatever_the_units(m: int, p: int) -> None:
    rng = np.random.default_rng(p)
    unit = np.geomspace(1e-6, 1e6, p)
    A, b, l2 = rng.standard_normal((m, p)) * unit, rng.standard_normal(m), 0.3 * unit**2
    d = conjugate_gradients(problem(A, b, l2))
    scaled = A / unit
    expected = np.linalg.solve(scaled.T @ scaled + 0.3 * np.eye(p), scaled.T @ b) / unit
    np.testing.assert_allclose(d * unit, expected * unit, rtol=1e-11, atol=1e-13)


def test_conjugate_gradients_leave_an_empty_column_without_a_penalty_at_zero() -> None:
    rng = np.random.default_rng(1)
    A, b = rng.standard_normal((10, 3)) * [1.0, 0.0, 1.0], rng.standard_normal(10)
    d = conjugate_gradients(problem(A, b, np.array([1.0, 0.0, 1.0])))
    assert d[1] == 0.0
    kept = A[:, [0, 2]]
    np.testing.assert_allclose(d[[0, 2]], np.linalg.solve(kept.T @ kept + np.eye(2), kept.T @ b), rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("degree", [4, 7])
def test_refinement_gives_every_digit_of_an_ill_conditioned_polynomial(degree: int, weighted: bool) -> None:
    x = np.arange(21.0)
    X = x[:, None] ** np.arange(1, degree + 1)
    y = (1 + x + x**2) + 10.0 * np.cos(x**2)
    weight = np.arange(21) % 3 + 1.0 if weighted else np.ones(21)
    root = np.sqrt(weight)[:, None]
    mean = weight @ X / weight.sum()
    rows, response = root * (X - mean), root[:, 0] * (y - weight @ y / weight.sum())
    d, R = orthogonal(problem(rows, response, np.zeros(degree)))
    coef, intercept = refine(X, y, weight, np.zeros(degree), d, R, True)
    Z = np.column_stack([np.ones(21), X])
    exact = [float(v) for v in exact_solution(Z, y, np.zeros(degree + 1), weight)]
    np.testing.assert_allclose(np.append(intercept, coef), exact, rtol=1e-15)


def test_refinement_without_an_intercept_and_with_a_ridge_part() -> None:
    x = np.linspace(0, 1, 15)
    X = x[:, None] ** np.arange(8)
    y = np.cos(3 * x)
    l2 = np.array([0.0, 0.0, 1e-8, 0.0, 1e-9, 0.0, 0.0, 1e-10])
    d, R = orthogonal(problem(X, y, l2))
    coef, intercept = refine(X, y, np.ones(15), l2, d, R, False)
    exact = [float(v) for v in exact_solution(X, y, l2, np.ones(15))]
    assert intercept == 0.0
    assert np.abs(d / exact - 1).max() > 1e-12  # the problem is hard enough to need it
    np.testing.assert_allclose(coef, exact, rtol=1e-15)
