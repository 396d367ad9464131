"""One eigendecomposition for every noise level, against dense formulas at each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import linalg, stats

from bayesreg.errors import InputError
from bayesreg.numerics.gaussian_posterior import GaussianPosterior

RATE = np.array([4.0, 0.0, 0.5])
LOC = np.array([1.0, 0.0, -2.0])


def rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    A = rng.standard_normal((12, 3)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.2, 0.0, 3.0]])
    return A, A @ [1.0, -1.0, 0.3] + rng.standard_normal(12)


def build(on_sigma: list[bool], rate: Any = RATE, output: Any = None) -> GaussianPosterior:
    A, b = rows()
    return GaussianPosterior.build(
        A, b, np.asarray(rate), np.array(on_sigma), LOC, np.eye(3) if output is None else output, 12.0
    )


MIXES = [[False, False, False], [True, True, True], [True, False, False]]


def dense(sigma: float, on_sigma: list[bool]) -> tuple[np.ndarray, np.ndarray]:
    A, b = rows()
    Q = np.diag(np.where(on_sigma, RATE / sigma**2, RATE))
    covariance = np.linalg.inv(A.T @ A / sigma**2 + Q)
    return LOC + covariance @ (A.T @ b) / sigma**2, covariance


@pytest.mark.parametrize("on_sigma", MIXES)
@pytest.mark.parametrize("sigma", [0.03, 1.0, 40.0])
def test_mean_and_covariance_are_the_dense_ones_at_every_noise_level(sigma: float, on_sigma: list[bool]) -> None:
    mean, covariance = build(on_sigma).moments(np.array([sigma]), np.ones(1))
    expected_mean, expected = dense(sigma, on_sigma)
    np.testing.assert_allclose(mean, expected_mean, rtol=1e-10)
    np.testing.assert_allclose(covariance, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("on_sigma", MIXES)
def test_the_moments_of_a_mixture_follow_from_those_of_its_parts(on_sigma: list[bool]) -> None:
    levels, mass = np.array([0.3, 1.0, 5.0]), np.array([0.2, 0.5, 0.3])
    mean, covariance = build(on_sigma).moments(levels, mass)
    parts = [dense(level, on_sigma) for level in levels]
    expected = sum(m * part[0] for m, part in zip(mass, parts, strict=True))
    second = sum(
        m * (part[1] + np.outer(part[0] - expected, part[0] - expected)) for m, part in zip(mass, parts, strict=True)
    )
    np.testing.assert_allclose(mean, expected, rtol=1e-10)
    np.testing.assert_allclose(covariance, second, rtol=1e-9)


@pytest.mark.parametrize("on_sigma", MIXES)
def test_the_marginal_of_the_noise_level_is_that_of_the_response(on_sigma: list[bool]) -> None:
    A, b = rows()
    posterior = build(on_sigma)
    levels = np.array([0.2, 0.7, 1.0, 3.0, 30.0])
    ours = posterior.log_marginal(levels)
    # A flat coordinate leaves the law of the contrasts that are orthogonal to its column.
    contrasts = linalg.null_space(A[:, [1]].T)
    expected = []
    for sigma in levels:
        variance = np.where(on_sigma, sigma**2, 1.0) * [0.25, 0.0, 2.0]
        covariance = contrasts.T @ (sigma**2 * np.eye(12) + (A * variance) @ A.T) @ contrasts
        expected.append(stats.multivariate_normal(np.zeros(11), covariance).logpdf(contrasts.T @ b))
    np.testing.assert_allclose(np.diff(ours), np.diff(expected), rtol=1e-10)


@pytest.mark.parametrize("on_sigma", MIXES)
def test_draws_have_the_joint_law_of_each_noise_level(on_sigma: list[bool]) -> None:
    sigma = 0.8
    draws = build(on_sigma).draw(np.random.default_rng(1), np.full(4000, sigma))
    mean, covariance = dense(sigma, on_sigma)
    white = np.linalg.solve(np.linalg.cholesky(covariance), (draws - mean).T)
    for row in white:
        assert stats.kstest(row, "norm").pvalue > 1e-3
    np.testing.assert_allclose(np.corrcoef(white), np.eye(3), atol=4 / np.sqrt(4000))


def test_the_output_map_is_applied_to_draws_and_moments_alike() -> None:
    output = np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [-1.0, 0.0, 1.0]])
    plain = build(MIXES[0]).moments(np.array([0.5]), np.ones(1))
    mapped = build(MIXES[0], output=output).moments(np.array([0.5]), np.ones(1))
    np.testing.assert_allclose(mapped[0] - LOC, output @ (plain[0] - LOC), rtol=1e-10)
    np.testing.assert_allclose(mapped[1], output @ plain[1] @ output.T, rtol=1e-10)


def test_homogeneity_is_read_off_the_precision() -> None:
    assert build(MIXES[1]).homogeneous
    assert not build(MIXES[0]).homogeneous
    assert build(MIXES[0], rate=np.zeros(3)).homogeneous


def test_collinear_or_empty_columns_without_a_prior_are_refused() -> None:
    A, b = rows()
    twice = np.column_stack([A, A[:, 1]])
    flat = np.array([1.0, 0.0, 1.0, 0.0])
    with pytest.raises(InputError, match="collinear"):
        GaussianPosterior.build(twice, b, flat, np.zeros(4, bool), np.zeros(4), np.eye(4), 12.0)
    A[:, 1] = 0.0
    with pytest.raises(InputError, match="all-zero column"):
        GaussianPosterior.build(A, b, RATE, np.zeros(3, bool), LOC, np.eye(3), 12.0)
