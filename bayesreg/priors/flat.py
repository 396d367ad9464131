"""The flat prior: maximum likelihood and its posterior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from bayesreg.priors.base import RelativeTo
from bayesreg.scales import Law


@dataclass(frozen=True)
class Flat:
    """Constant density 1 on every coefficient: no penalty, the MAP is the maximum-likelihood estimate.

    For coefficients that must not be negative: ``ElasticNet(0.0, 0.0, positive=True)``.

    Examples
    --------
    >>> from bayesreg import priors
    >>> priors.Flat().rates({})
    (0.0, 0.0)
    """

    @property
    def loc(self) -> ArrayLike:
        """Location, without effect."""
        return 0.0

    @property
    def factor(self) -> ArrayLike:
        """Scale multiplier, without effect."""
        return 1.0

    @property
    def relative_to(self) -> RelativeTo:
        """Nothing to relate to the noise."""
        return None

    def hyperparameters(self) -> Mapping[str, Law]:
        """Return no learned parameters."""
        return {}

    def rates(self, hyper: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return (0, 0)."""
        return 0.0, 0.0
