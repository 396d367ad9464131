r"""How many coefficients are expected to matter, as the law of a horseshoe's global scale.

.. math:: \tau \sim C^+(0, \tau_0), \qquad \tau_0 = \frac{p_0}{p - p_0} \frac{\sigma}{\sqrt n}

makes p0 the prior guess of the effective number of p coefficients of standardised columns (Piironen & Vehtari, 2017,
section 3.3). n is the total weight. A likelihood without sigma has the pseudo-sigma of their section 3.5: 1/sqrt of the
mean curvature of a row, here at the best constant predictor.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayesreg.data import Design
from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Likelihood
from bayesreg.numerics.best_constant import best_constant
from bayesreg.priors import Horseshoe, RegularizedHorseshoe
from bayesreg.priors.base import Resolved
from bayesreg.scales import HalfCauchy, Law

Sparse = Horseshoe | RegularizedHorseshoe


def stated_scale(
    prior: Sparse,
    relative_to: Resolved,
    likelihood: Likelihood,
    sigma: float | Law | None,
    design: Design,
    fit_intercept: bool,
) -> tuple[Sparse, str]:
    """Return the prior with the half-Cauchy law that its ``expected_nonzero`` stands for, and a note that says so.

    Parameters
    ----------
    prior : Horseshoe or RegularizedHorseshoe
        With ``expected_nonzero``.
    relative_to : {None, "sigma"}
        Resolved; "sigma" brings the noise level in by itself.
    likelihood : Likelihood
    sigma : float, Law or None
        Noise level, its law, or None where the likelihood has none.
    design : Design
    fit_intercept : bool

    Raises
    ------
    InputError
        If not fewer coefficients are expected than are penalised, or the noise level that an absolute scale needs is
        learned.
    """
    assert prior.expected_nonzero is not None
    owner, expected = type(prior).__name__, prior.expected_nonzero
    penalised = int(np.isfinite(np.broadcast_to(np.asarray(prior.factor, dtype=float), design.p)).sum())
    if expected >= penalised:
        raise InputError(
            f"{owner}(expected_nonzero={expected:g}) must be below the number of penalised columns, {penalised}."
        )
    scale = expected / (penalised - expected) / float(np.sqrt(design.total_weight))
    times = "times sigma"
    if relative_to is None and sigma is not None:
        if implements(sigma, Law):
            raise InputError(
                f"{owner}(expected_nonzero=...) is a statement relative to the noise level, which is learned here: use "
                "relative_to='sigma' (or 'auto'), or give the scale itself."
            )
        scale, times = scale * sigma, f"sigma = {sigma:g} included"
    elif relative_to is None:
        pseudo = _pseudo_sigma(likelihood, design, fit_intercept)
        scale, times = scale * pseudo, f"pseudo-sigma = {pseudo:.6g} of the null model included"
    note = (
        f"expected_nonzero = {expected:g} of {penalised} coefficients: prior_scale ~ HalfCauchy({scale:.6g}), {times} "
        "(for columns of unit standard deviation, as standardize=True makes them)"
    )
    return replace(prior, scale=HalfCauchy(scale), expected_nonzero=None), note


def _pseudo_sigma(likelihood: Likelihood, design: Design, fit_intercept: bool) -> float:
    """1/sqrt(mean curvature of the loss of a row) at the best constant."""
    y, weight, offset = design.y, design.weight, design.offset

    def slope(constant: float) -> float:
        return float(weight @ likelihood.gradient(offset + constant, y, 1.0))

    def curvature(constant: float) -> float:
        return float(weight @ likelihood.curvature(offset + constant, y, 1.0))

    total = curvature(best_constant(slope, curvature, 0.0) if fit_intercept else 0.0)
    return float(np.sqrt(design.total_weight / total))
