"""Quick posteriors of some models, and their predictive densities row by row."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from bayesreg.data import Design
from bayesreg.errors import BayesregWarning
from bayesreg.fit import sample
from bayesreg.leave_one_out import leave_one_out, sum_of_rows
from bayesreg.model import Model

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

# Leave-one-out by importance weights is given up where it is unreliable for more than this share of the rows.
_UNRELIABLE = 0.05
_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Compared:
    """Posteriors and their predictive densities.

    Parameters
    ----------
    posteriors : dict of str to xarray.DataTree
    density : dict of str to array, shape (n,)
        Log predictive density of each row without it (or its fold), weighted.
    how : str
        "leave-one-out" or "5 folds".
    """

    posteriors: dict[str, xr.DataTree]
    density: dict[str, Array]
    how: str

    def table(self) -> pd.DataFrame:
        """Return elpd with standard error, and the difference to the best with its own, best first."""
        import pandas as pd

        best = self.best()
        rows = {}
        for name, rows_of in self.density.items():
            elpd, se = sum_of_rows(rows_of)
            difference, difference_se = self.against(name, best)
            rows[name] = {"elpd": elpd, "se": se, "difference": difference, "difference_se": difference_se}
        return pd.DataFrame(rows).T.sort_values("elpd", ascending=False).rename_axis("model")

    def best(self) -> str:
        """Name of the model with the largest elpd."""
        return max(self.density, key=lambda name: float(self.density[name].sum()))

    def against(self, name: str, other: str) -> tuple[float, float]:
        """Difference of the elpd of two models and its standard error."""
        return sum_of_rows(self.density[name] - self.density[other])


def compare_quickly(models: Mapping[str, Model], design: Design, draws: int, seed: np.random.Generator) -> Compared:
    """Sample each model with two chains; predict by leave-one-out, or by folds where that is unreliable."""
    with warnings.catch_warnings():
        # These runs are short on purpose: their verdicts go to what compares them.
        warnings.simplefilter("ignore", BayesregWarning)
        posts = {
            name: _sample(model, design, np.ones(design.n, dtype=bool), draws, seed) for name, model in models.items()
        }
        loos = {name: leave_one_out(post) for name, post in posts.items()}
        if max(loo.high for loo in loos.values()) <= _UNRELIABLE * design.n:
            return Compared(posts, {name: loo.elpd_i for name, loo in loos.items()}, "leave-one-out")
        label = seed.permutation(design.n) % min(_FOLDS, design.n)
        return Compared(
            posts,
            {name: _by_folds(model, design, label, draws, seed) for name, model in models.items()},
            f"{_FOLDS} folds",
        )


def _sample(
    model: Model, design: Design, rows: NDArray[np.bool_], draws: int, seed: np.random.Generator
) -> xr.DataTree:
    weight = design.weight[rows]
    post = sample(model, design.X[rows], design.y[rows], sample_weight=weight, draws=draws, chains=2, seed=seed)
    if post.attrs.get("interrupted"):
        # Part of a posterior is not to be compared.
        raise KeyboardInterrupt
    return post


def _by_folds(model: Model, design: Design, label: NDArray[np.intp], draws: int, seed: np.random.Generator) -> Array:
    out = np.empty(design.n)
    for fold in np.unique(label):
        left = label == fold
        post = _sample(model, design, ~left, draws, seed)
        group = post["posterior"]
        b = group["coef"].to_numpy().reshape(-1, design.p)
        eta = group["intercept"].to_numpy().reshape(-1, 1) + b @ design.X[left].T
        sigma = group["sigma"].to_numpy().reshape(-1, 1) if "sigma" in group else 1.0
        y = design.y[left]
        loss = model.likelihood.loss(eta, y, sigma) + model.likelihood.row_constant(y, sigma)
        out[left] = logsumexp(-design.weight[left] * loss, axis=0) - np.log(len(b))
    return out
