"""Priors that a package states by a scale, to rates and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bayesreg.conventions.mixed import EQUAL, refuse_groups
from bayesreg.conventions.row import Rates, Setting
from bayesreg.errors import InputError


@dataclass(frozen=True)
class PriorScale:
    """A normal or Laplace prior of each coefficient.

    Parameters
    ----------
    parameter : str
        What states its scale, one number or one a column as the row says.
    law : {"normal", "laplace"}
        Its rate r is 1/sd for the normal and 1/b for the Laplace law.
    unit_norm : bool
        Whether it is the prior of centred columns divided by their Euclidean norm, sqrt(S) sd_j.
    constant : float
        r is this over the scale.
    squared_rate : bool
        Whether the parameter is r² itself.
    """

    parameter: str
    law: Literal["normal", "laplace"]
    unit_norm: bool = False
    constant: float = 1.0
    squared_rate: bool = False

    def rates(self, given: Mapping[str, Any], setting: Setting) -> Rates:
        """Return (r, 0) for a Laplace law and (0, r²) for a normal one."""
        rate = self._convert(given[self.parameter], np.sqrt) * self._norm(setting)
        return Rates(rate, 0.0) if self.law == "laplace" else Rates(0.0, rate**2)

    def invert(self, rates: Rates, setting: Setting) -> dict[str, Any]:
        """Return the parameter, one number where it is the same for all columns."""
        refuse_groups(rates, setting)
        kind, unwanted = ("l2", rates.l2) if self.law == "laplace" else ("l1", rates.l1)
        if np.any(unwanted):
            raise InputError(
                f"{setting.convention} has no {kind} penalty, but the prior has one ({np.max(unwanted):g})."
            )
        rate = np.asarray(rates.l1 if self.law == "laplace" else np.sqrt(rates.l2)) / self._norm(setting)
        varies = np.ptp(rate) > EQUAL * rate.max()
        return {self.parameter: self._convert(rate if varies else float(rate.flat[0]), np.square)}

    def _convert(self, value: Any, power: Callable[[Any], Any]) -> Any:
        """Return the rate of a parameter or the parameter of a rate: the reciprocal, or the given power."""
        # An infinite scale is a rate of 0.
        with np.errstate(divide="ignore"):
            converted = power(value) if self.squared_rate else self.constant / np.asarray(value)
        return converted if np.ndim(converted) else float(converted)

    def _norm(self, setting: Setting) -> Any:
        return math.sqrt(setting.need("total")) * setting.need("x_sd") if self.unit_norm else 1.0
