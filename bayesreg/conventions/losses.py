"""The likelihood whose loss a row of the table penalises."""

from __future__ import annotations

from typing import Any

from bayesreg.conventions.parameters import check_all
from bayesreg.conventions.table import convention
from bayesreg.errors import InputError
from bayesreg.likelihoods import AsymmetricLaplace, Bernoulli, Gaussian, Huber, Laplace, Likelihood, Poisson


def likelihood_from(name: str, *, sigma: float = 1.0, **parameters: Any) -> Likelihood:
    """Return the likelihood that goes with the prior of `prior_from`: together they are the library's fit.

    Parameters
    ----------
    name : str
        A row of the table.
    sigma : float, default 1
        Noise level, where the likelihood has one.
    **parameters
        The library's own; what shapes the loss is used, the quantile or the Huber threshold, and the rest ignored.

    Returns
    -------
    Likelihood

    Raises
    ------
    InputError
        For an unknown row, an unusable parameter, and for a prior that belongs to no likelihood in particular.

    Examples
    --------
    >>> from bayesreg.conventions import likelihood_from
    >>> likelihood_from("sklearn.QuantileRegressor", quantile=0.9, alpha=0.1)
    AsymmetricLaplace(quantile=0.9, sigma=1.0)
    """
    row = convention(name)
    if row.loss == "any":
        raise InputError(f"{name} is a prior of coefficients under any likelihood; state the likelihood yourself.")
    if row.shape is not None:
        shaping = {row.shape: row.parameters[row.shape]}
        given = {key: value for key, value in parameters.items() if key in shaping}
        value = check_all(name, shaping, given)[row.shape]
        if row.loss == "quantile":
            return AsymmetricLaplace(value, sigma)
        # A threshold in the unit of y becomes one in units of sigma.
        return Huber(value / sigma if row.relative_to == "penalty" else value, sigma)
    plain: dict[str, Likelihood] = {
        "squared": Gaussian(sigma),
        "absolute": Laplace(sigma),
        "logistic": Bernoulli(),
        "poisson": Poisson(),
    }
    return plain[row.loss]
