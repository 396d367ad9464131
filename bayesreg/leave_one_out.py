"""Predictions of rows left out, from a posterior of all rows: the one place where their densities are estimated.

Exact
    Where the engine integrates over all that is unknown (`bayesreg.numerics.leave_one_out`).
Integrated
    For a Gaussian likelihood whose coefficients are normal given the scales phi of a draw (sigma, the learned numbers
    of the prior, the local scales): p(y_i | y_-i, phi) is in closed form, and p(y_i | y_-i) is the harmonic mean of it
    over the draws, that is with importance weights 1/p(y_i | y_-i, phi) (Vehtari, Mononen, Tolvanen, Sivula & Winther,
    2016, Journal of Machine Learning Research 17, section 3.6). Only the scales are reweighted, so that the weights
    stay tame where those of the coefficients do not: with about as many columns as rows, or more.
PSIS
    Else, with importance weights 1/p(y_i | beta, sigma) (Vehtari, Gelman & Gabry, 2017, Statistics and Computing 27).

The weights of the last two are Pareto smoothed (Vehtari, Simpson, Gelman, Yao & Gabry, 2024, Journal of Machine
Learning Research 25).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from bayesreg.bound_again import bound_again
from bayesreg.engines.exact_gaussian import data_of
from bayesreg.errors import InputError
from bayesreg.local_scales import stored_precision
from bayesreg.numerics.conditional_loo import ConditionalLoo, draws_within_reach
from bayesreg.numerics.importance import FEWEST_DRAWS
from bayesreg.posterior import pointwise_log_likelihood

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Method = Literal["exact", "integrated", "psis"]

# Densities that differ by less over the draws are one density, and rounding.
_SAME = 1e-10


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Log predictive densities of rows left out.

    Parameters
    ----------
    elpd_i : array, shape (n,)
        Log density of each row given the others, times its weight.
    pareto_k : array, shape (n,)
        Shape of the law of its largest importance weights; NaN where there are none, -inf where all are equal.
    good_k : float
        The estimate of a row with a larger k is unreliable.
    in_sample : float
        Sum of the log densities of the rows, none left out.
    method : {"exact", "integrated", "psis"}
    draws : int
        How many draws were used.
    """

    elpd_i: Array
    pareto_k: Array
    good_k: float
    in_sample: float
    method: Method
    draws: int

    @property
    def elpd(self) -> float:
        """Expected log predictive density."""
        return sum_of_rows(self.elpd_i)[0]

    @property
    def se(self) -> float:
        """Its standard error."""
        return sum_of_rows(self.elpd_i)[1]

    @property
    def p_loo(self) -> float:
        """What the densities in sample exceed it by: the effective number of parameters."""
        return self.in_sample - self.elpd

    @property
    def high(self) -> int:
        """Number of rows whose estimate is unreliable."""
        return int(np.sum(self.pareto_k > self.good_k))

    def to_arviz(self) -> Any:
        """Return it as ``arviz.compare`` takes it."""
        import arviz as az
        import xarray as xr

        return az.ELPDDataLOO(
            elpd=self.elpd,
            se=self.se,
            p=self.p_loo,
            n_samples=self.draws,
            n_data_points=self.elpd_i.size,
            scale="log",
            warning=self.high > 0,
            good_k=self.good_k,
            elpd_i=xr.DataArray(self.elpd_i, dims="obs"),
            pareto_k=xr.DataArray(self.pareto_k, dims="obs"),
        )


def sum_of_rows(density: Array) -> tuple[float, float]:
    """Sum of numbers of single rows, shape (n,), and its standard error sqrt(n var).

    With n in the variance, as ArviZ's ``dse``; its ``se`` has n - 1.
    """
    return float(density.sum()), float(np.sqrt(density.size * density.var()))


