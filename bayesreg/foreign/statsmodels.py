"""Read what statsmodels' fit_regularized returns. Its constant is a column of X, so there is no other intercept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayesreg.errors import InputError, UnsupportedInputError
from bayesreg.foreign.fit import ForeignFit, shown

READABLE = "the results of OLS, WLS, GLM, Logit and Poisson models' fit_regularized"
LINKS = {"Binomial": "Logit", "Poisson": "Log"}


def read(fit: Any, given: Mapping[str, Any]) -> ForeignFit:
    """Read a result.

    Parameters
    ----------
    fit : result of fit_regularized
        Without ``refit=True``.
    given : mapping
        ``alpha`` and ``L1_wt``, which results of linear models and GLM do not keep.

    Returns
    -------
    ForeignFit

    Raises
    ------
    InputError, UnsupportedInputError
        If it is the result of something else, or its alpha is not known.
    """
    name = type(fit).__name__.removesuffix("Wrapper")
    discrete = name in ("L1BinaryResults", "L1PoissonResults")
    if name != "RegularizedResults" and not discrete:
        raise UnsupportedInputError(
            f"verify cannot read {type(fit).__name__} of statsmodels; it reads {READABLE}, without refit."
        )
    row, parameters = _discrete(fit, given) if discrete else _regularized(fit, given)
    return ForeignFit(
        f"statsmodels {type(fit.model).__name__}.fit_regularized({shown(parameters)})",
        f"statsmodels.{row}",
        parameters,
        np.asarray(fit.params, dtype=float),
        0.0,
        fit_intercept=False,
    )


def _discrete(fit: Any, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if given:
        raise InputError("this result knows its alpha: leave out penalty parameters.")
    row, alpha = type(fit.model).__name__, np.asarray(fit.mle_settings["alpha"], dtype=float)
    if row not in ("Logit", "Poisson"):
        raise UnsupportedInputError(f"verify cannot read a {row} of statsmodels; it reads {READABLE}.")
    return row, {"alpha": alpha if alpha.ndim else float(alpha)}


def _regularized(fit: Any, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if "alpha" not in given:
        raise InputError("this result does not keep its penalty: give alpha=... (and L1_wt=...) as for the fit.")
    model = type(fit.model).__name__
    if model in ("OLS", "WLS"):
        return "OLS", dict(given)
    if model != "GLM":
        raise UnsupportedInputError(f"verify cannot read a {model} of statsmodels; it reads {READABLE}.")
    family = type(fit.model.family).__name__
    if LINKS.get(family) != type(fit.model.family.link).__name__:
        raise UnsupportedInputError(
            f"verify reads GLM of the Binomial and the Poisson family with their canonical links, not {family}."
        )
    if np.any(fit.model.freq_weights != 1) or np.any(fit.model.var_weights != 1):
        raise UnsupportedInputError("verify reads GLM without freq_weights and var_weights.")
    return f"GLM.{family}", dict(given)
