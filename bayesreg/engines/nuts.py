"""The posterior of any model by the no-U-turn sampler, run by nutpie."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import Options
from bayesreg.errors import SamplingError
from bayesreg.interfaces import implements
from bayesreg.numerics.threads import one_blas_thread
from bayesreg.nutpie_models import compiled_density, compiled_pymc
from bayesreg.outcomes import Draws
from bayesreg.priors.base import Exported, NormalMixture, Penalised
from bayesreg.problem import Problem
from bayesreg.sampling_form import coordinates, why_not_compiled

Array = NDArray[np.float64]

STATS = ("diverging", "energy", "n_steps", "step_size", "logp", "mean_tree_accept", "maxdepth_reached")
# Fewer draws a chain than these are not worth returning when sampling is interrupted.
FEWEST = 4


class Nuts:
    """NUTS in whitened coordinates on a compiled density; on the model's PyMC form where a part is the user's own."""

    name = "nuts"
    tune = 500

    def why_not(self, problem: Problem) -> str | None:
        """Return None for every model that has a PyMC form."""
        if not isinstance(problem.prior, Penalised | NormalMixture | Exported):
            return f"{type(problem.prior).__name__} has neither rates(...) nor to_pymc(...)"
        reason = why_not_compiled(problem)
        return f"X is sparse, and {reason}" if reason and problem.design.is_sparse else None

    def cost(self, problem: Problem) -> str:
        """Dozens of gradients a draw; compilation where the density is not one of ours."""
        if why_not_compiled(problem):
            return "seconds to compile, then 10 to 100 passes over the rows a draw"
        return "5 to 100 gradients a draw, each a pass over the rows or, for a Gaussian likelihood, p² flops"

    def sample(
        self, problem: Problem, draws: int, chains: int, seed: np.random.SeedSequence, options: Options
    ) -> Draws:
        """Sample; Ctrl-C ends it early and keeps what every chain has."""
        at = None if why_not_compiled(problem) else coordinates(problem)
        model = compiled_pymc(problem) if at is None else compiled_density(at)
        tree = _run(
            model,
            draws=draws,
            tune=options["tune"],
            chains=chains,
            cores=min(chains, options["cores"]),
            seed=int(seed.generate_state(1)[0]),
            target_accept=options["target_accept"],
            # Correlated columns need more than a diagonal mass matrix; whitened ones have it in their coordinates.
            adaptation="low_rank" if at is None else "diag",
            progress_bar=options["progressbar"],
            save_warmup=False,
        )
        stats = {name: np.asarray(tree["sample_stats"][name]) for name in STATS if name in tree["sample_stats"]}
        kept = _complete(stats["logp"])
        if kept < min(FEWEST, draws):
            raise KeyboardInterrupt
        if at is not None:
            values = at.values(np.asarray(tree["posterior"]["u"], dtype=float)[:, :kept])
        else:
            names = ["coef", *(["intercept"] if problem.fit_intercept else []), *problem.hyper_laws]
            names += ["sigma"] if problem.sigma_law is not None else []
            names += ["local_scale"] if implements(problem.prior, NormalMixture) else []
            values = {name: np.asarray(tree["posterior"][name], dtype=float)[:, :kept] for name in names}
        attrs = {"interrupted": 1} if kept < draws else {}
        return Draws(values, {name: value[:, :kept] for name, value in stats.items()}, "mcmc", {}, attrs=attrs)


def _run(model: Any, **settings: Any) -> Any:
    """Return the tree of the draws; shorter, with NaN behind, when it was interrupted."""
    import nutpie

    try:
        with one_blas_thread():
            running = nutpie.sample(model, blocking=False, **settings)
            try:
                return running.wait()
            except KeyboardInterrupt:
                with warnings.catch_warnings():
                    # ArviZ about fewer draws than chains.
                    warnings.simplefilter("ignore", UserWarning)
                    return running.abort()
    except RuntimeError as error:
        raise SamplingError(
            f"NUTS could not run: {error}. Check the scales of X and y and that every prior is proper."
        ) from error


def _complete(logp: Array) -> int:
    """Draws that every chain has."""
    return int(np.isfinite(logp).all(axis=0).sum())
