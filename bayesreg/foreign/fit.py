"""What a fit from elsewhere says about itself."""

from __future__ import annotations

from collections.abc import Iterable
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
    sigma : float or None
        Its noise level, where it has one.
    penalised_intercept_scale : float or None
        liblinear's ``intercept_scaling`` where it penalises the intercept as one more coefficient; else None.
    classes : array of shape (2,) or None
        Labels of class 0 and 1.
    class_weight : dict, "balanced" or None
        Multiplies the row weights.
    names : tuple of str or None
        Column names of the frame that it was fitted to.
    notes : tuple of str
        What a reader of its certificate should know.
    """

    label: str
    convention: str
    parameters: dict[str, Any]
    coef: Array
    intercept: float
    fit_intercept: bool
    sigma: float | None = None
    penalised_intercept_scale: float | None = None
    classes: NDArray[Any] | None = None
    class_weight: Any = None
    names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


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


def one_response(name: str, coef: Any, intercept: Any) -> tuple[Array, float]:
    """Return the coefficients as a vector and the intercept as a number.

    Raises
    ------
    UnsupportedInputError
        For a fit of more than one response.
    """
    vector, constant = np.asarray(coef, dtype=float), np.asarray(intercept, dtype=float).reshape(-1)
    if vector.ndim == 2 and vector.shape[0] == 1:
        vector = vector[0]
    if vector.ndim != 1 or constant.size != 1:
        raise UnsupportedInputError(
            f"verify reads fits of one response; this {name} has coef_ of shape {vector.shape}."
        )
    return vector, float(constant[0])


def shown(parameters: dict[str, Any]) -> str:
    """Return parameters as in a call, without those that are at rest: None, False or a word."""
    words = []
    for name, value in parameters.items():
        if isinstance(value, list | tuple) or np.ndim(value) > 0:
            words.append(f"{name}=[...]")
        elif not (value is None or value is False or isinstance(value, str)):
            words.append(f"{name}={value}" if value is True else f"{name}={value:g}")
    return ", ".join(words)


def cannot_read(
    fit: object, readable: Iterable[str], hint: str = "pass its coef_ with convention=..."
) -> UnsupportedInputError:
    """Return the error for a class that has no reader."""
    known = ", ".join(readable)
    return UnsupportedInputError(f"verify cannot read {type(fit).__name__}; it reads {known}. Here, {hint}.")


def not_fitted(fit: object) -> InputError:
    """Return the error for an estimator without coefficients."""
    return InputError(f"this {type(fit).__name__} is not fitted yet: call fit(X, y) first.")
