r"""A linear model with a normal prior: the posterior at every penalty and noise level from one decomposition.

.. math:: y \mid \beta, \sigma \sim N(X\beta, \sigma^2 W^{-1}), \qquad \beta_j \sim N(0, \sigma^2 s_j^2 / \lambda)

for the penalised columns P, a constant density for the free columns F, and an intercept that is flat, normal or absent.
With a flat intercept or a normal one the columns and y are centred, the free columns are projected out, and

.. math:: \tilde P \operatorname{diag}(s) = U \operatorname{diag}(d) V^T, \quad c = U^T \tilde y, \quad
          S(\lambda) = \tilde y^T \tilde y - c^T c + \sum_k c_k^2 \frac{\lambda}{d_k^2 + \lambda}

.. math:: \log p(y \mid \lambda, \sigma) = -\tfrac N2 \log(2 \pi \sigma^2)
          - \tfrac12 \sum_k \log(1 + d_k^2/\lambda) - \frac{S(\lambda)}{2\sigma^2}
          - \tfrac12 \log |F^T F| - \tfrac12 \log \textstyle\sum w

where N is the sum of the weights less the number of flat coordinates and the last term belongs to an intercept. A
normal intercept :math:`N(m_0, v)` adds the normal density of the mean of y given the centred rows,

.. math:: \bar y - m_0 \mid \lambda, \sigma \sim
          N\big(\bar x^T \hat\beta(\lambda),\ \sigma^2 (1/\textstyle\sum w + q(\lambda)) + v\big),
          \qquad q = \bar x^T \operatorname{Cov}(\beta) \bar x / \sigma^2 .
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.errors import InputError
from bayesreg.numerics.spectrum import spectrum

Array = NDArray[np.float64]

_COLLINEAR = (
    "columns without a prior are collinear (to 13 digits), so the posterior is improper or not computable; "
    "drop them or give them a proper prior."
)


@dataclass(frozen=True)
class Level:
    """An intercept: the means of the data and its own normal prior.

    Parameters
    ----------
    x_mean : array, shape (p,)
        Weighted means of the columns.
    y_mean : float
        Weighted mean of the response, less the prior mean of the intercept.
    loc : float
        Prior mean, 0 when flat.
    variance : float
        Prior variance, infinite when flat; at sigma = 1 where it is relative.
    relative : bool
        Whether the variance is multiplied by sigma².
    """

    x_mean: Array
    y_mean: float
    loc: float
    variance: float
    relative: bool

    @property
    def flat(self) -> bool:
        """Whether the density of the intercept is constant."""
        return bool(np.isinf(self.variance))

    def variance_at(self, sigma: Array) -> Array:
        """Prior variance at noise levels."""
        return np.asarray(self.variance * sigma**2 if self.relative else np.full_like(sigma, self.variance))


class Tables(NamedTuple):
    """What the marginal likelihood takes from each penalty, shapes (m,)."""

    log_det: Array
    residual: Array
    gap: Array
    spread: Array


def rows_in_use(rows: Array, response: Array) -> int:
    """Number of rows that are not all 0."""
    return int(np.count_nonzero(np.any(rows != 0, axis=1) | (response != 0)))


@dataclass(frozen=True, eq=False)
class GaussianPosterior:
    """The posterior of (coef, intercept) at any (lambda, sigma); ``build`` makes it.

    Parameters
    ----------
    penalised, free : array of int
        Columns with a prior and without, P and F.
    scale : array, shape (P,)
        s.
    right : array, shape (P, r)
        V.
    d, c : array, shape (r,)
        Singular values and projected response.
    left_over : float
        Part of the response that no column reaches, squared.
    factor : array, shape (F, F)
        Upper triangular, with factor'factor = F'F.
    across : array, shape (F, P)
        The penalised columns in the basis of the free ones.
    target : array, shape (F,)
        The response in it.
    loc : array, shape (p,)
        Added to the coefficients.
    total_weight : float
        Sum of the row weights.
    level : Level or None
        The intercept.
    """

    penalised: NDArray[np.intp]
    free: NDArray[np.intp]
    scale: Array
    right: Array
    d: Array
    c: Array
    left_over: float
    factor: Array
    across: Array
    target: Array
    loc: Array
    total_weight: float
    level: Level | None

    @classmethod
    def build(
        cls,
        rows: Array,
        response: Array,
        rate: Array,
        loc: Array,
        total_weight: float,
        level: Level | None,
        n_used: int | None = None,
    ) -> GaussianPosterior:
        """Decompose once. Cost O(n p min(n, p)).

        Parameters
        ----------
        rows : array, shape (n, p)
            Columns times the roots of the weights, centred where there is an intercept.
        response : array, shape (n,)
            The same of the response, less the offset and the columns times ``loc``.
        rate : array, shape (p,)
            1/s²; 0 leaves a column free.
        loc : array, shape (p,)
        total_weight : float
        level : Level or None
        n_used : int, optional
            Number of rows that are not all 0, where ``rows`` and ``response`` are already the triangle of a QR
            factorisation of more of them.

        Raises
        ------
        InputError
            If the free columns are collinear.
        """
        penalised, free = np.flatnonzero(rate > 0), np.flatnonzero(rate == 0)
        scale = 1 / np.sqrt(rate[penalised])
        f = free.size
        size = np.linalg.norm(rows[:, free], axis=0)
        if np.any(size == 0):
            raise InputError("an all-zero column has a flat prior, so its posterior is improper; drop the column.")
        table = np.column_stack([rows[:, free] / size, rows[:, penalised] * scale, response])
        if f or table.shape[0] > table.shape[1]:
            table = linalg.qr(table, mode="r", check_finite=False)[0][: table.shape[1]]
        diagonal = np.abs(np.diag(table[:f, :f]))
        if f and (diagonal.size < f or diagonal.min() < 1e-13):
            raise InputError(_COLLINEAR)
        # A response that the free columns reach to rounding leaves nothing.
        scale_of_y = np.linalg.norm(response)
        used = rows_in_use(rows, response) if n_used is None else n_used
        rank_left = used - f - (level is not None)
        d, right, c, left_over = spectrum(table[f:, f:-1], table[f:, -1], scale_of_y, rank_left)
        return cls(
            penalised=penalised,
            free=free,
            scale=scale,
            right=right,
            d=d,
            c=c,
            left_over=left_over,
            factor=table[:f, :f] * size,
            across=table[:f, f:-1] / scale,
            target=table[:f, -1],
            loc=loc,
            total_weight=total_weight,
            level=level,
        )

    def tightened(self, strength: float) -> GaussianPosterior:
        """The same posterior with the prior's rates multiplied; no new decomposition."""
        return replace(self, scale=self.scale / np.sqrt(strength), d=self.d / np.sqrt(strength))

    @property
    def degrees(self) -> float:
        """N of the centred rows: the sum of the weights less the flat coordinates and any intercept."""
        return self.total_weight - self.free.size - (self.level is not None)

    @property
    def n_flat(self) -> int:
        """Number of coordinates without a prior."""
        return int(self.free.size) + (self.level is not None and self.level.flat)

    @cached_property
    def _log_free(self) -> float:
        value = 2 * float(np.sum(np.log(np.abs(np.diag(self.factor)))))
        return value + (np.log(self.total_weight) if self.level is not None else 0.0)

    def tables(self, log_rate: Array) -> Tables:
        """Tables at log lambda, shapes (m,). Cost O(m r)."""
        lam = np.exp(log_rate)[:, None]
        square = self.d**2
        log_det = np.log1p(square / lam).sum(axis=1)
        shrunk = lam / (square + lam)
        residual = self.left_over + shrunk @ self.c**2
        if self.level is None or self.level.flat:
            none = np.zeros(0)
            return Tables(log_det, residual, none, none)
        total = 1 / (square + lam)
        gap = self._level_at_zero - total @ (self._mean_in_basis * self.d * self.c)
        spread = self._spread_free + total @ self._mean_in_basis**2 + self._spread_beyond / lam[:, 0]
        return Tables(log_det, residual, gap, spread)

    def log_marginal(self, tables: Tables, sigma: Array) -> Array:
        """Log p(y | lambda, sigma), constants included, for noise levels (m, ...) of the m penalties of ``tables``."""
        shape = (-1,) + (1,) * (sigma.ndim - 1)
        square = sigma**2
        value = -0.5 * self.degrees * np.log(2 * np.pi * square) - 0.5 * self._log_free
        value = value - 0.5 * tables.log_det.reshape(shape) - 0.5 * tables.residual.reshape(shape) / square
        if self.level is None or self.level.flat:
            return np.asarray(value)
        variance = self.mean_variance(tables.spread.reshape(shape), sigma)
        gap = tables.gap.reshape(shape)
        return np.asarray(value - 0.5 * np.log(2 * np.pi * variance) - 0.5 * gap**2 / variance)

    def mean_variance(self, spread: Array, sigma: Array) -> Array:
        """Variance of the mean of y given the centred rows, a normal intercept integrated out."""
        assert self.level is not None
        return np.asarray(sigma**2 * (1 / self.total_weight + spread) + self.level.variance_at(sigma))

    @property
    def homogeneous(self) -> bool:
        """Whether sigma² is a factor of every variance at a given lambda."""
        return self.level is None or self.level.flat or self.level.relative

    def conjugate_parts(self, tables: Tables) -> tuple[float, Array, Array]:
        """For a homogeneous posterior: N, S(lambda) (m,) and log p(y | lambda, sigma = 1) + S/2 (m,).

        Then log p(y | lambda, sigma) is the last less N log sigma less S/(2 sigma²).
        """
        degrees, residual = self.degrees, tables.residual
        if self.level is not None and not self.level.flat:
            degrees += 1
            residual = residual + tables.gap**2 / self.mean_variance(tables.spread, np.ones_like(tables.spread))
        at_one = self.log_marginal(tables, np.ones_like(residual)) + 0.5 * residual
        return degrees, residual, at_one

    def draw(self, rng: np.random.Generator, log_rate: Array, sigma: Array) -> Array:
        """One draw of (coef, intercept) for each pair of log lambda and sigma, shape (m, p + intercept)."""
        m, p = sigma.size, self.loc.size
        lam, level = np.exp(log_rate)[:, None], sigma[:, None]
        total = self.d**2 + lam
        inner = self.d * self.c / total + level * rng.standard_normal((m, self.d.size)) / np.sqrt(total)
        if self.right.shape[1] < self.scale.size:
            # What the rows do not see keeps its prior.
            unseen = rng.standard_normal((m, self.scale.size)) * (level / np.sqrt(lam))
            coordinates = unseen + (inner - unseen @ self.right) @ self.right.T
        else:
            coordinates = inner @ self.right.T
        out = np.empty((m, p + (self.level is not None)))
        on_penalised = coordinates * self.scale
        out[:, self.penalised] = on_penalised
        if self.free.size:
            noise = level * rng.standard_normal((m, self.free.size))
            right_side = self.target + noise - on_penalised @ self.across.T
            out[:, self.free] = linalg.solve_triangular(self.factor, right_side.T).T
        if self.level is not None:
            self._draw_level(rng, out, log_rate, sigma)
        out[:, :p] += self.loc
        return out

    def _draw_level(self, rng: np.random.Generator, out: Array, log_rate: Array, sigma: Array) -> None:
        """Fill in the intercept; a normal one moves the coefficients too (by the rule of Matheron)."""
        level = self.level
        assert level is not None
        d = out[:, :-1]
        noise = sigma * rng.standard_normal(sigma.size) / np.sqrt(self.total_weight)
        innovation = level.y_mean - d @ level.x_mean - noise
        if level.flat:
            out[:, -1] = innovation + level.loc
            return
        variance = level.variance_at(sigma)
        start = np.sqrt(variance) * rng.standard_normal(sigma.size)
        innovation = innovation - start
        total = self.mean_variance(self.tables(log_rate).spread, sigma)
        out[:, :-1] += (sigma**2 * innovation / total)[:, None] * self.mean_direction(log_rate)
        out[:, -1] = start + variance / total * innovation + level.loc

    def mean_direction(self, log_rate: Array) -> Array:
        """Cov(coef) x_mean / sigma² before the mean of y is seen, shape (m, p)."""
        directions = np.column_stack([self.basis, self.free_basis, self.beyond_direction])
        return np.asarray(self.mean_coordinates(log_rate) @ directions.T)

    def mean_coordinates(self, log_rate: Array) -> Array:
        """The same in the spectral directions, the free ones, and what the rows do not see, shape (m, r + F + 1)."""
        assert self.level is not None
        lam = np.exp(log_rate)[:, None]
        on_free = np.broadcast_to(self.free_basis.T @ self.level.x_mean, (lam.size, self.free.size))
        return np.hstack([self._mean_in_basis / (self.d**2 + lam), on_free, 1 / lam])

    @cached_property
    def basis(self) -> Array:
        """Coefficients of each spectral direction, shape (p, r)."""
        out = np.empty((self.loc.size, self.d.size))
        out[self.penalised] = self.scale[:, None] * self.right
        out[self.free] = self._carried(out[self.penalised])
        return out

    @cached_property
    def free_basis(self) -> Array:
        """Coefficients of each free direction of unit precision over sigma², shape (p, F)."""
        out = np.zeros((self.loc.size, self.free.size))
        out[self.free] = linalg.solve_triangular(self.factor, np.eye(self.free.size))
        return out

    def _carried(self, on_penalised: Array) -> Array:
        """What the free coefficients take from penalised ones (P, ...)."""
        return np.asarray(-linalg.solve_triangular(self.factor, self.across @ on_penalised))

    # The mean of the columns in the directions of the posterior: only a normal intercept asks for it.

    @cached_property
    def _mean_in_basis(self) -> Array:
        assert self.level is not None
        return self.basis.T @ self.level.x_mean

    @cached_property
    def _level_at_zero(self) -> float:
        assert self.level is not None
        return float(self.level.y_mean - self.level.x_mean @ (self.free_basis @ self.target))

    @cached_property
    def _spread_free(self) -> float:
        assert self.level is not None
        return float(np.sum((self.free_basis.T @ self.level.x_mean) ** 2))

    @cached_property
    def beyond_direction(self) -> Array:
        """Covariance with the mean of the columns that the rows do not see, at lambda = 1, shape (p,)."""
        out = np.zeros(self.loc.size)
        if self.right.shape[1] < self.scale.size:
            assert self.level is not None
            x = self.level.x_mean
            pull = self.scale * (x[self.penalised] + self._pulled(x[self.free]))
            on_penalised = self.scale * (pull - self.right @ (self.right.T @ pull))
            out[self.penalised] = on_penalised
            out[self.free] = self._carried(on_penalised)
        return out

    def _pulled(self, on_free: Array) -> Array:
        """Transpose of `_carried`: weights (F, ...) of free coefficients as weights of penalised ones."""
        return np.asarray(-self.across.T @ linalg.solve_triangular(self.factor, on_free, trans="T"))

    @cached_property
    def _spread_beyond(self) -> float:
        assert self.level is not None
        return float(self.level.x_mean @ self.beyond_direction)

    def unseen_variance(self) -> Array:
        """Variance of each output (p + intercept) from what the rows do not see, at lambda = sigma = 1."""
        out = np.zeros(self.loc.size + (self.level is not None))
        if self.right.shape[1] == self.scale.size:
            return out
        out[self.penalised] = self.scale**2 * np.maximum(1 - np.sum(self.right**2, axis=1), 0.0)
        others = [self._pulled(np.eye(self.free.size)).T] if self.free.size else []
        if self.level is not None:
            x = self.level.x_mean
            others.append(-(x[self.penalised] + self._pulled(x[self.free]))[None])
        if others:
            weight = np.vstack(others) * self.scale
            variance = np.sum(weight**2, axis=1) - np.sum((weight @ self.right) ** 2, axis=1)
            out[np.append(self.free, self.loc.size)[: variance.size]] = np.maximum(variance, 0.0)
        return out
