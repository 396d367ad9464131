"""Read a fitted scikit-learn estimator: what it minimised, and where it stopped. Scikit-learn itself is not needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bayesreg.errors import InputError, UnsupportedInputError
from bayesreg.foreign.fit import ForeignFit, cannot_read, not_fitted, one_response, shown

Claim = tuple[str, dict[str, Any]]

FITTED_SIGMA = "the noise level is the fit's own and is taken as given: the coefficients are judged, it is not"


def _least_squares(fit: Any) -> Claim:
    if fit.positive:
        return "sklearn.Ridge", {"alpha": 0.0, "positive": True}
    return "textbook.ridge", {"lambda_": 0.0}


def _signed(row: str, fit: Any, **parameters: Any) -> Claim:
    return row, parameters | ({"positive": True} if fit.get_params().get("positive") else {})


def _logistic(fit: Any) -> Claim:
    """C and l1_ratio, also where the old ``penalty`` names are in use."""
    row, penalty = "sklearn.LogisticRegression", fit.get_params().get("penalty", "deprecated")
    if penalty is None:
        return row, {"C": math.inf, "l1_ratio": 0.0}
    ratio = {"l1": 1.0, "l2": 0.0}.get(penalty, fit.l1_ratio)
    return row, {"C": fit.C, "l1_ratio": 0.0 if ratio is None else ratio}


def _logistic_cv(fit: Any) -> Claim:
    if not fit.refit:
        raise InputError(
            "LogisticRegressionCV(refit=False) averages the coefficients of its folds, which minimises nothing."
        )
    # One entry a class, all equal for two; one number where the legacy attributes are off.
    ratio = {"l1": 1.0, "l2": 0.0}.get(fit.penalty, np.ravel(fit.l1_ratio_)[0])
    return "sklearn.LogisticRegression", {
        "C": float(np.ravel(fit.C_)[0]),
        "l1_ratio": 0.0 if ratio is None else float(ratio),
    }


def _descent(row: str, loss: str) -> Callable[[Any], Claim]:
    def read(fit: Any) -> Claim:
        if fit.loss != loss:
            raise UnsupportedInputError(f"verify reads {type(fit).__name__} with loss={loss!r}, not {fit.loss!r}.")
        ratio = {"l2": 0.0, "l1": 1.0, "elasticnet": fit.l1_ratio, None: 0.0}[fit.penalty]
        return row, {"alpha": 0.0 if fit.penalty is None else fit.alpha, "l1_ratio": ratio}

    return read


def _relevance(fit: Any) -> Claim:
    left_out = fit.lambda_ >= fit.threshold_lambda
    if np.any(left_out):
        raise InputError(
            f"ARDRegression left out the columns {np.flatnonzero(left_out).tolist()}: fit and verify it on the others."
        )
    return "sklearn.ARDRegression", {"lambda_": fit.lambda_}


READERS: dict[str, Callable[[Any], Claim]] = {
    "LinearRegression": _least_squares,
    "Ridge": lambda fit: _signed("sklearn.Ridge", fit, alpha=fit.alpha),
    "RidgeCV": lambda fit: ("sklearn.Ridge", {"alpha": fit.alpha_}),
    "Lasso": lambda fit: _signed("sklearn.Lasso", fit, alpha=fit.alpha),
    "LassoCV": lambda fit: _signed("sklearn.Lasso", fit, alpha=fit.alpha_),
    "ElasticNet": lambda fit: _signed("sklearn.ElasticNet", fit, alpha=fit.alpha, l1_ratio=fit.l1_ratio),
    "ElasticNetCV": lambda fit: _signed("sklearn.ElasticNet", fit, alpha=fit.alpha_, l1_ratio=fit.l1_ratio_),
    "SGDRegressor": _descent("sklearn.SGDRegressor", "squared_error"),
    "BayesianRidge": lambda fit: ("sklearn.BayesianRidge", {"lambda_": fit.lambda_}),
    "ARDRegression": _relevance,
    "HuberRegressor": lambda fit: ("sklearn.HuberRegressor", {"alpha": fit.alpha, "epsilon": fit.epsilon}),
    "QuantileRegressor": lambda fit: ("sklearn.QuantileRegressor", {"alpha": fit.alpha, "quantile": fit.quantile}),
    "LogisticRegression": _logistic,
    "LogisticRegressionCV": _logistic_cv,
    "SGDClassifier": _descent("sklearn.SGDClassifier", "log_loss"),
    "PoissonRegressor": lambda fit: ("sklearn.PoissonRegressor", {"alpha": fit.alpha}),
}
SIGMA: dict[str, Callable[[Any], float]] = {
    "BayesianRidge": lambda fit: float(fit.alpha_) ** -0.5,
    "ARDRegression": lambda fit: float(fit.alpha_) ** -0.5,
    "HuberRegressor": lambda fit: float(fit.scale_),
}


def read(fit: Any) -> ForeignFit:
    """Read a fitted linear model.

    Parameters
    ----------
    fit : estimator
        Fitted, of a class in ``READERS``, with one response.

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
    if name == "Pipeline":
        raise cannot_read(fit, READERS, "pass its last step and the X that this step saw")
    if name not in READERS:
        raise cannot_read(fit, READERS)
    try:
        # The coefficients first: without them nothing else is final.
        coef, intercept = one_response(name, fit.coef_, fit.intercept_)
        convention, parameters = READERS[name](fit)
        sigma = SIGMA[name](fit) if name in SIGMA else None
    except AttributeError as error:
        raise not_fitted(fit) from error
    if name != "ARDRegression" and any(np.ndim(value) for value in parameters.values()):
        raise UnsupportedInputError(f"verify reads one penalty for all coefficients; this {name} has one for each.")
    options = fit.get_params()
    solver = options.get("solver")
    said = {key: value for key, value in parameters.items() if name != "LinearRegression" or key == "positive"}
    label = f"{type(fit).__module__.partition('.')[0]} {name}({shown(said)}"
    classified = "classes_" in vars(fit)
    penalised = solver == "liblinear" and options["fit_intercept"]
    return ForeignFit(
        f"{label}{f', solver={solver!r}' if solver not in (None, 'auto') else ''})",
        convention,
        parameters,
        coef,
        intercept,
        bool(options["fit_intercept"]),
        sigma,
        penalised_intercept_scale=float(options["intercept_scaling"]) if penalised else None,
        classes=np.asarray(fit.classes_) if classified else None,
        class_weight=options["class_weight"] if classified else None,
        names=tuple(map(str, fit.feature_names_in_)) if "feature_names_in_" in vars(fit) else None,
        notes=(FITTED_SIGMA,) if sigma is not None else (),
    )
