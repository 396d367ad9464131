"""The Laplace prior: lasso."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from numpy.typing import ArrayLike

from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.priors.base import (
    RelativeTo,
    as_factor,
    as_location,
    as_positive,
    as_rate,
    as_scale,
    check_relative_to,
    known,
)
from bayesreg.scales import Law


@dataclass(frozen=True)
class Laplace:
    r"""Independent double-exponential coefficients; the penalty is the lasso's, :math:`l_1 = 1/\mathrm{scale}`.

    Parameters
    ----------
    scale : float, array of shape (p,) or law
        The scale b of the density exp(-|d|/b)/(2b). Infinite entries leave a column unpenalised; a law makes it
        learned (``prior_scale``).
    loc : float or array of shape (p,), default 0
        Location, in the unit of the coefficients.
    rate : float, array of shape (p,) or law, optional
        1/scale, in place of ``scale``; a law here is the law of the rate (``prior_rate``).
    factor : float or array of shape (p,), default 1
        Multiplies the scale of each coefficient; infinite: unpenalised, also when the scale is learned.
    relative_to : {"auto", None, "sigma", "penalty"}, default "auto"
        None: the scale is absolute. "sigma": it is ``scale * sigma`` (Park & Casella, 2008). "penalty": it is
        ``scale * sigma²``, so that the MAP is the lasso with penalty 1/scale in half-RSS units for every sigma.
        "auto": None for a known scale, "sigma" for a learned one.
    positive : bool or array of bool, shape (p,), default False
        Coefficients that must be at least ``loc``: their density is cut there and doubled.

    Raises
    ------
    InputError
        If a value is not positive or not a number, or if not exactly one of ``scale`` and ``rate`` is given.

    Examples
    --------
    >>> from bayesreg import priors
    >>> priors.Laplace(scale=0.2).rates({})
    (5.0, 0.0)
    """

    scale: ArrayLike | Law | None = None
    _: KW_ONLY
    loc: ArrayLike = 0.0
    rate: ArrayLike | Law | None = None
    factor: ArrayLike = 1.0
    relative_to: RelativeTo = "auto"
    positive: bool | tuple[bool, ...] = False

    def __post_init__(self) -> None:
        if (self.scale is None) == (self.rate is None):
            raise InputError("Laplace(...) needs exactly one of scale= and rate= (rate = 1/scale).")
        check_relative_to(self, self.relative_to)
        if self.scale is not None:
            object.__setattr__(self, "scale", as_scale("Laplace", "scale", self.scale))
        if self.rate is not None:
            object.__setattr__(self, "rate", as_rate("Laplace", "rate", self.rate))
        object.__setattr__(self, "loc", as_location("Laplace", self.loc))
        object.__setattr__(self, "factor", as_factor("Laplace", self.factor))
        object.__setattr__(self, "positive", as_positive("Laplace", self.positive))

    def hyperparameters(self) -> Mapping[str, Law]:
        """Return the law of ``prior_scale`` or ``prior_rate`` when it is learned."""
        if implements(self.scale, Law):
            return {"prior_scale": self.scale}
        return {"prior_rate": self.rate} if implements(self.rate, Law) else {}

    def rates(self, hyper: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return (1/scale, 0)."""
        if self.rate is not None:
            return known(self.rate, "prior_rate", hyper), 0.0
        return 1.0 / known(self.scale, "prior_scale", hyper), 0.0
