"""Read a fitted scikit-learn estimator: what it minimised, and where it stopped. Scikit-learn itself is not needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError, UnsupportedInputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ForeignFit:
    """Coefficients from elsewhere and the objective they claim to minimise.

    Parameters
    ----------
    label : str
        What it is, for people.
    convention : str
        Row of the table in ``bayesreg.conventions``.
    parameters : dict
        In that row's names.
    coef : array, shape (p,)
    intercept : float
    fit_intercept : bool
    penalised_intercept_scale : float or None
        liblinear's ``intercept_scaling`` where it penalises the intercept as one more coefficient; else None.
    classes : array of shape (2,) or None
        Labels of class 0 and 1.
    class_weight : dict, "balanced" or None
        Multiplies the row weights.
    names : tuple of str or None
        Column names of the frame that it was fitted to.
    """

    label: str
    convention: str
    parameters: dict[str, Any]
    coef: Array
    intercept: float
    fit_intercept: bool
    penalised_intercept_scale: float | None = None
    classes: NDArray[Any] | None = None
    class_weight: Any = None
    names: tuple[str, ...] | None = None


def is_sklearn(fit: object) -> bool:
    """Whether ``fit`` is an instance of a class of scikit-learn."""
    return type(fit).__module__.partition(".")[0] == "sklearn"


def read_sklearn(fit: Any) -> ForeignFit:
    """Read a fitted linear model.

    Parameters
    ----------
    fit : Ridge, RidgeCV, Lasso, LassoCV, ElasticNet, ElasticNetCV, LinearRegression, LogisticRegression
        Fitted, with one response.

    Returns
    -------
    ForeignFit

    Raises
    ------
    UnsupportedInputError
        For another estimator; the message says what to do.
    InputError
        When it is not fitted or was fitted with an option that changes the objective.
    """
    name = type(fit).__name__
    readers: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
        "LinearRegression": lambda: ("textbook.ridge", {"lambda_": 0.0}),
        "Ridge": lambda: ("sklearn.Ridge", {"alpha": fit.alpha}),
        "RidgeCV": lambda: ("sklearn.Ridge", {"alpha": fit.alpha_}),
        "Lasso": lambda: ("sklearn.Lasso", {"alpha": fit.alpha}),
        "LassoCV": lambda: ("sklearn.Lasso", {"alpha": fit.alpha_}),
        "ElasticNet": lambda: ("sklearn.ElasticNet", {"alpha": fit.alpha, "l1_ratio": fit.l1_ratio}),
        "ElasticNetCV": lambda: ("sklearn.ElasticNet", {"alpha": fit.alpha_, "l1_ratio": fit.l1_ratio_}),
        "LogisticRegression": lambda: ("sklearn.LogisticRegression", _logistic_parameters(fit)),
    }
    if name not in readers:
        hint = (
            "pass its last step and the X that this step saw"
            if name == "Pipeline"
            else "pass its coef_ with convention=..."
        )
        raise UnsupportedInputError(f"verify cannot read {name}; it reads {', '.join(readers)}. Here, {hint}.")
    options = fit.get_params()
    if options.get("positive"):
        raise InputError(
            f"{name}(positive=True) minimises under sign constraints, which this version does not certify."
        )
    try:
        convention, parameters = readers[name]()
        if any(np.ndim(value) for value in parameters.values()):
            raise UnsupportedInputError(f"verify reads one penalty for all coefficients; this {name} has one for each.")
        coef = np.asarray(fit.coef_, dtype=float)
    except AttributeError as error:
        raise InputError(f"this {name} is not fitted yet: call fit(X, y) first.") from error
    intercept = np.asarray(fit.intercept_, dtype=float).reshape(-1)
    if coef.ndim == 2 and coef.shape[0] == 1:
        coef = coef[0]
    if coef.ndim != 1 or intercept.size != 1:
        raise UnsupportedInputError(f"verify reads fits of one response; this {name} has coef_ of shape {coef.shape}.")
    shown = ", ".join(f"{key}={value:g}" for key, value in parameters.items() if name != "LinearRegression")
    solver = options.get("solver")
    label = f"sklearn {name}({shown}{f', solver={solver!r}' if solver not in (None, 'auto') else ''})"
    logistic = name == "LogisticRegression"
    penalised = logistic and solver == "liblinear" and options["fit_intercept"]
    return ForeignFit(
        label,
        convention,
        parameters,
        coef,
        float(intercept[0]),
        bool(options["fit_intercept"]),
        penalised_intercept_scale=float(options["intercept_scaling"]) if penalised else None,
        classes=np.asarray(fit.classes_) if logistic else None,
        class_weight=options["class_weight"] if logistic else None,
        names=tuple(map(str, fit.feature_names_in_)) if "feature_names_in_" in vars(fit) else None,
    )


def _logistic_parameters(fit: Any) -> dict[str, Any]:
    """C and l1_ratio, also where the old ``penalty`` names are in use."""
    named = {"l1": 1.0, "l2": 0.0}
    penalty = fit.get_params().get("penalty", "deprecated")
    if penalty is None:
        return {"C": math.inf, "l1_ratio": 0.0}
    ratio = named.get(penalty, fit.l1_ratio)
    return {"C": fit.C, "l1_ratio": 0.0 if ratio is None else ratio}


def class_weights(fit: ForeignFit, y: NDArray[Any], weight: Array) -> Array:
    """Row weights with the estimator's ``class_weight`` multiplied in, shape (n,)."""
    if fit.class_weight is None or fit.classes is None:
        return weight
    indicator = [y == label for label in fit.classes]
    if fit.class_weight == "balanced":
        # As scikit-learn: the weighted count of all rows over twice that of the class.
        factors = [weight.sum() / (2 * weight[rows].sum()) for rows in indicator]
    else:
        factors = [float(fit.class_weight.get(label, 1.0)) for label in fit.classes.tolist()]
    return np.asarray(weight * np.where(indicator[1], factors[1], factors[0]))
