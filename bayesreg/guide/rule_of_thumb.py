"""The rule of thumb of the textbooks: L2, L1 or elastic net from five facts that are known before any fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bayesreg.errors import InputError

Penalty = Literal["l2", "l1", "elastic_net"]


@dataclass(frozen=True)
class RuleOfThumb:
    """A penalty and why.

    Parameters
    ----------
    penalty : {"l2", "l1", "elastic_net"}
    reason : str
        In words.
    """

    penalty: Penalty
    reason: str

    @property
    def estimator(self) -> str:
        """Name of the estimator in this package and in scikit-learn, for a numeric response."""
        return {"l2": "Ridge", "l1": "Lasso", "elastic_net": "ElasticNet"}[self.penalty]

    def __str__(self) -> str:
        return f"{self.penalty} ({self.estimator}): {self.reason}"


def choose_regularization(
    n_features: int,
    n_samples: int,
    n_correlated_groups: int = 0,
    need_feature_selection: bool = False,
    sparse_signal: bool = False,
) -> RuleOfThumb:
    """Choose between ridge, lasso and elastic net by the usual rule of thumb.

    Parameters
    ----------
    n_features, n_samples : int
        At least 1.
    n_correlated_groups : int, default 0
        Groups of columns that move together, two or more each.
    need_feature_selection : bool, default False
        Whether the answer must name a few columns.
    sparse_signal : bool, default False
        Whether few columns are believed to matter.

    Returns
    -------
    RuleOfThumb
        ``penalty`` and ``reason``. `recommend` looks at the data instead.

    Raises
    ------
    InputError
        For a count that is none or more groups than the columns could form, or a flag that is no bool.

    Examples
    --------
    >>> import bayesreg as br
    >>> br.choose_regularization(30, 500).penalty
    'l2'
    >>> print(br.choose_regularization(500, 100, n_correlated_groups=3, need_feature_selection=True).penalty)
    elastic_net
    """
    counts = {"n_features": n_features, "n_samples": n_samples, "n_correlated_groups": n_correlated_groups}
    for name, value in counts.items():
        least = 0 if name == "n_correlated_groups" else 1
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise InputError(f"{name} must be an integer of at least {least}, got {value!r}.")
    if 2 * n_correlated_groups > n_features:
        raise InputError(
            f"n_correlated_groups must be at most {n_features // 2}: a group has two columns or more, and there are "
            f"{n_features}; got {n_correlated_groups}."
        )
    flags: dict[str, Any] = {"need_feature_selection": need_feature_selection, "sparse_signal": sparse_signal}
    for name, flag in flags.items():
        if not isinstance(flag, bool | np.bool_):
            raise InputError(f"{name} must be True or False, got {flag!r}.")
    wide = n_features > n_samples
    size = f"{n_features} columns, {n_samples} rows"
    groups = f"{n_correlated_groups} correlated group{'' if n_correlated_groups == 1 else 's'}"
    if not (need_feature_selection or sparse_signal):
        shared = f"; the columns of {groups} share their effect" if n_correlated_groups else ""
        return RuleOfThumb("l2", f"no column has to go and none is believed to be idle ({size}){shared}.")
    if n_correlated_groups:
        return RuleOfThumb(
            "elastic_net",
            f"few columns are wanted, but of {groups} the lasso would keep one column each by accident; an L2 part "
            f"keeps them together ({size}).",
        )
    if wide and not sparse_signal:
        return RuleOfThumb(
            "elastic_net",
            f"a lasso keeps at most as many columns as rows, and nothing says that so few matter ({size}).",
        )
    return RuleOfThumb("l1", f"few columns are wanted and none stands for another ({size}).")
