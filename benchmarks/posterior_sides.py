"""The samplers that are timed, each in a process of its own that stays warm between its runs."""

from __future__ import annotations

import multiprocessing
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from posterior_jobs import JOBS, Job

import bayesreg as br
from bayesreg.data import make_design
from bayesreg.problem import Problem
from bayesreg.scales import HalfCauchy, HalfNormal, HalfStudentT

Array = NDArray[np.float64]
# Runs once with a seed and returns draws by name, shapes (chains, draws, ...).
Run = Callable[[int], dict[str, Array]]
CHAINS, DRAWS, TUNE = 4, 1000, 1000


def ours(job: Job, X: Array, y: Array) -> tuple[Run, str]:
    """`bayesreg.sample` as a user calls it, with its result complete."""

    def run(seed: int, draws: int = DRAWS) -> dict[str, Array]:
        tree = br.sample(job.model, X, y, draws=draws, chains=CHAINS, seed=seed)
        posterior = tree["posterior"]
        return {name: posterior[name].to_numpy() for name in ("coef", "sigma", "prior_scale") if name in posterior}

    # What is compiled is loaded, what is imported late is imported.
    run(0, 20)
    return run, br.explain(job.model, X, y).sample_engine or ""


def nutpie(job: Job, X: Array, y: Array) -> tuple[Run, str]:
    """Nutpie on the PyMC model that `bayesreg.to_pymc` writes."""
    import nutpie

    compiled = nutpie.compile_pymc_model(br.to_pymc(job.model, X, y))

    def run(seed: int) -> dict[str, Array]:
        tree = nutpie.sample(
            compiled, draws=DRAWS, tune=TUNE, chains=CHAINS, seed=seed, progress_bar=False, save_warmup=False
        )
        posterior = tree["posterior"]
        return {name: posterior[name].to_numpy() for name in ("coef", "sigma", "prior_scale") if name in posterior}

    return run, "to_pymc"


def numpyro(job: Job, X: Array, y: Array) -> tuple[Run, str]:
    """NumPyro's NUTS on the same model, written here; chains side by side in double precision."""
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={CHAINS}"
    import numpyro
    from numpyro.infer import MCMC, NUTS

    numpyro.enable_x64()
    model = _numpyro_model(job.model.bind(make_design(X, y)))
    sampler = MCMC(
        NUTS(model),
        num_warmup=TUNE,
        num_samples=DRAWS,
        num_chains=CHAINS,
        chain_method="parallel",
        progress_bar=False,
    )

    def run(seed: int) -> dict[str, Array]:
        import jax

        sampler.run(jax.random.PRNGKey(seed))
        found = sampler.get_samples(group_by_chain=True)
        return {name: np.asarray(found[name]) for name in ("coef", "sigma", "prior_scale") if name in found}

    # The first run compiles.
    run(0)
    return run, "non-centred"


def _numpyro_model(problem: Problem) -> Callable[[], None]:
    import jax.numpy as jnp
    import numpyro
    from numpyro import distributions as dist

    prior, kind = problem.prior, type(problem.prior).__name__
    # With a flat intercept centring is the same model and easier to sample.
    X, y = jnp.asarray(problem.design.X - problem.design.x_mean), jnp.asarray(problem.design.y)
    unit, p = jnp.asarray(problem.unit), problem.p

    def scale_of(law: Any, name: str) -> Any:
        if isinstance(law, HalfCauchy):
            return numpyro.sample(name, dist.HalfCauchy(law.scale))
        if isinstance(law, HalfNormal):
            return numpyro.sample(name, dist.HalfNormal(law.scale))
        if isinstance(law, HalfStudentT):
            folded = dist.FoldedDistribution(dist.StudentT(law.df, 0.0, law.scale))
            return numpyro.sample(name, folded)
        square = numpyro.sample(f"{name}_square", dist.InverseGamma(law.shape, law.scale))
        return numpyro.deterministic(name, jnp.sqrt(square))

    def model() -> None:
        intercept = numpyro.sample("intercept", dist.ImproperUniform(dist.constraints.real, (), ()))
        sigma: Any = 1.0
        if problem.likelihood.has_sigma:
            sigma = scale_of(problem.sigma_law, "sigma")
        laws = problem.hyper_laws
        tau = scale_of(laws["prior_scale"], "prior_scale") if laws else prior.scale
        noise = sigma if problem.relative_to == "sigma" else 1.0
        raw = dist.Laplace(0.0, 1.0) if kind == "Laplace" else dist.Normal(0.0, 1.0)
        z = numpyro.sample("z", raw.expand([p]))
        local = numpyro.sample("local_scale", dist.HalfCauchy(1.0).expand([p])) if kind == "Horseshoe" else 1.0
        coef = numpyro.deterministic("coef", z * local * tau * noise * unit)
        eta = intercept + X @ coef
        if problem.likelihood.has_sigma:
            numpyro.sample("y", dist.Normal(eta, sigma), obs=y)
        else:
            numpyro.sample("y", dist.Bernoulli(logits=eta), obs=y)

    return model


SIDES = {"bayesreg": ours, "nutpie": nutpie, "numpyro": numpyro}


def smallest_ess(draws: dict[str, Array]) -> float:
    """ArviZ's bulk effective sample size, the smallest over all coefficients, sigma and the prior's scale."""
    import arviz as az

    found = az.ess(az.from_dict({"posterior": draws}), method="bulk")
    return min(float(np.min(found[name].to_numpy())) for name in draws)


@dataclass(frozen=True)
class Timing:
    """One run: seconds and what they gave."""

    wall: float
    cpu: float
    ess: float


def _work(pipe: Any, side: str, name: str, scale: float) -> None:
    """Prepare once, then run whenever a seed comes."""
    warnings.simplefilter("ignore")
    job = next(job for job in JOBS if job.name == name)
    X, y = job.data(scale)
    try:
        began = time.perf_counter()
        run, how = SIDES[side](job, X, y)
        pipe.send((time.perf_counter() - began, how))
        while True:
            seed = pipe.recv()
            wall, cpu = time.perf_counter(), time.process_time()
            draws = run(seed)
            spent = time.perf_counter() - wall, time.process_time() - cpu
            pipe.send(Timing(*spent, smallest_ess(draws)))
    except EOFError:
        # The other end is gone.
        return
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}"[:90])


class Worker:
    """A side at a job, in its own process."""

    def __init__(self, side: str, job: str, scale: float, patience: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.side, self.patience, self.failed = side, patience, ""
        self.prepared, self.how, self.timings = 0.0, "", list[Timing]()
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_work, args=(other, side, job, scale), daemon=True)
        self.process.start()
        if (answer := self._answer()) is not None:
            self.prepared, self.how = answer

    def run(self, seed: int) -> None:
        """Time one run, unless something went wrong before."""
        if not self.failed:
            self.pipe.send(seed)
            if (answer := self._answer()) is not None:
                self.timings.append(answer)

    def _answer(self) -> Any:
        if not self.pipe.poll(self.patience):
            self.failed = f"over {self.patience:.0f} s"
        else:
            answer = self.pipe.recv()
            if not isinstance(answer, str):
                return answer
            self.failed = answer
        self.stop()
        return None

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.join()
