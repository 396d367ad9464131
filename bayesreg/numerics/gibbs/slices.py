r"""Univariate slice sampling with stepping out and shrinkage (Neal, 2003, figures 3 and 5), as questions and answers.

A compiled kernel that takes a function as an argument is compiled anew in every process, because no disk cache can
recognise the function. So the sampler here never sees the density: it names the next point ``at``, the caller answers
with the log density there, until the phase is ``DONE`` and ``at`` is the new value::

    step = begin(rng, x, log_density(x), width)
    while step.phase != DONE:
        step = answer(rng, step, log_density(step.at))
    x = step.at

The density stands at one place in the caller's own words, with whatever arrays it needs, and only scalars are passed
around. It may be -inf (or nan) outside its support. The update leaves the density invariant for every width; the best
one is about three standard deviations.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

LEFT, RIGHT, SHRINK, DONE = range(4)
# Steps out, both sides together. A width that is too small by 1 : 64 still gives a chain that is right, only slower.
MOST_STEPS = 64


class Step(NamedTuple):
    """Where a slice update stands.

    Parameters
    ----------
    phase : int
        Stepping out to the ``LEFT``, to the ``RIGHT``, to ``SHRINK`` the interval, or ``DONE``.
    at : float
        The point whose log density is asked for; when done, the new value.
    x : float
        The value the update starts from.
    level : float
        Log height of the slice.
    left, right : float
        The interval.
    width : float
        By which it is stepped out.
    left_steps, right_steps : int
        Steps that are left.
    """

    phase: int
    at: float
    x: float
    level: float
    left: float
    right: float
    width: float
    left_steps: int
    right_steps: int


@njit(cache=True, nogil=True)
def begin(rng: np.random.Generator, x: float, log_density: float, width: float) -> Step:
    """Draw the height of the slice and the first interval.

    Parameters
    ----------
    rng : numpy.random.Generator
    x : float
        The present value.
    log_density : float
        Log density there, finite, but for a constant.
    width : float
        Positive scale of the steps out.

    Returns
    -------
    Step
    """
    level = log_density - rng.standard_exponential()
    left = x - width * rng.random()
    left_steps = int(MOST_STEPS * rng.random())
    return Step(LEFT, left, x, level, left, left + width, width, left_steps, MOST_STEPS - 1 - left_steps)


@njit(cache=True, nogil=True)
def answer(rng: np.random.Generator, step: Step, log_density: float) -> Step:
    """Take the log density at ``step.at`` and go on.

    Parameters
    ----------
    rng : numpy.random.Generator
    step : Step
    log_density : float
        At ``step.at``, with the same constant as before.

    Returns
    -------
    Step
    """
    phase, at, x, level, left, right, width, left_steps, right_steps = step
    inside = log_density > level
    if phase == LEFT:
        if inside and left_steps > 0:
            left -= width
            return Step(LEFT, left, x, level, left, right, width, left_steps - 1, right_steps)
        return Step(RIGHT, right, x, level, left, right, width, left_steps, right_steps)
    if phase == RIGHT:
        if inside and right_steps > 0:
            right += width
            return Step(RIGHT, right, x, level, left, right, width, left_steps, right_steps - 1)
    elif inside:
        return Step(DONE, at, x, level, left, right, width, left_steps, right_steps)
    elif at < x:
        left = at
    else:
        right = at
    # An interval without a number between its ends holds x alone.
    at = left + (right - left) * rng.random()
    if right - left <= 4e-16 * math.fabs(x):
        return Step(DONE, x, x, level, left, right, width, left_steps, right_steps)
    return Step(SHRINK, at, x, level, left, right, width, left_steps, right_steps)
