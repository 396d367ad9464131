r"""Signal-adaptive variable selector, SAVS (Ray & Bhattacharya, 2018, arXiv:1810.09004).

One step of decoupled selection in closed form: with columns and response of unit standard deviation,

.. math:: g_j = \operatorname{sign}(\bar b_j) \left(|\bar b_j| - \frac{1}{|\bar b_j|^2 \|x_j\|^2}\right)_+,

so a coefficient stays where :math:`|\bar b_j|^3 \|x_j\|^2 > 1`. The same for each draw gives how often it stays. Where
the response has no unit of its own (Bernoulli, Poisson), the columns alone are standardised and :math:`\|x_j\|^2` is
their information. Where errors are not normal, and y may have no standard deviation to speak of, the unit of the
response is the root of the variance of the linear predictor and the noise (see `Reference.variance`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.selection.reference import Reference

Array = NDArray[np.float64]


def adaptive(reference: Reference, draws: Array, x_sd: Array) -> tuple[Array, Array]:
    """Threshold coefficients.

    Parameters
    ----------
    reference : Reference
    draws : array, shape (..., p)
        Coefficients in original units: the posterior mean, or all draws.
    x_sd : array, shape (p,)
        Standard deviations of the columns.

    Returns
    -------
    array, shape (..., p)
        The thresholded coefficients, in original units.
    array, shape (..., p)
        ``|b|³ ||x||²``: above 1 where the coefficient stays.
    """
    unit = np.where(x_sd > 0, x_sd, 1.0)
    response = 1.0
    if reference.is_gaussian:
        r = reference.y - reference.offset
        response = float(
            np.sqrt(reference.weight @ (r - reference.weight @ r / reference.total) ** 2 / reference.total)
        )
    elif reference.loss is not None:
        response = float(np.sqrt((reference.signal + reference.variance).mean()))
    size = np.abs(draws) * unit / response
    square = np.diag(reference.gram) / unit**2
    margin = size**3 * square
    stays = margin > 1
    kept = size - np.divide(1.0, size**2 * square, out=np.zeros_like(size), where=stays)
    return np.where(stays, np.sign(draws) * kept * response / unit, 0.0), margin
