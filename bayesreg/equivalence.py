r"""Which size of a coefficient is practically none (the region of practical equivalence).

By default a tenth of the response's standard deviation for one standard deviation of the column (Kruschke, 2018,
Advances in Methods and Practices in Psychological Science 1); on the scale of the linear predictor for a binary
response, whose logistic law has the standard deviation :math:`\pi/\sqrt3`, and for counts, whose log rate has no other
unit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.errors import InputError
from bayesreg.likelihoods import Bernoulli, Likelihood, Poisson

Array = NDArray[np.float64]

_SHARE = 0.1


def half_width(rope: ArrayLike | None, likelihood: Likelihood, y: Array, weight: Array, x_sd: Array) -> Array:
    """Largest coefficient that counts as none, in original units, shape (p,); infinite for a constant column.

    Parameters
    ----------
    rope : float or array, shape (p,), or None
        What the user gave; None: the default above.
    likelihood : Likelihood
    y, weight : array, shape (n,)
        The response less its offset, and the weights of the rows.
    x_sd : array, shape (p,)
    """
    if rope is None:
        unit = 1.0
        if isinstance(likelihood, Bernoulli):
            unit = math.pi / math.sqrt(3)
        elif not isinstance(likelihood, Poisson):
            centred = y - weight @ y / weight.sum()
            unit = float(np.sqrt(weight @ centred**2 / weight.sum()))
        return np.asarray(np.divide(_SHARE * unit, x_sd, out=np.full(x_sd.size, np.inf), where=x_sd > 0))
    try:
        given = np.asarray(rope, dtype=float)
    except (TypeError, ValueError):
        given = np.full((), np.nan)
    if given.shape not in ((), x_sd.shape) or not np.all(given >= 0):
        raise InputError(
            f"rope must be a number of at least 0, or one for each of the {x_sd.size} columns: the largest coefficient "
            f"(either sign) that counts as none, got {rope!r}."
        )
    return np.broadcast_to(given, x_sd.shape)
