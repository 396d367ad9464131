r"""How strongly a posterior shrinks: per coefficient and in all.

Given the local scales every coefficient has a normal prior with precision q_j, and the data bring the centred Gram
matrix G over sigma² (for a binary response the curvature of its likelihood at the posterior mean). Then

.. math:: \kappa_j = \frac{q_j}{q_j + G_{jj}/\sigma^2}, \qquad
          m_\mathrm{eff} = \operatorname{tr}\left[(G/\sigma^2 + \operatorname{diag} q)^{-1} G/\sigma^2\right]

(Piironen & Vehtari, 2017, for kappa; the trace is exact for correlated columns, where the sum of 1 - kappa is not). For
a horseshoe with noise-relative scale tau and a standardised column kappa is 1/(1 + n tau² t); with a slab c the prior
precision is 1/(tau² t) + 1/c².
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesreg.by_group import drawn
from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.intervals import interval
from bayesreg.likelihoods import Gaussian
from bayesreg.local_scales import is_mixture, prior_precision
from bayesreg.model import Model
from bayesreg.posterior import is_ours
from bayesreg.priors.base import NormalMixture, Penalised, Prior

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

# The trace costs p³ a draw: the draws are thinned to about this many floating-point operations.
_LARGEST_WORK = 2e10


@dataclass(frozen=True, eq=False, repr=False)
class Shrinkage:
    """Shrinkage of a posterior.

    Parameters
    ----------
    frame : pandas.DataFrame
        By feature: ``kappa`` (posterior mean, in [0, 1]; 0 = untouched, 1 = shrunk to nothing), ``kappa_lower`` and
        ``kappa_upper`` (interval as ArviZ is set), and ``relative_to_flat``: 1 - posterior mean / flat fit, which may
        leave [0, 1] (NaN where there is no flat fit to compare with).
    effective : float
        Effective number of coefficients, the posterior mean of the trace above; the intercept is not counted.
    effective_sum : float
        Posterior mean of the sum of 1 - kappa.
    """

    frame: pd.DataFrame
    effective: float
    effective_sum: float

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return (
            f"{self.frame.to_string(float_format=lambda value: f'{value:.3f}')}\n"
            f"effective number of coefficients {self.effective:.2f} (sum of 1 - kappa {self.effective_sum:.2f})"
        )


def shrinkage(post: xr.DataTree) -> Shrinkage:
    """Measure the shrinkage of a posterior sample: factors by coefficient, and how many are left free.

    kappa is 0 for a coefficient that the prior leaves alone and 1 for one that it shrinks to nothing. The effective
    number of coefficients is the one to quote; the sum of 1 - kappa agrees with it only for uncorrelated columns.

    Parameters
    ----------
    post : xarray.DataTree
        A result of `bayesreg.sample`, fresh or loaded from a file.

    Returns
    -------
    Shrinkage
        Cost O(p³) a draw, thinned for large p.

    Raises
    ------
    InputError
        If the tree is not one of ours or its prior is no normal mixture.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.1, 0.9, 2.1, 2.9])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, y, seed=1)
    >>> round(br.shrinkage(post).effective, 4)  # 5 / (5 + 1)
    0.8333
    """
    import pandas as pd

    if not is_ours(post):
        raise InputError(
            "shrinkage needs a DataTree made by bayesreg.sample (its attrs and constant_data are missing)."
        )
    model = Model.from_json(post.attrs["model"])
    if not implements(model.prior, Penalised) and not implements(model.prior, NormalMixture):
        raise InputError(f"{type(model.prior).__name__} is not a normal mixture, so it has no shrinkage factors.")
    if not is_mixture(model.prior):
        raise InputError("shrinkage factors belong to a prior of single coefficients without a sign constraint.")
    data = post["constant_data"]
    coef = post["posterior"]["coef"].to_numpy()
    gram = data["gram"].to_numpy()
    precision, sigma = _prior_precision(post, model.prior)
    information = np.diag(gram) / sigma[..., None] ** 2
    total = precision + information
    kappa = np.divide(precision, total, out=np.ones_like(total), where=total > 0)
    lower, upper = interval(kappa)
    frame = pd.DataFrame(
        {
            "kappa": kappa.mean((0, 1)),
            "kappa_lower": lower,
            "kappa_upper": upper,
            "relative_to_flat": _relative_to_flat(post, model, coef, gram),
        },
        index=pd.Index([str(name) for name in data["feature"].to_numpy()], name="feature"),
    )
    effective = _mean_trace(gram, precision * sigma[..., None] ** 2)
    return Shrinkage(frame, effective, float((1 - kappa).sum(-1).mean()))


def _prior_precision(post: xr.DataTree, prior: Prior) -> tuple[Array, Array]:
    """Prior precision (chain, draw, p) of each coefficient given its local scale, and the noise level (chain, draw)."""
    posterior, data = post["posterior"], post["constant_data"]
    shape = posterior["coef"].shape
    known = float(data["sigma"]) if "sigma" in data else 1.0
    sigma = posterior["sigma"].to_numpy() if "sigma" in posterior else np.full(shape[:2], known)
    hyper = {name: drawn(posterior, name) for name in prior.hyperparameters()}
    word = data.attrs["relative_to"]
    local = posterior["local_scale"].to_numpy() if "local_scale" in posterior else None
    precision = prior_precision(prior, hyper, data["unit"].to_numpy(), None if word == "None" else word, sigma, local)
    return np.broadcast_to(precision, shape), sigma


def _mean_trace(gram: Array, precision: Array) -> float:
    """Mean over draws of tr[(G + Q)^-1 G] with Q = diag(precision), both in half-RSS units."""
    p = gram.shape[0]
    draws = precision.reshape(-1, p)
    if np.all(draws == draws[0]):
        draws = draws[:1]
    step = max(1, int(np.ceil(draws.shape[0] * p**3 / _LARGEST_WORK)))
    traces = []
    for q in draws[::step]:
        # A column without data and without a penalty counts nothing.
        on = np.diag(gram) + q > 0
        scale = np.sqrt(np.diag(gram)[on] + q[on])
        G = gram[np.ix_(on, on)] / np.outer(scale, scale)
        traces.append(np.trace(np.linalg.solve(G + np.diag(q[on] / scale**2), G)))
    return float(np.mean(traces))


def _relative_to_flat(post: xr.DataTree, model: Model, coef: Array, gram: Array) -> Array:
    """1 - posterior mean / flat fit, both from the prior's location; NaN where no flat fit exists."""
    data = post["constant_data"]
    loc = data["loc"].to_numpy()
    if not isinstance(model.likelihood, Gaussian):
        return np.full(loc.size, np.nan)
    scale = np.sqrt(np.diag(gram))
    if np.any(scale == 0):
        return np.full(loc.size, np.nan)
    unit = gram / np.outer(scale, scale)
    if np.linalg.matrix_rank(unit, hermitian=True) < loc.size:
        return np.full(loc.size, np.nan)
    flat = np.linalg.solve(unit, data["cross"].to_numpy() / scale) / scale
    return np.asarray(1 - (coef.mean((0, 1)) - loc) / (flat - loc))
