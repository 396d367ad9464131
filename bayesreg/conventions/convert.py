"""From a library's parameters to the prior that they are, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from bayesreg.conventions.table import Convention, Setting, convention
from bayesreg.errors import InputError
from bayesreg.priors import ElasticNet, Flat, Gaussian, Laplace, Penalised
from bayesreg.priors.base import as_number, at_noise


def _check(row: Convention, given: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in defaults and check ranges; a message names the parameter as the library does."""
    unknown = sorted(set(given) - set(row.parameters))
    if unknown:
        raise InputError(f"{row.name} has no parameter {', '.join(unknown)}; it has {', '.join(row.parameters)}.")
    values: dict[str, Any] = {}
    for name, default in row.parameters.items():
        if name not in given and default is None:
            raise InputError(f"{row.name} needs {name}=...")
        value = given.get(name, default)
        if name == "penalty_factor":
            values[name] = None if value is None or np.shape(value) == (0,) else _factors(row, value)
        elif name == "standardize":
            if not isinstance(value, bool | np.bool_):
                raise InputError(f"{row.name}(standardize=...) must be True or False, got {value!r}.")
            values[name] = bool(value)
        else:
            number = as_number(row.name, name, value, minimum=0.0, inclusive=name != "C", infinite=name == "C")
            if isinstance(number, tuple):
                raise InputError(f"{row.name}({name}=...) must be one number, got {value!r}.")
            if (name == "l1_ratio" or (name == "alpha" and "lambda_" in row.parameters)) and number > 1:
                raise InputError(f"{row.name}({name}=...) must lie between 0 and 1, got {value!r}.")
            values[name] = number
    return values


def _setting(n: float | None, sum_weights: float | None, y_sd: float | None, x_sd: ArrayLike | None) -> Setting:
    for name, value in (("n", n), ("sum_weights", sum_weights), ("y_sd", y_sd)):
        if value is not None and isinstance(
            as_number("the setting", name, value, minimum=0.0, inclusive=False, infinite=False), tuple
        ):
            raise InputError(f"{name} must be one number, got {value!r}.")
    total = sum_weights if sum_weights is not None else n
    if x_sd is not None:
        x_sd = np.asarray(as_number("the setting", "x_sd", x_sd, minimum=0.0, inclusive=True, infinite=False))
    return Setting(total, y_sd, x_sd)


def _factors(row: Convention, value: ArrayLike) -> tuple[float, ...]:
    factors = as_number(row.name, "penalty_factor", value, minimum=0.0, inclusive=True, infinite=False)
    if not isinstance(factors, tuple) or not any(factors):
        raise InputError(f"{row.name}(penalty_factor=...) must hold one number a column, not all 0, got {value!r}.")
    return factors


def prior_from(
    name: str,
    *,
    n: float | None = None,
    sum_weights: float | None = None,
    y_sd: float | None = None,
    x_sd: ArrayLike | None = None,
    **parameters: Any,
) -> Flat | Gaussian | Laplace | ElasticNet:
    """Turn a penalty in a library's own parameters into the prior that it is.

    Parameters
    ----------
    name : str
        A row of the table, for example "sklearn.Lasso", "glmnet.gaussian" (the family given as a string),
        "glmnet.gaussian()" (as a function), "textbook.ridge".
    n : float, optional
        Number of rows, where the library averages the loss.
    sum_weights : float, optional
        Sum of the sample weights, in place of n.
    y_sd : float, optional
        Standard deviation of y (ddof 0, weighted), for glmnet's string family.
    x_sd : array, shape (p,), optional
        Standard deviations of the columns (ddof 0, weighted), for glmnet's ``standardize=True``.
    **parameters
        The library's own: ``alpha``, ``l1_ratio``, ``C``, ``lambda_``, ``penalty_factor``, ``standardize``.

    Returns
    -------
    Flat, Gaussian, Laplace or ElasticNet
        With ``relative_to="penalty"`` for a squared loss, absolute for the logistic one.

    Raises
    ------
    InputError
        For an unknown row or parameter, a negative penalty, or a missing number of rows.

    Examples
    --------
    >>> import bayesreg as br
    >>> br.prior_from("sklearn.Lasso", alpha=0.1, n=50)
    Laplace(scale=0.2, loc=0.0, rate=None, factor=1.0, relative_to='penalty')
    """
    row = convention(name)
    l1, l2 = row.rates(_check(row, parameters), _setting(n, sum_weights, y_sd, x_sd))
    relative_to: Literal["penalty"] | None = "penalty" if row.loss == "squared" else None
    if not np.any(l1) and not np.any(l2):
        return Flat()
    if np.any(l1) and np.any(l2):
        return ElasticNet(l1, l2, relative_to=relative_to)
    with np.errstate(divide="ignore"):
        if np.any(l1):
            return Laplace(1 / np.asarray(l1, dtype=float), relative_to=relative_to)
        return Gaussian(1 / np.sqrt(np.asarray(l2, dtype=float)), relative_to=relative_to)


