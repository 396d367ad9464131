"""What a row of the table is, and what it may ask about the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bayesreg.conventions.parameters import Parameter
from bayesreg.errors import InputError

Array = NDArray[np.float64]
Loss = Literal["squared", "logistic", "poisson", "huber", "quantile", "absolute", "any"]

_ARGUMENT = {
    "total": "n= (or sum_weights=)",
    "rows": "n=",
    "y_sd": "y_sd=",
    "x_sd": "x_sd=",
    "sigma": "sigma= (the noise level)",
}


class Rates(NamedTuple):
    """A penalty sum_j l1_j |w_j| + l2_j w_j²/2, or, with ``groups``, sum_g l1_g ||w_g||."""

    l1: Any
    l2: Any
    groups: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Setting:
    """What a conversion may need to know of the data; None where it was not given.

    Parameters
    ----------
    convention : str
        The row that asks.
    total : float or None
        S, the sum of the weights.
    rows : float or None
        n, the number of rows.
    y_sd : float or None
        Weighted standard deviation of y, ddof 0.
    x_sd : array or None
        Weighted standard deviations of the columns, ddof 0.
    sigma : float or None
        Noise level.
    """

    convention: str
    total: float | None = None
    rows: float | None = None
    y_sd: float | None = None
    x_sd: Array | None = None
    sigma: float | None = None

    def need(self, name: Literal["total", "rows", "y_sd", "x_sd", "sigma"]) -> Any:
        """Return one of them, or raise naming the argument that is missing."""
        value = getattr(self, name)
        if value is None:
            raise InputError(f"the convention {self.convention!r} depends on the data: give {_ARGUMENT[name]}.")
        return value


class Scaling(Protocol):
    """From a library's parameters to rates, and back; see `bayesreg.conventions.scaling`."""

    def rates(self, given: Mapping[str, Any], setting: Setting) -> Rates:
        """Return the rates of checked parameters."""

    def invert(self, rates: Rates, setting: Setting) -> dict[str, Any]:
        """Return the parameters of given rates, or raise where the library cannot express them."""


@dataclass(frozen=True)
class Convention:
    """One row of the table.

    Parameters
    ----------
    name : str
        As in ``prior_from(name)``: the library, a point, its function or class.
    objective : str
        What the library minimises, or the prior that it states, in its own words and parameters.
    loss : {"squared", "logistic", "poisson", "huber", "quantile", "absolute", "any"}
        Which likelihood it belongs to; "any" for a prior that goes with all of them.
    parameters : mapping of str to Parameter
        By the library's names.
    scaling : Scaling
        The conversion.
    source : str
        Where the scaling is stated, and what it was checked against.
    relative_to : {"penalty", "sigma", None}
        How the rates meet the noise level. "penalty": for the squared and the Huber loss, rates in half-RSS units.
        "sigma": rates at unit noise. None: rates in nats.
    shape : str or None
        The parameter that shapes the loss: the quantile, the threshold of the Huber loss.
    """

    name: str
    objective: str
    loss: Loss
    parameters: Mapping[str, Parameter]
    scaling: Scaling
    source: str
    relative_to: Literal["penalty", "sigma"] | None = None
    shape: str | None = None

    @property
    def needs_sigma(self) -> bool:
        """Whether the penalised fit that the prior stands for changes with the noise level."""
        free = {"squared": "penalty", "huber": "penalty", "quantile": "sigma", "absolute": "sigma"}
        return self.loss == "any" or (self.loss in free and self.relative_to != free[self.loss])
