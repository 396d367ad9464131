r"""How strongly a posterior shrinks: per coefficient and in all.

Given the local scales every coefficient has a normal prior with precision q_j, and the data bring the centred Gram
matrix G over sigma² (for a binary response the curvature of its likelihood at the posterior mean). Then

.. math:: \kappa_j = \frac{q_j}{q_j + G_{jj}/\sigma^2}, \qquad
          m_\mathrm{eff} = \operatorname{tr}\left[(G/\sigma^2 + \operatorname{diag} q)^{-1} G/\sigma^2\right]

(Piironen & Vehtari, 2017, for kappa; the trace is exact for correlated columns, where the sum of 1 - kappa is not, and
is the effective degrees of freedom given the local scales). For a horseshoe with noise-relative scale tau and a
standardised column kappa is 1/(1 + n tau² t); with a slab c the prior precision is 1/(tau² t) + 1/c².
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.equivalence import half_width
from bayesreg.errors import InputError
from bayesreg.flat_fit import relative_to_flat
from bayesreg.interfaces import implements
from bayesreg.intervals import interval
from bayesreg.likelihoods import Gaussian
from bayesreg.local_scales import is_mixture, stored_precision
from bayesreg.map_shrinkage import shrinkage_of_map
from bayesreg.model import Model
from bayesreg.posterior import is_ours
from bayesreg.priors.base import NormalMixture, Penalised
from bayesreg.results import MapResult

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

# The trace costs p³ a draw: the draws are thinned to about this many floating-point operations.
_LARGEST_WORK = 5e9


@dataclass(frozen=True, eq=False, repr=False)
class Shrinkage:
    """Shrinkage of a posterior, or of a MAP.

    Parameters
    ----------
    frame : pandas.DataFrame
        By feature: ``kappa`` (posterior mean, in [0, 1]; 0 = untouched, 1 = shrunk to nothing), ``kappa_lower`` and
        ``kappa_upper`` (interval as ArviZ is set), and ``relative_to_flat``: 1 - posterior mean / flat fit, which may
        leave [0, 1] (where columns are dependent, as for p >= n, the flat fit of least norm with columns of unit
        length; NaN where there is none). Then ``sign_probability`` (of the likelier sign) and ``equivalence``
        (probability that the coefficient is practically none, see ``rope``). A MAP has ``coef``, ``kappa``,
        ``relative_to_flat``.
    effective : float
        Effective number of coefficients, the posterior mean of the trace above; the intercept is not counted. For a MAP
        its degrees of freedom: the number of non-zero coefficients of a lasso, the trace with a ridge part.
    effective_sum : float
        Posterior mean of the sum of 1 - kappa.
    effective_lower, effective_upper : float
        Interval of the trace; NaN for a MAP.
    n_nonzero : int or None
        Of a MAP: how many coefficients are not exactly 0.
    effective_draws : array, shape (m,)
        The trace of evenly spaced draws, one number where all have the same; of a MAP its degrees of freedom.
    """

    frame: pd.DataFrame
    effective: float
    effective_sum: float
    effective_lower: float = np.nan
    effective_upper: float = np.nan
    n_nonzero: int | None = None
    effective_draws: Array = field(default_factory=lambda: np.empty(0))

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of ``frame``."""
        return self.frame.copy()

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.frame.to_string(float_format=lambda value: f'{value:.3f}')}\n{self._counts()}"

    def _repr_html_(self) -> str:
        table = self.frame.to_html(float_format=lambda value: f"{value:.3f}", escape=True)
        return f"{table}<p>{escape(self._counts())}</p>"

    def _counts(self) -> str:
        also = f"sum of 1 - kappa {self.effective_sum:.2f}"
        if self.n_nonzero is not None:
            return f"{self.n_nonzero} of {len(self.frame)} non-zero, degrees of freedom {self.effective:.2f} ({also})"
        ends = f"{self.effective_lower:.2f} to {self.effective_upper:.2f}"
        return f"effective number of coefficients {self.effective:.2f}, {ends} ({also})"


