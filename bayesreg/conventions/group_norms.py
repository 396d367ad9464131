"""The group lasso as libraries scale it, to rates and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesreg.conventions.mixed import EQUAL
from bayesreg.conventions.row import Rates, Setting
from bayesreg.errors import InputError


@dataclass(frozen=True)
class GroupNorms:
    """S times strength times sum_g weights_g ||w_g||.

    Parameters
    ----------
    strength, groups, weights : str
        Parameters: the strength, the groups, a weight a group.
    """

    strength: str
    groups: str
    weights: str

    def rates(self, given: Mapping[str, Any], setting: Setting) -> Rates:
        """Return one l1 rate a group."""
        labels = given[self.groups]
        number = max(labels) + 1
        weight = np.ones(number) if given[self.weights] is None else given[self.weights]
        if weight.size != number:
            raise InputError(f"{setting.convention}: {self.weights} has {weight.size} entries for {number} groups.")
        return Rates(given[self.strength] * setting.need("total") * weight, 0.0, labels)

    def invert(self, rates: Rates, setting: Setting) -> dict[str, Any]:
        """Return the strength, the columns of each group, and the weights (None where they are all 1)."""
        if rates.groups is None:
            raise InputError(f"{setting.convention} penalises groups; the prior must be a priors.GroupLaplace.")
        each = np.asarray(rates.l1) / setting.need("total")
        strength = float(each.mean())
        equal = np.ptp(each) <= EQUAL * strength
        return {
            self.strength: strength,
            self.groups: [np.flatnonzero(np.equal(rates.groups, g)).tolist() for g in range(each.size)],
            self.weights: None if equal else tuple((each / strength).tolist()),
        }
