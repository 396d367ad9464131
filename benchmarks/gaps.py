r"""Duality gaps of penalised fits in plain NumPy, for ours and for anybody's: nothing here uses bayesreg.

.. math:: P(b_0, d) = \sum_i F_i(\eta_i) + l_1 \|d\|_1 + \tfrac{l_2}{2} \|d\|_2^2, \qquad \eta = b_0 + X d

with the dual value :math:`D(\theta) = -\sum_i F_i^*(\theta_i) - \Omega^*(-X^T\theta)` for every theta of sum 0. The gap
of a fit is P minus the best dual value that is known: that of its own slope and that of the multipliers handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """The loss F of a row, its slope and curvature in eta, and the sum of its conjugates."""

    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    curvature: Callable[[Array, Array], Array]
    conjugate: Callable[[Array, Array], float]


def _binary_entropy(theta: Array, y: Array) -> float:
    u = theta + y
    if np.any((u < 0) | (u > 1)):
        return np.inf
    return float(np.sum(xlogy(u, u) + xlogy(1 - u, 1 - u)))


def _absolute_conjugate(theta: Array, y: Array) -> float:
    return float(theta @ y) if np.all(np.abs(theta) <= 1) else np.inf


LOSSES = {
    "squared": Loss(
        lambda eta, y: 0.5 * (y - eta) ** 2,
        lambda eta, y: eta - y,
        lambda eta, y: np.ones_like(eta),
        lambda theta, y: float(theta @ (0.5 * theta + y)),
    ),
    "logistic": Loss(
        lambda eta, y: np.logaddexp(0, eta) - y * eta,
        lambda eta, y: expit(eta) - y,
        lambda eta, y: expit(eta) * expit(-eta),
        _binary_entropy,
    ),
    # The slope says nothing at a kink: the multiplier that counts has to be handed in.
    "absolute": Loss(
        lambda eta, y: np.abs(y - eta),
        lambda eta, y: np.sign(eta - y),
        lambda eta, y: np.ones_like(eta),
        _absolute_conjugate,
    ),
}


@dataclass(frozen=True, eq=False)
class Problem:
    """A loss, the data and k penalties.

    Parameters
    ----------
    loss : str
        A name in ``LOSSES``.
    X : array or SciPy sparse array, shape (n, p)
    y : array, shape (n,)
    l1, l2 : array, shape (k,)
        Penalties of every coefficient, strongest first.
    """

    loss: str
    X: object
    y: Array
    l1: Array
    l2: Array


@dataclass(frozen=True, eq=False)
class Fits:
    """What a library returns for the k penalties of a `Problem`.

    Parameters
    ----------
    coef : array, shape (k, p)
    intercept : array, shape (k,)
    dual : array, shape (k, n), optional
        Multipliers of the rows, where the library gives them.
    at : array of int, optional
        Which of the penalties were fitted; all by default.
    """

    coef: Array
    intercept: Array
    dual: Array | None = None
    at: NDArray[np.intp] | None = None


@dataclass(eq=False)
class Judge:
    """Relative gaps for the fits of one problem; the best multipliers seen so far serve everybody.

    Parameters
    ----------
    problem : Problem
    """

    problem: Problem

    def __post_init__(self) -> None:
        self.best = np.full(self.problem.l1.size, -np.inf)

    def relative_gap(self, fits: Fits) -> float:
        """Return the largest gap of the fits over the fall from the null model to the weakest penalty's minimum."""
        task, loss = self.problem, LOSSES[self.problem.loss]
        points = np.arange(task.l1.size) if fits.at is None else fits.at
        worst = 0.0
        for row, k in enumerate(points):
            eta = fits.intercept[row] + task.X @ fits.coef[row]
            size = np.abs(fits.coef[row])
            primal = float(loss.value(eta, task.y).sum() + task.l1[k] * size.sum() + task.l2[k] * (size @ size) / 2)
            own = loss.slope(eta, task.y) if fits.dual is None else fits.dual[row]
            self.best[k] = max(self.best[k], self._dual(own, loss.curvature(eta, task.y), k))
            worst = max(worst, primal - self.best[k])
        return worst / (self._null() - self.best[points[-1]])

    def _dual(self, theta: Array, give: Array, k: int) -> float:
        """Dual value of theta after it is moved to sum 0 (in proportion to ``give``) and scaled into the box."""
        task, loss = self.problem, LOSSES[self.problem.loss]
        theta = theta - give * (theta.sum() / give.sum())
        v = np.abs(task.X.T @ theta)
        largest, l1, l2 = float(v.max()), task.l1[k], task.l2[k]
        inside = min(1.0, l1 / largest) if largest > 0 else 1.0
        value = -loss.conjugate(inside * theta, task.y)
        if l2 > 0:
            outside = np.maximum(v - l1, 0.0)
            value = max(value, -loss.conjugate(theta, task.y) - float(outside @ outside) / (2 * l2))
        return value

    def _null(self) -> float:
        """The loss of the best constant."""
        y = self.problem.y
        p = y.mean()
        eta = {"squared": p, "logistic": np.log(p / (1 - p)) if 0 < p < 1 else 0.0, "absolute": np.median(y)}
        return float(LOSSES[self.problem.loss].value(np.full(y.size, eta[self.problem.loss]), y).sum())
