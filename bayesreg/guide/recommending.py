"""A prior, its strength and the reasons, read off the data."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg import priors, scales
from bayesreg.data import Design, make_design
from bayesreg.errors import BayesregWarning, InputError
from bayesreg.fit import Seed, seed_sequence
from bayesreg.guide.comparisons import Compared, compare_quickly
from bayesreg.guide.measures import collinearity, excess_kurtosis
from bayesreg.guide.penalties import recommend_penalty
from bayesreg.guide.reasons import correlated_columns, first_measures, log_losses, rows_and_columns, which_prior
from bayesreg.guide.recommendation import Recommendation
from bayesreg.guide.rule_of_thumb import choose_regularization
from bayesreg.guide.strength import strength_of
from bayesreg.likelihoods import Bernoulli, Gaussian, Likelihood, StudentT
from bayesreg.model import Model
from bayesreg.selection import select

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

# A sparse X up to this size is made dense and sampled: three models in about a minute on one core.
_DENSE_CELLS, _DENSE_SIDE = 1_000_000, 500
# Degrees of freedom of the heavy-tailed errors that are tried.
_TAILS = 4.0


def recommend(
    X: Any,
    y: Any,
    *,
    likelihood: Likelihood | None = None,
    need_feature_selection: bool = False,
    sample_weight: ArrayLike | None = None,
    draws: int = 500,
    seed: Seed = None,
) -> Recommendation:
    """Recommend a prior and its strength from the data, with reasons.

    Measures the size of the problem, collinearity, the signal, how many columns carry it and the tails of the
    residuals; samples a Gaussian prior, a Laplace prior and a horseshoe, each with a learned scale on standardised
    columns, and compares their predictions. Where several predict alike the simplest is taken.

    Parameters
    ----------
    X : array, SciPy sparse array or frame, shape (n, p)
        A sparse one with more than a million numbers, or more than 500 rows and columns, stays sparse; nothing is then
        sampled.
    y : array, shape (n,)
    likelihood : Likelihood, optional
        Gaussian or Bernoulli (by default the latter for a response of 0 and 1), or another of `bayesreg.likelihoods`.
    need_feature_selection : bool, default False
        Whether the answer must name a few columns: then the sparsest of the priors that predict alike is taken.
    sample_weight : array, shape (n,), optional
    draws : int, default 500
        Of each of two chains a model.
    seed : int, numpy.random.Generator or None

    Returns
    -------
    Recommendation
        Prints as its reasons.

    Raises
    ------
    InputError
        For unusable data; for a large sparse X also where the likelihood's fits have no approximate leave-one-out.

    Notes
    -----
    For a large sparse X the modes under a Gaussian, an elastic-net and a Laplace prior are compared instead, each along
    its path, by approximate leave-one-out (Rad & Maleki, 2020).

    Predictions are compared by leave-one-out (exact, or by importance weights), or by 5 folds where the weights are
    unreliable. "Alike" is: within one standard error of the best.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((80, 4))
    >>> y = X @ [1.0, 0.8, -1.2, 0.9] + rng.standard_normal(80)
    >>> advice = br.recommend(X, y, seed=1)
    >>> type(advice.model.prior).__name__, advice.penalty.penalty
    ('Gaussian', 'l2')
    """
    if not isinstance(need_feature_selection, bool | np.bool_):
        raise InputError(f"need_feature_selection must be True or False, got {need_feature_selection!r}.")
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 50:
        raise InputError(f"draws must be an integer of at least 50, got {draws!r}.")
    design = make_design(X, y, sample_weight)
    if likelihood is None:
        likelihood = Bernoulli() if np.array_equal(np.unique(design.y), [0.0, 1.0]) else Gaussian()
    notes = []
    if design.is_sparse:
        if design.n * design.p > _DENSE_CELLS or min(design.n, design.p) > _DENSE_SIDE:
            return recommend_penalty(design, likelihood, bool(need_feature_selection))
        design = replace(design, X=design.X.toarray())
        notes = [
            f"X is sparse and small enough ({design.n} by {design.p}) to be made dense for this: br.sample needs "
            "X.toarray()"
        ]
    rng = np.random.default_rng(seed_sequence(seed))
    found = collinearity(design)
    compared = compare_quickly(_models(likelihood, design), design, int(draws), rng)
    chosen, sparse, why_prior = which_prior(compared, need_feature_selection)
    post = compared.posteriors[chosen]
    with warnings.catch_warnings():
        # The run is short on purpose.
        warnings.simplefilter("ignore", BayesregWarning)
        needed = _needed(post, design)
    model = Model.from_json(post.attrs["model"])
    reasons = [rows_and_columns(design), correlated_columns(found), why_prior]
    measures = first_measures(design, found)
    if needed is not None:
        share, size = needed
        measures |= {"columns needed": float(size)}
        if isinstance(likelihood, Gaussian):
            measures |= {"explained variation": share}
            reasons.append(f"the posterior explains {100 * share:.0f} % of the variation")
        reasons.append(f"{size} of {design.p} columns predict as well as all (projection, within one standard error)")
    if isinstance(likelihood, Bernoulli):
        losses, said = log_losses(design, compared.density[chosen])
        measures |= losses
        reasons.append(said)
    elif isinstance(likelihood, Gaussian) and design.y.min() == 0 and np.array_equal(design.y, np.round(design.y)):
        reasons.append("y holds counts from 0 on: likelihood=likelihoods.Poisson() may suit them better")
    if isinstance(likelihood, Gaussian):
        model, post, said, tail = _tails(model, post, compared, chosen, design, int(draws), rng)
        reasons.append(said)
        measures |= {"excess kurtosis": tail}
    reasons += notes
    thumb = choose_regularization(design.p, design.n, len(found.groups), bool(need_feature_selection), sparse)
    import pandas as pd

    table = pd.DataFrame({"value": measures}).rename_axis("measure")
    return Recommendation(model, strength_of(post, design), thumb, tuple(reasons), compared.table(), table, post)


def _models(likelihood: Likelihood, design: Design) -> dict[str, Model]:
    """The models to try: learned scales on standardised columns."""
    p = int(np.count_nonzero(design.x_sd))
    # A quarter of the columns, if the rows can tell so many apart.
    expected = max(1.0, min(p / 4, design.total_weight / 10))
    made: dict[str, Any] = {
        "gaussian": priors.Gaussian(scales.HalfCauchy(1.0)),
        "laplace": priors.Laplace(scales.HalfCauchy(1.0)),
    }
    if p > 1:
        made["horseshoe"] = priors.Horseshoe(expected_nonzero=expected)
    # Classes that the columns separate leave a flat intercept no posterior.
    intercept = priors.Flat() if likelihood.has_sigma else priors.Gaussian(10.0)
    return {name: Model(likelihood, prior, standardize=True, intercept=intercept) for name, prior in made.items()}


def _needed(post: xr.DataTree, design: Design) -> tuple[float, int] | None:
    """Share of the variation that is explained, and how many columns predict as well as all of them."""
    try:
        found = select(post, design.X)
    except InputError:
        # A likelihood of one's own, whose divergences are not known.
        return None
    return found.reference["explained"], found.size


def _tails(
    model: Model,
    post: xr.DataTree,
    compared: Compared,
    chosen: str,
    design: Design,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Model, xr.DataTree, str, float]:
    """Look at the residuals; where their tails are heavy, try Student-t errors and take them if they predict better."""
    group = post["posterior"]
    fit = float(group["intercept"].mean()) + np.asarray(design.X @ group["coef"].to_numpy().mean((0, 1)))
    tail, se = excess_kurtosis(design.y - fit, design.weight)
    said = f"residuals have an excess kurtosis of {tail:.2f} ± {se:.2f}"
    if tail <= 2 * se:
        return model, post, f"{said}, no heavier than normal errors", tail
    # Student-t errors around the simplest prior, which decides about tails as well as any.
    robust = Model(StudentT(_TAILS), model.prior, standardize=True)
    tried = compare_quickly({"normal": model, "student": robust}, design, draws, rng)
    difference, error = tried.against("student", "normal")
    gap = f"Student-t errors with {_TAILS:g} degrees of freedom change elpd by {difference:+.1f} ± {error:.1f}"
    if difference > error:
        return robust, tried.posteriors["student"], f"{said}: heavy; {gap}, so they are taken", tail
    return model, post, f"{said}: heavy, but {gap}, so normal errors stay", tail
