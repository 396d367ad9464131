"""The verbs: explain, find_map, sample, to_pymc."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg import diagnostics, noise
from bayesreg.certificate import GAP_TOLERANCE, KKT_TOLERANCE, certify
from bayesreg.chains import Request, repeat, run
from bayesreg.checkpoint import Checkpoint, checked_path, fingerprint, stored_seed
from bayesreg.choice import (
    SAMPLE_ENGINES,
    Explanation,
    choose,
    map_engine,
    map_reasons,
    sample_costs,
    sample_reasons,
)
from bayesreg.engines.base import ChainEngine
from bayesreg.errors import ConvergenceWarning, InputError, UnsuitableError, warn
from bayesreg.identified import check_identified, check_noise_law
from bayesreg.model import Model, bind
from bayesreg.outcomes import Mode
from bayesreg.posterior import build_tree
from bayesreg.problem import Problem
from bayesreg.pymc_export import build_pymc
from bayesreg.results import MapResult
from bayesreg.scaling import rescaled

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Seed = int | np.random.Generator | None


def explain(
    model: Model, X: Any, y: Any, *, sample_weight: ArrayLike | None = None, offset: ArrayLike | None = None
) -> Explanation:
    """Tell which engine `find_map` and `sample` would use, and why not the others, without running them.

    Parameters
    ----------
    model : Model
    X : array or frame, shape (n, p)
    y : array, shape (n,)
    sample_weight, offset : array, shape (n,), optional

    Returns
    -------
    Explanation
        Prints as text.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X = np.array([[0.0], [1.0], [2.0], [4.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> br.explain(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y).sample_engine
    'gibbs_full'
    """
    problem = bind(model, X, y, sample_weight, offset)
    return Explanation(map_reasons(problem), sample_reasons(problem), problem.notes, sample_costs(problem))


def find_map(
    model: Model,
    X: Any,
    y: Any,
    *,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    engine: str | None = None,
    max_iter: int = 10_000,
    measure: noise.Measure = "natural",
) -> MapResult:
    """Find the posterior mode of (intercept, coef), and of a learned sigma with them, with its certificate.

    Parameters
    ----------
    model : Model
        Its prior must be a penalty with known parameters.
    X : array or frame, shape (n, p)
    y : array, shape (n,)
    sample_weight : array, shape (n,), optional
        Weight k counts as the row repeated k times.
    offset : array, shape (n,), optional
        Added to the linear predictor.
    engine : str, optional
        One of the names that `explain` lists; the first able one by default.
    max_iter : int, default 10000
        Bound on the cycles or Newton steps.
    measure : {"natural", "log", "scaled"}, default "natural"
        For a learned sigma, what is maximised: the density with respect to sigma itself (as ``pm.find_MAP`` does), with
        respect to log sigma, or, for the scaled (square-root) lasso, not a density but sigma² = RSS/n.

    Returns
    -------
    MapResult
        In original units.

    Raises
    ------
    InputError
        For unusable data.
    NotIdentifiedError
        For separated classes or collinear columns under a flat prior.
    NoMapError
        Where no useful mode exists: a learned prior scale, a joint density with sigma that is unbounded.
    NoEngineError
        If no engine can do it; the message lists the reasons.

    Warns
    -----
    ConvergenceWarning
        If the certificate does not meet the contract; the result carries it.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> mode = br.find_map(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y)
    >>> mode.n_nonzero, mode.converged
    (1, True)
    """
    if not isinstance(max_iter, int | np.integer) or isinstance(max_iter, bool) or max_iter < 1:
        raise InputError(f"max_iter must be an integer of at least 1, got {max_iter!r}.")
    problem = bind(model, X, y, sample_weight, offset)
    return find_map_of(problem, engine, int(max_iter), measure)


def find_map_of(
    problem: Problem, wanted: str | None = None, max_iter: int = 10_000, measure: noise.Measure = "natural"
) -> MapResult:
    """Find the mode of a model that is bound already; see `find_map`."""
    problem, unit = rescaled(problem)
    chosen = map_engine("find_map", problem, wanted)
    noise.check_measure(problem, measure)
    if problem.known_sigma is not None:
        sigma = problem.known_sigma
        mode = chosen.find_map(problem, sigma, None, max_iter)
        stated = "mode of (intercept, coef)" + ("" if problem.sigma is None else " at the given sigma")
    else:

        def solve(level: float, start: Mode | None) -> Mode:
            return chosen.find_map(problem, level, start, max_iter)

        mode, sigma = noise.joint_mode(problem, solve, measure)
        stated = noise.MEASURES[measure]
    certificate = certify(problem, mode.coef, mode.intercept, sigma, dual=mode.dual, optima=mode.optima)
    if not certificate.accepted:
        warn(
            f"{chosen.name} stopped after {mode.n_iter} iterations with relative gap {certificate.relative_gap:.2e} "
            f"(contract {GAP_TOLERANCE:g}) and KKT cosine {certificate.kkt:.2e} (contract {KKT_TOLERANCE:g}); "
            "raise max_iter, or look for collinear columns.",
            ConvergenceWarning,
        )
    return MapResult(
        coef=mode.coef * unit,
        intercept=mode.intercept,
        sigma=sigma if problem.likelihood.has_sigma else None,
        certificate=certificate,
        engine=chosen.name,
        n_iter=mode.n_iter,
        names=problem.design.names,
        measure=stated,
        notes=problem.notes,
        likelihood=problem.likelihood,
        write_spec=problem.write_spec,
        density=partial(problem.log_posterior, mode.coef, mode.intercept, sigma),
        dual=mode.dual,
    )


def sample(
    model: Model,
    X: Any,
    y: Any,
    *,
    draws: int = 1000,
    chains: int = 4,
    tune: int | None = None,
    seed: Seed = None,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    engine: str | None = None,
    cores: int | None = None,
    target_ess: float | None = None,
    max_draws: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    progressbar: bool = False,
    target_accept: float = 0.9,
    posterior_predictive: bool = False,
) -> xr.DataTree:
    """Draw from the posterior of everything unknown, by the fastest exact engine that applies.

    Parameters
    ----------
    model : Model
    X : array or frame, shape (n, p)
    y : array, shape (n,)
    draws : int, default 1000
        Kept draws a chain.
    chains : int, default 4
    tune : int, optional
        Warm-up draws a chain; by default what the engine needs (NUTS: 1000; none for independent draws).
    seed : int, numpy.random.Generator or None
        The same seed gives the same draws, on any number of cores.
    sample_weight, offset : array, shape (n,), optional
    engine : str, optional
        One of the names that `explain` lists; the first able one by default.
    cores : int, optional
        Chains that run at the same time; by default as many as there are processors.
    target_ess : float, optional
        Go on beyond ``draws`` until the bulk and tail effective sample size of every parameter is so large. NUTS begins
        again with more draws.
    max_draws : int, optional
        The most draws a chain for ``target_ess``, 20 times ``draws`` by default.
    checkpoint : path, optional
        File (.npz) that holds the run so far: the same call goes on from it, bit by bit as if never interrupted, and so
        does one with more ``draws``. Engines whose chains this package does not advance itself are passed over.
    checkpoint_every : int, optional
        Write it after every so many draws a chain; by default now and then, and at the end.
    progressbar : bool, default False
        Show draws, speed and effective sample size so far.
    target_accept : float, default 0.9
        For NUTS.
    posterior_predictive : bool, default False
        Add the group ``posterior_predictive``: a new response for every row and draw.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` (``intercept``, ``coef``, learned ``sigma`` and prior parameters, ``local_scale`` of a
        normal mixture, which priors with a Laplace part and of groups are too), ``sample_stats``, ``log_likelihood``,
        ``observed_data``, ``constant_data`` and, where the engine knows them, ``exact_moments``. Original units;
        ``attrs`` say engine, exactness, model, seed.
        Ctrl-C returns the draws so far, with ``attrs["interrupted"]`` and a warning.

    Raises
    ------
    InputError, NotIdentifiedError, NoEngineError
        Before anything is compiled; also for a checkpoint that is damaged or that of another run.
    SamplingError
        If the sampler cannot start.
    KeyboardInterrupt
        If Ctrl-C comes before every chain has four draws.

    Warns
    -----
    SamplingWarning
        If a diagnostic fails; ``attrs["diagnostics"]`` holds the verdict, and `diagnose` gives it again.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X = np.array([[0.0], [1.0], [2.0], [4.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, y, seed=1)
    >>> post["posterior"]["coef"].shape, post.attrs["engine"]
    ((4, 1000, 1), 'exact_gaussian')
    """
    if not 0 < target_accept < 1:
        raise InputError(f"target_accept must lie between 0 and 1, got {target_accept!r}.")
    request = Request(draws, chains, 0 if tune is None else tune, cores, target_ess, max_draws, progressbar)
    path = checked_path(checkpoint, checkpoint_every)
    problem = bind(model, X, y, sample_weight, offset)
    reasons = sample_reasons(problem)
    if path is not None:
        passed = {e.name: "it writes no checkpoint=" for e in SAMPLE_ENGINES if not isinstance(e, ChainEngine)}
        reasons = tuple((name, reason or passed.get(name)) for name, reason in reasons)
    chosen = SAMPLE_ENGINES[choose("sample", reasons, engine)]
    check_identified(problem)
    check_noise_law(problem)
    sequence = seed_sequence(stored_seed(path) if seed is None and path is not None else seed)
    for_engine, for_locals = sequence.spawn(2)
    began = time.perf_counter()
    drawn = None
    while drawn is None:
        request = replace(request, tune=chosen.tune) if tune is None else request
        if isinstance(chosen, ChainEngine):
            checkpointed = None
            if path is not None:
                this = fingerprint(problem, chosen.name, request.chains, request.tune, sequence)
                checkpointed = Checkpoint(path, checkpoint_every, this)
            drawn = run(chosen, problem, request, for_engine, checkpointed)
        else:
            try:
                drawn = repeat(chosen, problem, request, for_engine, target_accept)
            except UnsuitableError as error:
                # Found out while running: the next engine, or every reason if it was asked for by name.
                reasons = tuple((name, str(error) if name == chosen.name else reason) for name, reason in reasons)
                chosen = SAMPLE_ENGINES[choose("sample", reasons, engine)]
    attrs = {
        "engine": chosen.name,
        "why": "; ".join(f"not {name}: {reason}" for name, reason in reasons if reason),
        "seed": str(seed) if isinstance(seed, int | np.integer) else "none",
        "sampling_time": time.perf_counter() - began,
    }
    if target_ess is not None:
        attrs["target_ess"] = float(target_ess)
    tree = build_tree(problem, drawn, for_locals, attrs | drawn.attrs, predictive=posterior_predictive)
    diagnostics.judge(tree)
    return tree


def seed_sequence(seed: Seed) -> np.random.SeedSequence:
    """Turn what users may give as a seed into a sequence to spawn from; a generator is advanced."""
    if isinstance(seed, np.random.Generator):
        return np.random.SeedSequence([int(word) for word in seed.integers(0, 2**32, 4)])
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0):
        raise InputError(f"seed must be a non-negative integer, a numpy.random.Generator or None, got {seed!r}.")
    return np.random.SeedSequence(None if seed is None else int(seed))


def to_pymc(
    model: Model, X: Any, y: Any, *, sample_weight: ArrayLike | None = None, offset: ArrayLike | None = None
) -> Any:
    """Export the model to PyMC: the same density, to check or to extend.

    Parameters
    ----------
    model : Model
    X : array or frame, shape (n, p)
    y : array, shape (n,)
    sample_weight, offset : array, shape (n,), optional

    Returns
    -------
    pymc.Model
        Variables ``coef`` (dims ``feature``), ``intercept``, ``sigma``, the learned prior parameters and, of a normal
        mixture, ``local_scale`` (dims ``feature``), observed ``y`` (dims ``obs``), data ``X`` and ``y_observed``. With
        sample weights the likelihood is a potential, which PyMC cannot predict from: use `predict` on the result of
        `sample`.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X, y = np.array([[0.0], [1.0], [3.0]]), np.array([0.1, 0.9, 3.1])
    >>> sorted(v.name for v in br.to_pymc(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y).free_RVs)
    ['coef', 'intercept']
    """
    return build_pymc(bind(model, X, y, sample_weight, offset))
