r"""The share of the response's variance that a submodel explains, draw by draw, from the Gram matrix.

With :math:`V = b^TGb/n` the variance of the linear predictor and m what a submodel misses of it (mean square over the
rows), the projected submodel has :math:`R^2 = (V - m) / (V + \sigma^2)`: its own variance over the same total, which is
the reference's :math:`R^2` at m = 0 (Gelman, Goodrich, Gabry & Vehtari, 2019, The American Statistician 73, for the
definition). For Bernoulli and Poisson responses the rows count with their curvature and :math:`\sigma = 1`: the share
of the working response. Errors of other laws, whose variance may be infinite, count with the inverse of Fisher's
information.

For a sparse summary g of the posterior (Hahn & Carvalho, 2015, section 3), which has no posterior of its own, m is the
mean square of X(b - g) and :math:`\rho^2 = V / (V + \sigma^2 + m)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesreg.intervals import interval
from bayesreg.numerics.subset_projection import project
from bayesreg.selection.reference import Reference

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


def of_reference(reference: Reference) -> Array:
    """R² of each draw, shape (D,)."""
    return np.asarray(reference.signal / (reference.signal + reference.variance))


def of_projections(reference: Reference, supports: Sequence[Sequence[int]]) -> Array:
    """R² of the projections onto sets of columns, shape (k, D)."""
    fitted = np.stack(
        [fitted_variance(reference, project(reference.gram, reference.flat_coef, s), s) for s in supports]
    )
    return np.asarray(np.minimum(fitted, reference.signal) / (reference.signal + reference.variance))


def fitted_variance(reference: Reference, coef: Array, support: Sequence[int]) -> Array:
    """V of coefficients of some columns, (D, k) in and (D,) out; they miss the rest of the reference's."""
    on = list(support)
    return np.asarray(np.einsum("dj,dj->d", coef @ reference.gram[np.ix_(on, on)], coef) / reference.total)


def of_summaries(reference: Reference, points: Array) -> Array:
    """rho² of sparse summaries, shape (k, D) for ``points`` of shape (k, p)."""
    G, b = reference.gram, reference.flat_coef
    square = reference.signal + (np.einsum("kj,kj->k", points @ G, points)[:, None] - 2 * points @ G @ b.T) / (
        reference.total
    )
    return np.asarray(reference.signal / (reference.signal + reference.variance + np.maximum(square, 0.0)))


def summarise(reference: Reference, values: Array, ci_prob: float | None) -> pd.DataFrame:
    """Posterior mean and interval of the share at each size, (k, D) in: ``explained`` and its two ends."""
    import pandas as pd

    lower, upper = interval(np.moveaxis(values.reshape(-1, *reference.shape), 0, -1), ci_prob)
    return pd.DataFrame({"explained": values.mean(axis=1), "explained_lower": lower, "explained_upper": upper})


def smallest_adequate(table: pd.DataFrame, full: float) -> tuple[int, bool]:
    """Position of the first row whose interval reaches ``full``, and whether there is one (else the last position)."""
    reaches = np.flatnonzero(table["explained_upper"].to_numpy() >= full)
    return (int(reaches[0]), True) if reaches.size else (len(table) - 1, False)
