"""The posterior of a submodel: every draw of the reference projected onto some columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.curved_projection import divergence, project_means
from bayesreg.numerics.subset_projection import project
from bayesreg.selection.explained import fitted_variance
from bayesreg.selection.reference import Reference

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Submodel:
    """Projected draws.

    Parameters
    ----------
    support : tuple of int
        The k columns.
    coef : array, shape (D, k)
    intercept, sigma : array, shape (D,)
    kl : array, shape (D,)
        Divergence from the draw of the reference, in nats a row.
    """

    support: tuple[int, ...]
    coef: Array
    intercept: Array
    sigma: Array
    kl: Array

    def linear_predictor(self, X: Array, offset: Array) -> Array:
        """Linear predictor of every draw and row, shape (D, n)."""
        return np.asarray(offset + self.intercept[:, None] + self.coef @ X[:, list(self.support)].T)


def submodel(reference: Reference, support: Sequence[int]) -> Submodel:
    """Project all draws of a reference; the noise level of a Gaussian one takes up what the columns miss."""
    on = tuple(support)
    draws = reference.flat_coef
    coef = project(reference.gram, draws, on)
    away = draws.copy()
    away[:, list(on)] -= coef
    intercept = reference.intercept.reshape(-1) + away @ reference.centre
    sigma = reference.sigma.reshape(-1)
    if reference.is_gaussian:
        miss = np.maximum(reference.signal - fitted_variance(reference, coef, on), 0.0)
        return Submodel(on, coef, intercept, np.sqrt(sigma**2 + miss), 0.5 * np.log1p(miss / sigma**2))
    eta = reference.linear_predictor()
    # What follows starts at the projection under the curvature of one point.
    coef, intercept = _refit(reference, on, reference.family.mean(eta), coef, intercept)
    mine = reference.offset + intercept[:, None] + coef @ reference.rows()[:, list(on)].T
    kl = divergence(reference.family, mine, eta, reference.weight) / reference.total
    return Submodel(on, coef, intercept, sigma, kl)


def _refit(
    reference: Reference, on: tuple[int, ...], means: Array, coef: Array, intercept: Array
) -> tuple[Array, Array]:
    columns = reference.rows()[:, list(on)]
    if not reference.model.fit_intercept:
        found = project_means(reference.family, columns, reference.offset, reference.weight, means, coef)
        return found, intercept
    centre = columns.mean(axis=0)
    A = np.column_stack([np.ones(len(columns)), columns - centre])
    start = np.column_stack([intercept + coef @ centre, coef])
    found = project_means(reference.family, A, reference.offset, reference.weight, means, start)
    return found[:, 1:], found[:, 0] - found[:, 1:] @ centre
