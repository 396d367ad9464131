r"""Projection of an exponential family's fitted means onto some columns, by iteratively reweighted least squares.

With the canonical link a row's negative log density is :math:`b(\eta) - y\eta`, with mean :math:`b'(\eta)`. The
divergence from a draw with mean :math:`\mu` at :math:`\eta_0` is, summed with the weights of the rows,

.. math:: \mathrm{KL}(a) = \sum_i w_i [b(\eta_i) - b(\eta_{0i}) - \mu_i (\eta_i - \eta_{0i})], \qquad \eta = o + A a,

so its minimum is the maximum-likelihood fit to the "data" :math:`\mu` (Goutis & Robert, 1998, Biometrika 85). It exists
where maximum likelihood for y may not: :math:`\mu` lies strictly inside its range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MAX_STEPS = 60
_HALVINGS = 30
# Columns whose Hessian has an eigenvalue below this share of the largest are taken as dependent.
_DEPENDENT = 1e-13
# Where the smallest eigenvalue of the Gram matrix of unit columns is above this, none is.
_REGULAR = 1e-8
# Products of columns held at a time.
_PRODUCTS = 2_000_000


@dataclass(frozen=True, eq=False)
class Family:
    """An exponential family with its canonical link: b, b' and b'' as functions of eta."""

    cumulant: Callable[[Array], Array]
    mean: Callable[[Array], Array]
    variance: Callable[[Array], Array]


def project_means(
    family: Family, A: Array, offset: Array, weight: Array, means: Array, start: Array, tolerance: float = 1e-12
) -> Array:
    """Fit every row of ``means`` by Newton steps, halved until the objective falls. Cost O(D n k²) a step.

    Parameters
    ----------
    family : Family
    A : array, shape (n, k)
        The columns, that of the intercept among them.
    offset, weight : array, shape (n,)
    means : array, shape (D, n)
    start : array, shape (D, k)
    tolerance : float
        Share of the weight that the last squared Newton decrement may be.

    Returns
    -------
    array, shape (D, k)
    """
    if A.shape[1] == 0:
        return start.copy()
    # Columns of unit size: which of them are dependent then does not hang on their units.
    size = np.sqrt(np.maximum(weight @ A**2 / weight.sum(), np.finfo(float).tiny))
    A, a = A / size, start * size
    regular = is_regular(A, weight)
    moving = np.arange(a.shape[0])
    limit = tolerance * weight.sum()
    for _ in range(_MAX_STEPS):
        eta, mu = offset + a[moving] @ A.T, means[moving]
        slope = (weight * (family.mean(eta) - mu)) @ A
        curvature = weight * family.variance(eta)
        hessian = hessians(A, curvature)
        step = newton_steps(hessian, slope, regular)
        decrement = np.einsum("dk,dk->d", slope, step)
        here = _objective(family, eta, mu, weight)
        length = np.ones(moving.size)
        for _ in range(_HALVINGS):
            there = _objective(family, offset + (a[moving] - length[:, None] * step) @ A.T, mu, weight)
            # The rounding of two sums of n terms that differ by less than it must not stop the last steps.
            bad = ~(there <= here + 1e-13 * np.abs(here))
            if not bad.any():
                break
            length[bad] /= 2
        a[moving] -= length[:, None] * step
        moving = moving[~(decrement <= limit)]
        if moving.size == 0:
            break
    return a / size


def divergence(family: Family, eta: Array, reference: Array, weight: Array) -> Array:
    """KL from the means at ``reference`` to those at ``eta``, both (D, n), over the weighted rows, shape (D,)."""
    gap = family.cumulant(eta) - family.cumulant(reference) - family.mean(reference) * (eta - reference)
    return np.asarray(np.maximum(gap @ weight, 0.0))


def is_regular(A: Array, weight: Array) -> bool:
    """Whether columns of unit size, (n, k), are far from dependent."""
    return A.shape[1] == 0 or bool(np.linalg.eigvalsh((A.T * weight) @ A)[0] > _REGULAR * weight.sum())


def hessians(A: Array, rows: Array) -> Array:
    """A' diag(row) A for every row of ``rows`` (D, n), shape (D, k, k)."""
    k = A.shape[1]
    out = np.empty((rows.shape[0], k, k))
    if rows.shape[0] < k:
        for one, row in zip(out, rows, strict=True):
            one[:] = (A.T * row) @ A
        return out
    # One product of matrices for all of them is several times faster than one each.
    i, j = np.triu_indices(k)
    step = max(1, _PRODUCTS // A.shape[0])
    for start in range(0, i.size, step):
        a, b = i[start : start + step], j[start : start + step]
        out[:, a, b] = rows @ (A[:, a] * A[:, b])
        out[:, b, a] = out[:, a, b]
    return out


def newton_steps(hessian: Array, slope: Array, regular: bool) -> Array:
    """Newton steps, of least norm where columns are dependent, (D, k, k) and (D, k) in."""
    if regular:
        try:
            return np.asarray(np.linalg.solve(hessian, slope[..., None])[..., 0])
        except np.linalg.LinAlgError:
            pass  # Rows without curvature can leave regular columns without information: as for dependent ones.
    return np.asarray(np.einsum("dkl,dl->dk", np.linalg.pinv(hessian, rcond=_DEPENDENT, hermitian=True), slope))


def _objective(family: Family, eta: Array, mu: Array, weight: Array) -> Array:
    return np.asarray((family.cumulant(eta) - mu * eta) @ weight)
