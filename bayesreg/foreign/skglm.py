"""Read a fitted estimator of skglm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bayesreg.errors import InputError, UnsupportedInputError
from bayesreg.foreign.celer import grouped
from bayesreg.foreign.fit import ForeignFit, cannot_read, not_fitted, one_response, shown

Parameters = dict[str, Any]

READERS: dict[str, Callable[[Any], Parameters]] = {
    "Lasso": lambda fit: {"alpha": fit.alpha, "positive": bool(fit.positive)},
    "WeightedLasso": lambda fit: {"alpha": fit.alpha, "weights": fit.weights, "positive": bool(fit.positive)},
    "ElasticNet": lambda fit: {"alpha": fit.alpha, "l1_ratio": fit.l1_ratio, "positive": bool(fit.positive)},
    "SparseLogisticRegression": lambda fit: {"alpha": fit.alpha, "l1_ratio": fit.l1_ratio},
    "GroupLasso": lambda fit: {"alpha": fit.alpha, **_free_of_signs(fit), **grouped(fit)},
}
DATAFITS: dict[str, Callable[[Any], Parameters]] = {
    "Quadratic": lambda datafit: {},
    "Huber": lambda datafit: {"delta": float(datafit.delta)},
    "Pinball": lambda datafit: {"quantile_level": float(datafit.quantile_level)},
    "Logistic": lambda datafit: {},
    "Poisson": lambda datafit: {},
}
PENALTIES: dict[str, Callable[[Any], Parameters]] = {
    "L1": lambda penalty: {"alpha": float(penalty.alpha), "positive": bool(penalty.positive)},
    "L2": lambda penalty: {"alpha": float(penalty.alpha), "l1_ratio": 0.0},
    "L1_plus_L2": lambda penalty: {
        "alpha": float(penalty.alpha),
        "l1_ratio": float(penalty.l1_ratio),
        "positive": bool(penalty.positive),
    },
    "WeightedL1": lambda penalty: {
        "alpha": float(penalty.alpha),
        "weights": np.asarray(penalty.weights),
        "positive": bool(penalty.positive),
    },
}


def _free_of_signs(fit: Any) -> Parameters:
    if fit.positive:
        raise InputError("GroupLasso(positive=True) minimises under sign constraints, which are not certified here.")
    return {}


def read(fit: Any) -> ForeignFit:
    """Read a fitted estimator of a class in ``READERS``, or a GeneralizedLinearEstimator."""
    name = type(fit).__name__
    general = name == "GeneralizedLinearEstimator"
    if not general and name not in READERS:
        raise cannot_read(fit, (*READERS, "GeneralizedLinearEstimator"))
    try:
        coef, intercept = one_response(name, fit.coef_, fit.intercept_)
    except AttributeError as error:
        raise not_fitted(fit) from error
    row, parameters = _parts(fit) if general else (name, READERS[name](fit))
    label = f"GeneralizedLinearEstimator({row}, {type(fit.penalty).__name__}: " if general else f"{name}("
    return ForeignFit(
        f"skglm {label}{shown(parameters)})",
        f"skglm.{row}",
        parameters,
        coef,
        intercept,
        bool(fit.solver.fit_intercept if general else fit.fit_intercept),
        classes=np.asarray(fit.classes_) if "classes_" in vars(fit) else None,
    )


def _parts(fit: Any) -> tuple[str, Parameters]:
    """Row and parameters of a datafit with its penalty."""
    datafit, penalty = type(fit.datafit).__name__, type(fit.penalty).__name__
    for part, known in ((datafit, DATAFITS), (penalty, PENALTIES)):
        if part not in known:
            raise UnsupportedInputError(
                f"verify cannot read a GeneralizedLinearEstimator with {part}; it reads {', '.join(known)} there."
            )
    return datafit, DATAFITS[datafit](fit.datafit) | PENALTIES[penalty](fit.penalty)
