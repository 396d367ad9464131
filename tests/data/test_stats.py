"""Sufficient statistics add, and lose no digits to large means."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from bayesreg.data import SufficientStats

FIELDS = ("weight", "x_mean", "y_mean", "gram", "cross", "total")


def rows(n: int = 40, mean: float = 0.0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(2)
    return rng.standard_normal((n, 3)) + mean, rng.standard_normal(n) - mean, rng.uniform(0.1, 3.0, n)


def test_they_are_the_weighted_centred_moments() -> None:
    X, y, w = rows()
    stats = SufficientStats.from_rows(X, y, w)
    covariance = np.cov(np.column_stack([X, y]).T, aweights=w, ddof=0) * w.sum()
    np.testing.assert_allclose(stats.weight, w.sum())
    np.testing.assert_allclose(stats.x_mean, np.average(X, axis=0, weights=w))
    np.testing.assert_allclose(stats.y_mean, np.average(y, weights=w))
    np.testing.assert_allclose(stats.gram, covariance[:3, :3], rtol=1e-12)
    np.testing.assert_allclose(stats.cross, covariance[:3, 3], rtol=1e-12)
    np.testing.assert_allclose(stats.total, covariance[3, 3], rtol=1e-12)


@pytest.mark.parametrize("cuts", [[20], [1], [39], [3, 10, 11, 30]])
def test_parts_add_up_to_the_whole(cuts: list[int]) -> None:
    X, y, w = rows(mean=5.0)
    whole = SufficientStats.from_rows(X, y, w)
    parts = [SufficientStats.from_rows(*part) for part in zip(*(np.split(v, cuts) for v in (X, y, w)), strict=True)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    for name in FIELDS:
        np.testing.assert_allclose(getattr(total, name), getattr(whole, name), rtol=1e-11)


def test_a_weight_is_a_number_of_rows() -> None:
    X, y, _ = rows()
    times = np.arange(40) % 4
    weighted = SufficientStats.from_rows(X, y, times.astype(float))
    repeated = SufficientStats.from_rows(np.repeat(X, times, 0), np.repeat(y, times), np.ones(times.sum()))
    for name in FIELDS:
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-12)


@pytest.mark.parametrize("parts", [1, 5])
def test_a_mean_of_1e8_leaves_the_second_moments_right(parts: int) -> None:
    X, y, w = rows(mean=1e8)
    pieces = [
        SufficientStats.from_rows(*part) for part in zip(*(np.array_split(v, parts) for v in (X, y, w)), strict=True)
    ]
    stats = pieces[0]
    for piece in pieces[1:]:
        stats = stats + piece
    F = Fraction
    weight = [F(float(v)) for v in w]
    total = sum(weight)

    def moment(a: np.ndarray, b: np.ndarray) -> float:
        a_, b_ = [F(float(v)) for v in a], [F(float(v)) for v in b]
        ma = sum(k * v for k, v in zip(weight, a_, strict=True)) / total
        mb = sum(k * v for k, v in zip(weight, b_, strict=True)) / total
        return float(sum(k * (u - ma) * (v - mb) for k, u, v in zip(weight, a_, b_, strict=True)))

    # Products of means of 1e16 would leave no digit; centring first leaves about half of them.
    np.testing.assert_allclose(stats.gram[0, 0], moment(X[:, 0], X[:, 0]), rtol=1e-7)
    np.testing.assert_allclose(stats.total, moment(y, y), rtol=1e-7)
    np.testing.assert_allclose(stats.cross[1], moment(X[:, 1], y), rtol=1e-6)
