"""Textbooks: closed forms on orthonormal columns, and a general optimiser on others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import bayesreg as br
from bayesreg import likelihoods
from bayesreg.conventions import CONVENTIONS, likelihood_from


def soft(z: np.ndarray, threshold: float) -> np.ndarray:
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0)


def textbook_data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(42)
    X = rng.standard_normal((25, 4)) @ (np.eye(4) + 0.4)
    return X, X @ [1.5, 0.0, -0.7, 0.1] + 0.5 * rng.standard_normal(25)


# Row, parameters, minimiser when X'X = I in terms of z = X'y, and the penalty added to the RSS.
TEXTBOOK: list[tuple[str, dict[str, float], Callable[..., Any], Callable[..., float]]] = [
    ("ridge", {"lambda_": 0.7}, lambda z: z / 1.7, lambda w: 0.7 * w @ w),
    ("lasso", {"lambda_": 1.1}, lambda z: soft(z, 0.55), lambda w: 1.1 * np.abs(w).sum()),
    (
        "elastic_net",
        {"lambda1": 1.1, "lambda2": 0.4},
        lambda z: soft(z, 0.55) / 1.4,
        lambda w: 1.1 * np.abs(w).sum() + 0.4 * w @ w,
    ),
    (
        "elastic_net_mixed",
        {"lambda_": 1.5, "alpha": 0.6},
        lambda z: soft(z, 0.45) / 1.6,
        lambda w: 1.5 * (0.6 * np.abs(w).sum() + 0.4 * w @ w),
    ),
]


def textbook_map(name: str, parameters: dict[str, float], X: np.ndarray, y: np.ndarray) -> np.ndarray:
    prior = br.prior_from(f"textbook.{name}", **parameters)
    return br.find_map(br.Model(likelihoods.Gaussian(2.0), prior, fit_intercept=False), X, y).coef


@pytest.mark.parametrize(("name", "parameters", "minimiser", "penalty"), TEXTBOOK)
def test_a_textbook_row_has_its_closed_form_on_orthonormal_columns(
    name: str, parameters: dict[str, float], minimiser: Callable[..., Any], penalty: Callable[..., float]
) -> None:
    X, y = textbook_data()
    Q = np.linalg.qr(X)[0]
    coef = textbook_map(name, parameters, Q, y)
    np.testing.assert_allclose(coef, minimiser(Q.T @ y), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("name", "parameters", "minimiser", "penalty"), TEXTBOOK)
def test_a_textbook_row_minimises_its_objective_on_correlated_columns(
    name: str, parameters: dict[str, float], minimiser: Callable[..., Any], penalty: Callable[..., float]
) -> None:
    X, y = textbook_data()

    def objective(w: np.ndarray) -> float:
        return float(np.sum((y - X @ w) ** 2) + penalty(w))

    coef = textbook_map(name, parameters, X, y)
    # Positive and negative parts make the problem smooth: w = u - v, |w| = u + v at the minimum.
    parts = optimize.minimize(
        lambda uv: objective(uv[:4] - uv[4:]) + penalty(uv[:4] + uv[4:]) - penalty(uv[:4] - uv[4:]),
        np.full(8, 0.1),
        method="L-BFGS-B",
        bounds=[(0, None)] * 8,
        options={"ftol": 1e-15, "gtol": 1e-10, "maxfun": 100_000},
    ).x
    found = parts[:4] - parts[4:]
    assert objective(coef) <= objective(found) * (1 + 1e-13)
    # Finite-difference gradients leave about the square root of the rounding error.
    np.testing.assert_allclose(coef, found, atol=1e-5)


def test_textbook_ridge_is_its_normal_equations() -> None:
    X, y = textbook_data()
    expected = np.linalg.solve(X.T @ X + 3.0 * np.eye(4), X.T @ y)
    np.testing.assert_allclose(textbook_map("ridge", {"lambda_": 3.0}, X, y), expected, rtol=1e-12)


def test_textbook_rows_are_all_tested() -> None:
    names = {f"textbook.{name}" for name, *_ in TEXTBOOK} | {"textbook.lad_lasso"}
    assert names == {name for name in CONVENTIONS if "textbook" in name}


@pytest.mark.parametrize("sigma", [1.0, 3.0])
def test_the_lad_lasso_is_its_linear_program(sigma: float) -> None:
    X, y = textbook_data()
    prior = br.prior_from("textbook.lad_lasso", lambda_=4.0)
    model = br.Model(likelihood_from("textbook.lad_lasso", sigma=sigma), prior, fit_intercept=False)
    coef = br.find_map(model, X, y).coef
    n, p = X.shape
    cost = np.concatenate([np.full(2 * p, 4.0), np.ones(2 * n)])
    program = optimize.linprog(cost, A_eq=np.hstack([X, -X, np.eye(n), -np.eye(n)]), b_eq=y, method="highs")
    np.testing.assert_allclose(coef, program.x[:p] - program.x[p : 2 * p], atol=1e-10)
    assert np.any(coef == 0)
