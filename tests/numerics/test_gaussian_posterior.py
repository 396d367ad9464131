"""One decomposition for every penalty and noise level, against dense formulas at each."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg, stats

from bayesreg.errors import InputError
from bayesreg.numerics.gaussian_posterior import GaussianPosterior, Level

Array = NDArray[np.float64]
RATE = np.array([4.0, 0.0, 0.5])
LOC = np.array([1.0, 0.0, -2.0])
INTERCEPTS = ["none", "flat", "absolute", "relative"]


class Dense:
    """Rows, response and prior, and the textbook's formulas for them."""

    def __init__(self, intercept: str, wide: bool) -> None:
        rng = np.random.default_rng(0)
        p = 9 if wide else 3
        self.n, self.rate = (6 if wide else 12), np.tile(RATE, 3)[:p]
        if wide:
            self.rate[[4, 7]] = [2.0, 1.0]  # one free column alone
        self.loc = np.tile(LOC, 3)[:p]
        self.X = rng.standard_normal((self.n, p)) @ (np.eye(p) + 0.3 * rng.standard_normal((p, p))) + 0.5
        self.y = self.X[:, :3] @ [1.0, -1.0, 0.3] + 2.0 + rng.standard_normal(self.n)
        self.weight = rng.integers(1, 4, self.n).astype(float)
        self.intercept, self.m0, self.variance = intercept, 0.7, 2.5

    def build(self) -> GaussianPosterior:
        """Ours."""
        root, shifted, level = np.sqrt(self.weight), self.y - self.X @ self.loc, None
        X = self.X
        if self.intercept != "none":
            total = self.weight.sum()
            x_mean, y_mean = self.weight @ X / total, float(self.weight @ shifted / total)
            X, shifted = X - x_mean, shifted - y_mean
            flat = self.intercept == "flat"
            m0 = 0.0 if flat else self.m0
            level = Level(x_mean, y_mean - m0, m0, np.inf if flat else self.variance, self.intercept == "relative")
        return GaussianPosterior.build(
            root[:, None] * X, root * shifted, self.rate, self.loc, float(self.weight.sum()), level
        )

    def prior(self, lam: float, sigma: float) -> tuple[Array, Array, Array]:
        """Columns with that of the intercept, prior precisions and means."""
        Z, q, m = self.X, lam * self.rate / sigma**2, self.loc
        if self.intercept != "none":
            own = {"flat": 0.0, "absolute": 1 / self.variance, "relative": 1 / (self.variance * sigma**2)}
            Z, q = np.column_stack([Z, np.ones(self.n)]), np.append(q, own[self.intercept])
            m = np.append(m, 0.0 if self.intercept == "flat" else self.m0)
        return Z, q, m

    def posterior(self, lam: float, sigma: float) -> tuple[Array, Array]:
        """Mean and covariance of (coef, intercept)."""
        Z, q, m = self.prior(lam, sigma)
        covariance = np.linalg.inv((Z.T * self.weight) @ Z / sigma**2 + np.diag(q))
        return covariance @ ((Z.T * self.weight) @ self.y / sigma**2 + q * m), covariance

    def log_marginal(self, lam: float, sigma: float) -> float:
        """Repeat the rows, integrate the flat columns out of them by contrasts."""
        Z, q, m = self.prior(lam, sigma)
        times = self.weight.astype(int)
        Z, y = np.repeat(Z, times, axis=0), np.repeat(self.y, times)
        F, P, on = Z[:, q == 0], Z[:, q > 0], q > 0
        contrasts = linalg.null_space(F.T) if F.shape[1] else np.eye(y.size)
        covariance = contrasts.T @ (sigma**2 * np.eye(y.size) + (P / q[on]) @ P.T) @ contrasts
        law = stats.multivariate_normal(np.zeros(contrasts.shape[1]), covariance)
        value = float(law.logpdf(contrasts.T @ (y - P @ m[on])))
        return value - (0.5 * np.linalg.slogdet(F.T @ F)[1] if F.shape[1] else 0.0)


CASES = list(itertools.product(INTERCEPTS, [False, True]))


@pytest.mark.parametrize(("intercept", "wide"), CASES)
def test_the_marginal_likelihood_is_the_normal_density_of_the_rows(intercept: str, wide: bool) -> None:
    dense = Dense(intercept, wide)
    posterior = dense.build()
    for lam, sigma in itertools.product([0.05, 1.0, 30.0], [0.1, 1.0, 5.0]):
        tables = posterior.tables(np.log([lam]))
        ours = float(posterior.log_marginal(tables, np.array([[sigma]]))[0, 0])
        assert ours == pytest.approx(dense.log_marginal(lam, sigma), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("intercept", "wide"), CASES)
def test_draws_have_the_joint_law_of_the_textbook(intercept: str, wide: bool) -> None:
    dense = Dense(intercept, wide)
    lam, sigma = 0.6, 0.8
    draws = dense.build().draw(np.random.default_rng(1), np.full(4000, np.log(lam)), np.full(4000, sigma))
    mean, covariance = dense.posterior(lam, sigma)
    white = np.linalg.solve(np.linalg.cholesky(covariance), (draws - mean).T)
    for row in white:
        assert stats.kstest(row, "norm").pvalue > 1e-4
    np.testing.assert_allclose(np.corrcoef(white), np.eye(mean.size), atol=4.5 / np.sqrt(4000))


def test_the_conjugate_parts_give_the_marginal_likelihood_back() -> None:
    for intercept in ("none", "flat", "relative"):
        posterior = Dense(intercept, False).build()
        assert posterior.homogeneous
        at, sigma = np.log([0.3, 4.0]), np.array([0.4, 2.0])
        degrees, residual, at_one = posterior.conjugate_parts(posterior.tables(at))
        ours = at_one - degrees * np.log(sigma) - 0.5 * residual / sigma**2
        np.testing.assert_allclose(ours, posterior.log_marginal(posterior.tables(at), sigma), rtol=1e-12)
    assert not Dense("absolute", False).build().homogeneous


def build(rows: Array, rate: Any) -> GaussianPosterior:
    p = rows.shape[1]
    return GaussianPosterior.build(rows, np.ones(rows.shape[0]), np.asarray(rate), np.zeros(p), 12.0, None)


def test_collinear_or_empty_columns_without_a_prior_are_refused() -> None:
    A = np.random.default_rng(2).standard_normal((12, 3))
    with pytest.raises(InputError, match="collinear"):
        build(np.column_stack([A, A[:, 1]]), [1.0, 0.0, 1.0, 0.0])
    with pytest.raises(InputError, match="collinear"):
        build(A[:1], [0.0, 0.0, 1.0])
    A[:, 1] = 0.0
    with pytest.raises(InputError, match="all-zero column"):
        build(A, [1.0, 0.0, 1.0])
