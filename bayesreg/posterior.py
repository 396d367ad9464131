"""From an engine's draws to the ArviZ DataTree that users get."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import Draws
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.variates import draw_laplace_local_variance
from bayesreg.priors.base import Penalised
from bayesreg.problem import Problem

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

# Pointwise log likelihoods are kept up to this many numbers: 160 MB.
LARGEST_LOG_LIKELIHOOD = 20_000_000


def build_tree(problem: Problem, drawn: Draws, seed: np.random.SeedSequence, attrs: dict[str, Any]) -> xr.DataTree:
    """Assemble the groups of the result and its attributes.

    Parameters
    ----------
    problem : Problem
    drawn : Draws
    seed : numpy.random.SeedSequence
        For what is drawn afterwards: the local scales of a Laplace part.
    attrs : dict
        What the caller knows: engine, why, seed, time.

    Returns
    -------
    xarray.DataTree
    """
    import xarray as xr

    import bayesreg

    design = problem.design
    chains, draws = drawn.values["coef"].shape[:2]
    posterior = dict(drawn.values)
    local = _local_scale(problem, posterior, np.random.default_rng(seed))
    if local is not None:
        posterior["local_scale"] = local
    coords = {
        "chain": np.arange(chains),
        "draw": np.arange(draws),
        "feature": np.array(design.names, dtype=str),
        "obs": np.arange(design.n),
    }
    groups = {"posterior": _dataset(posterior, ("chain", "draw"), coords)}
    stats = dict(drawn.stats)
    kept = chains * draws * design.n <= LARGEST_LOG_LIKELIHOOD
    sigma = posterior.get("sigma", np.full((chains, draws), problem.known_sigma or 1.0))
    intercept = posterior.get("intercept", np.zeros((chains, draws)))
    if kept:
        rows = problem.row_log_likelihood(posterior["coef"], intercept, sigma)
        groups["log_likelihood"] = xr.Dataset(
            {"y": (("chain", "draw", "obs"), rows)}, {name: coords[name] for name in ("chain", "draw", "obs")}
        )
    if stats:
        groups["sample_stats"] = _dataset(stats, ("chain", "draw"), coords)
    groups["observed_data"] = xr.Dataset({"y": ("obs", design.y)}, {"obs": coords["obs"]})
    groups["constant_data"] = _constant_data(problem, posterior["coef"], intercept, coords)
    if drawn.moments:
        groups["exact_moments"] = _dataset(drawn.moments, (), coords)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = attrs | {
        "exactness": drawn.exactness,
        "numerical_error": drawn.numerical_error,
        "model": problem.spec,
        "model_in_words": in_words(problem),
        "notes": "; ".join(problem.notes),
        "y_sha256": hashlib.sha256(np.ascontiguousarray(design.y).tobytes()).hexdigest(),
        "log_likelihood_kept": int(kept),
        "bayesreg_version": bayesreg.__version__,
        "numpy_version": np.__version__,
    }
    return tree


def _dataset(values: dict[str, Array], leading: tuple[str, ...], coords: dict[str, Array]) -> xr.Dataset:
    import xarray as xr

    variables = {}
    for name, value in values.items():
        array = np.asarray(value)
        dims = leading + ("feature",) * (array.ndim - len(leading))
        variables[name] = (dims, array)
    used = {dim for dims, _ in variables.values() for dim in dims}
    return xr.Dataset(variables, {name: coords[name] for name in coords if name in used})


def penalty_draws(problem: Problem, posterior: dict[str, Array]) -> tuple[Array, Array]:
    """l1 and l2 in nats for every draw, each broadcastable to (chain, draw, p)."""
    assert isinstance(problem.prior, Penalised)
    hyper = {name: posterior[name][..., None] for name in problem.hyper_laws}
    level = posterior["sigma"][..., None] if "sigma" in posterior else problem.known_sigma
    l1, l2 = problem.prior.rates(hyper)
    power = {None: (0, 0), "sigma": (1, 2), "penalty": (2, 2)}[problem.relative_to]
    sigma = np.asarray(level, dtype=float)
    return l1 / problem.unit / sigma ** power[0], l2 / problem.unit**2 / sigma ** power[1]


def _local_scale(problem: Problem, posterior: dict[str, Array], rng: np.random.Generator) -> Array | None:
    """Standard deviation factor of each coefficient in the normal mixture of a Laplace part, from its conditional."""
    if not isinstance(problem.prior, Penalised):
        return None
    l1, _ = penalty_draws(problem, posterior)
    l1 = np.broadcast_to(l1, posterior["coef"].shape)
    if not np.any(l1 > 0):
        return None
    safe = np.where(l1 > 0, l1, 1.0)
    variance = draw_laplace_local_variance(rng, posterior["coef"] - problem.loc, safe)
    return np.where(l1 > 0, np.sqrt(variance) * safe, np.nan)


def _constant_data(problem: Problem, coef: Array, intercept: Array, coords: dict[str, Array]) -> xr.Dataset:
    """What shrinkage and prediction need of the data and the bound model."""
    import xarray as xr

    design = problem.design
    if isinstance(problem.likelihood, Gaussian):
        gram = design.centred_gram if problem.fit_intercept else design.uncentred_gram
    else:
        # Curvature of the log likelihood at the posterior mean, centred with its own weights.
        eta = problem.linear_predictor(coef.mean((0, 1)), float(intercept.mean()))
        h = design.weight * problem.likelihood.curvature(eta, design.y, 1.0)
        centre = h @ design.X / h.sum() if problem.fit_intercept else 0.0
        gram = (design.X - centre).T @ (h[:, None] * (design.X - centre))
    variables: dict[str, Any] = {
        "gram": (("feature", "feature_other"), gram),
        "x_mean": ("feature", design.x_mean),
        "x_sd": ("feature", design.x_sd),
        "loc": ("feature", problem.loc),
        "unit": ("feature", problem.unit),
        "sample_weight": ("obs", design.weight),
        "offset": ("obs", design.offset),
    }
    if problem.known_sigma is not None:
        variables["sigma"] = ((), problem.known_sigma)
    names = coords["feature"]
    return xr.Dataset(variables, {"feature": names, "feature_other": names, "obs": coords["obs"]}).assign_attrs(
        relative_to=str(problem.relative_to)
    )


def in_words(problem: Problem) -> str:
    """One line a person can read: likelihood, prior, noise, intercept."""
    noise = f", sigma = {problem.sigma!r}" if problem.likelihood.has_sigma else ""
    prior = f"coef ~ {problem.prior!r}, relative_to resolved to {problem.relative_to!r}"
    intercept = "no intercept"
    if problem.fit_intercept:
        flat = problem.intercept_prior.flat
        intercept = "flat intercept" if flat else f"intercept ~ Normal({problem.intercept_prior.loc:g}, ...)"
    return f"y ~ {type(problem.likelihood).__name__}{noise}; {prior}; {intercept}"
