"""Two classes with a logit link: the logistic loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, xlog1py, xlogy

from bayesreg.errors import InputError
from bayesreg.likelihoods.base import Array, observe


@dataclass(frozen=True)
class Bernoulli:
    r"""Binary response with a logit link: :math:`P(y=1) = 1/(1+e^{-\eta})`, the logistic loss.

    Examples
    --------
    >>> from bayesreg import likelihoods
    >>> round(float(likelihoods.Bernoulli().loss(0.0, 1.0, 1.0)), 6)
    0.693147
    """

    @property
    def has_sigma(self) -> bool:
        """False."""
        return False

    @property
    def smooth(self) -> bool:
        """True."""
        return True

    @property
    def convex(self) -> bool:
        """True."""
        return True

    def check_response(self, y: Array) -> None:
        """Raise unless y holds both classes, coded 0 and 1."""
        classes = np.unique(y)
        if classes.size == 1:
            raise InputError(f"y has only one class ({classes[0]:g}); Bernoulli() needs both classes, coded 0 and 1.")
        if classes.size != 2:
            raise InputError(
                f"y has {classes.size} distinct values; Bernoulli() needs exactly 2 classes, coded 0 and 1."
            )
        if classes[0] != 0 or classes[1] != 1:
            raise InputError(
                f"y is coded {classes[0]:g} and {classes[1]:g}; Bernoulli() needs 0 and 1: "
                f"pass (y == {classes[1]:g}) for the probability of {classes[1]:g}."
            )

    def loss(self, eta: Array, y: Array, sigma: Any) -> Array:
        """Return log(1 + e^eta) - y eta."""
        # As log(1 + e^(-|m|)) + max(-m, 0) with margin m = (2y - 1) eta, which neither overflows nor cancels.
        against = (1 - 2 * y) * eta
        return np.asarray(np.maximum(against, 0.0) + np.log1p(np.exp(-np.abs(against))))

    def gradient(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return expit(eta) - y."""
        sign = 1 - 2 * y
        return np.asarray(sign * expit(sign * eta))

    def curvature(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return expit(eta) expit(-eta)."""
        return np.asarray(expit(eta) * expit(-np.asarray(eta)))

    def curvature_bound(self, sigma: float) -> float:
        """Return 1/4, the curvature at eta = 0."""
        return 0.25

    def majorant(self, eta: Array, y: Array, sigma: float) -> Array:
        """Return tanh(|eta| / 2) / (2 |eta|) (Jaakkola & Jordan, 2000, Statistics and Computing 10, section 2)."""
        # Below 1e-8 this is its limit 1/4 to the last digit: the next term is eta²/48.
        size = np.maximum(np.abs(eta), 1e-8)
        return np.asarray(np.tanh(size / 2) / (2 * size))

    def conjugate(self, theta: Array, y: Array, weight: Array, sigma: float) -> float:
        """F*(theta) = w [u log u + (1 - u) log(1 - u)], u = y + theta / w in [0, 1]."""
        used = weight > 0
        if np.any(theta[~used] != 0):
            return math.inf
        w = weight[used]
        # |theta| / w is the distance of u from its own class; it must lie in [0, 1] on the right side.
        v = theta[used] / w * (1 - 2 * y[used])
        slack = 4 * np.finfo(float).eps
        if np.any((v < -slack) | (v > 1 + slack)):
            return math.inf
        v = np.clip(v, 0.0, 1.0)
        # log1p: where v is small, 1 - v has lost its digits.
        return float(np.sum(w * (xlogy(v, v) + xlog1py(1 - v, -v))))

    def row_constant(self, y: Array, sigma: Any) -> Any:
        """Return 0."""
        return 0.0

    def mean(self, eta: Array) -> Array:
        """Return the probability of class 1."""
        return np.asarray(expit(eta))

    def draw(self, rng: np.random.Generator, eta: Array, sigma: Any) -> Array:
        """Return 0 or 1."""
        return np.asarray(rng.random(np.shape(eta)) < expit(eta), dtype=float)

    def to_pymc(self, name: str, eta: Any, sigma: Any, y: Any, weight: Any) -> Any:
        """Return an observed ``pm.Bernoulli``, or a weighted potential of the same density."""
        import pymc as pm

        return observe(name, pm.Bernoulli, logit_p=eta, y=y, weight=weight)
