"""Projections of centres and scales: the same minimum as a general optimiser's, however much is missed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize

from bayesreg.numerics import curved_projection
from bayesreg.numerics.curved_projection import hessians
from bayesreg.numerics.expected_check import ExpectedCheck
from bayesreg.numerics.expected_huber import ExpectedHuber
from bayesreg.numerics.expected_loss import ExpectedLoss
from bayesreg.numerics.expected_student import ExpectedStudent
from bayesreg.numerics.location_projection import project_locations

LOSSES: list[ExpectedLoss] = [
    ExpectedCheck(1.0, 1.0),
    ExpectedCheck(0.9, 0.1),
    ExpectedHuber(1.345),
    ExpectedHuber(0.2),
    ExpectedStudent(4.0),
]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("signal", [0.3, 5.0, 100.0])
def test_the_minimum_is_found_however_large_the_misses_are(loss: ExpectedLoss, signal: float) -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((80, 4)) @ (np.eye(4) + 0.5)
    offset, weight = rng.standard_normal(80), rng.integers(1, 4, 80).astype(float)
    coef = signal * np.array([2.0, -1.5, 1.0, 0.0]) * (1 + 0.1 * rng.standard_normal((8, 4)))
    scale = rng.uniform(0.5, 1.5, 8)
    eta = offset + coef @ X.T
    A = np.column_stack([np.ones(80), X[:, :2]])
    found = project_locations(loss, A, offset, weight, eta, scale, np.zeros((8, 3)))
    share = weight / weight.sum()
    for k in range(8):

        def far(v: np.ndarray, k: int = k) -> Any:
            t = np.exp(v[-1])
            at = loss.at((eta[k] - offset - A @ v[:-1])[None] / t, np.array([[scale[k] / t]]))
            slope = np.append(-(share * at.slope[0]) @ A / t, 1 - share @ at.radial[0])
            return share @ at.value[0] + v[-1], slope

        own = np.append(found.coef[k], np.log(found.scale[k]))
        start = np.append(np.linalg.lstsq(A, eta[k] - offset)[0], np.log(scale[k] + signal))
        best = optimize.minimize(far, start, jac=True, method="BFGS", options={"gtol": 1e-9})
        # The last step promises to lower it by 1e-10. A check loss whose kinks are a hundred scales apart is one of
        # linear pieces, where steps end on the way.
        assert far(own)[0] <= best.fun + (1e-4 if signal == 100.0 and isinstance(loss, ExpectedCheck) else 1e-8)
        none = loss.at(np.zeros((1, 1)), np.ones((1, 1))).value[0, 0]
        assert found.kl[k] == pytest.approx(far(own)[0] - np.log(scale[k]) - none, abs=1e-8)
        t = found.scale[k]
        at = loss.at((eta[k] - offset - A @ found.coef[k])[None] / t, np.array([[scale[k] / t]]))
        np.testing.assert_allclose(found.pull[k], weight * at.slope[0] / t, rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(found.curvature[k], weight * at.curvature[0] / t**2, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("count", [2, 9])
@pytest.mark.parametrize("products", [1, 40, 10_000])
def test_hessians_of_many_rows_are_those_of_each(count: int, products: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curved_projection, "_PRODUCTS", products)
    rng = np.random.default_rng(2)
    A, rows = rng.standard_normal((12, 4)), rng.standard_normal((count, 12))
    np.testing.assert_allclose(hessians(A, rows), np.stack([A.T @ np.diag(row) @ A for row in rows]), atol=1e-12)
