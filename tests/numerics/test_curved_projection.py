"""Projections of fitted means where columns are dependent, there is no intercept or the start is far."""

from __future__ import annotations

import numpy as np
import pytest

from bayesreg.likelihoods import Bernoulli, Poisson
from bayesreg.numerics.curved_projection import Family, divergence, project_means

ZERO = np.zeros(50)


def family_of(lik: Bernoulli | Poisson) -> Family:
    return Family(lambda eta: lik.loss(eta, ZERO, 1.0), lik.mean, lambda eta: lik.curvature(eta, ZERO, 1.0))


FAMILIES = [family_of(Bernoulli()), family_of(Poisson())]


@pytest.mark.parametrize("family", FAMILIES, ids=["bernoulli", "poisson"])
@pytest.mark.parametrize("far", [0.0, 8.0])
def test_the_score_vanishes_from_any_start_and_dependent_columns_change_nothing(family: Family, far: float) -> None:
    rng = np.random.default_rng(1)
    A = rng.standard_normal((50, 3)) * [1.0, 1e4, 1e-4]
    weight, offset = rng.random(50), 0.3 * rng.standard_normal(50)
    means = family.mean(rng.standard_normal((4, 50)))
    start = far * rng.standard_normal((4, 3)) / [1.0, 1e4, 1e-4]
    found = project_means(family, A, offset, weight, means, start)
    score = (weight * (family.mean(offset + found @ A.T) - means)) @ A
    np.testing.assert_allclose(score / [1.0, 1e4, 1e-4], 0.0, atol=1e-6)
    twice = project_means(family, np.column_stack([A, A[:, 0]]), offset, weight, means, np.zeros((4, 4)))
    np.testing.assert_allclose(twice @ np.column_stack([A, A[:, 0]]).T, found @ A.T, atol=1e-6)
    # Of least norm: the effect is shared.
    np.testing.assert_allclose(twice[:, 0], twice[:, 3], rtol=1e-6)
    np.testing.assert_array_equal(project_means(family, A[:, :0], offset, weight, means, start[:, :0]), start[:, :0])


@pytest.mark.parametrize("family", FAMILIES, ids=["bernoulli", "poisson"])
def test_no_point_nearby_is_nearer(family: Family) -> None:
    rng = np.random.default_rng(2)
    A, weight = rng.standard_normal((50, 2)), rng.random(50)
    eta = rng.standard_normal((3, 50))
    found = project_means(family, A, ZERO, weight, family.mean(eta), np.zeros((3, 2)))
    least = divergence(family, found @ A.T, eta, weight)
    assert (least > 0).all()
    for _ in range(20):
        moved = found + 1e-3 * rng.standard_normal((3, 2))
        assert (divergence(family, moved @ A.T, eta, weight) > least).all()
    np.testing.assert_allclose(divergence(family, eta, eta, weight), 0.0, atol=1e-14)
