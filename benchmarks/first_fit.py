"""The first fit of a fresh process: import, what has to be compiled or loaded, and a lasso on the diabetes data.

    ./run --group bench python benchmarks/first_fit.py

Each side runs in processes of its own, alternating; once with an empty folder for numba's cache and then with that
folder filled. Wall time is that of the whole process, the interpreter's start included.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 5

_DATA = """
import time
began = time.perf_counter()
import numpy as np
rng = np.random.default_rng(0)
X = np.asfortranarray(rng.standard_normal((442, 10)))
y = X @ np.arange(10.0) + rng.standard_normal(442)
"""
SIDES = {
    "bayesreg, lasso": """
import bayesreg as br
from bayesreg import likelihoods, priors
br.find_map(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(rate=44.2)), X, y)
""",
    "bayesreg, logistic l1": """
import bayesreg as br
from bayesreg import likelihoods, priors
br.find_map(br.Model(likelihoods.Bernoulli(), priors.Laplace(rate=4.4)), X, (y > 0).astype(float))
""",
    "scikit-learn, Lasso": """
from sklearn.linear_model import Lasso
Lasso(0.1).fit(X, y)
""",
    "skglm, Lasso": """
import skglm
skglm.Lasso(0.1).fit(X, y)
""",
}
_MODULE = {"bayesreg": "bayesreg", "scikit-learn": "sklearn", "skglm": "skglm"}


def one_process(code: str, cache: str) -> tuple[float, float]:
    """Wall and CPU seconds of a fresh process."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # Without it Python would compile its own sources again each time.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-c", _DATA + code], env=environment, check=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print wall and CPU medians with an empty and with a filled cache."""
    sides = {name: code for name, code in SIDES.items() if importlib.util.find_spec(_MODULE[name.partition(",")[0]])}
    print(f"\n9  first fit in a fresh process\n{'':<28}{'cache':>8}{'wall, s':>10}{'CPU, s':>10}")
    with tempfile.TemporaryDirectory() as scratch:
        for code in sides.values():
            one_process(code, os.path.join(scratch, "for Python's own bytecode"))
        rows: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for turn in range(ROUNDS):
            for number, (name, code) in enumerate(sides.items()):
                cache = os.path.join(scratch, f"{turn}-{number}")
                rows.setdefault((name, "empty"), []).append(one_process(code, cache))
                rows.setdefault((name, "filled"), []).append(one_process(code, cache))
        for (name, state), times in rows.items():
            wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"   {name:<25}{state:>8}{wall:>10.2f}{cpu:>10.2f}")


if __name__ == "__main__":
    main()
