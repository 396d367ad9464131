"""The model of a posterior, bound once more to the data that it was fitted to."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from bayesreg.errors import BayesregWarning
from bayesreg.model import Model, bind
from bayesreg.problem import Problem

if TYPE_CHECKING:
    import xarray as xr


def bound_again(post: xr.DataTree, X: Any) -> Problem:
    """Return the problem that a posterior is of.

    Parameters
    ----------
    post : xarray.DataTree
        A result of `bayesreg.sample`.
    X : array or frame, shape (n, p)
        That of the fit.
    """
    data = post["constant_data"]
    with warnings.catch_warnings():
        # What there is to say about the data was said when they were sampled.
        warnings.simplefilter("ignore", BayesregWarning)
        weight, offset = data["sample_weight"].to_numpy(), data["offset"].to_numpy()
        y = post["observed_data"]["y"].to_numpy()
        return bind(Model.from_json(post.attrs["model"]), X, y, weight, offset)
