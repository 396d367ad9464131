"""From an engine's draws to the ArviZ DataTree that users get."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.by_group import gathered
from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian, Kinked
from bayesreg.local_scales import draw_local_scales, is_mixture
from bayesreg.numerics.conditional_loo import draws_within_reach
from bayesreg.numerics.threads import one_blas_thread
from bayesreg.outcomes import Draws
from bayesreg.problem import Problem

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

# Pointwise log likelihoods are kept up to this many numbers: 160 MB.
LARGEST_LOG_LIKELIHOOD = 20_000_000
# So many of them are computed at a time: their intermediate results, 1 MB each, stay in the processor's cache.
BLOCK = 1 << 17


def pointwise_log_likelihood(post: xr.DataTree, called: str = "this posterior") -> Array:
    """Return the log likelihood of every row under every draw, shape (chain, draw, n).

    Raises
    ------
    InputError
        If the tree keeps none; ``called`` is what the message calls it.
    """
    if "log_likelihood" not in post.children:
        raise InputError(
            f"{called} keeps no pointwise log likelihood (too many rows times draws): sample with fewer draws."
        )
    return np.asarray(post["log_likelihood"]["y"].to_numpy())


def is_ours(value: object) -> bool:
    """Whether ``value`` is a DataTree that `build_tree` made, fresh or loaded from a file."""
    import xarray as xr

    if not isinstance(value, xr.DataTree):
        return False
    return {"model", "y_sha256"} <= set(value.attrs) and {"posterior", "constant_data"} <= set(value.children)


def build_tree(
    problem: Problem,
    drawn: Draws,
    seed: np.random.SeedSequence,
    attrs: dict[str, Any],
    *,
    predictive: bool = False,
) -> xr.DataTree:
    """Assemble the groups of the result and its attributes.

    Parameters
    ----------
    problem : Problem
    drawn : Draws
    seed : numpy.random.SeedSequence
        For what is drawn afterwards: the local scales of a Laplace part.
    attrs : dict
        What the caller knows: engine, why, seed, time.
    predictive : bool
        Whether to draw responses too.

    Returns
    -------
    xarray.DataTree
    """
    import xarray as xr

    design = problem.design
    chains, draws = drawn.values["coef"].shape[:2]
    posterior = dict(drawn.values)
    sigma = posterior.get("sigma", np.full((chains, draws), problem.known_sigma or 1.0))
    rng = np.random.default_rng(seed)
    local = _local_scale(problem, posterior, sigma, rng)
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
    intercept = posterior.get("intercept", np.zeros((chains, draws)))
    if kept:
        rows = _row_log_likelihood(problem, posterior["coef"], intercept, sigma)
        groups["log_likelihood"] = xr.Dataset(
            {"y": (("chain", "draw", "obs"), rows)}, {name: coords[name] for name in ("chain", "draw", "obs")}
        )
    if predictive:
        eta = problem.linear_predictor(posterior["coef"], intercept)
        response = problem.likelihood.draw(rng, eta, sigma[..., None])
        groups["posterior_predictive"] = xr.Dataset(
            {"y": (("chain", "draw", "obs"), response)}, {name: coords[name] for name in ("chain", "draw", "obs")}
        )
    if stats:
        groups["sample_stats"] = _dataset(stats, ("chain", "draw"), coords)
    groups["observed_data"] = xr.Dataset({"y": ("obs", design.y)}, {"obs": coords["obs"]})
    groups["constant_data"] = _constant_data(problem, posterior["coef"], intercept, sigma, coords)
    if kept and "elpd_loo" not in drawn.pointwise and _rows_serve(problem, chains * draws):
        # A copy: users may change theirs.
        groups["constant_data"]["X"] = (("obs", "feature"), np.array(design.X))
    if drawn.moments:
        groups["exact_moments"] = _dataset(drawn.moments, (), coords)
    if drawn.pointwise:
        of_rows = {name: ("obs", value) for name, value in drawn.pointwise.items()}
        groups["exact_loo"] = xr.Dataset(of_rows, {"obs": coords["obs"]})
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = attrs | {
        "exactness": drawn.exactness,
        "numerical_error": drawn.numerical_error,
        "model": problem.spec,
        "model_in_words": in_words(problem),
        "notes": "; ".join(problem.notes),
        "y_sha256": hashlib.sha256(np.ascontiguousarray(design.y).tobytes()).hexdigest(),
        "log_likelihood_kept": int(kept),
        "bayesreg_version": _own_version(),
        "numpy_version": np.__version__,
    }
    return tree


@cache
def _own_version() -> str:
    return version("bayesreg")


def _row_log_likelihood(problem: Problem, coef: Array, intercept: Array, sigma: Array) -> Array:
    """Log likelihood of every draw and row, shape (chains, draws, n)."""
    chains, draws = intercept.shape
    rows = np.empty((chains, draws, problem.n))
    step = max(1, BLOCK // problem.n)
    with one_blas_thread():
        for chain in range(chains):
            for first in range(0, draws, step):
                at = chain, slice(first, first + step)
                rows[at] = problem.row_log_likelihood(coef[at], intercept[at], sigma[at])
    return rows


def _dataset(values: dict[str, Array], leading: tuple[str, ...], coords: dict[str, Array]) -> xr.Dataset:
    import xarray as xr

    variables = {}
    plain, labels = gathered(values)
    for name, value in plain.items():
        array = np.asarray(value)
        own = "group" if name in labels else "feature"
        variables[name] = (leading + (own,) * (array.ndim - len(leading)), array)
    if labels:
        coords = coords | {"group": np.array(next(iter(labels.values())), dtype=str)}
    used = {dim for dims, _ in variables.values() for dim in dims}
    return xr.Dataset(variables, {name: coords[name] for name in coords if name in used})


def _local_scale(problem: Problem, posterior: dict[str, Array], sigma: Array, rng: np.random.Generator) -> Array | None:
    """The sampler's own local scales, NaN where unpenalised; else those of a Laplace part, from their conditional."""
    if "local_scale" in posterior:
        return np.where(problem.unpenalised, np.nan, posterior["local_scale"])
    hyper = {name: posterior[name] for name in problem.hyper_laws}
    distance = posterior["coef"] - problem.loc
    return draw_local_scales(rng, problem.prior, distance, hyper, problem.unit, problem.relative_to, sigma)


