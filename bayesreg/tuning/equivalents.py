"""The penalty of a model in the terms of other libraries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from bayesreg import likelihoods
from bayesreg.conventions import penalty_for
from bayesreg.conventions.table import convention
from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.model import Model
from bayesreg.priors.base import Penalised, resolve_relative_to
from bayesreg.problem import Problem
from bayesreg.tuning.strengths import tightened

# For each likelihood the rows to try, library by library: the first that can express the prior speaks for it.
_ROWS: dict[type, tuple[tuple[str, ...], ...]] = {
    likelihoods.Gaussian: (
        ("sklearn.Ridge", "sklearn.Lasso", "sklearn.ElasticNet"),
        ("glmnet.gaussian",),
        ("celer.GroupLasso",),
    ),
    likelihoods.Bernoulli: (("sklearn.LogisticRegression",), ("glmnet.binomial",)),
    likelihoods.Poisson: (("sklearn.PoissonRegressor",), ("glum.poisson",)),
    likelihoods.Huber: (("skglm.Huber",),),
    likelihoods.Laplace: (("sklearn.QuantileRegressor",),),
    likelihoods.AsymmetricLaplace: (("sklearn.QuantileRegressor",), ("skglm.Pinball",)),
}


def equivalents(model: Model, problem: Problem) -> dict[str, dict[str, Any]]:
    """Return the parameters that other libraries would be given, by the row of the table of conventions.

    With those of the penalty comes the one that shapes the loss: the quantile, or the threshold of the Huber loss.

    With ``standardize`` those of scikit-learn and its kin belong to columns that were standardised before, and those of
    glmnet to its own ``standardize=True``. A library that cannot express the prior is left out.
    """
    if not implements(model.prior, Penalised):
        return {}
    design = problem.design
    setting: dict[str, Any] = {"n": problem.n, "sum_weights": design.total_weight}
    known, base = problem.known_sigma, model.prior
    if isinstance(model.likelihood, likelihoods.Laplace):
        # |e| / sigma is the check function of 1/2 at half that sigma, against which a relative prior counts.
        known = None if known is None else known / 2
        base = tightened(base, {None: 1.0, "sigma": 1 / 2, "penalty": 1 / 4}[resolve_relative_to(base)])
    if problem.likelihood.has_sigma and known is not None:
        setting["sigma"] = known
    found = {}
    for rows in _ROWS.get(type(model.likelihood), ()):
        for name in rows:
            prior, extra = base, dict[str, Any]()
            if name.startswith("glmnet"):
                extra = {"y_sd": design.y_sd} if design.y_sd > 0 else {}
                if model.standardize:
                    # A constant column has no unit, there as here.
                    sd = np.where(design.x_sd > 0, design.x_sd, 1.0)
                    own: Any = prior
                    prior = replace(own, factor=np.asarray(own.factor, dtype=float) / sd)
                    extra["x_sd"] = sd
            try:
                found[name] = _shape(name, problem) | penalty_for(name, prior, **setting, **extra)
            except InputError:
                continue
            break
    return found


def _shape(name: str, problem: Problem) -> dict[str, float]:
    """The parameter that shapes the loss of a row, by its name there."""
    row, likelihood = convention(name), problem.likelihood
    if row.shape is None:
        return {}
    if isinstance(likelihood, likelihoods.Huber):
        if row.relative_to != "penalty":
            return {row.shape: likelihood.delta}
        if problem.known_sigma is None:
            raise InputError(f"the threshold of {name} is in the unit of y, so that it needs sigma as a number.")
        return {row.shape: likelihood.delta * problem.known_sigma}
    return {row.shape: likelihood.quantile if isinstance(likelihood, likelihoods.AsymmetricLaplace) else 0.5}
