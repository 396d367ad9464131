"""Effective draws a second of our posteriors and of NUTS on the same models.

    ./run --group bench python benchmarks/posterior_speed.py [--only JOB] [--peers nutpie,numpyro] [--scale 0.1]

4 chains of 1000 draws after warm-up; the smallest bulk ESS by ArviZ over all coefficients, sigma and the prior's scale,
divided by the CPU and by the wall seconds of the whole call. Every side has a process of its own that stays warm; the
sides take turns; medians over the rounds. What is done once, importing, compiling and for NumPyro a first run, is the
column "before". The models, the same for all, are in ``posterior_jobs.py``. ``--peers none`` times ours alone;
``--only fresh`` the first posterior of a fresh process, with numba's cache filled and empty.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile

FRESH = """
import numpy as np
import bayesreg as br
from bayesreg import likelihoods, priors, scales
X, y = np.load({X!r}), np.load({y!r})
model = br.Model(likelihoods.Gaussian(), priors.Laplace(scales.HalfCauchy(1.0)), standardize=True)
br.sample(model, X, y, seed=1)
"""


def fresh(rounds: int) -> None:
    """Print the time of whole processes."""
    import numpy as np
    from first_fit import one_process

    from bayesreg.report.demo import diabetes

    print("\ndiabetes lasso, a fresh process (import, 4 x 1000 draws; the data are arrays in files)")
    with tempfile.TemporaryDirectory() as scratch:
        places = {name: os.path.join(scratch, f"{name}.npy") for name in "Xy"}
        for name, values in zip("Xy", diabetes(), strict=True):
            np.save(places[name], np.asarray(values, dtype=float))
        code = FRESH.format(**places)
        one_process(code, os.path.join(scratch, "for Python's own bytecode"))
        times: dict[str, list[tuple[float, float]]] = {"empty": [], "filled": []}
        for turn in range(rounds):
            for state, seen in times.items():
                seen.append(one_process(code, os.path.join(scratch, str(turn))))
                print(f"   cache {state:<7} {seen[-1][0]:7.1f} s wall {seen[-1][1]:7.1f} s CPU", flush=True)


def table(job: str, peers: list[str], rounds: int, scale: float, patience: float) -> None:
    """Print one job's rows."""
    from posterior_sides import Worker

    print(f"\n{job}", flush=True)
    workers = [Worker(side, job, scale, patience) for side in ["bayesreg", *peers]]
    for turn in range(rounds):
        for worker in workers:
            worker.run(turn + 1)
    for worker in workers:
        seen = worker.timings
        if worker.failed and not seen:
            print(f"   {worker.side:<10} {worker.failed}", flush=True)
            continue
        wall, cpu, ess = (statistics.median(getattr(one, what) for one in seen) for what in ("wall", "cpu", "ess"))
        spent = f"before {worker.prepared:7.1f} s   wall {wall:8.2f} s   CPU {cpu:8.2f} s   ESS {ess:7.0f}"
        rates = f"ESS/wall s {ess / wall:9.1f}   ESS/CPU s {ess / cpu:9.1f}   ({len(seen)} runs)"
        print(f"   {worker.side:<10} {worker.how:<16} {spent}   {rates}", flush=True)
        worker.stop()


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="part of a job's name, or 'fresh'")
    parser.add_argument("--peers", default="nutpie,numpyro", help="comma-separated, or none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="shrinks the synthetic data for a trial")
    parser.add_argument("--patience", type=float, default=900.0, help="seconds that a run may take")
    options = parser.parse_args()
    # Every chain is one thread: BLAS would add its own.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    from posterior_jobs import JOBS

    peers = [] if options.peers == "none" else options.peers.split(",")
    for job in JOBS:
        if options.only is None or options.only in job.name:
            table(job.name, peers, options.rounds, options.scale, options.patience)
    if options.only in (None, "fresh"):
        fresh(options.rounds)


if __name__ == "__main__":
    main()