def _row_information(problem: Problem, eta: Array, sigma: float) -> Array:
    """Curvature of the loss of each row times sigma²; at a kink, where there is none, the squared slope."""
    y, likelihood = problem.design.y, problem.likelihood
    if implements(likelihood, Kinked):
        return np.asarray(likelihood.gradient(eta, y, sigma) ** 2 * sigma**2)
    return np.asarray(np.maximum(likelihood.curvature(eta, y, sigma), 0.0) * sigma**2)


def _rows_serve(problem: Problem, draws: int) -> bool:
    """Whether the coefficients can be integrated out of what the draws predict of each row, which takes X."""
    normal = isinstance(problem.likelihood, Gaussian) and is_mixture(problem.prior) and not problem.design.is_sparse
    return normal and draws_within_reach(problem.n, problem.p, draws)[0] > 0


def _constant_data(
    problem: Problem, coef: Array, intercept: Array, sigma: Array, coords: dict[str, Array]
) -> xr.Dataset:
    """What shrinkage and prediction need of the data and the bound model."""
    import xarray as xr

    design = problem.design
    cross = None
    if isinstance(problem.likelihood, Gaussian):
        response = np.sqrt(design.weight) * (design.y - design.offset)
        # Centred columns are orthogonal to the intercept, so the response need not be centred.
        cross = (design.centred if problem.fit_intercept else design.uncentred).T @ response
        gram = design.centred_gram if problem.fit_intercept else design.uncentred_gram
    else:
        # Information of each row at the posterior mean, in units of 1/sigma², centred with its own weights.
        eta = problem.linear_predictor(coef.mean((0, 1)), float(intercept.mean()))
        h = design.weight * _row_information(problem, eta, float(sigma.mean()))
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
    if cross is not None:
        variables["cross"] = ("feature", cross)
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
