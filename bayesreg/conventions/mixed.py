r"""Ridge, lasso and elastic net as libraries scale them, to rates and back.

Canonical form: the loss plus :math:`\sum_j l_{1j}|w_j| + \tfrac12 l_{2j} w_j^2`. For the squared loss the rates are in
half-RSS units, :math:`\tfrac12\sum_i s_i e_i^2 + L_1|w| + \tfrac12 L_2 w^2` (``relative_to="penalty"``: the MAP is then
the library's solution for every noise level). Symbols: S the sum of the sample weights (n without weights), sd_y and
sd_j standard deviations with ddof 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bayesreg.conventions.row import Array, Rates, Setting
from bayesreg.errors import InputError

# Rounding of a few products and divisions.
EQUAL = 1e-12


@dataclass(frozen=True)
class Mixed:
    """Count times strength times [ratio |w_j| + (1 - ratio) w_j²/2].

    Parameters
    ----------
    strength : str
        Parameter that multiplies the penalty, one number or one a column as the row says.
    ratio : str, 0.0 or 1.0
        Parameter that mixes l1 and l2, or which of them alone there is: 0 is ridge, 1 lasso.
    count : {"total", "rows", None}
        What the library divides the loss by: S, n or nothing.
    inverse : bool
        Whether the strength is 1 over the parameter, as for C.
    l1_unit : float
        Multiplies l1: 1/2 where the loss is RSS and not RSS/2.
    weights : (str, str), optional
        Parameters with a weight a column, for l1 and for l2; the same name twice where it is one.
    shares : bool
        Whether the weights are rescaled to sum to p.
    standardize : str or bool
        Parameter that asks for columns in units of their sd, or whether they always are.
    l2_over : {"y_sd", "sigma", None}
        What l2 is divided by.
    each_column : bool
        Whether the strength itself may be one number a column.
    """

    strength: str
    ratio: str | float
    count: Literal["total", "rows"] | None = None
    inverse: bool = False
    l1_unit: float = 1.0
    weights: tuple[str, str] | None = None
    shares: bool = False
    standardize: str | bool = False
    l2_over: Literal["y_sd", "sigma"] | None = None
    each_column: bool = False

    def rates(self, given: Mapping[str, Any], setting: Setting) -> Rates:
        """Return (l1, l2), numbers or one a column."""
        ratio = given[self.ratio] if isinstance(self.ratio, str) else self.ratio
        strength = 1 / given[self.strength] if self.inverse else given[self.strength]
        total = strength * self._count(setting)
        l1, l2 = total * ratio * self.l1_unit, total * (1 - ratio)
        if self.l2_over and np.any(l2):
            l2 = l2 / setting.need(self.l2_over)
        if self.weights is not None:
            l1, l2 = (
                l1 * self._weight(self.weights[0], given, setting),
                l2 * self._weight(self.weights[1], given, setting),
            )
        if given[self.standardize] if isinstance(self.standardize, str) else self.standardize:
            sd = setting.need("x_sd")
            l1, l2 = l1 * sd, l2 * sd**2
        return Rates(l1, l2)

    def invert(self, rates: Rates, setting: Setting) -> dict[str, Any]:
        """Return the parameters; ``standardize`` is asked for where x_sd is given."""
        refuse_groups(rates, setting)
        l1, l2 = self._in_library_units(rates, setting)
        name = setting.convention
        for ratio, kind, unwanted in ((0.0, "l1", l1), (1.0, "l2", l2)):
            if self.ratio == ratio and np.any(unwanted):
                raise InputError(f"{name} has no {kind} penalty, but the prior has one ({unwanted.max():g}).")
        each, found = l1 + l2, dict[str, Any]()
        if self.weights is not None and self.weights[0] != self.weights[1]:
            found = {key: _shares(rate) for key, rate in zip(self.weights, (l1, l2), strict=True)}
            return self._named(float(l1.mean() + l2.mean()), float(l1.mean()), setting) | found
        if _varies(each) and self.weights is None and not self.each_column:
            raise InputError(f"{name} has one penalty for all coefficients, but the prior has one for each.")
        on = each > 0
        if on.any() and np.ptp(l1[on] / each[on]) > EQUAL:
            raise InputError(
                f"{name} has one {self.ratio} for all coefficients, but the prior mixes l1 and l2 differently."
            )
        if self.weights is not None:
            found = {self.weights[0]: _shares(each)}
        elif self.each_column and _varies(each):
            found = {self.strength: each}
        return self._named(float(each.mean()), float(l1.mean()), setting) | found

    def _count(self, setting: Setting) -> float:
        return setting.need(self.count) if self.count else 1.0

    def _weight(self, name: str, given: Mapping[str, Any], setting: Setting) -> Any:
        weight = given[name]
        if weight is None:
            return 1.0
        if setting.x_sd is not None and setting.x_sd.ndim and setting.x_sd.size != weight.size:
            raise InputError(f"{name} has {weight.size} entries but x_sd has {setting.x_sd.size}.")
        return weight * weight.size / weight.sum() if self.shares else weight

    def _in_library_units(self, rates: Rates, setting: Setting) -> tuple[Array, Array]:
        """(l1, l2) as rates over the count and the units of the columns, both of shape (1,) or (p,)."""
        asked = self.standardize is True or (self.standardize and setting.x_sd is not None)
        sd = setting.need("x_sd") if asked else 1.0
        l1, l2 = np.asarray(rates.l1 / sd / self.l1_unit), np.asarray(rates.l2 / sd**2)
        if self.l2_over and np.any(l2):
            l2 = l2 * setting.need(self.l2_over)
        count = self._count(setting)
        both = np.broadcast_arrays(np.atleast_1d(l1 / count), np.atleast_1d(l2 / count))
        return both[0], both[1]

    def _named(self, total: float, l1: float, setting: Setting) -> dict[str, Any]:
        found: dict[str, Any] = {self.strength: total}
        if self.inverse:
            found[self.strength] = 1 / total if total > 0 else math.inf
        if isinstance(self.ratio, str):
            found[self.ratio] = l1 / total if total > 0 else 0.0
        if isinstance(self.standardize, str):
            found[self.standardize] = setting.x_sd is not None
        return found


def refuse_groups(rates: Rates, setting: Setting) -> None:
    """Raise where a prior on groups meets a row that has none."""
    if rates.groups is not None:
        raise InputError(f"{setting.convention} penalises single coefficients, but the prior penalises groups.")


def _varies(rate: Array) -> bool:
    return bool(np.ptp(rate) > EQUAL * rate.max())


def _shares(rate: Array) -> tuple[float, ...] | None:
    """Weights with mean 1; None where they are all equal."""
    return tuple((rate / rate.mean()).tolist()) if _varies(rate) else None
