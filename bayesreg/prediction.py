"""Predictions on new rows, from a MAP or from a posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.data.checks import as_matrix, as_vector, misplaced
from bayesreg.data.columns import Columns
from bayesreg.errors import InputError
from bayesreg.fit import seed_sequence
from bayesreg.intervals import interval
from bayesreg.model import Model
from bayesreg.posterior import is_ours
from bayesreg.results import MapResult

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]


def predict(
    fit: MapResult | xr.DataTree,
    X: Any,
    *,
    kind: Literal["mean", "interval", "draws"] = "mean",
    target: Literal["mean", "response"] = "mean",
    offset: ArrayLike | None = None,
    ci_prob: float | None = None,
    seed: int | np.random.Generator | None = None,
) -> Array | pd.DataFrame:
    """Predict for new rows.

    Parameters
    ----------
    fit : MapResult or xarray.DataTree
        What `find_map` or `sample` returned.
    X : array or frame, shape (m, p)
        New rows; a frame must have the same columns in the same order as the fitted one.
    kind : {"mean", "interval", "draws"}, default "mean"
        Point prediction, credible interval, or all draws. A MAP gives "mean" only.
    target : {"mean", "response"}, default "mean"
        What is predicted: the expected response (the probability of class 1), or a new response with its noise.
    offset : array, shape (m,), optional
        Added to the linear predictor.
    ci_prob : float, optional
        Probability inside the interval; ArviZ's ``stats.ci_prob`` by default.
    seed : int, numpy.random.Generator or None
        For the noise of ``target="response"``.

    Returns
    -------
    array, shape (m,)
        For "mean": the posterior mean of the expected response, or that at the MAP.
    pandas.DataFrame
        For "interval": columns ``mean``, ``lower``, ``upper``, one row each, with the index of a pandas X.
    array, shape (chains, draws, m)
        For "draws".

    Raises
    ------
    InputError
        For unusable X, or an interval asked of a MAP.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X, y = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])
    >>> mode = br.find_map(br.Model(likelihoods.Gaussian(1.0), priors.Flat()), X, y)
    >>> br.predict(mode, [[3.0]]).round(9)
    array([7.])
    """
    for name, value, allowed in (
        ("kind", kind, ("mean", "interval", "draws")),
        ("target", target, ("mean", "response")),
    ):
        if value not in allowed:
            raise InputError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")
    if not isinstance(fit, MapResult) and not is_ours(fit):
        raise InputError("predict needs a DataTree made by bayesreg.sample, or a MapResult.")
    names = fit.names if isinstance(fit, MapResult) else tuple(map(str, fit["posterior"]["feature"].to_numpy()))
    matrix = _new_rows(X, names)
    shift = np.zeros(matrix.shape[0]) if offset is None else as_vector(offset, "offset", matrix.shape[0])
    if isinstance(fit, MapResult):
        if kind != "mean":
            raise InputError(f"a MAP is one point and has no {kind}: sample the posterior with br.sample first.")
        return fit.likelihood.mean(fit.intercept + matrix @ fit.coef + shift)
    draws, sigma, likelihood = _linear_predictor(fit, matrix, shift)
    if target == "response":
        rng = np.random.default_rng(seed_sequence(seed))
        values = likelihood.draw(rng, draws, sigma[..., None])
    else:
        values = likelihood.mean(draws)
    if kind == "draws":
        return values
    mean = likelihood.mean(draws).mean((0, 1))
    if kind == "mean":
        return np.asarray(mean)
    import pandas as pd

    lower, upper = interval(values, ci_prob)
    index = X.index if isinstance(X, pd.DataFrame) else None
    return pd.DataFrame({"mean": mean, "lower": lower, "upper": upper}, index=index)


def _linear_predictor(post: xr.DataTree, X: Array, offset: Array) -> tuple[Array, Array, Any]:
    """η for every draw (chain, draw, m), sigma (chain, draw) and the likelihood."""
    posterior = post["posterior"]
    eta = posterior["coef"].to_numpy() @ X.T + offset
    if "intercept" in posterior:
        eta = eta + posterior["intercept"].to_numpy()[..., None]
    data = post["constant_data"]
    known = float(data["sigma"]) if "sigma" in data else 1.0
    sigma = posterior["sigma"].to_numpy() if "sigma" in posterior else np.full(eta.shape[:2], known)
    return eta, sigma, Model.from_json(post.attrs["model"]).likelihood


def _new_rows(X: Any, names: tuple[str, ...]) -> Array:
    matrix, given = as_matrix(X)
    if matrix.shape[1] != len(names):
        raise InputError(f"X has {matrix.shape[1]} columns but the model was fitted with {len(names)}.")
    if (wrong := misplaced(given, names)) is not None:
        raise InputError(
            f"the columns of X are not those of the fit, or in another order: column {wrong} is {given[wrong]!r}, "
            f"the model has {names[wrong]!r}."
        )
    return Columns(matrix, None).dense()
