r"""Leave-one-out densities of a linear model with normal coefficients and errors, given the scales of a draw.

With the rows and the response times the roots of their weights, coefficients of prior precision q_j (0: flat) and

.. math:: A = Z^T Z + \sigma^2 \operatorname{diag} q, \quad h_i = z_i^T A^{-1} z_i, \quad e = r - Z A^{-1} Z^T r

a row of weight w, left out whole, has

.. math:: \log p(y_i \mid y_{-i}, \sigma, q) = -\tfrac{w}{2} \log(2\pi\sigma^2) + \tfrac12 \log(1-h_i)
          - \frac{e_i^2}{2\sigma^2 (1-h_i)}

(Rasmussen & Williams, 2006, section 5.4.2; Dubrule, 1983, for flat columns). With more columns than rows A is not
formed: :math:`I - Z A^{-1} Z^T` is then :math:`M = (I + Z_P D Z_P^T)^{-1}` with :math:`D = (\sigma^2 q)^{-1}` over the
columns P with a prior, less what the flat columns F take of it, :math:`M F (F^T M F)^{-1} F^T M`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from bayesreg.numerics.gaussian_posterior import Level
from bayesreg.numerics.threads import one_blas_thread

Array = NDArray[np.float64]

# Floating-point operations for all draws: two to four seconds. Beyond them the draws are thinned.
LARGEST_WORK = 2e10
# What is worth doing where all else fails but refits, each of which costs more: a minute.
DEAREST_WORK = 4e11
# Fewer draws than these do not stand for a posterior, and their tail is too short to smooth.
FEWEST_DRAWS = 200
# Passes over the rows in each draw that are no part of the products, in products.
_PASSES = 50
# Of a column that data or prior outweigh so much the other is no part: 10 digits are left where both matter.
_LARGEST_RATIO, _LARGEST_VARIANCE = 1e20, 1e10
# Below this 1 - h is rounding: the columns fit the row whatever it is.
_SMALLEST_LEFT = 1e-12


def draws_within_reach(n: int, p: int, draws: int) -> tuple[int, bool]:
    """How many of the draws `ConditionalLoo` can be asked for: all, fewer, or 0; and whether even few are dear."""
    columns = p + 1
    each = n * columns * (columns + _PASSES) + columns**3 / 3 if columns <= n else columns * n**2 + n**3
    fewest = min(draws, FEWEST_DRAWS)
    if fewest * each > DEAREST_WORK:
        return 0, True
    affordable = int(LARGEST_WORK / each)
    return min(draws, max(affordable, fewest)), affordable < fewest


@dataclass(frozen=True, eq=False)
class ConditionalLoo:
    """Data of a Gaussian likelihood, ready for the scales of any draw.

    Parameters
    ----------
    rows : array, shape (n, p)
        Times the roots of the weights; centred beside an intercept.
    response : array, shape (n,)
        Likewise, less offset and prior location.
    weight : array, shape (n,)
    level : Level or None
        The intercept.
    """

    rows: Array
    response: Array
    weight: Array
    level: Level | None

    def log_densities(self, sigma: Array, precision: Array) -> Array:
        """Log density of each row given the others and the scales of each draw.

        Cost for each draw O(n p²), or O(n² p) where that is less.

        Parameters
        ----------
        sigma : array, shape (S,)
        precision : array, shape (S, p)
            Prior precision of each coefficient, 0 where it is flat.

        Returns
        -------
        array, shape (S, n)
            NaN where the posterior without the row is improper, to rounding.
        """
        n = self.weight.size
        columns, own, flat = self.rows, np.zeros(self.rows.shape[1]), np.all(precision == 0, axis=0)
        held, target = np.zeros(sigma.size), 0.0
        if self.level is not None:
            columns, flat = np.column_stack([self.rows, np.sqrt(self.weight)]), np.append(flat, True)
            # The intercept counts from the mean of the data: its prior binds it to the coefficients, as one more row.
            own = np.append(-self.level.x_mean, 1.0)
            if not self.level.flat:
                held, target = sigma**2 / self.level.variance_at(sigma), -self.level.y_mean
        solver: _ByColumns | _ByRows
        if columns.shape[1] <= n:
            solver = _ByColumns.of(columns, self.response, own, target)
        else:
            solver = _ByRows.of(columns, self.response, own, target, flat)
        ridge, p = np.zeros(columns.shape[1]), precision.shape[1]
        out = np.empty((sigma.size, n))
        with one_blas_thread():
            for s in range(sigma.size):
                ridge[:p] = sigma[s] ** 2 * precision[s]
                left, residual = solver.leave(ridge, float(held[s]))
                left = np.where(left > _SMALLEST_LEFT, left, np.nan)
                out[s] = 0.5 * np.log(left) - residual**2 / (2 * sigma[s] ** 2 * left)
        out -= 0.5 * np.log(2 * np.pi * sigma**2)[:, None] * self.weight
        return out


@dataclass(frozen=True, eq=False)
class _ByColumns:
    """Cholesky of A, of as many rows as there are columns."""

    columns: Array
    transposed: Array
    response: Array
    gram: Array
    cross: Array
    own: Array
    target: float

    @classmethod
    def of(cls, columns: Array, response: Array, own: Array, target: float) -> _ByColumns:
        transposed = np.asfortranarray(columns.T)
        return cls(columns, transposed, response, columns.T @ columns, columns.T @ response, own, target)

    def leave(self, ridge: Array, held: float) -> tuple[Array, Array]:
        """1 - h and e of every row; ``held`` is the precision of the intercept's own prior times sigma²."""
        A, cross = self.gram, self.cross
        if held:
            A, cross = A + held * np.outer(self.own, self.own), cross + held * self.target * self.own
        A = np.array(A, order="F")
        diagonal = np.diag(A)
        # A constant column without data in it takes any ridge.
        A[np.diag_indices_from(A)] += np.where(diagonal > 0, np.minimum(ridge, _LARGEST_RATIO * diagonal), 1.0)
        factor, failed = lapack.dpotrf(A, lower=1, clean=0, overwrite_a=1)
        if failed:
            none = np.full(self.response.size, np.nan)
            return none, none
        half = blas.dtrsm(1.0, factor, self.transposed, lower=1)
        fitted = self.columns @ lapack.dpotrs(factor, cross, lower=1)[0]
        return 1.0 - np.einsum("ji,ji->i", half, half), self.response - fitted


