r"""The posterior along the penalty: the band around every coefficient's path.

Under a Gaussian likelihood with known noise and a ridge penalty each point is exact. Otherwise the posterior is sampled
at some strengths, and its draws there stand for the strengths that follow as long as they cover them: from s to s' the
density changes by the factor

.. math:: \log w = -(s' - s)\,\Omega(\beta) + \mathrm{const}

smoothed by the law of its largest values (Vehtari et al., 2024, Pareto smoothed importance sampling).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from bayesreg.errors import BayesregWarning
from bayesreg.fit import sample, seed_sequence
from bayesreg.intervals import checked_probability
from bayesreg.likelihoods import Gaussian
from bayesreg.model import Model, bind
from bayesreg.numerics.gaussian_moments import coefficient_moments
from bayesreg.numerics.importance import FEWEST_DRAWS, coverage
from bayesreg.path import map_path_of
from bayesreg.problem import Problem
from bayesreg.results import PathResult
from bayesreg.tuning.draw_penalties import draw_penalties
from bayesreg.tuning.exact_evidence import known_scales
from bayesreg.tuning.strengths import at_strength

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

# Draws stand for another strength while the law of the largest weights has a variance and this share of them counts.
LARGEST_K, LEAST_SHARE = 0.5, 0.25


@dataclass(frozen=True, eq=False, repr=False)
class PathPosterior:
    """The posterior of every coefficient along a grid of penalties, strongest first, with the MAP beside it.

    Parameters
    ----------
    path : PathResult
        The MAP at the same strengths.
    mean, lower, upper : array, shape (k, p)
        Posterior mean and the ends of the equal-tailed interval.
    ci_prob : float
        Probability inside the interval.
    exact : bool
        Whether all of it is exact, without draws.
    sampled : array of bool, shape (k,)
        Strengths at which the posterior was sampled; the others borrow the draws of the one before them.
    pareto_k : array, shape (k,)
        Shape of the law of the largest weights; NaN where nothing was borrowed.
    share : array, shape (k,)
        Effective number of draws over their number, as far as the weights go.
    """

    path: PathResult
    mean: Array
    lower: Array
    upper: Array
    ci_prob: float
    exact: bool
    sampled: NDArray[np.bool_]
    pareto_k: Array
    share: Array

    @property
    def strength(self) -> Array:
        """Multiplier of the model's own penalty at each point, shape (k,)."""
        return self.path.strength

    def to_frame(self) -> pd.DataFrame:
        """Return one row a point and coefficient: strength, feature, map, mean, lower, upper."""
        import pandas as pd

        k, p = self.mean.shape
        return pd.DataFrame(
            {
                "strength": np.repeat(self.strength, p),
                "feature": np.tile(np.array(self.path.names, dtype=object), k),
                "map": self.path.coef.ravel(),
                "mean": self.mean.ravel(),
                "lower": self.lower.ravel(),
                "upper": self.upper.ravel(),
            }
        )

    def __repr__(self) -> str:
        how = "exact" if self.exact else f"sampled at {int(self.sampled.sum())} of them, reweighted between"
        return (
            f"posterior along {self.strength.size} strengths, {self.strength[0]:.4g} to {self.strength[-1]:.4g}: "
            f"{100 * self.ci_prob:g} % intervals of {self.mean.shape[1]} coefficients, {how}"
        )


