r"""Densities of one or two logarithms: brackets, trapezoidal integrals with their error, exact draws.

The outer variable v is bracketed where the integral over the inner one falls far below its largest value, the inner
variable u for each v on its own: :math:`u = \mathrm{low}(v) + \mathrm{width}(v)\, x` with x in [0, 1]. The trapezoidal
rule converges faster than any power of the step for densities that vanish smoothly at both ends; its error is read off
the Fourier transform of the nodes (`rule_error`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError

Array = NDArray[np.float64]
LogDensity = Callable[[Array, Array], Array]

_EPS = float(np.finfo(float).eps)
# Relative error of an integral below which no more nodes are added.
_ENOUGH = 1e-11
# A density that has not fallen so far at the end of the widest range is taken not to fall at all.
_PILED = 20.0
_LARGEST = 1025
# Proposals exceed the density by so much where the centres of the cells say that they just touch.
MARGIN = 1.05


@dataclass(frozen=True, eq=False)
class LogGrid:
    """A normalised density of (v, u), of v alone (one inner node), of u alone or of nothing (one outer node).

    Parameters
    ----------
    v : array, shape (V,)
        Outer nodes, equally spaced.
    u : array, shape (V, U)
        Inner nodes of each.
    mass : array, shape (V, U)
        Weights of the nodes; they sum to 1.
    log_total : float
        Logarithm of the integral.
    error : float
        Relative error of the integral.
    log_of : callable
        The log density at (v, u), shapes (m,) and (m, k).
    table : array, shape (V, U)
        Density of (v, x) at the nodes over its largest value there.
    log_top : float
        Logarithm of that value.
    """

    v: Array
    u: Array
    mass: Array
    log_total: float
    error: float
    log_of: LogDensity
    table: Array
    log_top: float

    @classmethod
    def build(
        cls,
        log_of: LogDensity,
        outer: Array,
        inner: Callable[[Array], tuple[Array, Array]] | None,
        ends: tuple[str, str],
        fall: float = 40.0,
    ) -> LogGrid:
        """Bracket and tabulate.

        Parameters
        ----------
        log_of : callable
            Log density at v (m,) and u (m, k).
        outer : array
            Nodes of a first look at v, as wide as one may need; one number where v is fixed.
        inner : callable or None
            Lowest and highest u to look at for each v; None without an inner variable.
        ends : tuple of str
            What it means that the density does not fall towards the low and the high end of v (of u for a fixed v).
        fall : float
            How far below its largest value the density is cut off, in nats.

        Raises
        ------
        InputError
            If the density does not fall at one of the ends.
        """

        def guarded(v: Array, u: Array) -> Array:
            with np.errstate(all="ignore"):
                value = np.asarray(log_of(v, u))
            return np.where(np.isnan(value), -np.inf, value)

        def inner_bracket(v: Array, smooth: bool = True) -> tuple[Array, Array, Array]:
            if inner is None:
                return np.zeros(v.size), np.ones(v.size), guarded(v, np.zeros((v.size, 1)))[:, 0]
            low, high = inner(v)
            nodes = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, 49)
            return bracket(lambda at: guarded(v, at), nodes, fall, smooth=smooth)

        def profile(v: Array) -> Array:
            _, width, top = inner_bracket(v, smooth=False)
            return np.asarray(top + np.log(width))

        if outer.size > 1:
            first = profile(outer)
            _check_ends(first, ends)
            low_v, width_v, _ = bracket(lambda at: profile(at[0])[None], outer[None], fall, first[None])
            span = (float(low_v[0]), float(width_v[0]))
        else:
            span = (float(outer[0]), 0.0)
            if inner is not None:
                low, high = inner(outer)
                _check_ends(guarded(outer, low + (high - low) * np.linspace(0.0, 1.0, 257)[None])[0], ends)
        v = span[0] + span[1] * np.linspace(0.0, 1.0, 33 if outer.size > 1 else 1)
        low, width, _ = inner_bracket(v)
        U = 33 if inner is not None else 1
        while True:
            u = low[:, None] + width[:, None] * np.linspace(0.0, 1.0, U)
            log_table = guarded(v, u) + np.log(width)[:, None]
            log_top = float(log_table.max())
            table = np.exp(log_table - log_top)
            error_v, error_u = rule_error(table.sum(axis=1)), rule_error(table.sum(axis=0))
            refine_v, refine_u = error_v > _ENOUGH and v.size < _LARGEST, error_u > _ENOUGH and U < _LARGEST
            if not (refine_v or refine_u):
                break
            U = 2 * U - 1 if refine_u else U
            if refine_v:
                before, v = v, np.linspace(v[0], v[-1], 2 * v.size - 1)
                if v.size <= 129:
                    low, width, _ = inner_bracket(v)
                else:
                    # So close together the ends of the ranges are straight lines.
                    low, width = np.interp(v, before, low), np.interp(v, before, width)
        total = float(table.sum())
        step = (span[1] / (v.size - 1) if v.size > 1 else 1.0) / max(U - 1, 1)
        log_total = log_top + float(np.log(total * step))
        return cls(v, u, table / total, log_total, error_v + error_u, guarded, table, log_top)

    def _corners(self) -> Array:
        """Density at the corners of the cells, shape (2, 2, cells, cells); an axis of one node counts as flat."""
        t = np.repeat(self.table, 2, axis=0) if self.v.size == 1 else self.table
        t = np.repeat(t, 2, axis=1) if t.shape[1] == 1 else t
        return np.array([[t[:-1, :-1], t[:-1, 1:]], [t[1:, :-1], t[1:, 1:]]])

    def _log_at(self, i: NDArray[np.intp], s: Array, x: Array) -> tuple[Array, Array, Array]:
        """v, u and the log density of (v, x), at shares s of the outer cells i."""
        j = np.minimum(i + 1, self.v.size - 1)
        v = self.v[i] + s * (self.v[j] - self.v[i])
        low = self.u[i, 0] + s * (self.u[j, 0] - self.u[i, 0])
        high = self.u[i, -1] + s * (self.u[j, -1] - self.u[i, -1])
        if self.u.shape[1] == 1:
            u, log_width = low, np.zeros(v.size)
        else:
            u, log_width = low + (high - low) * x, np.log(high - low)
        return v, u, self.log_of(v, u[:, None])[:, 0] + log_width - self.log_top

    @cached_property
    def excess(self) -> float:
        """Factor by which proposals are raised to lie above the density.

        A little more than its largest ratio to the interpolation at the centres of the cells that matter.
        """
        centre = self._corners().mean(axis=(0, 1))
        i, j = np.nonzero(centre > 1e-12 * centre.sum())
        exact = self._log_at(i, np.full(i.size, 0.5), (j + 0.5) / max(self.u.shape[1] - 1, 1))[2]
        return MARGIN * max(1.0, float(np.max(np.exp(exact) / centre[i, j])))

    def draw(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        """Independent draws (v, u), shapes (size,): interpolated, then accepted against the density itself."""
        if self.mass.size == 1:
            return np.full(size, self.v[0]), np.full(size, self.u[0, 0])
        corners = self._corners()
        area = corners.mean(axis=(0, 1))
        cumulated = np.cumsum(area)
        v, u, kept = np.empty(size), np.empty(size), 0
        while kept < size:
            m = int((size - kept) * self.excess * 1.02) + 8
            cell = np.searchsorted(cumulated, rng.random(m) * cumulated[-1], side="right")
            i, j = np.divmod(np.minimum(cell, area.size - 1), area.shape[1])
            (a, b), (c, e) = corners[:, :, i, j]
            s = draw_linear(rng.random(m), a + b, c + e)
            left, right = a + s * (c - a), b + s * (e - b)
            t = draw_linear(rng.random(m), left, right)
            at_v, at_u, exact = self._log_at(i, s, (j + t) / max(self.u.shape[1] - 1, 1))
            accept = rng.random(m) * self.excess * (left + t * (right - left)) < np.exp(exact)
            chosen = np.flatnonzero(accept)[: size - kept]
            v[kept : kept + chosen.size], u[kept : kept + chosen.size] = at_v[chosen], at_u[chosen]
            kept += chosen.size
        return v, u

    def mean_and_sd(self, log_value: Array) -> tuple[float, float]:
        """Mean and standard deviation of exp(log_value), given at the nodes (V, U); infinite where they do not exist.

        A moment whose integrand has not fallen at the ends of the grid, where the density has, is taken as infinite.
        """
        ends = [np.s_[k, :] for k in (0, -1) if self.v.size > 1] + [np.s_[:, k] for k in (0, -1) if self.u.shape[1] > 1]
        return mean_and_sd(self.mass, log_value, ends)


def mean_and_sd(mass: Array, log_value: Array, ends: Sequence[Any]) -> tuple[float, float]:
    """Mean and standard deviation of exp(log_value) under weights that sum to 1, arrays of one shape.

    A moment is infinite where the nodes at one of the ``ends``, indices into the arrays, have a share that matters.
    """
    middle = float(np.sum(mass * log_value))
    value = np.exp(log_value - middle)
    moments = [1.0, np.inf, np.inf]
    for order in (1, 2):
        part = mass * value**order
        total = part.sum()
        if max((part[end].sum() for end in ends), default=0.0) > 1e-3 * total:
            break
        moments[order] = float(total)
    mean = moments[1]
    sd = np.sqrt(np.sum(mass * (value - mean) ** 2)) if np.isfinite(moments[2]) else np.inf
    return float(mean * np.exp(middle)), float(sd * np.exp(middle))


def _check_ends(values: Array, ends: tuple[str, str]) -> None:
    top = float(values.max())
    for value, meaning in zip((values[0], values[-1]), ends, strict=True):
        if not np.isfinite(top) or value > top - _PILED:
            raise InputError(meaning)


def rule_error(values: Array) -> float:
    """Largest relative error of the trapezoidal rule along the first axis.

    By Poisson's sum the error with step h is the Fourier transform of the integrand at the frequency 2 pi/h. That of
    the nodes shows the transform up to pi/h; from 0.4 and 0.8 of it the fall is continued, exponentially, to twice it,
    and ten times that is returned.
    Integrands that are smoother, as a normal density, fall faster.

    Parameters
    ----------
    values : array, shape (k,) or (k, m)
        Integrands that vanish at both ends; k is 1 or at least 17.
    """
    if values.shape[0] == 1:
        return 0.0
    size = np.abs(np.fft.rfft(values[:-1], axis=0))
    size, last = size / size[0], size.shape[0] - 1
    # Largest beyond each frequency: a transform that happens to be 0 at one shows itself at the next.
    near, far = (size[int(share * last) :].max(axis=0) for share in (0.4, 0.8))
    error = 10 * far * (far / near) ** 3
    return float(np.max(error, where=~np.isnan(error), initial=0.0)) + 4 * _EPS


def draw_linear(uniform: Array, a: Array, b: Array) -> Array:
    """Draw from the density on [0, 1] that goes linearly from a to b, by its quantiles in a stable form."""
    total = a + b
    return np.asarray(uniform * total / (a + np.sqrt(a * a + uniform * (b * b - a * a)) + 1e-300))


def bracket(
    log_of: Callable[[Array], Array], nodes: Array, fall: float, values: Array | None = None, *, smooth: bool = False
) -> tuple[Array, Array, Array]:
    """Low end, width and largest value of where each row of a function is within ``fall`` of its largest value.

    Cut to the nodes about that part and looked at again, until the cut takes little away. The function is asked at
    nodes (rows, k) and a peak between two nodes must show on them, as it does for one that has a single mode. With
    ``smooth`` the ends go smoothly from row to row: where the level is crossed, by bisection.
    """
    values = log_of(nodes) if values is None else values
    shares, rows = np.linspace(0.0, 1.0, 17), np.arange(nodes.shape[0])
    for _ in range(30):
        level = values.max(axis=1) - fall
        on, last = values > level[:, None], nodes.shape[1] - 1
        inside = np.argmax(on, axis=1), last - np.argmax(on[:, ::-1], axis=1)
        outside = np.maximum(inside[0] - 1, 0), np.minimum(inside[1] + 1, last)
        low, high = nodes[rows, outside[0]], nodes[rows, outside[1]]
        if np.all(high - low > 0.7 * (nodes[:, -1] - nodes[:, 0])):
            break
        nodes = low[:, None] + (high - low)[:, None] * shares
        values = log_of(nodes)
    if not smooth:
        return low, high - low, level + fall
    inner, outer = np.stack([nodes[rows, i] for i in inside], axis=1), np.stack([low, high], axis=1)
    for _ in range(6):
        middle = 0.5 * (inner + outer)
        still_on = log_of(middle) > level[:, None]
        inner, outer = np.where(still_on, middle, inner), np.where(still_on, outer, middle)
    return outer[:, 0], outer[:, 1] - outer[:, 0], level + fall
