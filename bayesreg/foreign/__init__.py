"""Fitted objects of other libraries, read as what they minimised. None of those libraries is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bayesreg.errors import InputError
from bayesreg.foreign import celer, glum, scikit_learn, skglm, statsmodels
from bayesreg.foreign.fit import ForeignFit as ForeignFit
from bayesreg.foreign.fit import class_weights as class_weights

READERS: dict[str, Callable[[Any], ForeignFit]] = {
    "sklearn": scikit_learn.read,
    "celer": celer.read,
    "skglm": skglm.read,
    "glum": glum.read,
    # Our own estimators have the names, parameters and attributes of scikit-learn's.
    "bayesreg": scikit_learn.read,
}


def _library(fit: object) -> str:
    return type(fit).__module__.partition(".")[0]


def is_foreign(fit: object) -> bool:
    """Whether ``fit`` is an instance of a class of a library that has a reader."""
    return _library(fit) in READERS or _library(fit) == "statsmodels"


def read_fit(fit: Any, parameters: Mapping[str, Any] | None = None) -> ForeignFit:
    """Read a fitted object of a library by the module of its class.

    Parameters
    ----------
    fit : object
        For which `is_foreign` is true.
    parameters : mapping, optional
        ``alpha`` and ``L1_wt`` for results of statsmodels that do not keep them; estimators know theirs.

    Returns
    -------
    ForeignFit

    Raises
    ------
    UnsupportedInputError
        For a class without a reader; the message lists those that have one.
    InputError
        When it is not fitted, was fitted with an option that changes the objective, or parameters are out of place.
    """
    if _library(fit) == "statsmodels":
        return statsmodels.read(fit, parameters or {})
    if parameters:
        raise InputError("an estimator knows its penalty: leave out convention, intercept and penalty parameters.")
    return READERS[_library(fit)](fit)
