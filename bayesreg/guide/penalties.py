"""A recommendation from modes alone, for a sparse X that is too large to be sampled."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg import priors
from bayesreg.data import Design
from bayesreg.errors import BayesregWarning, InputError
from bayesreg.guide.comparisons import Compared
from bayesreg.guide.measures import collinearity, excess_kurtosis
from bayesreg.guide.reasons import correlated_columns, first_measures, log_losses, rows_and_columns, which_prior
from bayesreg.guide.recommendation import Recommendation
from bayesreg.guide.rule_of_thumb import choose_regularization
from bayesreg.guide.strength import Strength, in_scikit_learn
from bayesreg.leave_one_out import sum_of_rows
from bayesreg.likelihoods import Bernoulli, Gaussian, Likelihood
from bayesreg.model import Model
from bayesreg.path import map_path_of
from bayesreg.results import PathResult
from bayesreg.tuning.approximate import left_out_predictors, why_not_alo
from bayesreg.tuning.strengths import at_strength, why_no_path

Array = NDArray[np.float64]

# The grid of each prior: its points, and how far it goes on (the last over the first strength) while the end is best.
_POINTS, _RATIO, _RATIO_RIDGE, _FURTHER, _SMALLEST = 12, 0.03, 1e-3, 0.03, 1e-5


@dataclass(frozen=True, eq=False)
class _Followed:
    """The modes of one prior along its path, and how they predict rows left out.

    Parameters
    ----------
    model : Model
        At strength 1.
    strength : array, shape (k,)
    nonzero : array, shape (k,)
        Columns that are in the model.
    predictor : array, shape (k, n)
        Linear predictor of each row without it.
    density : array, shape (k, n)
        Its log predictive density, weighted; NaN where it is not known.
    noise : array, shape (k,), or None
        Root mean square of the left-out residuals, where the noise level is learned.
    """

    model: Model
    strength: Array
    nonzero: Array
    predictor: Array
    density: Array
    noise: Array | None

    @property
    def best(self) -> int:
        """Position of the best strength."""
        return int(np.nanargmax(self.density.sum(axis=1)))

    def alike(self) -> NDArray[np.intp]:
        """Positions of the strengths within one standard error of the best."""
        behind = [sum_of_rows(rows - self.density[self.best]) for rows in self.density]
        return np.flatnonzero([difference + se >= 0 for difference, se in behind])

    def chosen(self, at: int) -> Model:
        """The model at a point of the path, its noise level the one of the residuals."""
        if self.noise is None:
            return at_strength(self.model, float(self.strength[at]))
        # The mode stays where the penalty times the noise variance does.
        level = float(self.noise[at])
        stood: Any = self.model.likelihood
        one = at_strength(self.model, float(self.strength[at]) * (stood.sigma / level) ** 2)
        return replace(one, likelihood=Gaussian(level))


def recommend_penalty(design: Design, likelihood: Likelihood, select_columns: bool) -> Recommendation:
    """Compare penalised fits of a design, dense or sparse, by approximate leave-one-out.

    Raises
    ------
    InputError
        Where the likelihood's modes have none.
    """
    import pandas as pd

    # What there is to say about the data is said here, once.
    Model(likelihood, priors.Gaussian(1.0), standardize=True).bind(design)
    found = collinearity(design)
    with warnings.catch_warnings():
        # The grids are coarse on purpose.
        warnings.simplefilter("ignore", BayesregWarning)
        learned = isinstance(likelihood, Gaussian) and not isinstance(likelihood.sigma, float)
        followed = {
            name: _follow(model, design, learned) for name, model in _models(likelihood, design, learned).items()
        }
    compared = Compared(
        {}, {name: one.density[one.best] for name, one in followed.items()}, "approximate leave-one-out of the modes"
    )
    name, sparse, why_prior = which_prior(compared, select_columns)
    taken = followed[name]
    model = taken.chosen(taken.best)
    reasons = [rows_and_columns(design), correlated_columns(found), why_prior]
    measures = first_measures(design, found)
    if isinstance(likelihood, Gaussian):
        residual = design.y - taken.predictor[taken.best]
        share = 1 - float(design.weight @ residual**2 / design.total_weight) / design.y_sd**2
        tail, se = excess_kurtosis(residual, design.weight)
        measures |= {"explained variation": share, "excess kurtosis": tail}
        reasons.append(f"predictions of rows left out explain {100 * share:.0f} % of the variation")
        heavy = tail > 2 * se
        said = "heavy: likelihoods.Huber(sigma=...) may suit them" if heavy else "no heavier than normal errors"
        reasons.append(f"residuals have an excess kurtosis of {tail:.2f} ± {se:.2f}, {said}")
    elif isinstance(likelihood, Bernoulli):
        losses, said = log_losses(design, compared.density[name])
        measures |= losses
        reasons.append(said)
    needed = int(followed["laplace"].nonzero[followed["laplace"].alike()[0]])
    measures |= {"columns needed": float(needed)}
    reasons.append(
        f"the Laplace prior's mode needs {needed} of {design.p} columns (at its strongest within one standard error)"
    )
    reasons.append(_how_to_go_on(design, taken))
    thumb = choose_regularization(design.p, design.n, len(found.groups), select_columns, sparse)
    table = pd.DataFrame({"value": measures}).rename_axis("measure")
    return Recommendation(model, _strength(taken, model, design), thumb, tuple(reasons), compared.table(), table, None)


def _models(likelihood: Likelihood, design: Design, learned: bool) -> dict[str, Model]:
    """The models to follow, at strength 1, on standardised columns."""
    level = 1.0
    if learned:
        # Any level does: the modes along the path are the same.
        level = design.y_sd
        likelihood = Gaussian(level)
    rates = {"gaussian": priors.Gaussian(1.0), "laplace": priors.Laplace(1.0)}
    # Both parts bite alike on a coefficient of one noise level.
    made: dict[str, Any] = {**rates, "elastic net": priors.ElasticNet(l1=1 / level, l2=1 / level**2)}
    return {name: Model(likelihood, prior, standardize=True) for name, prior in made.items()}


def _follow(model: Model, design: Design, learned: bool) -> _Followed:
    """Go down the path of a model while its end predicts best."""
    problem = model.bind(design)
    reason = why_not_alo(problem) or why_no_path(problem)
    if reason is not None:
        raise InputError(
            f"X is sparse and too large to be made dense for sampling, and the modes cannot be compared: {reason}. "
            "Pass X.toarray() of some rows or columns."
        )
    sigma = 1.0 if problem.known_sigma is None else problem.known_sigma
    ridge = isinstance(model.prior, priors.Gaussian)
    path = map_path_of(problem, n_points=_POINTS, ratio=_RATIO_RIDGE if ridge else _RATIO)
    found = _left_out(model, path, left_out_predictors(problem, sigma, path), design, sigma, learned)
    while found.best == found.strength.size - 1 and found.strength[-1] > _SMALLEST * found.strength[0]:
        more = np.geomspace(found.strength[-1], found.strength[-1] * _FURTHER, _POINTS)[1:]
        path = map_path_of(problem, strengths=more)
        further = _left_out(model, path, left_out_predictors(problem, sigma, path), design, sigma, learned)
        if not np.isfinite(further.density.sum(axis=1)).any():
            break
        found = _joined(found, further)
    return found


def _left_out(model: Model, path: PathResult, eta: Array, design: Design, sigma: float, learned: bool) -> _Followed:
    y, weight, likelihood = design.y, design.weight, model.likelihood
    level: Any = sigma
    noise = None
    if learned:
        noise = np.sqrt((y - eta) ** 2 @ weight / design.total_weight)
        level = noise[:, None]
    density = -weight * (likelihood.loss(eta, y, level) + likelihood.row_constant(y, level))
    return _Followed(model, path.strength, np.count_nonzero(path.coef, axis=1), eta, density, noise)


def _joined(one: _Followed, two: _Followed) -> _Followed:
    def both(a: Any, b: Any) -> Any:
        return None if a is None else np.concatenate([a, b])

    return _Followed(
        one.model,
        both(one.strength, two.strength),
        both(one.nonzero, two.nonzero),
        both(one.predictor, two.predictor),
        both(one.density, two.density),
        both(one.noise, two.noise),
    )


def _strength(taken: _Followed, model: Model, design: Design) -> Strength:
    """The scale of the chosen prior, and those of the strengths that predict alike."""

    def scale(at: int) -> float:
        prior: Any = taken.chosen(at).prior
        return 1 / float(prior.l1) if elastic else float(prior.scale)

    elastic = isinstance(model.prior, priors.ElasticNet)
    at = taken.alike()
    ends = sorted((scale(int(at[0])), scale(int(at[-1]))))
    how = "chosen by approximate leave-one-out"
    if elastic:
        how += ", 1/l1 of the L1 part"
    return Strength(scale(taken.best), ends[0], ends[1], False, in_scikit_learn(model, design), how)


def _how_to_go_on(design: Design, taken: _Followed) -> str:
    size = f"X is sparse and was left so ({design.n} by {design.p}), which br.sample cannot use"
    if isinstance(taken.model.prior, priors.Gaussian):
        return (
            f"{size}: go on with br.find_map(advice.model, X, y), for a posterior with rows or columns of X.toarray()"
        )
    kept = int(taken.nonzero[taken.best])
    return (
        f"{size}: go on with mode = br.find_map(advice.model, X, y); it keeps {kept} columns, and their "
        "posterior, given that they are the ones, is that of X[:, mode.coef != 0].toarray()"
    )
