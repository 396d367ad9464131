"""The posterior of a submodel: every draw of the reference projected onto some columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    """Project all draws of a reference; a noise level takes up what the columns miss."""
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
    # What follows starts at least squares under the curvature of one point.
    columns = reference.rows()[:, list(on)]
    if not reference.model.fit_intercept:
        found = reference.target().project(columns, coef)
        return Submodel(on, found.coef, intercept, found.scale, found.kl)
    middle = columns.mean(axis=0)
    A = np.column_stack([np.ones(len(columns)), columns - middle])
    found = reference.target().project(A, np.column_stack([intercept + coef @ middle, coef]))
    coef = found.coef[:, 1:]
    return Submodel(on, coef, found.coef[:, 0] - coef @ middle, found.scale, found.kl)
