"""Read a fitted estimator of celer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bayesreg.foreign.fit import ForeignFit, cannot_read, not_fitted, one_response, shown

READERS: dict[str, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    "Lasso": lambda fit: ("celer.Lasso", {"alpha": fit.alpha, **_columns(fit)}),
    "LassoCV": lambda fit: ("celer.Lasso", {"alpha": fit.alpha_, **_columns(fit)}),
    "ElasticNet": lambda fit: ("celer.ElasticNet", {"alpha": fit.alpha, "l1_ratio": fit.l1_ratio, **_columns(fit)}),
    "ElasticNetCV": lambda fit: ("celer.ElasticNet", {"alpha": fit.alpha_, "l1_ratio": fit.l1_ratio_, **_columns(fit)}),
    "LogisticRegression": lambda fit: ("celer.LogisticRegression", {"C": fit.C}),
    "GroupLasso": lambda fit: ("celer.GroupLasso", {"alpha": fit.alpha, **grouped(fit)}),
    "GroupLassoCV": lambda fit: ("celer.GroupLasso", {"alpha": fit.alpha_, **grouped(fit)}),
}


def _columns(fit: Any) -> dict[str, Any]:
    return {"weights": fit.weights, "positive": bool(fit.positive)}


def grouped(fit: Any) -> dict[str, Any]:
    """Return the groups, of one size where they are a number, and their weights."""
    groups = fit.groups
    if isinstance(groups, int | np.integer):
        groups = [int(groups)] * (np.size(fit.coef_) // int(groups))
    return {"groups": groups, "weights": fit.weights}


def read(fit: Any) -> ForeignFit:
    """Read a fitted estimator of a class in ``READERS``; see `bayesreg.foreign.read_fit`."""
    name = type(fit).__name__
    if name not in READERS:
        raise cannot_read(fit, READERS)
    try:
        coef, intercept = one_response(name, fit.coef_, fit.intercept_)
        convention, parameters = READERS[name](fit)
    except AttributeError as error:
        raise not_fitted(fit) from error
    return ForeignFit(
        f"celer {name}({shown(parameters)})",
        convention,
        parameters,
        coef,
        intercept,
        bool(fit.fit_intercept),
        classes=np.asarray(fit.classes_) if "classes_" in vars(fit) else None,
    )
