"""Leave-one-out of the posteriors along a short grid of strengths."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import BayesregWarning
from bayesreg.fit import sample
from bayesreg.leave_one_out import leave_one_out
from bayesreg.model import Model
from bayesreg.tuning.strengths import at_strength

Array = NDArray[np.float64]


class Loo(NamedTuple):
    """Elpd and its standard error, effective parameters, largest Pareto k, and rows with a high one; shapes (k,)."""

    elpd: Array
    se: Array
    p_loo: Array
    pareto_k: Array
    high: Array


def leave_one_out_curve(
    model: Model, X: Any, y: Any, strengths: Array, seed: np.random.SeedSequence, options: dict[str, Any]
) -> Loo:
    """Sample the posterior at each strength and estimate its predictions of rows left out.

    Parameters
    ----------
    model : Model
    X, y : as for `sample`
    strengths : array, shape (k,)
    seed : numpy.random.SeedSequence
    options : dict
        What else `sample` takes.
    """
    rows = []
    for strength, child in zip(strengths, seed.spawn(strengths.size), strict=True):
        with warnings.catch_warnings():
            # What fails is told together, for all strengths.
            warnings.simplefilter("ignore", BayesregWarning)
            tight = at_strength(model, float(strength))
            post = sample(tight, X, y, seed=np.random.default_rng(child), **options)
            if post.attrs.get("interrupted"):
                # Part of a posterior is no point of a curve.
                raise KeyboardInterrupt
            loo = leave_one_out(post)
        rows.append([loo.elpd, loo.se, loo.p_loo, float(loo.pareto_k.max()), loo.high])
    return Loo(*np.array(rows, dtype=float).T)