def shrinkage(
    fit: xr.DataTree | MapResult,
    X: Any = None,
    y: Any = None,
    *,
    rope: ArrayLike | None = None,
    ci_prob: float | None = None,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> Shrinkage:
    """Measure the shrinkage of a fit: factors by coefficient, and how many are left free.

    kappa is 0 for a coefficient that the prior leaves alone and 1 for one that it shrinks to nothing. The effective
    number of coefficients is the one to quote; the sum of 1 - kappa agrees with it only for uncorrelated columns.

    Parameters
    ----------
    fit : xarray.DataTree or MapResult
        A result of `bayesreg.sample`, fresh or loaded from a file, or of `bayesreg.find_map`.
    X, y : array
        The data of the fit, for a MAP, which keeps none; with its ``sample_weight`` and ``offset``.
    rope : float or array, shape (p,), optional
        Largest coefficient of either sign that is practically none; by default 0.1 standard deviations of the response
        for one of the column (binary: 0.1 pi / sqrt 3 log odds; counts: 0.1 of the log rate).
    ci_prob : float, optional
        Probability inside the intervals; ArviZ's ``stats.ci_prob`` by default.
    sample_weight, offset : array, shape (n,), optional

    Returns
    -------
    Shrinkage
        Cost O(p³) a draw, thinned for large p.

    Raises
    ------
    InputError
        If the tree is not one of ours or its prior is no normal mixture; if a MAP comes without its data.

    Notes
    -----
    A penalty pulls at the mode as a normal prior of precision l2 + l1 / |coef| would; this gives a MAP its kappa, which
    is exactly 1 where a coefficient is exactly 0.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.1, 0.9, 2.1, 2.9])
    >>> model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    >>> post = br.sample(model, X, y, seed=1)
    >>> round(br.shrinkage(post).effective, 4)  # 5 / (5 + 1)
    0.8333
    >>> round(br.shrinkage(br.find_map(model, X, y), X, y).frame["kappa"].item(), 4)
    0.1667
    """
    import pandas as pd

    if isinstance(fit, MapResult):
        columns, df = shrinkage_of_map(fit, X, y, sample_weight, offset)
        frame = pd.DataFrame(columns, index=pd.Index(fit.names, name="feature"))
        return Shrinkage(
            frame, df, float((1 - frame["kappa"]).sum()), n_nonzero=fit.n_nonzero, effective_draws=np.array([df])
        )
    if not is_ours(fit):
        raise InputError(
            "shrinkage needs a DataTree made by bayesreg.sample (its attrs and constant_data are missing)."
        )
    model = Model.from_json(fit.attrs["model"])
    if not implements(model.prior, Penalised) and not implements(model.prior, NormalMixture):
        raise InputError(f"{type(model.prior).__name__} is not a normal mixture, so it has no shrinkage factors.")
    if not is_mixture(model.prior):
        raise InputError("shrinkage factors belong to a prior of single coefficients without a sign constraint.")
    data = fit["constant_data"]
    coef = fit["posterior"]["coef"].to_numpy()
    gram = data["gram"].to_numpy()
    precision, sigma = stored_precision(fit["posterior"], data, model.prior)
    information = np.diag(gram) / sigma[..., None] ** 2
    total = precision + information
    kappa = np.divide(precision, total, out=np.ones_like(total), where=total > 0)
    lower, upper = interval(kappa, ci_prob)
    response = fit["observed_data"]["y"].to_numpy() - data["offset"].to_numpy()
    width = half_width(rope, model.likelihood, response, data["sample_weight"].to_numpy(), data["x_sd"].to_numpy())
    frame = pd.DataFrame(
        {
            "kappa": kappa.mean((0, 1)),
            "kappa_lower": lower,
            "kappa_upper": upper,
            "relative_to_flat": _relative_to_flat(data, model, coef, gram),
            "sign_probability": np.maximum((coef > 0).mean((0, 1)), (coef < 0).mean((0, 1))),
            "equivalence": (np.abs(coef) <= width).mean((0, 1)),
        },
        index=pd.Index([str(name) for name in data["feature"].to_numpy()], name="feature"),
    )
    traces = _traces(gram, precision * sigma[..., None] ** 2)
    ends = interval(traces[None], ci_prob)
    summed = float((1 - kappa).sum(-1).mean())
    return Shrinkage(frame, float(traces.mean()), summed, float(ends[0]), float(ends[1]), effective_draws=traces)


def _traces(gram: Array, precision: Array) -> Array:
    """tr[(G + Q)^-1 G] of evenly spaced draws with Q = diag(precision), both in half-RSS units, shape (draws,)."""
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
    return np.array(traces)


def _relative_to_flat(data: Any, model: Model, coef: Array, gram: Array) -> Array:
    """1 - posterior mean / flat fit, both from the prior's location; NaN where the tree does not hold a flat fit."""
    loc = data["loc"].to_numpy()
    if not isinstance(model.likelihood, Gaussian):
        return np.full(loc.size, np.nan)
    return relative_to_flat(gram, data["cross"].to_numpy() - gram @ loc, coef.mean((0, 1)) - loc)
