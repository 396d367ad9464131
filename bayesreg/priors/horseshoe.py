"""The horseshoe prior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import exp1

from bayesreg.interfaces import implements
from bayesreg.priors.base import RelativeTo, as_factor, as_location, as_scale, check_relative_to, known
from bayesreg.priors.mixture import HORSESHOE, as_expected, global_scale
from bayesreg.scales import HalfCauchy, Law

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Horseshoe:
    r"""Few coefficients that are large and many that are nearly 0 (Carvalho, Polson & Scott, 2010).

    .. math:: d_j \mid \lambda_j, \tau \sim N(0, \tau^2 \lambda_j^2), \qquad \lambda_j \sim C^+(0, 1)

    with the global scale tau (``prior_scale``) learned by default. The density of a coefficient has an infinite peak at
    0 and the tails of a Cauchy. It is sampled: its mode is 0 whatever the data.

    Parameters
    ----------
    scale : float, array of shape (p,) or law, default HalfCauchy(1.0)
        Global scale tau. A law makes it learned (``prior_scale``).
    expected_nonzero : float, optional
        How many of the p coefficients are expected to matter, in place of ``scale``: tau is half-Cauchy with scale
        p0/(p - p0)/sqrt(n), n the total weight, relative to the noise (Piironen & Vehtari, 2017). It counts columns of
        unit standard deviation: use ``standardize=True``.
    loc : float or array of shape (p,), default 0
        Location, in the unit of the coefficients.
    factor : float or array of shape (p,), default 1
        Multiplies the scale of each coefficient; infinite: unpenalised.
    relative_to : {"auto", None, "sigma"}, default "auto"
        None: the scale is absolute. "sigma": it is ``scale * sigma``. "auto": None for a known scale, "sigma" for a
        learned one.

    Raises
    ------
    InputError
        If a value is not positive or not a number, or both ``scale`` and ``expected_nonzero`` are given.

    Examples
    --------
    >>> from bayesreg import priors
    >>> priors.Horseshoe().hyperparameters()
    {'prior_scale': HalfCauchy(scale=1.0)}
    >>> priors.Horseshoe(scale=0.1).deviation(2.0, {})
    0.2
    """

    scale: ArrayLike | Law | None = None
    _: KW_ONLY
    expected_nonzero: float | None = None
    loc: ArrayLike = 0.0
    factor: ArrayLike = 1.0
    relative_to: RelativeTo = "auto"

    def __post_init__(self) -> None:
        check_relative_to(self, self.relative_to)
        scale = global_scale("Horseshoe", self.scale, self.expected_nonzero)
        if scale is not None:
            object.__setattr__(self, "scale", as_scale("Horseshoe", "scale", scale))
        else:
            object.__setattr__(self, "expected_nonzero", as_expected("Horseshoe", self.expected_nonzero))
        object.__setattr__(self, "loc", as_location("Horseshoe", self.loc))
        object.__setattr__(self, "factor", as_factor("Horseshoe", self.factor))

    @property
    def local_law(self) -> tuple[int, float]:
        """Horseshoe, without a parameter."""
        return HORSESHOE, 0.0

    def hyperparameters(self) -> Mapping[str, Law]:
        """Return the law of ``prior_scale`` when it is learned; with ``expected_nonzero`` binding states its scale."""
        if self.scale is None:
            return {"prior_scale": HalfCauchy(1.0)}
        return {"prior_scale": self.scale} if implements(self.scale, Law) else {}

    def deviation(self, local: Any, hyper: Mapping[str, Any]) -> Any:
        """Return tau * local."""
        return self._tau(hyper) * local

    def marginal_log_density(self, d: Array, hyper: Mapping[str, Any]) -> Array:
        r"""Return log of :math:`(2\pi^3)^{-1/2}\, e^u E_1(u)/\tau`, u = d²/(2 tau²); infinite at 0.

        0 where the scale is infinite.
        """
        tau = np.asarray(self._tau(hyper), dtype=float)
        free = np.isinf(tau)
        tau = np.where(free, 1.0, tau)
        u = 0.5 * (np.asarray(d, dtype=float) / tau) ** 2
        density = -0.5 * np.log(2 * np.pi**3) - np.log(tau) + _log_scaled_exp1(u)
        return np.asarray(np.where(free, 0.0, density))

    def _tau(self, hyper: Mapping[str, Any]) -> Any:
        return hyper["prior_scale"] if self.scale is None else known(self.scale, "prior_scale", hyper)


def _log_scaled_exp1(u: Array) -> Array:
    """log(e^u E1(u)); from u = 200 by its asymptotic series, whose tenth term is below rounding there."""
    near = np.minimum(u, 200.0)
    with np.errstate(divide="ignore"):
        small = near + np.log(exp1(near))
    far = np.maximum(u, 200.0)
    total = np.zeros_like(far)
    for k in range(9, 0, -1):
        total = -k / far * (1 + total)
    return np.asarray(np.where(u < 200.0, small, np.log1p(total) - np.log(far)))
