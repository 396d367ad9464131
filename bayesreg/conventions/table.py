r"""How other libraries and textbooks scale a penalty, and what prior that is. Both directions, one row a convention.

Canonical form: the loss in nats plus :math:`\sum_j l_{1j}|w_j| + \tfrac12 l_{2j} w_j^2`. For the squared loss the rates
are in half-RSS units, :math:`\tfrac12\sum_i w_i e_i^2 + L_1|w| + \tfrac12 L_2 w^2`, which is
``relative_to="penalty"``: the MAP is then the library's solution for every noise level. For the logistic loss they
are in nats.

Symbols: S the sum of the sample weights (n without weights), sd_y and sd_j standard deviations with ddof 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError

Array = NDArray[np.float64]
Rates = tuple[Any, Any]


@dataclass(frozen=True)
class Setting:
    """What a conversion may need to know of the data; None where it was not given.

    Parameters
    ----------
    total : float or None
        S.
    y_sd : float or None
        Weighted standard deviation of y, ddof 0.
    x_sd : array or None
        Weighted standard deviations of the columns, ddof 0.
    """

    total: float | None
    y_sd: float | None
    x_sd: Array | None

    def need(self, name: Literal["total", "y_sd", "x_sd"], convention: str) -> Any:
        """Return one of them, or raise naming the argument that is missing."""
        value = getattr(self, name)
        if value is None:
            argument = {"total": "n= (or sum_weights=)", "y_sd": "y_sd=", "x_sd": "x_sd="}[name]
            raise InputError(f"the convention {convention!r} depends on the data: give {argument}.")
        return value


@dataclass(frozen=True)
class Convention:
    """One row of the table.

    Parameters
    ----------
    name : str
        As in ``prior_from(name)``.
    objective : str
        What the library minimises, in its own words and parameters.
    loss : {"squared", "logistic"}
        Which likelihood it belongs to.
    parameters : mapping of str to float or None
        Names and defaults; None means required.
    rates : callable
        (parameters, setting) -> (L1, L2).
    invert : callable
        (L1, L2, setting) -> parameters.
    source : str
        Where the scaling is stated, and the version it was checked against.
    """

    name: str
    objective: str
    loss: Literal["squared", "logistic"]
    parameters: Mapping[str, Any]
    rates: Callable[[Mapping[str, Any], Setting], Rates]
    invert: Callable[[Any, Any, Setting], dict[str, Any]]
    source: str


def _mix(total: float, ratio: float) -> Rates:
    return total * ratio, total * (1 - ratio)


def _unmix(l1: float, l2: float) -> tuple[float, float]:
    """(sum, share of l1); the share of nothing is 0."""
    total = l1 + l2
    return total, (l1 / total if total > 0 else 0.0)


def _only(kind: str, unwanted: float, convention: str) -> None:
    if unwanted != 0:
        raise InputError(f"{convention} has no {kind} penalty, but the prior has one ({unwanted:g}).")


def _ridge_only(name: str, build: Callable[[float, Setting], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def invert(l1: float, l2: float, setting: Setting) -> dict[str, Any]:
        _only("l1", l1, name)
        return build(l2, setting)

    return invert


def _lasso_only(name: str, build: Callable[[float, Setting], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def invert(l1: float, l2: float, setting: Setting) -> dict[str, Any]:
        _only("l2", l2, name)
        return build(l1, setting)

    return invert


def _sklearn_elastic_net(l1: float, l2: float, setting: Setting) -> dict[str, Any]:
    total, ratio = _unmix(l1, l2)
    return {"alpha": total / setting.need("total", "sklearn.ElasticNet"), "l1_ratio": ratio}


def _logistic(l1: float, l2: float, setting: Setting) -> dict[str, Any]:
    total, ratio = _unmix(l1, l2)
    return {"C": 1 / total if total > 0 else math.inf, "l1_ratio": ratio}


def _mixed_textbook(l1: float, l2: float, setting: Setting) -> dict[str, Any]:
    total, ratio = _unmix(2 * l1, l2)
    return {"lambda_": total, "alpha": ratio}


def _glmnet_rates(name: str, scaled_by_y: bool) -> Callable[[Mapping[str, Any], Setting], Rates]:
    def rates(given: Mapping[str, Any], setting: Setting) -> Rates:
        l1, l2 = _mix(setting.need("total", name) * given["lambda_"], given["alpha"])
        if scaled_by_y and l2:
            # glmnet divides y by its sd first: the l1 part scales back, the ridge part does not.
            l2 = l2 / setting.need("y_sd", name)
        if given["penalty_factor"] is not None:
            factor = np.asarray(given["penalty_factor"])
            if setting.x_sd is not None and setting.x_sd.ndim and setting.x_sd.size != factor.size:
                raise InputError(f"penalty_factor has {factor.size} entries but x_sd has {setting.x_sd.size}.")
            share = factor * factor.size / factor.sum()
            l1, l2 = l1 * share, l2 * share
        if given["standardize"]:
            sd = setting.need("x_sd", name)
            l1, l2 = l1 * sd, l2 * sd**2
        return l1, l2

    return rates


def _glmnet_invert(name: str, scaled_by_y: bool) -> Callable[[Any, Any, Setting], dict[str, Any]]:
    def invert(l1: Any, l2: Any, setting: Setting) -> dict[str, Any]:
        total = setting.need("total", name)
        sd = 1.0 if setting.x_sd is None else setting.x_sd
        a, b = np.atleast_1d(np.asarray(l1 / sd)), np.atleast_1d(np.asarray(l2 / sd**2))
        if scaled_by_y and np.any(b):
            b = b * setting.need("y_sd", name)
        a, b = np.broadcast_arrays(a / total, b / total)
        each = a + b
        on = each > 0
        ratio = a[on] / each[on]
        if on.any() and np.ptp(ratio) > 1e-12:
            raise InputError(f"{name} has one alpha for all coefficients, but the prior mixes l1 and l2 differently.")
        result: dict[str, Any] = {
            "lambda_": float(each.mean()),
            "alpha": float(ratio[0]) if on.any() else 0.0,
            "standardize": setting.x_sd is not None,
            "penalty_factor": None,
        }
        if np.ptp(each) > 1e-12 * each.max(initial=0.0):
            result["penalty_factor"] = tuple((each / each.mean()).tolist())
        return result

    return invert


def _glmnet(name: str, objective: str, loss: Literal["squared", "logistic"], scaled_by_y: bool) -> Convention:
    parameters = {"lambda_": None, "alpha": 1.0, "standardize": True, "penalty_factor": ()}
    return Convention(
        name,
        objective + " (on w_j sd_j with standardize=TRUE; penalty_factor rescaled to sum to p)",
        loss,
        parameters,
        _glmnet_rates(name, scaled_by_y),
        _glmnet_invert(name, scaled_by_y),
        "glmnet 4.1-6, man/glmnet.Rd; checked against stored fits",
    )


CONVENTIONS: dict[str, Convention] = {
    row.name: row
    for row in (
        Convention(
            "textbook.ridge",
            "RSS + lambda_ ||w||²",
            "squared",
            {"lambda_": None},
            lambda given, _: (0.0, given["lambda_"]),
            _ridge_only("textbook.ridge", lambda l2, _: {"lambda_": l2}),
            "Hoerl & Kennard (1970); w = (X'X + lambda I)^-1 X'y",
        ),
        Convention(
            "textbook.lasso",
            "RSS + lambda_ ||w||_1",
            "squared",
            {"lambda_": None},
            lambda given, _: (given["lambda_"] / 2, 0.0),
            _lasso_only("textbook.lasso", lambda l1, _: {"lambda_": 2 * l1}),
            "Tibshirani (1996), Lagrangian form; note the 1/2 on the l1 part only",
        ),
        Convention(
            "textbook.elastic_net",
            "RSS + lambda1 ||w||_1 + lambda2 ||w||²",
            "squared",
            {"lambda1": None, "lambda2": None},
            lambda given, _: (given["lambda1"] / 2, given["lambda2"]),
            lambda l1, l2, _: {"lambda1": 2 * l1, "lambda2": l2},
            "Zou & Hastie (2005), naive elastic net",
        ),
        Convention(
            "textbook.elastic_net_mixed",
            "RSS + lambda_ (alpha ||w||_1 + (1 - alpha) ||w||²)",
            "squared",
            {"lambda_": None, "alpha": None},
            lambda given, _: (given["lambda_"] * given["alpha"] / 2, given["lambda_"] * (1 - given["alpha"])),
            _mixed_textbook,
            "Zou & Hastie (2005), with one mixing weight",
        ),
        Convention(
            "sklearn.Ridge",
            "sum_i s_i e_i² + alpha ||w||²",
            "squared",
            {"alpha": 1.0},
            lambda given, _: (0.0, given["alpha"]),
            _ridge_only("sklearn.Ridge", lambda l2, _: {"alpha": l2}),
            "scikit-learn 1.9, linear_model/_ridge.py",
        ),
        Convention(
            "sklearn.Lasso",
            "1/(2 S) sum_i s_i e_i² + alpha ||w||_1",
            "squared",
            {"alpha": 1.0},
            lambda given, setting: (given["alpha"] * setting.need("total", "sklearn.Lasso"), 0.0),
            _lasso_only("sklearn.Lasso", lambda l1, setting: {"alpha": l1 / setting.need("total", "sklearn.Lasso")}),
            "scikit-learn 1.9, linear_model/_coordinate_descent.py",
        ),
        Convention(
            "sklearn.ElasticNet",
            "1/(2 S) sum_i s_i e_i² + alpha l1_ratio ||w||_1 + alpha (1 - l1_ratio)/2 ||w||²",
            "squared",
            {"alpha": 1.0, "l1_ratio": 0.5},
            lambda given, setting: _mix(
                given["alpha"] * setting.need("total", "sklearn.ElasticNet"), given["l1_ratio"]
            ),
            _sklearn_elastic_net,
            "scikit-learn 1.9, linear_model/_coordinate_descent.py",
        ),
        Convention(
            "sklearn.LogisticRegression",
            "C sum_i s_i loss_i + l1_ratio ||w||_1 + (1 - l1_ratio)/2 ||w||²",
            "logistic",
            {"C": 1.0, "l1_ratio": 0.0},
            lambda given, _: _mix(1 / given["C"], given["l1_ratio"]),
            _logistic,
            "scikit-learn 1.9, linear_model/_logistic.py (liblinear penalises the intercept too)",
        ),
        _glmnet(
            "glmnet.gaussian",
            "1/(2 S) sum_i s_i e_i² + lambda_ [alpha ||w||_1 + (1 - alpha)/(2 sd_y) ||w||²]",
            "squared",
            True,
        ),
        _glmnet(
            "glmnet.gaussian()",
            "1/(2 S) sum_i s_i e_i² + lambda_ [alpha ||w||_1 + (1 - alpha)/2 ||w||²]",
            "squared",
            False,
        ),
        _glmnet(
            "glmnet.binomial",
            "1/S sum_i s_i loss_i + lambda_ [alpha ||w||_1 + (1 - alpha)/2 ||w||²]",
            "logistic",
            False,
        ),
    )
}


def convention(name: str) -> Convention:
    """Return a row of the table by its name.

    Raises
    ------
    InputError
        If there is no such row; the message lists them.

    Examples
    --------
    >>> from bayesreg.conventions import convention
    >>> convention("sklearn.Ridge").objective
    'sum_i s_i e_i² + alpha ||w||²'
    """
    if not isinstance(name, str) or name not in CONVENTIONS:
        raise InputError(f"there is no convention {name!r}; known are {', '.join(CONVENTIONS)}.")
    return CONVENTIONS[name]
