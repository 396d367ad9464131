"""The verb: learn the strength of the shrinkage, by one of five methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.errors import InputError, NoEngineError
from bayesreg.fit import Seed, seed_sequence
from bayesreg.interfaces import implements
from bayesreg.intervals import checked_probability
from bayesreg.likelihoods import Bernoulli
from bayesreg.model import Model, bind
from bayesreg.path import check_ratio, check_strengths, largest_strength, map_path_of
from bayesreg.priors import Flat
from bayesreg.priors.base import NormalMixture
from bayesreg.problem import Problem
from bayesreg.results import PathResult
from bayesreg.row_certificates import Certifier
from bayesreg.tuning.approximate import approximate_loo, why_not_alo
from bayesreg.tuning.cross_validation import cross_validate, mean_and_error, statistics
from bayesreg.tuning.equivalents import equivalents
from bayesreg.tuning.exact_evidence import exact_curve
from bayesreg.tuning.full_bayes import strength_posterior, with_law
from bayesreg.tuning.posterior_loo import leave_one_out_curve
from bayesreg.tuning.result import TuneResult, edge_note, strongest_within_one_se
from bayesreg.tuning.sampled_evidence import Sampling, sampled_curve, why_not_sampled
from bayesreg.tuning.scores import ScoreName, make_score
from bayesreg.tuning.splits import make_splits
from bayesreg.tuning.strengths import at_strength, why_no_path, why_no_strength

Array = NDArray[np.float64]
Method = Literal["cv", "alo", "evidence", "loo", "bayes"]

METHODS: dict[str, str] = {
    "cv": "K-fold cross-validation of the MAP",
    "alo": "approximate leave-one-out of the MAP",
    "evidence": "marginal likelihood",
    "loo": "leave-one-out of the posterior",
    "bayes": "posterior of the strength under a law",
}
# Points of the default grid, and its smallest over its largest strength.
_POINTS = {"cv": 100, "alo": 100, "evidence": 60, "loo": 8}
_SAMPLED_POINTS = 15
_RATIO = {"evidence": 1e-5, "loo": 1e-4}
_MIXTURE_REACH = 100.0


@dataclass(frozen=True)
class _Given:
    """What `tune` was given, checked."""

    model: Model
    X: Any
    y: Any
    problem: Problem
    strengths: Array | None
    n_points: int | None
    ratio: float | None
    sample_weight: Any
    offset: Any
    max_iter: int
    seed: Seed
    draws: int
    chains: int


def tune(
    model: Model,
    X: Any,
    y: Any,
    *,
    method: Method = "cv",
    strengths: ArrayLike | None = None,
    n_points: int | None = None,
    ratio: float | None = None,
    cv: Any = None,
    groups: ArrayLike | None = None,
    score: ScoreName | None = None,
    per_row: bool = False,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    draws: int = 1000,
    chains: int = 4,
    ci_prob: float | None = None,
    seed: Seed = None,
    max_iter: int = 10_000,
) -> TuneResult:
    """Learn the strength of the shrinkage: a number that multiplies the penalty of the model's own prior.

    Parameters
    ----------
    model : Model
        Its prior gives the shape of the penalty; for all methods but "bayes" its scales are numbers.
    X : array, SciPy sparse array or frame, shape (n, p)
    y : array, shape (n,)
    method : {"cv", "alo", "evidence", "loo", "bayes"}, default "cv"
        "cv": K-fold cross-validation of the MAP, any pair with a path. "alo": leave-one-out of the MAP, approximated
        from the fit to all rows (Rad & Maleki, 2020), exact for ridge; losses without kinks. "evidence": the log
        marginal likelihood, exact for a Gaussian likelihood with a Gaussian prior or at most two penalised columns,
        else integrated over posteriors sampled along the grid (sigma known, unless the likelihood is Gaussian).
        "loo": leave-one-out of posteriors along a short grid, as in `compare`. "bayes": the posterior of the strength
        under the law of a learned scale; a scale that is a number becomes the median of a half-Cauchy law.
    strengths : array, shape (k,), optional
        The grid.
    n_points : int, optional
        Its length: 100 ("cv", "alo"), 60 or, where it is sampled, 15 ("evidence"), 8 ("loo").
    ratio : float, optional
        Smallest over largest strength: that of `map_path`, for ridge 1e-6 ("cv", "alo"); 1e-5 ("evidence"); 1e-4
        ("loo").
    cv : int, splitter or list of (train, test), optional
        For "cv"; 5 by default. An integer gives blocks of successive rows, stratified for classes, as in scikit-learn;
        they are shuffled where ``seed`` is given.
    groups : array, shape (n,), optional
        For a splitter that uses them, such as ``GroupKFold``.
    score : {"mse", "deviance", "elpd", "auc"}, optional
        For "cv" and "alo"; squared error for a Gaussian likelihood, else the deviance.
    per_row : bool, default False
        For "cv": keep the penalty a row and not the prior the same in each fold, as libraries do that average the
        loss (scikit-learn's LassoCV, glmnet).
    sample_weight, offset : array, shape (n,), optional
        A row is left out with all its weight.
    draws, chains : int
        Of each posterior, for "evidence" where it is sampled, "loo" and "bayes".
    ci_prob : float, optional
        For "bayes": probability inside the interval of the strength; ArviZ's ``stats.ci_prob`` by default.
    seed : int, numpy.random.Generator or None
        For draws, and to shuffle folds.
    max_iter : int, default 10000
        Bound on the iterations of each mode.

    Returns
    -------
    TuneResult
        The curve with its standard error, the choice, the chosen model, its penalty in other libraries' terms.

    Raises
    ------
    InputError
        For unusable data or arguments, and for a pair that the method cannot do, with what can.
    NoMapError, NoEngineError, NotIdentifiedError
        As `map_path` and `sample`.

    See Also
    --------
    bayesreg.priors.Horseshoe : its ``expected_nonzero`` states the strength as a number of coefficients.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((40, 5))
    >>> y = X[:, 0] + rng.standard_normal(40)
    >>> lasso = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0))
    >>> found = br.tune(lasso, X, y, method="cv")
    >>> found.strength.shape, bool(found.one_se >= found.best)
    ((100,), True)
    >>> br.find_map(found.one_se_model, X, y).n_nonzero
    1
    """
    if method not in METHODS:
        listed = ", ".join(f"{name!r} ({what})" for name, what in METHODS.items())
        raise InputError(f"method must be one of {listed}; got {method!r}.")
    for name, value in (("n_points", n_points), ("draws", draws), ("chains", chains), ("max_iter", max_iter)):
        least = 2 if name == "n_points" else 1
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and not (whole and value >= least):
            raise InputError(f"{name} must be an integer of at least {least}, got {value!r}.")
    check_ratio(ratio)
    if not isinstance(per_row, bool | np.bool_):
        raise InputError(f"per_row must be True or False, got {per_row!r}.")
    if score is not None and method not in ("cv", "alo"):
        raise InputError(f"score= is for method='cv' and 'alo'; method={method!r} has a measure of its own.")
    if method != "cv" and (cv is not None or groups is not None or per_row):
        raise InputError(f"cv=, groups= and per_row= are for method='cv', which fits folds; got method={method!r}.")
    if method != "bayes" and ci_prob is not None:
        raise InputError(f"ci_prob= is for method='bayes', whose strength has a posterior; got method={method!r}.")
    if method == "bayes" and not (strengths is None and n_points is None and ratio is None):
        raise InputError(
            "strengths=, n_points= and ratio= are for methods with a grid; method='bayes' learns the strength under "
            "the law of the prior's scale."
        )
    grid = None if strengths is None else np.unique(check_strengths(strengths))[::-1].copy()
    unit, law_note = 1.0, ""
    if method == "bayes" and isinstance(model, Model):
        model, unit, law_note = with_law(model)
    problem = bind(model, X, y, sample_weight, offset)
    if problem.unpenalised.all() and not isinstance(model.prior, Flat):
        raise InputError("there is nothing to tune: every column is unpenalised (its scale or factor is infinite).")
    given = _Given(
        model, X, y, problem, grid, n_points, ratio, sample_weight, offset, max_iter, seed, int(draws), int(chains)
    )
    if method == "bayes":
        return _bayes(given, unit, law_note, checked_probability(ci_prob))
    if (reason := why_no_strength(model.prior, method)) is not None:
        raise InputError(f"there is nothing to tune: {reason}.")
    if method in ("cv", "alo") and (error := why_no_path(problem)) is not None:
        raise error
    if method == "evidence":
        return _evidence(given)
    if method == "loo":
        return _loo(given)
    return _cv(given, 5 if cv is None else cv, groups, score, per_row) if method == "cv" else _alo(given, score)


def _cv(given: _Given, cv: Any, groups: Any, score: ScoreName | None, per_row: bool) -> TuneResult:
    problem, design = given.problem, given.problem.design
    scored = make_score(problem, score)
    classes = isinstance(problem.likelihood, Bernoulli)
    rng = None if given.seed is None else np.random.default_rng(seed_sequence(given.seed))
    splits = make_splits(cv, given.X, design.y, design.weight, groups, rng, classes)
    grams = statistics(given.model, problem, _level(problem), splits)
    if grams is not None and problem.fit_intercept:
        grams.tell_the_design()
    path = _path(given, "cv")
    folds = cross_validate(
        given.model,
        problem,
        _level(problem),
        path.strength,
        splits,
        grams,
        scored,
        per_row=per_row,
        max_iter=given.max_iter,
    )
    summed = design.total_weight if scored.name == "elpd" else 1.0
    value, se = mean_and_error(folds, summed)
    words = f"{scored.words}, {len(splits)} folds"
    return _of_path("cv", given, path, words, scored.larger, value, se, {"folds": folds.score})


def _alo(given: _Given, score: ScoreName | None) -> TuneResult:
    if (reason := why_not_alo(given.problem)) is not None:
        raise InputError(f"method='alo' cannot do this model: {reason}.")
    scored = make_score(given.problem, score)
    path = _path(given, "alo")
    value, se = approximate_loo(given.problem, _level(given.problem), path, scored)
    if not np.any(np.isfinite(value)):
        raise InputError(
            "method='alo' has no value at any strength: the rows left do not determine the fit; use stronger "
            "strengths= or method='cv'."
        )
    return _of_path("alo", given, path, f"{scored.words}, one by one", scored.larger, value, se, {})


def _of_path(
    method: str,
    given: _Given,
    path: PathResult,
    words: str,
    larger: bool,
    value: Array,
    se: Array,
    details: dict[str, Array],
) -> TuneResult:
    """The result of a method that scores the MAP along a path."""
    loss = -value if larger else value
    best = float(path.strength[np.nanargmin(loss)])
    notes = edge_note(path.strength, best)
    if best == path.strength[0] and path.df[0] == 0:
        notes = ("the model without its penalised columns is the best of all, so no larger strength can do better.",)
    if "folds" in details and details["folds"].shape[1] == 1:
        notes += ("a single split has no spread, so there are no standard errors and no one-standard-error rule.",)
    missing = int(np.sum(~np.isfinite(value)))
    if missing:
        notes += (f"{missing} strengths have no value: a row alone determines its own fit there.",)
    return TuneResult(
        method,
        words,
        larger,
        path.strength,
        value,
        se,
        best,
        strongest_within_one_se(path.strength, loss, se),
        path.df,
        given.model,
        equivalents(at_strength(given.model, best), given.problem),
        notes,
        details,
    )


def _evidence(given: _Given) -> TuneResult:
    problem = given.problem
    reason = why_not_sampled(problem)
    if reason is not None:
        raise NoEngineError(f"method='evidence' cannot do this model: {reason}.")
    curve = exact_curve(problem, _grid(given, "evidence", _POINTS["evidence"]))
    words = "log evidence, exact"
    if curve is None:
        how = Sampling(given.draws, given.chains, seed_sequence(given.seed))
        curve = sampled_curve(given.model, problem, _grid(given, "evidence", _SAMPLED_POINTS), how)
        words = "log evidence, integrated over sampled posteriors"
    return TuneResult(
        "evidence",
        words,
        True,
        curve.strength,
        curve.value,
        curve.se,
        curve.best,
        None,
        None,
        given.model,
        equivalents(at_strength(given.model, curve.best), problem),
        edge_note(curve.strength, curve.best),
    )


def _loo(given: _Given) -> TuneResult:
    strengths = _grid(given, "loo", _POINTS["loo"])
    options = {"draws": given.draws, "chains": given.chains, "offset": given.offset}
    options["sample_weight"] = given.sample_weight
    found = leave_one_out_curve(given.model, given.X, given.y, strengths, seed_sequence(given.seed), options)
    best = float(strengths[np.argmax(found.elpd)])
    notes = edge_note(strengths, best)
    if np.any(found.high > 0):
        notes += (
            f"at {int(np.sum(found.high > 0))} strengths the estimate of some rows is unreliable (largest Pareto k "
            f"{np.nanmax(found.pareto_k):.2f}); method='cv' refits without them.",
        )
    return TuneResult(
        "loo",
        "expected log predictive density of the posterior, one row left out (sum)",
        True,
        strengths,
        found.elpd,
        found.se,
        best,
        strongest_within_one_se(strengths, -found.elpd, found.se),
        found.p_loo,
        given.model,
        equivalents(at_strength(given.model, best), given.problem),
        notes,
        {"pareto_k": found.pareto_k},
    )


def _bayes(given: _Given, unit: float, note: str, ci_prob: float) -> TuneResult:
    options = {"draws": given.draws, "chains": given.chains, "offset": given.offset, "seed": given.seed}
    options["sample_weight"] = given.sample_weight
    found = strength_posterior(given.model, given.problem, given.X, given.y, unit, note, ci_prob, options)
    result = TuneResult(
        "bayes",
        "posterior density of log strength",
        True,
        found.strength,
        found.density,
        found.se,
        found.median,
        None,
        None,
        found.base,
        {},
        (found.note,),
        {"interval": found.interval, "ci_prob": np.array(ci_prob)},
        found.posterior,
    )
    return result.with_penalties(equivalents(result.model, given.problem))


def _path(given: _Given, method: str) -> PathResult:
    """The modes with all rows along the grid."""
    return map_path_of(
        given.problem,
        n_points=given.n_points or _POINTS[method],
        ratio=given.ratio,
        strengths=given.strengths,
        max_iter=given.max_iter,
    )


def _level(problem: Problem) -> float:
    """The noise level of the path, which `map_path` has accepted."""
    return problem.known_sigma if problem.known_sigma is not None else problem.design.y_sd


def _grid(given: _Given, method: str, n_points: int) -> Array:
    """Strengths for posteriors: from the one that empties the MAP at the spread of the response."""
    if given.strengths is not None:
        return given.strengths
    n_points = given.n_points or n_points
    if implements(given.model.prior, NormalMixture):
        # A mixture has no penalty to say where it empties the model: the grid lies about the scale given.
        largest, ratio = _MIXTURE_REACH, _MIXTURE_REACH**-2
    else:
        largest, ratio = largest_strength(Certifier(given.problem, _level(given.problem))), _RATIO[method]
    return np.geomspace(largest, largest * (given.ratio or ratio), n_points)
