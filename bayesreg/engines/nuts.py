"""The posterior of any model by the no-U-turn sampler: the PyMC export, sampled by nutpie."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from bayesreg.engines.base import Options
from bayesreg.errors import SamplingError
from bayesreg.interfaces import implements
from bayesreg.outcomes import Draws
from bayesreg.priors.base import Exported, NormalMixture, Penalised
from bayesreg.problem import Problem
from bayesreg.pymc_export import build_pymc


class Nuts:
    """NUTS on the model's PyMC form, the intercept sampled at the column means."""

    name = "nuts"
    tune = 1000

    def why_not(self, problem: Problem) -> str | None:
        """Return None for every model that has a PyMC form."""
        if not isinstance(problem.prior, Penalised | NormalMixture | Exported):
            return f"{type(problem.prior).__name__} has neither rates(...) nor to_pymc(...)"
        return None

    def cost(self, problem: Problem) -> str:
        """Compilation, then some dozens of gradients a draw."""
        return "seconds to compile, then 10 to 100 passes over the rows a draw"

    def sample(
        self, problem: Problem, draws: int, chains: int, seed: np.random.SeedSequence, options: Options
    ) -> Draws:
        """Compile (seconds, the first time on a machine up to a minute) and sample."""
        import nutpie

        with warnings.catch_warnings():
            # Compiling the elastic net's random method falls back to Python; sampling never calls it.
            warnings.filterwarnings("ignore", message="Numba will use object mode", category=UserWarning)
            compiled = nutpie.compile_pymc_model(_form(problem))
            try:
                tree = nutpie.sample(
                    compiled,
                    draws=draws,
                    tune=options["tune"],
                    chains=chains,
                    cores=min(chains, options["cores"]),
                    seed=int(seed.generate_state(1)[0]),
                    target_accept=options["target_accept"],
                    # Correlated columns need more than a diagonal mass matrix: ten times the ESS on the diabetes data.
                    adaptation="low_rank",
                    progress_bar=options["progressbar"],
                    save_warmup=False,
                )
            except RuntimeError as error:
                raise SamplingError(
                    f"NUTS could not run: {error}. Check the scales of X and y and that every prior is proper."
                ) from error
        names = ["coef", *(["intercept"] if problem.fit_intercept else []), *problem.hyper_laws]
        if problem.sigma_law is not None:
            names.append("sigma")
        if implements(problem.prior, NormalMixture):
            names.append("local_scale")
        values = {name: np.asarray(tree["posterior"][name], dtype=float) for name in names}
        kept = ("diverging", "energy", "n_steps", "step_size", "logp", "mean_tree_accept", "maxdepth_reached")
        stats = {name: np.asarray(tree["sample_stats"][name]) for name in kept if name in tree["sample_stats"]}
        return Draws(values, stats, "mcmc", {})


def _form(problem: Problem) -> Any:
    # Small local scales beside their coefficients would be a funnel.
    return build_pymc(problem, centred=problem.fit_intercept, standardised=implements(problem.prior, NormalMixture))