def penalty_for(
    name: str,
    prior: Penalised,
    *,
    n: float | None = None,
    sum_weights: float | None = None,
    y_sd: float | None = None,
    x_sd: ArrayLike | None = None,
    sigma: float | None = None,
) -> dict[str, Any]:
    """Turn a prior into a library's own parameters: the inverse of `prior_from`.

    Parameters
    ----------
    name : str
        A row of the table.
    prior : prior with a penalty
        Known scales, location 0.
    n, sum_weights, y_sd, x_sd
        As for `prior_from`; ``x_sd`` asks for glmnet's ``standardize=True``.
    sigma : float, optional
        Noise level, needed where the prior is not relative to it through ``relative_to="penalty"``.

    Returns
    -------
    dict
        Parameters by the library's names.

    Raises
    ------
    InputError
        Where the library cannot express the prior, with the reason.

    Examples
    --------
    >>> import bayesreg as br
    >>> from bayesreg import priors
    >>> br.penalty_for("sklearn.Ridge", priors.Gaussian(scale=0.5), sigma=2.0)
    {'alpha': 16.0}
    """
    row = convention(name)
    if not isinstance(prior, Penalised):
        raise InputError(f"{type(prior).__name__} is not a penalty, so no library's parameters describe it.")
    if prior.hyperparameters():
        raise InputError(f"the prior's {', '.join(prior.hyperparameters())} is learned; a penalty needs a number.")
    if np.any(np.asarray(prior.loc) != 0):
        raise InputError("the prior's loc is not 0; the libraries shrink towards 0.")
    factor = np.asarray(prior.factor, dtype=float)
    l1, l2 = (np.asarray(rate, dtype=float) for rate in prior.rates({}))
    l1, l2 = l1 / factor, l2 / factor**2
    relative_to = prior.relative_to if prior.relative_to != "auto" else None
    if row.loss == "logistic" and relative_to is not None:
        raise InputError(f"{name} has no noise level, so a prior with relative_to={relative_to!r} does not fit it.")
    if row.loss == "squared" and relative_to != "penalty" and np.any(l1) | np.any(l2):
        if sigma is None and (relative_to is None or np.any(l1)):
            raise InputError(f"the penalty depends on the noise level for relative_to={relative_to!r}: give sigma=...")
        level = 1.0
        if sigma is not None:
            given = as_number(name, "sigma", sigma, minimum=0.0, inclusive=False, infinite=False)
            if isinstance(given, tuple):
                raise InputError(f"{name}: sigma must be one number, got {sigma!r}.")
            level = given
        l1, l2 = at_noise(l1, l2, relative_to, level)
        l1, l2 = l1 * level**2, l2 * level**2
    if "penalty_factor" not in row.parameters:
        if np.ptp(l1) > 0 or np.ptp(l2) > 0:
            raise InputError(f"{name} has one penalty for all coefficients, but the prior has one for each.")
        return row.invert(float(l1.flat[0]), float(l2.flat[0]), _setting(n, sum_weights, y_sd, x_sd))
    return row.invert(l1, l2, _setting(n, sum_weights, y_sd, x_sd))
