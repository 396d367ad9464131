"""From a library's parameters to the prior that they are, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bayesreg.conventions.parameters import check_all
from bayesreg.conventions.row import Convention, Rates, Setting
from bayesreg.conventions.table import convention
from bayesreg.errors import InputError
from bayesreg.priors import ElasticNet, Flat, Gaussian, GroupLaplace, Laplace, Penalised
from bayesreg.priors.base import Grouped, as_number, at_noise, positive_of, resolve_relative_to


def prior_from(
    name: str,
    *,
    n: float | None = None,
    sum_weights: float | None = None,
    y_sd: float | None = None,
    x_sd: ArrayLike | None = None,
    sigma: float | None = None,
    **parameters: Any,
) -> Flat | Gaussian | Laplace | ElasticNet | GroupLaplace:
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
        Standard deviations of the columns (ddof 0, weighted), where the library scales the columns.
    sigma : float, optional
        Noise level, for scikit-learn's HuberRegressor (its ``scale_``).
    **parameters
        The library's own: ``alpha``, ``l1_ratio``, ``C``, ``lambda_``, ``penalty_factor``, ``standardize``.

    Returns
    -------
    Flat, Gaussian, Laplace, ElasticNet or GroupLaplace
        With ``relative_to="penalty"`` for the squared loss of a penalised fit, "sigma" for quantile regression, and
        as the package states it for a Bayesian one. `bayesreg.conventions.likelihood_from` gives the likelihood.

    Raises
    ------
    InputError
        For an unknown row or parameter, a negative penalty, or a missing number of rows.

    Examples
    --------
    >>> import bayesreg as br
    >>> prior = br.prior_from("sklearn.Lasso", alpha=0.1, n=50)
    >>> prior.scale, prior.relative_to
    (0.2, 'penalty')
    """
    row = convention(name)
    values = check_all(name, row.parameters, parameters)
    rates = row.scaling.rates(values, _setting(row, n, sum_weights, y_sd, x_sd, sigma))
    prior = _prior(rates, row)
    if not values.get("positive"):
        return prior
    if isinstance(prior, Gaussian | Laplace | ElasticNet):
        return replace(prior, positive=True)
    return ElasticNet(0.0, 0.0, positive=True)


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
        As for `prior_from`; ``x_sd`` asks for ``standardize=True`` where that is a choice.
    sigma : float, optional
        Noise level, needed where the prior and the library's penalty meet it differently.

    Returns
    -------
    dict
        Parameters by the library's names: those of the penalty, not of the loss.

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
    setting = _setting(row, n, sum_weights, y_sd, x_sd, sigma)
    found = row.scaling.invert(_at_the_rows_noise(_rates_of(prior), prior, row, setting), setting)
    # A row's word for equal weights.
    found = {key: row.parameters[key].default if value is None else value for key, value in found.items()}
    if not np.any(positive_of(prior)):
        return found
    if "positive" not in row.parameters or not np.all(positive_of(prior)):
        raise InputError(f"{name} has no sign constraint of this kind, but the prior is cut at its location.")
    return found | {"positive": True}


def _setting(
    row: Convention,
    n: float | None,
    sum_weights: float | None,
    y_sd: float | None,
    x_sd: ArrayLike | None,
    sigma: float | None,
) -> Setting:
    given = {"n": n, "sum_weights": sum_weights, "y_sd": y_sd, "sigma": sigma}
    for name, value in given.items():
        if value is not None and isinstance(
            as_number("the setting", name, value, minimum=0.0, inclusive=False, infinite=False), tuple
        ):
            raise InputError(f"{name} must be one number, got {value!r}.")
    if x_sd is not None:
        x_sd = np.asarray(as_number("the setting", "x_sd", x_sd, minimum=0.0, inclusive=True, infinite=False))
    return Setting(row.name, sum_weights if sum_weights is not None else n, n, y_sd, x_sd, sigma)


def _prior(rates: Rates, row: Convention) -> Flat | Gaussian | Laplace | ElasticNet | GroupLaplace:
    """Return the prior of given rates, in its plainest form."""
    l1, l2 = np.asarray(rates.l1, dtype=float), np.asarray(rates.l2, dtype=float)
    if not np.any(l1) and not np.any(l2):
        return Flat()
    with np.errstate(divide="ignore"):
        if rates.groups is not None:
            # The prior's own rate is sqrt(size) over scale times factor.
            factor = (np.sqrt(np.bincount(rates.groups)) / l1)[list(rates.groups)]
            scale = float(factor[np.isfinite(factor)].min())
            return GroupLaplace(rates.groups, scale, factor=factor / scale, relative_to=row.relative_to)
        if np.any(l1) and np.any(l2):
            return ElasticNet(rates.l1, rates.l2, relative_to=row.relative_to)
        if np.any(l1):
            return Laplace(1 / l1, relative_to=row.relative_to)
        return Gaussian(1 / np.sqrt(l2), relative_to=row.relative_to)


def _rates_of(prior: Penalised) -> Rates:
    """Return the rates of a prior at unit noise."""
    factor = np.asarray(prior.factor, dtype=float)
    if not isinstance(prior, Grouped):
        l1, l2 = (np.asarray(rate, dtype=float) for rate in prior.rates({}))
        return Rates(l1 / factor, l2 / factor**2)
    labels = np.asarray(prior.labels)
    factor = np.broadcast_to(factor, labels.shape)
    of_group = np.array([factor[labels == g][0] for g in range(labels.max() + 1)])
    if np.any(factor != of_group[labels]):
        raise InputError("the prior's factor varies within a group, which is no penalty on the group's norm.")
    return Rates(np.asarray(prior.group_rates({})) / of_group, np.asarray(0.0), prior.labels)


def _at_the_rows_noise(rates: Rates, prior: Penalised, row: Convention, setting: Setting) -> Rates:
    """Return rates as the row relates them to the noise."""
    given = resolve_relative_to(prior)
    l1, l2 = rates.l1, rates.l2
    if row.loss in ("logistic", "poisson"):
        if given is not None:
            raise InputError(f"{row.name} has no noise level, so a prior with relative_to={given!r} does not fit it.")
        return rates
    if not np.any(l1) and not np.any(l2):
        return rates
    # For l2 alone the two relative kinds are the same.
    if given == row.relative_to or (given is not None and row.relative_to is not None and not np.any(l1)):
        return rates
    if setting.sigma is None:
        raise InputError(f"the penalty depends on the noise level for relative_to={given!r}: give sigma=...")
    l1, l2 = at_noise(l1, l2, given, setting.sigma)
    unit = at_noise(1.0, 1.0, row.relative_to, setting.sigma)
    return Rates(l1 / unit[0], l2 / unit[1], rates.groups)
