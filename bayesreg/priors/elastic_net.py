"""The elastic-net prior."""

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
    as_rate,
    check_relative_to,
    known,
)
from bayesreg.scales import Law


@dataclass(frozen=True)
class ElasticNet:
    r"""Density proportional to :math:`e^{-l_1|d| - l_2 d^2/2}`, normalised: the elastic-net penalty.

    The normaliser is :math:`\tfrac{2}{\sqrt{l_2}} R(l_1/\sqrt{l_2})` with R the Mills ratio (Hans, 2011).

    Parameters
    ----------
    l1, l2 : float, array of shape (p,) or law
        Rates, at least 0; where both are 0 a column is unpenalised. A law makes the rate learned (``prior_l1``,
        ``prior_l2``).
    loc : float or array of shape (p,), default 0
        Location, in the unit of the coefficients.
    factor : float or array of shape (p,), default 1
        Multiplies the scale of each coefficient (l1/factor, l2/factor²); infinite: unpenalised.
    relative_to : {"auto", None, "sigma", "penalty"}, default "auto"
        None: absolute rates. "sigma": l1/sigma and l2/sigma². "penalty": l1/sigma² and l2/sigma², so that the MAP is
        the elastic net with these penalties in half-RSS units for every sigma. "auto": None for known rates,
        "sigma" when one is learned.
    positive : bool or array of bool, shape (p,), default False
        Coefficients that must be at least ``loc``: their density is cut there and doubled.

    Raises
    ------
    InputError
        If a rate is negative, not finite or not a number.

    Examples
    --------
    >>> from bayesreg import priors
    >>> priors.ElasticNet(l1=5.0, l2=2.0).rates({})
    (5.0, 2.0)
    """

    l1: ArrayLike | Law
    l2: ArrayLike | Law
    _: KW_ONLY
    loc: ArrayLike = 0.0
    factor: ArrayLike = 1.0
    relative_to: RelativeTo = "auto"
    positive: bool | tuple[bool, ...] = False

    def __post_init__(self) -> None:
        check_relative_to(self, self.relative_to)
        object.__setattr__(self, "l1", as_rate("ElasticNet", "l1", self.l1))
        object.__setattr__(self, "l2", as_rate("ElasticNet", "l2", self.l2))
        object.__setattr__(self, "loc", as_location("ElasticNet", self.loc))
        object.__setattr__(self, "factor", as_factor("ElasticNet", self.factor))
        object.__setattr__(self, "positive", as_positive("ElasticNet", self.positive))

    def hyperparameters(self) -> Mapping[str, Law]:
        """Return the laws of ``prior_l1`` and ``prior_l2`` where they are learned."""
        rates = {"prior_l1": self.l1, "prior_l2": self.l2}
        return {name: rate for name, rate in rates.items() if implements(rate, Law)}

    def rates(self, hyper: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return (l1, l2)."""
        return known(self.l1, "prior_l1", hyper), known(self.l2, "prior_l2", hyper)