@dataclass(frozen=True, eq=False)
class _ByRows:
    """Cholesky of I + Z D Z', of as many rows as there are rows, and one for the intercept's own prior."""

    mixed: Array
    free: Array
    response: Array
    squares: Array
    kept: NDArray[np.bool_]
    own: Array
    target: float

    @classmethod
    def of(cls, columns: Array, response: Array, own: Array, target: float, flat: NDArray[np.bool_]) -> _ByRows:
        mixed = np.ascontiguousarray(columns[:, ~flat])
        return cls(mixed, columns[:, flat], response, np.sum(mixed**2, axis=0), ~flat, own, target)

    def leave(self, ridge: Array, held: float) -> tuple[Array, Array]:
        """As `_ByColumns.leave`."""
        n, mixed, free, response, squares = self.response.size, self.mixed, self.free, self.response, self.squares
        if held:
            root = np.sqrt(held)
            mixed = np.vstack([mixed, root * self.own[self.kept]])
            free = np.vstack([free, root * self.own[~self.kept]])
            response, squares = np.append(response, root * self.target), squares + mixed[-1] ** 2
        # 1 / ridge, but no column so loose that rounding in it drowns the others.
        on = squares > 0
        variance = np.where(on, 1 / np.maximum(ridge[self.kept], np.where(on, squares, 1.0) / _LARGEST_VARIANCE), 0.0)
        scaled = mixed * np.sqrt(variance)
        C = blas.dsyrk(1.0, scaled.T, trans=1, lower=1)
        C[np.diag_indices_from(C)] += 1.0
        factor, _ = lapack.dpotrf(C, lower=1, clean=1, overwrite_a=1)
        root, _ = lapack.dtrtri(factor, lower=1, overwrite_c=1)
        left, whitened = np.einsum("ji,ji->i", root, root), root @ response
        if free.shape[1]:
            basis = np.linalg.qr(root @ free)[0]
            left = left - np.sum((basis.T @ root) ** 2, axis=0)
            whitened = whitened - basis @ (basis.T @ whitened)
        return left[:n], (root.T @ whitened)[:n]