def leave_one_out(post: xr.DataTree, called: str = "this posterior") -> LeftOut:
    """Estimate the predictive density of each row without it, by the best method that the posterior allows.

    Parameters
    ----------
    post : xarray.DataTree
        A result of `bayesreg.sample`.
    called : str
        What messages call it.

    Raises
    ------
    InputError
        If it keeps no pointwise log likelihood, or has too few draws.
    """
    kept = pointwise_log_likelihood(post, called)
    n, draws = kept.shape[-1], kept.shape[0] * kept.shape[1]
    if draws < FEWEST_DRAWS:
        raise InputError(
            f"{called} has {draws} draws; leave-one-out needs at least {FEWEST_DRAWS} to fit the tail of its weights."
        )
    likelihood = kept.reshape(draws, n)
    in_sample = float(np.sum(logsumexp(likelihood, axis=0)) - n * np.log(draws))
    if "exact_loo" in post.children:
        return _exactly(post["exact_loo"]["elpd_loo"].to_numpy(), in_sample, draws)
    within, dear = draws_within_reach(n, post["posterior"].sizes["feature"], draws)
    if not within or "X" not in post["constant_data"]:
        return _of_everything(post, likelihood, in_sample)
    if dear:
        found = _of_everything(post, likelihood, in_sample)
        if not found.high:
            return found
    density = _given_scales(post, -(-draws // within))
    if density is None:
        return _of_everything(post, likelihood, in_sample)
    return _of_scales(post, likelihood, density, in_sample)


def smoothed_weights(log_density: Array, efficiency: float = 1.0) -> tuple[Array, Array, float]:
    """Pareto-smoothed importance weights 1 / density of the draws, for each row left out.

    Parameters
    ----------
    log_density : array, shape (S, n)
        At least `FEWEST_DRAWS` draws.
    efficiency : float, default 1
        Effective number of draws over their number.

    Returns
    -------
    log_weight : array, shape (n, S)
        Their exponentials sum to 1.
    pareto_k : array, shape (n,)
        -inf where all weights are equal.
    good_k : float
        Largest k at which so many draws make a reliable estimate: min(1 - 1/log10(S), 0.7).
    """
    from arviz_stats.base import array_stats

    draws = log_density.shape[0]
    log_weight, pareto_k = np.zeros(log_density.T.shape), np.full(log_density.shape[1], -np.inf)
    # Rows without weight, for one, have the same density in all draws, which have no tail to fit.
    differ = np.ptp(log_density, axis=0) > _SAME * (1 + np.abs(log_density[0]))
    if differ.any():
        # psislw takes log likelihoods, whose weights are their inverses.
        log_weight[differ], pareto_k[differ] = array_stats.psislw(log_density[:, differ], r_eff=efficiency, axis=0)
    log_weight -= logsumexp(log_weight, axis=-1, keepdims=True)
    return log_weight, pareto_k, min(0.7, 1 - 1 / np.log10(draws))


def weights_of_everything(post: xr.DataTree, likelihood: Array) -> tuple[Array, Array, float]:
    """Return `smoothed_weights` of all that was drawn, for the rows whose log densities (S, n) are given."""
    return smoothed_weights(likelihood, _efficiency(post["posterior"].to_dataset()))


def _of_everything(post: xr.DataTree, likelihood: Array, in_sample: float) -> LeftOut:
    return _by_weights(likelihood, weights_of_everything(post, likelihood), in_sample, "psis")


def _of_scales(post: xr.DataTree, likelihood: Array, given_scales: Array, in_sample: float) -> LeftOut:
    import xarray as xr

    density = given_scales.reshape(-1, likelihood.shape[1])
    if np.all(np.ptp(density, axis=0) <= _SAME * (1 + np.abs(density[0]))):
        # Nothing is left that differs between the draws.
        return _exactly(density[0], in_sample, density.shape[0])
    # Some hundred rows tell how efficient the draws are.
    some = given_scales[..., :: max(1, density.shape[1] // 100)]
    efficiency = _efficiency(xr.Dataset({"density": (("chain", "draw", "obs"), some)}))
    found = _by_weights(density, smoothed_weights(density, efficiency), in_sample, "integrated")
    high = found.pareto_k > found.good_k
    if not high.any():
        return found
    # These ratios are means, given the scales, of those of everything, and have every moment that those have (Jensen):
    # their tail is no heavier. Their k alone may be high where they hardly differ, by the shape of what little they do.
    pareto_k = found.pareto_k.copy()
    pareto_k[high] = np.minimum(pareto_k[high], weights_of_everything(post, likelihood[:, high])[1])
    return replace(found, pareto_k=pareto_k)


def _exactly(elpd_i: Array, in_sample: float, draws: int) -> LeftOut:
    return LeftOut(np.array(elpd_i), np.full(elpd_i.size, np.nan), 0.7, in_sample, "exact", draws)


def _by_weights(density: Array, weights: tuple[Array, Array, float], in_sample: float, method: Method) -> LeftOut:
    log_weight, pareto_k, good_k = weights
    elpd_i = np.asarray(logsumexp(log_weight + density.T, axis=-1))
    return LeftOut(elpd_i, pareto_k, good_k, in_sample, method, density.shape[0])


def _given_scales(post: xr.DataTree, step: int = 1) -> Array | None:
    """Log densities p(y_i | y_-i, phi) of every step-th draw, shape (chains, draws, n); None where not finite."""
    data = post["constant_data"]
    problem = bound_again(post, data["X"].to_numpy())
    posterior = post["posterior"].to_dataset().isel(draw=slice(None, None, step))
    precision, sigma = stored_precision(posterior, data, problem.prior)
    rows, response, level = data_of(problem)
    found = ConditionalLoo(rows, response, problem.design.weight, level).log_densities(
        sigma.reshape(-1), precision.reshape(-1, problem.p)
    )
    # Without a row that alone tells of a flat column there is no posterior: the estimate shows it by its weights.
    return found.reshape(*sigma.shape, problem.n) if np.all(np.isfinite(found)) else None


def _efficiency(posterior: xr.Dataset) -> float:
    """Effective number of draws over their number, on average over the variables, as ArviZ has it; 1 for one chain."""
    import arviz as az

    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    if chains == 1 or draws < 4:
        return 1.0
    ess: Any = az.ess(posterior, method="mean")
    # Local scales of columns without a prior are NaN.
    return float(np.nanmean(np.concatenate([np.ravel(ess[name]) for name in ess.data_vars]))) / (chains * draws)
