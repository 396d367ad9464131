"""The regularised horseshoe prior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.priors.base import RelativeTo, as_factor, as_location, as_number, as_scale, check_relative_to, known
from bayesreg.priors.mixture import REGULARIZED_HORSESHOE, as_expected, global_scale
from bayesreg.scales import HalfCauchy, InverseGamma, Law


@dataclass(frozen=True)
class RegularizedHorseshoe:
    r"""A horseshoe whose large coefficients are held by a slab (Piironen & Vehtari, 2017).

    .. math:: d_j \mid \lambda_j, \tau, c \sim N\Big(0, \frac{c^2 \tau^2 \lambda_j^2}{c^2 + \tau^2 \lambda_j^2}\Big),
              \qquad \lambda_j \sim C^+(0, 1), \quad c^2 \sim \mathrm{InverseGamma}(\nu/2, \nu s^2/2)

    Coefficients far beyond tau see a normal of standard deviation c; with c learned, a Student-t of nu degrees of
    freedom and scale s. The global scale tau (``prior_scale``) is learned by default. It is sampled: the mode is no
    summary of it.

    Parameters
    ----------
    scale : float, array of shape (p,) or law, default HalfCauchy(1.0)
        Global scale tau, finite. A law makes it learned (``prior_scale``).
    slab_scale : float, default 2.5
        The scale s of the slab; with ``slab_df=None`` c itself.
    slab_df : float or None, default 4
        Degrees of freedom nu under which c is learned (``slab``); None: c is known.
    expected_nonzero : float, optional
        How many of the p coefficients are expected to matter, in place of ``scale``: see `Horseshoe`.
    loc : float or array of shape (p,), default 0
        Location, in the unit of the coefficients.
    factor : float or array of shape (p,), default 1
        Multiplies the scale and the slab of each coefficient; infinite: unpenalised.
    relative_to : {"auto", None, "sigma"}, default "auto"
        None: scale and slab are absolute. "sigma": both are multiplied by sigma. "auto": None where both are known,
        "sigma" where one is learned.

    Raises
    ------
    InputError
        If a value is not positive or not a number, or both ``scale`` and ``expected_nonzero`` are given.

    Examples
    --------
    >>> from bayesreg import priors
    >>> prior = priors.RegularizedHorseshoe(scale=0.1, slab_scale=2.0)
    >>> prior.hyperparameters()
    {'slab': InverseGamma(shape=2.0, scale=8.0)}
    >>> round(float(prior.deviation(1000.0, {"slab": 2.0})), 4)
    1.9996
    """

    scale: ArrayLike | Law | None = None
    slab_scale: float = 2.5
    slab_df: float | None = 4.0
    _: KW_ONLY
    expected_nonzero: float | None = None
    loc: ArrayLike = 0.0
    factor: ArrayLike = 1.0
    relative_to: RelativeTo = "auto"

    def __post_init__(self) -> None:
        owner = "RegularizedHorseshoe"
        check_relative_to(self, self.relative_to)
        scale = global_scale(owner, self.scale, self.expected_nonzero)
        if scale is not None:
            scale = as_scale(owner, "scale", scale)
            if not implements(scale, Law) and not np.all(np.isfinite(scale)):
                raise InputError(
                    f"{owner}(scale=...) must be finite, got {self.scale!r}: beside an infinite scale the slab would "
                    "still shrink (factor=inf leaves a coefficient unpenalised)."
                )
            object.__setattr__(self, "scale", scale)
        else:
            object.__setattr__(self, "expected_nonzero", as_expected(owner, self.expected_nonzero))
        object.__setattr__(self, "slab_scale", _positive("slab_scale", self.slab_scale))
        if self.slab_df is not None:
            object.__setattr__(self, "slab_df", _positive("slab_df", self.slab_df))
        object.__setattr__(self, "loc", as_location(owner, self.loc))
        object.__setattr__(self, "factor", as_factor(owner, self.factor))

    @property
    def local_law(self) -> tuple[int, float]:
        """Regularised horseshoe and ``slab_scale``; whether the slab is learned, ``hyperparameters`` says."""
        return REGULARIZED_HORSESHOE, self.slab_scale

    def hyperparameters(self) -> Mapping[str, Law]:
        """Return the laws of ``prior_scale`` and ``slab`` where they are learned; see `Horseshoe`."""
        laws: dict[str, Law] = {}
        if self.scale is None:
            laws["prior_scale"] = HalfCauchy(1.0)
        elif implements(self.scale, Law):
            laws["prior_scale"] = self.scale
        if self.slab_df is not None:
            laws["slab"] = InverseGamma(0.5 * self.slab_df, 0.5 * self.slab_df * self.slab_scale**2)
        return laws

    def deviation(self, local: Any, hyper: Mapping[str, Any]) -> Any:
        """Return tau local / sqrt(1 + (tau local / slab)²)."""
        tau = hyper["prior_scale"] if self.scale is None else known(self.scale, "prior_scale", hyper)
        slab = self.slab_scale if self.slab_df is None else hyper["slab"]
        return tau * local / (1.0 + (tau * local / slab) ** 2) ** 0.5


def _positive(name: str, value: Any) -> float:
    number = as_number("RegularizedHorseshoe", name, value, minimum=0.0, inclusive=False, infinite=False)
    if isinstance(number, tuple):
        raise InputError(f"RegularizedHorseshoe({name}=...) must be one number, got {value!r}.")
    return number
