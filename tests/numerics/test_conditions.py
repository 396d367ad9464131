"""What a certificate needs of many points, against the penalty as a value."""

from __future__ import annotations

import numpy as np
import pytest

from bayesreg.numerics.conditions import separate_conditions
from bayesreg.penalty import Penalty

STRENGTHS = np.array([2.0, 0.5, 0.1])


@pytest.mark.parametrize("constrained", [[], [0, 4, 6]])
@pytest.mark.parametrize("seed", range(4))
def test_each_number_is_that_of_the_penalty(constrained: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive = np.isin(np.arange(8), constrained)
    l1, l2 = rng.choice([0.0, 0.5, 2.0], 8), rng.choice([0.0, 0.3, 1.0], 8)
    l2[(l1 == 0) & (l2 == 0)] = 0.7
    d = rng.standard_normal((3, 8)) * (rng.random((3, 8)) < 0.5)
    d[:, positive] = np.abs(d[:, positive])
    gradient, norm = 2 * rng.standard_normal((3, 8)), rng.uniform(0.5, 2.0, 8)
    out, in_play = np.empty((3, 4)), np.zeros((3, 8), dtype=bool)
    separate_conditions(STRENGTHS, d, gradient, l1, l2, positive, norm, out, in_play)
    for k, strength in enumerate(STRENGTHS):
        penalty = Penalty(l1, l2, positive=positive).scaled(strength)
        distance = penalty.subdifferential_distance(d[k], gradient[k]) / norm
        shrink = penalty.shrink(-gradient[k])
        np.testing.assert_allclose(out[k, 0], distance.max(), rtol=1e-14)
        np.testing.assert_allclose(out[k, 1], shrink, rtol=1e-14)
        np.testing.assert_allclose(out[k, 2], penalty.value(d[k]), rtol=1e-14)
        # The shrunk gradient may round to just outside the box.
        inside = penalty.clipped(-shrink * gradient[k], np.full(8, 1e-14))
        np.testing.assert_allclose(out[k, 3], penalty.conjugate(inside), rtol=1e-12, atol=1e-14)


def test_columns_in_use_or_at_the_edge_of_their_box_are_in_play() -> None:
    d = np.array([[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]])
    gradient = np.array([[0.5, -1.0, 1.0 - 1e-12, -0.2, 0.0, -1.0, 1.0]])
    l1 = np.ones(7)
    l2 = np.array([0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 0.0])
    positive = np.arange(7) == 6
    out, in_play = np.empty((1, 4)), np.zeros((1, 7), dtype=bool)
    separate_conditions(np.ones(1), d, gradient, l1, l2, positive, np.ones(7), out, in_play)
    # The last one is held at zero by its sign, and what pulls at it pulls the other way.
    assert in_play[0].tolist() == [False, True, True, True, False, False, False]
