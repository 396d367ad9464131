"""The posterior of the strength: the prior's scale is learned under its law together with everything else."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.by_group import drawn, stem_of
from bayesreg.errors import DesignWarning, InputError, PriorWarning
from bayesreg.fit import sample
from bayesreg.intervals import interval
from bayesreg.model import Model
from bayesreg.priors import Flat, Gaussian, GroupLaplace, Laplace
from bayesreg.priors.base import NormalMixture, resolve_relative_to
from bayesreg.problem import Problem
from bayesreg.scales import HalfCauchy
from bayesreg.tuning.strengths import fixed, power_of, tightened

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

_POINTS = 100
# The grid covers the draws between these quantiles, and so many bandwidths beyond.
_TAIL, _BEYOND = 0.001, 3.0


@dataclass(frozen=True, eq=False)
class StrengthPosterior:
    """The density of log strength, its draws in numbers, and the model at the median.

    Parameters
    ----------
    strength, density, se : array, shape (k,)
    median : float
    interval : array, shape (2,)
    base : Model
        At strength 1.
    posterior : xarray.DataTree
    note : str
    """

    strength: Array
    density: Array
    se: Array
    median: float
    interval: Array
    base: Model
    posterior: xr.DataTree
    note: str


def with_law(model: Model) -> tuple[Model, float, str]:
    """Return the model with a learned scale, the scale of strength 1, and what was done.

    A scale that is known gets a half-Cauchy law with that median.

    Raises
    ------
    InputError
        For a prior with two rates or fields that are not known here.
    """
    prior: Any = model.prior
    learned = prior.hyperparameters()
    if any(name != "slab" for name in learned):
        first, *others = (name for name in learned if name != "slab")
        rest = f", and {', '.join(others)} {'is' if len(others) == 1 else 'are'} at the median" if others else ""
        return model, 1.0, f"strength 1 is {first} = 1{rest}"
    if isinstance(prior, Flat):
        raise InputError("there is nothing to tune: priors.Flat() penalises nothing, so it has no strength.")
    if not isinstance(prior, Gaussian | Laplace | GroupLaplace) and not isinstance(prior, NormalMixture):
        raise InputError(
            f"method='bayes' needs a law for the strength: give {type(prior).__name__} a learned parameter, such as "
            "scales.HalfCauchy(1.0) for a scale."
        )
    scale: Any = prior.scale
    if isinstance(prior, Laplace) and scale is None:
        scale = 1 / np.asarray(prior.rate, dtype=float)
        prior = replace(prior, rate=None, scale=1.0)
    # A learned scale is relative to sigma where nothing is said: the known one decides.
    prior = replace(prior, relative_to=resolve_relative_to(model.prior))
    if np.ndim(scale) == 0:
        unit, law = float(scale), HalfCauchy(float(scale))
        changed = replace(prior, scale=law)
    else:
        unit, law = 1.0, HalfCauchy(1.0)
        changed = replace(prior, scale=law, factor=np.asarray(prior.factor) * np.asarray(scale))
    return replace(model, prior=changed), unit, f"the given scale is the median of its law, {law!r}"


def strength_posterior(
    model: Model, problem: Problem, X: Any, y: Any, unit: float, note: str, ci_prob: float, options: dict[str, Any]
) -> StrengthPosterior:
    """Sample, and describe the posterior of the strength.

    Parameters
    ----------
    model : Model
        With a learned scale.
    problem : Problem
        It bound to the data.
    X, y : as for `sample`
    unit : float
        The scale that strength 1 stands for.
    note : str
        What strength 1 is.
    ci_prob : float
        Probability inside the interval.
    options : dict
        What else `sample` takes.
    """
    with warnings.catch_warnings():
        # The model has been bound before, and said what there is to say of the data and the prior.
        warnings.simplefilter("ignore", DesignWarning)
        warnings.simplefilter("ignore", PriorWarning)
        post = sample(model, X, y, **options)
    learned = list(problem.hyper_laws)
    # The slab of a horseshoe is no strength.
    name = next(one for one in learned if one != "slab")
    draws = {one: drawn(post["posterior"], one) for one in learned}
    # A rate is a strength; a scale is one to a negative power.
    power = power_of(model.prior) if stem_of(name) == "prior_scale" else -1
    log_strength = -power * np.log(draws[name] / unit)
    medians = {one: float(np.median(value)) for one, value in draws.items()}
    median = float((medians[name] / unit) ** -power)
    chosen = fixed(model.prior, medians, problem.relative_to)
    base = replace(model, prior=tightened(chosen, 1 / median))
    low, high = (float(np.exp(end[()])) for end in interval(log_strength, ci_prob))
    grid, density, se = _density(log_strength)
    return StrengthPosterior(
        np.exp(grid)[::-1], density[::-1], se[::-1], median, np.array([low, high]), base, post, note
    )


def _density(draws: Array) -> tuple[Array, Array, Array]:
    """Kernel density of draws (chains, n) on a grid, and its standard error from the chains."""
    from scipy.stats import gaussian_kde

    whole = gaussian_kde(draws.ravel())
    width = float(np.sqrt(whole.covariance[0, 0]))
    low, high = np.quantile(draws, [_TAIL, 1 - _TAIL])
    grid = np.linspace(low - _BEYOND * width, high + _BEYOND * width, _POINTS)
    factor = float(whole.factor)
    if draws.shape[0] < 2:
        return grid, whole(grid), np.full(grid.size, np.nan)
    each = np.stack([gaussian_kde(chain, factor * whole.dataset.std() / chain.std())(grid) for chain in draws])
    return grid, whole(grid), each.std(axis=0, ddof=1) / np.sqrt(draws.shape[0])
