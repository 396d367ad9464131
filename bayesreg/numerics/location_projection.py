r"""Projection of laws with a centre and a scale onto some columns: both of them, by Newton steps.

A draw says that row i has the centre :math:`\mu_i` and the scale s. The member of the submodel with centres
:math:`m = o + A a` and scale :math:`t = e^\tau` that is nearest to it minimises, over a and :math:`\tau`,

.. math:: \mathrm{KL}(a, \tau) = \sum_i w_i\,\psi\!\left(\frac{\mu_i - m_i}{t}, \frac st\right) - \psi(0, 1)
          + \tau - \log s, \qquad \textstyle\sum_i w_i = 1

(see `expected_loss` for :math:`\psi`): the maximum-likelihood fit to infinitely many responses of each row under the
draw. Where a Newton step of all at once does not lower it, the coefficients take the step of a quadratic above it, or
the scale that of the EM algorithm (Lange, Little & Taylor, 1989), whichever promises more: these never raise it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.curved_projection import hessians, is_regular, newton_steps
from bayesreg.numerics.expected_loss import ExpectedLoss, Moments

Array = NDArray[np.float64]

_MAX_STEPS = 100
# Of the logarithm of the scale in one step.
_LARGEST_STEP = 1.0


@dataclass(frozen=True, eq=False)
class Projected:
    """What is nearest to each of D draws.

    Parameters
    ----------
    coef : array, shape (D, k)
    scale : array, shape (D,)
    kl : array, shape (D,)
        Divergence, in nats a row.
    pull, curvature : array, shape (D, n)
        First (negative) and second derivative of each row's divergence in its centre, with the weights of the rows.
    """

    coef: Array
    scale: Array
    kl: Array
    pull: Array
    curvature: Array


def project_locations(
    loss: ExpectedLoss,
    A: Array,
    offset: Array,
    weight: Array,
    centre: Array,
    scale: Array,
    start: Array,
    tolerance: float = 1e-10,
) -> Projected:
    """Find the nearest member of the submodel for every draw. Cost O(D n k²) a step.

    Parameters
    ----------
    loss : ExpectedLoss
    A : array, shape (n, k)
        The columns, that of the intercept among them.
    offset, weight : array, shape (n,)
    centre : array, shape (D, n)
    scale : array, shape (D,)
    start : array, shape (D, k)
    tolerance : float
        The last squared Newton decrement may be this large, in nats a row.
    """
    share = weight / weight.sum()
    # Columns of unit size: which of them are dependent then does not hang on their units.
    size = np.sqrt(np.maximum(share @ A**2, np.finfo(float).tiny))
    state = _State(loss, A / size, offset, share, centre, scale, is_regular(A / size, share))
    a = start * size
    tau = 0.5 * np.log(scale**2 + (centre - offset - a @ state.A.T) ** 2 @ share)
    now = state.at(a, tau, np.arange(scale.size))
    # The divergence but for what no step changes.
    height = now.value @ share + tau
    moving = np.arange(scale.size)
    for _ in range(_MAX_STEPS):
        at = _taken(now, moving)
        step, decrement = state.newton(at, tau[moving])
        go = ~(np.abs(decrement) <= tolerance)
        moving, step, decrement, at = moving[go], step[go], decrement[go], _taken(at, go)
        if moving.size == 0:
            break
        new_a, new_tau = a[moving] - step[:, :-1], tau[moving] - np.clip(step[:, -1], -_LARGEST_STEP, _LARGEST_STEP)
        # A law whose centres miss is wider than the draw.
        new_tau = np.maximum(new_tau, np.log(scale[moving]))
        new = state.at(new_a, new_tau, moving)
        there = new.value @ share + new_tau
        # The rounding of a sum must not stop the last steps.
        bad = np.flatnonzero(~(there <= height[moving] + 1e-14) | ~(decrement > 0))
        if bad.size:
            rows = moving[bad]
            new_a[bad], new_tau[bad] = state.careful(_taken(at, bad), a[rows], tau[rows])
            new_tau[bad] = np.maximum(new_tau[bad], np.log(scale[rows]))
            new.put(bad, state.at(new_a[bad], new_tau[bad], rows))
            there[bad] = new.value[bad] @ share + new_tau[bad]
        a[moving], tau[moving], height[moving] = new_a, new_tau, there
        now.put(moving, new)
    t = np.exp(tau)[:, None]
    none = loss.at(np.zeros((1, 1)), np.ones((1, 1))).value[0, 0]
    kl = np.maximum(height - np.log(scale) - none, 0.0)
    return Projected(a / size, t[:, 0], kl, weight * now.slope / t, weight * now.curvature / t**2)


@dataclass(frozen=True, eq=False)
class _State:
    """The problem, in columns of unit size and weights that sum to 1."""

    loss: ExpectedLoss
    A: Array
    offset: Array
    share: Array
    centre: Array
    scale: Array
    regular: bool

    def at(self, a: Array, tau: Array, rows: NDArray[np.intp]) -> Moments:
        """Expectations of some draws."""
        t = np.exp(tau)[:, None]
        return self.loss.at((self.centre[rows] - self.offset - a @ self.A.T) / t, self.scale[rows, None] / t)

    def newton(self, at: Moments, tau: Array) -> tuple[Array, Array]:
        """Steps in (a, tau), shape (D, k + 1), and their squared decrements."""
        t, k = np.exp(tau)[:, None], self.A.shape[1]
        hessian = np.empty((tau.size, k + 1, k + 1))
        hessian[:, :k, :k] = hessians(self.A, self.share * at.curvature / t**2)
        hessian[:, :k, k] = hessian[:, k, :k] = (self.share * at.cross / t) @ self.A
        hessian[:, k, k] = at.radial_slope @ self.share
        slope = np.column_stack([-(self.share * at.slope / t) @ self.A, 1 - at.radial @ self.share])
        step = newton_steps(hessian, slope, self.regular)
        return step, np.einsum("dk,dk->d", slope, step)

    def careful(self, at: Moments, a: Array, tau: Array) -> tuple[Array, Array]:
        """A step of the coefficients or of the scale, (D, k) and (D,), that never raises the divergence."""
        t = np.exp(tau)[:, None]
        slope = (self.share * at.slope) @ self.A
        step = newton_steps(hessians(self.A, self.share * at.majorant), slope, self.regular) if a.size else slope
        widen = 0.5 * np.log(at.radial @ self.share)
        # Twice the least that the steps promise: that of a quadratic, and of one in the logarithm of curvature 2.
        centres = np.einsum("dk,dk->d", slope, step) >= 2 * widen**2
        return np.where(centres[:, None], a + t * step, a), np.where(centres, tau, tau + widen)


def _taken(moments: Moments, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Moments:
    return Moments(*(getattr(moments, name)[rows] for name in Moments.__dataclass_fields__))
