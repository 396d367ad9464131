"""Read a fitted GeneralizedLinearRegressor of glum."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from bayesreg.errors import InputError, UnsupportedInputError
from bayesreg.foreign.fit import ForeignFit, cannot_read, not_fitted, one_response, shown

READABLE = ("GeneralizedLinearRegressor", "GeneralizedLinearRegressorCV")
# By what ``family`` and ``link`` may hold: a name, or an instance of a class.
FAMILIES = {"normal": "normal", "gaussian": "normal", "binomial": "binomial", "poisson": "poisson"}
LINKS = {"normal": "identity", "binomial": "logit", "poisson": "log"}
CONSTRAINTS = ("lower_bounds", "upper_bounds", "A_ineq", "b_ineq", "monotonic_constraints")


def read(fit: Any) -> ForeignFit:
    """Read a fitted regressor of a family with its canonical link; see `bayesreg.foreign.read_fit`."""
    name = type(fit).__name__
    if name not in READABLE:
        raise cannot_read(fit, READABLE)
    options = fit.get_params()
    family = FAMILIES.get(_word(options["family"], "distribution"))
    link = _word(options["link"], "link")
    if family is None or link not in ("auto", LINKS[family]):
        raise UnsupportedInputError(
            f"verify reads {name} with the family normal, binomial or poisson and its canonical link, not "
            f"family={options['family']!r}, link={options['link']!r}."
        )
    bound = [key for key in CONSTRAINTS if options.get(key) is not None]
    if bound:
        raise InputError(f"{name}({bound[0]}=...) minimises under constraints, which are not certified here.")
    if options.get("alpha_search"):
        raise UnsupportedInputError(f"verify cannot read {name}(alpha_search=True): refit it at one alpha.")
    try:
        coef, intercept = one_response(name, fit.coef_, fit.intercept_)
        searched = name.endswith("CV")
        alpha, ratio = (fit.alpha_, fit.l1_ratio_) if searched else (fit.alpha or 0.0, fit.l1_ratio)
    except AttributeError as error:
        raise not_fitted(fit) from error
    parameters = {
        "alpha": float(alpha),
        "l1_ratio": float(ratio),
        "P1": "identity" if fit.P1 is None else fit.P1,
        "P2": _diagonal(name, fit.P2),
        "scale_predictors": bool(fit.scale_predictors),
    }
    numbers = {key: parameters[key] for key in ("alpha", "l1_ratio")}
    return ForeignFit(
        f"glum {name}(family={family!r}, {shown(numbers)})",
        f"glum.{family}",
        parameters,
        coef,
        intercept,
        bool(fit.fit_intercept),
    )


def _word(value: Any, suffix: str) -> str:
    """Return a name in lower case: "normal" of the string and of an instance of NormalDistribution."""
    return value.lower() if isinstance(value, str) else type(value).__name__.lower().removesuffix(suffix)


def _diagonal(name: str, P2: Any) -> Any:
    """Return the diagonal of the ridge matrix, or its word."""
    if P2 is None or isinstance(P2, str):
        return "identity"
    matrix = P2.toarray() if sparse.issparse(P2) else np.asarray(P2, dtype=float)
    if matrix.ndim == 2:
        if np.any(matrix != np.diag(np.diag(matrix))):
            raise UnsupportedInputError(f"verify reads {name} with a diagonal P2; this one mixes coefficients.")
        matrix = np.diag(matrix)
    return matrix
