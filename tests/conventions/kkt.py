"""The optimality conditions of penalised fits, written out by hand: independent of the certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import expit

import bayesreg as br
from bayesreg.conventions import CONVENTIONS
from bayesreg.priors.base import positive_of

Array = np.ndarray

# Derivative of the loss of one row with respect to eta, from eta, y and the threshold of the Huber loss.
SLOPES: dict[str, Callable[[Array, Array, float], Array]] = {
    "squared": lambda eta, y, _: eta - y,
    "logistic": lambda eta, y, _: expit(eta) - y,
    "poisson": lambda eta, y, _: np.exp(eta) - y,
    "huber": lambda eta, y, delta: np.clip(eta - y, -delta, delta),
}


@dataclass(frozen=True)
class Fit:
    """Coefficients of another library with the data and the convention that they belong to."""

    name: str
    parameters: dict[str, Any]
    X: Array
    y: Array
    coef: Array
    intercept: float = 0.0
    fit_intercept: bool = True
    weight: Array | None = None
    offset: Array | None = None
    sigma: float = 1.0
    changed: dict[str, Any] = field(default_factory=dict)

    def with_changes(self, name: str | None = None, **changed: Any) -> Fit:
        """Return the same coefficients with other parameters, another setting or another row."""
        return replace(self, name=name or self.name, changed=self.changed | changed)

    @property
    def w(self) -> Array:
        """Row weights, ones where none were given."""
        return np.ones(self.y.size) if self.weight is None else self.weight

    def setting(self) -> dict[str, Any]:
        """Return what a convention may need of the data."""
        w = self.w
        x_mean, y_mean = w @ self.X / w.sum(), w @ self.y / w.sum()
        return {
            "n": self.y.size,
            "sum_weights": float(w.sum()),
            "y_sd": float(np.sqrt(w @ (self.y - y_mean) ** 2 / w.sum())),
            "x_sd": np.sqrt(w @ (self.X - x_mean) ** 2 / w.sum()),
            "sigma": self.sigma,
        }

    def prior(self) -> Any:
        """Return the prior that the row makes of the parameters."""
        return br.prior_from(self.name, **(self.setting() | self.parameters | self.changed))

    def rates(self) -> tuple[Array, Array]:
        """Return (l1, l2) in nats at the noise level, one a column."""
        prior = self.prior()
        level = {None: (1.0, 1.0), "sigma": (self.sigma, self.sigma**2), "penalty": (self.sigma**2, self.sigma**2)}
        l1, l2 = prior.rates({})
        down = level[prior.relative_to]
        return np.broadcast_to(l1 / down[0], self.coef.shape), np.broadcast_to(l2 / down[1], self.coef.shape)

    def slopes(self) -> Array:
        """Return the derivative of each row's weighted loss, in nats."""
        row, given = CONVENTIONS[self.name], self.parameters | self.changed
        eta = self.X @ self.coef + self.intercept + (0.0 if self.offset is None else self.offset)
        threshold = given[row.shape] if row.shape else 0.0
        # Both are 1 where the loss has no noise level.
        return self.w * SLOPES[row.loss](eta / self.sigma, self.y / self.sigma, threshold) / self.sigma


def violation(fit: Fit) -> float:
    """Largest distance of a gradient to where the penalty wants it, over the largest gradient of an empty model."""
    slope = fit.slopes()
    gradient = fit.X.T @ slope
    empty = fit.X.T @ (fit.w * (fit.y - fit.w @ fit.y / fit.w.sum())) / fit.sigma**2
    prior = fit.prior()
    distances = _group_distances(fit, gradient) if hasattr(prior, "labels") else _distances(fit, gradient, prior)
    worst = max(distances) / np.abs(empty).max()
    return max(worst, abs(slope.sum()) / np.abs(slope).sum()) if fit.fit_intercept else worst


def _distances(fit: Fit, gradient: Array, prior: Any) -> Array:
    l1, l2 = fit.rates()
    pull = gradient + l2 * fit.coef
    at_zero = np.maximum((-pull if np.any(positive_of(prior)) else np.abs(pull)) - l1, 0.0)
    return np.where(fit.coef == 0, at_zero, np.abs(pull + l1 * np.sign(fit.coef)))


def _group_distances(fit: Fit, gradient: Array) -> list[float]:
    """Of the rates that the library states, group by group."""
    given = fit.parameters | fit.changed
    groups = given["groups"]
    if np.ndim(groups[0]) == 0:
        ends = np.cumsum(groups)
        groups = [list(range(end - size, end)) for size, end in zip(groups, ends, strict=True)]
    prior, labels = fit.prior(), np.asarray(fit.prior().labels)
    factor = np.broadcast_to(prior.factor, labels.shape)
    out = []
    for columns in groups:
        # The prior is read for its rate, the library for its groups: both must agree.
        assert np.flatnonzero(labels == labels[columns[0]]).tolist() == sorted(columns)
        rate = np.sqrt(len(columns)) / prior.scale / factor[columns[0]]
        norm = np.linalg.norm(fit.coef[columns])
        g = gradient[columns]
        if norm == 0:
            out.append(max(np.linalg.norm(g) - rate, 0.0))
        else:
            out.append(float(np.linalg.norm(g + rate * fit.coef[columns] / norm)))
    return out
