"""The Gaussian prior: ridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from numpy.typing import ArrayLike

from bayesreg.interfaces import implements
from bayesreg.priors.base import (
    RelativeTo,
    as_factor,
    as_location,
    as_positive,
    as_scale,
    check_relative_to,
    known,
)
from bayesreg.scales import Law


@dataclass(frozen=True)
class Gaussian:
    r"""Independent normal coefficients; the penalty is ridge's, :math:`l_2 = 1/\mathrm{scale}^2`.

    Parameters
    ----------
    scale : float, array of shape (p,) or law
        Standard deviation. Infinite entries leave a column unpenalised; a law makes it learned (``prior_scale``), for
        example ``scales.RSquared(1, 1)``, uniform on the share of variance explained.
    loc : float or array of shape (p,), default 0
        Mean, in the unit of the coefficients.
    factor : float or array of shape (p,), default 1
        Multiplies the scale of each coefficient; infinite: unpenalised, also when the scale is learned.
    relative_to : {"auto", None, "sigma", "penalty"}, default "auto"
        None: the scale is absolute. "sigma" (and, the same here, "penalty"): the standard deviation is
        ``scale * sigma``, so that the MAP is ridge with penalty 1/scale² for every sigma. "auto": None for a known
        scale, "sigma" for a learned one.
    positive : bool or array of bool, shape (p,), default False
        Coefficients that must be at least ``loc``: their density is cut there and doubled.

    Raises
    ------
    InputError
        If a value is not positive or not a number.

    Examples
    --------
    >>> from bayesreg import priors
    >>> priors.Gaussian(scale=0.5).rates({})
    (0.0, 4.0)
    """

    scale: ArrayLike | Law
    _: KW_ONLY
    loc: ArrayLike = 0.0
    factor: ArrayLike = 1.0
    relative_to: RelativeTo = "auto"
    positive: bool | tuple[bool, ...] = False

    def __post_init__(self) -> None:
        check_relative_to(self, self.relative_to)
        object.__setattr__(self, "scale", as_scale("Gaussian", "scale", self.scale))
        object.__setattr__(self, "loc", as_location("Gaussian", self.loc))
        object.__setattr__(self, "factor", as_factor("Gaussian", self.factor))
        object.__setattr__(self, "positive", as_positive("Gaussian", self.positive))

    def hyperparameters(self) -> Mapping[str, Law]:
        """Return the law of ``prior_scale`` when the scale is learned."""
        return {"prior_scale": self.scale} if implements(self.scale, Law) else {}

    def rates(self, hyper: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return (0, 1/scale²)."""
        return 0.0, 1.0 / known(self.scale, "prior_scale", hyper) ** 2
