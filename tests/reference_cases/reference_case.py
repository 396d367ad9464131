"""Loading the reference cases of ``tests/reference``, and comparing draws with reference summaries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FOLDER = Path(__file__).resolve().parents[1] / "reference"

# Every case of the collection, also those that are not shipped because they cannot be expressed.
ALL_IDS = frozenset(
    """
    bayesreg_diabetes_lasso bayesreg_diabetes_ridge bayesreg_prostate_hs elasticnet_prior_const esl_prostate_table33
    glmnet_BinomialExample glmnet_PoissonExample glmnet_QuickStartExample glmnet_diabetes_scaled
    laplace1_moderate laplace1_zero_map laplace2_corr08 monomvn_diabetes_pc_fixed0p237 nig_flat_intercept nig_small
    nist_longley nist_noint1 nist_norris nist_wampler1 nist_wampler3
    pdb_earnings__log10earn_height pdb_earnings__logearn_height_male pdb_kidiq__kidscore_momhsiq
    pdb_kidiq__kidscore_momiq pdb_kidiq_with_mom_work__kidscore_interaction_c2
    pdb_kidiq_with_mom_work__kidscore_mom_work pdb_kilpisjarvi_mod__kilpisjarvi pdb_mesquite__logmesquite
    pdb_mesquite__logmesquite_logvolume pdb_nes1972__nes pdb_nes1988__nes pdb_sblrc__blr
    rstanarm_diabetes_laplace rstanarm_wells_normal
    """.split()
)

NOT_EXPRESSIBLE: dict[str, str] = {}

# The collection's own rule for a comparison of two samples.
LARGEST_Z = 4.0


@dataclass(frozen=True)
class Case:
    """One case: its description and, where it has any, its data.

    Parameters
    ----------
    info : dict
        ``case.json``.
    X : array, shape (n, p)
    y : array, shape (n,)
    """

    info: dict[str, Any]
    X: Array
    y: Array

    @property
    def reference(self) -> dict[str, Any]:
        """The reference results."""
        return self.info["reference"]

    @property
    def columns(self) -> list[str]:
        """Names of the columns of X."""
        return self.info["data"]["columns"]


def matrix(identifier: str, name: str) -> Array:
    """Numbers of a file of a case, one header row, always 2-d."""
    return np.loadtxt(FOLDER / identifier / name, delimiter=",", skiprows=1, ndmin=2)


def load(identifier: str) -> Case:
    """Read a case; X and y are empty for the closed forms that state sufficient statistics."""
    info = json.loads((FOLDER / identifier / "case.json").read_text(encoding="utf-8"))
    assert info["id"] == identifier
    if "data" not in info:
        return Case(info, np.empty((0, 0)), np.empty(0))
    X, y = matrix(identifier, "X.csv"), matrix(identifier, "y.csv")[:, 0]
    assert X.shape == (info["data"]["n"], info["data"]["p"])
    return Case(info, X, y)


def numbers(values: list[str]) -> Array:
    """Decimal strings as floats."""
    return np.array([float(value) for value in values])


def z_scores(draws: Array, summary: dict[str, float], *, moments: bool = True) -> dict[str, float]:
    """Distance of our mean, sd and quantiles from the reference's, in combined Monte Carlo standard errors.

    Parameters
    ----------
    draws : array, shape (chains, draws)
        Ours.
    summary : dict
        ``mean``, ``sd``, ``q05``, ... of the reference with their ``_mcse`` (absent: the reference is exact).
    moments : bool, default True
        Whether mean and sd are compared; not for a heavy-tailed parameter.
    """
    import arviz as az

    out = {}
    if moments:
        for name, value in (("mean", draws.mean()), ("sd", draws.std())):
            own = float(az.mcse(draws, method=name))
            out[name] = (value - summary[name]) / np.hypot(own, summary.get(f"{name}_mcse", 0.0))
    for name in ("q05", "q25", "q50", "q75", "q95"):
        if name in summary:
            prob = int(name[1:]) / 100
            own = quantile_error(draws, prob)
            out[name] = (np.quantile(draws, prob) - summary[name]) / np.hypot(own, summary.get(f"{name}_mcse", 0.0))
    return out


def quantile_error(draws: Array, prob: float) -> float:
    """Monte Carlo standard error of a quantile: sqrt(prob (1 - prob) / ESS) over the density there.

    The density is that of the 5 % of the draws around the quantile. ``az.mcse(method="quantile")`` takes it from far
    fewer, so that it is known to 15 to 20 % only; over the hundreds of comparisons made here that raises false alarms
    at 4 standard errors (measured on independent normal draws: 4e-4 of them, instead of 6e-5).
    """
    import arviz as az

    low, high = np.quantile(draws, [prob - 0.025, prob + 0.025])
    ess = float(az.ess(draws, method="quantile", prob=prob))
    return float(np.sqrt(prob * (1 - prob) / ess) * (high - low) / 0.05)


def worst(scores: dict[str, dict[str, float]]) -> tuple[float, str]:
    """Largest absolute z-score of all parameters and where it is."""
    return max((abs(z), f"{name} {what}") for name, parts in scores.items() for what, z in parts.items())