def path_posterior(
    model: Model,
    X: Any,
    y: Any,
    *,
    n_points: int = 40,
    ratio: float | None = None,
    strengths: ArrayLike | None = None,
    ci_prob: float | None = None,
    draws: int = 1000,
    chains: int = 4,
    seed: int | np.random.Generator | None = None,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> PathPosterior:
    """Find the posterior of the coefficients along a grid of penalties, and the MAP path with it.

    Parameters
    ----------
    model : Model
        As for `map_path`: its prior gives the shape of the penalty, which every point multiplies by ``strength``.
    X : array or frame, shape (n, p)
    y : array, shape (n,)
    n_points : int, default 40
    ratio : float, optional
        Smallest over largest strength, as for `map_path`.
    strengths : array, shape (k,), optional
        The grid itself; sorted to fall.
    ci_prob : float, optional
        Probability inside the intervals.
    draws, chains : int, default 1000 and 4
        Of each posterior that is sampled.
    seed : int, numpy.random.Generator or None
    sample_weight, offset : array, shape (n,), optional

    Returns
    -------
    PathPosterior
        Exact for a ridge penalty and a Gaussian likelihood with known sigma.

    Raises
    ------
    KeyboardInterrupt
        For Ctrl-C while a posterior is sampled: there is no band of a part of it.
    InputError, NoMapError, NoEngineError
        As `map_path` and `sample`; also for ``ci_prob`` outside (0, 1).

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> model = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0))
    >>> band = br.path_posterior(model, X, y, strengths=[10.0, 1.0])
    >>> band
    posterior along 2 strengths, 10 to 1: 89 % intervals of 2 coefficients, exact
    >>> (band.upper - band.lower)[:, 0].round(2).tolist()
    [0.49, 0.6]
    """
    prob = checked_probability(ci_prob)
    rows: dict[str, Any] = {"sample_weight": sample_weight, "offset": offset}
    problem = bind(model, X, y, sample_weight, offset)
    path = map_path_of(problem, n_points=n_points, ratio=ratio, strengths=strengths)
    if _is_ridge(problem):
        return _exact(problem, path, prob)
    with warnings.catch_warnings():
        # The path has said what there is to say about the data.
        warnings.simplefilter("ignore", BayesregWarning)
        children = iter(seed_sequence(seed).spawn(path.strength.size))

        def draw(strength: float) -> xr.DataTree:
            rng = np.random.default_rng(next(children))
            some = {"draws": draws, "chains": chains, "seed": rng, **rows}
            post = sample(at_strength(model, strength), X, y, **some)
            if post.attrs.get("interrupted"):
                # Part of a posterior is no point of a band, and its draws would stand for other points too.
                raise KeyboardInterrupt
            return post

        return _follow(problem, path, draw, prob)


def _is_ridge(problem: Problem) -> bool:
    """Whether the posterior is normal at each strength."""
    known = isinstance(problem.likelihood, Gaussian) and problem.known_sigma is not None
    return known and problem.penalty(1.0).quadratic


def _exact(problem: Problem, path: PathResult, prob: float) -> PathPosterior:
    """One decomposition for all strengths."""
    scales = known_scales(problem)
    found = [
        coefficient_moments(replace(scales, coefficients=scales.coefficients.tightened(float(strength))))
        for strength in path.strength
    ]
    mean, sd = (np.stack(part)[:, : problem.p] for part in zip(*found, strict=True))
    half, k = float(ndtri(0.5 + prob / 2)) * sd, mean.shape[0]
    none = np.full(k, np.nan)
    return PathPosterior(path, mean, mean - half, mean + half, prob, True, np.ones(k, dtype=bool), none, np.ones(k))


def _follow(problem: Problem, path: PathResult, draw: Any, prob: float) -> PathPosterior:
    """Go down the path; sample anew where the draws at hand no longer cover."""
    k, p = path.coef.shape
    mean, lower, upper = (np.empty((k, p)) for _ in range(3))
    sampled, pareto_k, share = np.zeros(k, dtype=bool), np.full(k, np.nan), np.ones(k)
    coef, omega, at = np.empty((0, p)), np.empty(0), np.nan
    for i, strength in enumerate(path.strength):
        weight = None
        if omega.size >= FEWEST_DRAWS and (reach := coverage(-(strength - at) * omega)).khat < LARGEST_K:
            if reach.efficiency >= LEAST_SHARE:
                weight = np.exp(reach.smoothed - reach.smoothed.max())
                pareto_k[i], share[i] = reach.khat, reach.efficiency
        if weight is None:
            posterior, at, sampled[i] = draw(float(strength))["posterior"], strength, True
            coef = posterior["coef"].to_numpy().reshape(-1, p)
            omega = _penalties(problem, posterior, coef)
            weight = np.ones(coef.shape[0])
        mean[i] = weight @ coef / weight.sum()
        lower[i], upper[i] = _quantiles(coef, weight, prob)
    return PathPosterior(path, mean, lower, upper, prob, False, sampled, pareto_k, share)


def _penalties(problem: Problem, posterior: Any, coef: Array) -> Array:
    """Penalty at strength 1 of each draw, shape (S,); none where its normaliser would change with sigma too."""
    one = problem.penalty(1.0)
    if problem.relative_to == "penalty" and np.any((one.l1 > 0) & (one.l2 > 0)):
        return np.empty(0)
    known = problem.known_sigma
    sigma = np.full(coef.shape[0], known) if known is not None else posterior["sigma"].to_numpy().ravel()
    return draw_penalties(problem, coef, sigma)


def _quantiles(coef: Array, weight: Array, prob: float) -> tuple[Array, Array]:
    """Ends of the equal-tailed interval of weighted draws (S, p), shapes (p,)."""
    order = np.argsort(coef, axis=0)
    total = np.cumsum(weight[order], axis=0) - 0.5 * weight[order]
    total /= weight.sum()
    value = np.take_along_axis(coef, order, axis=0)
    tails = (0.5 - prob / 2, 0.5 + prob / 2)
    ends = np.array([np.interp(tails, total[:, j], value[:, j]) for j in range(coef.shape[1])])
    return ends[:, 0], ends[:, 1]
