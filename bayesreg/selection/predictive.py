"""Expected log predictive density of submodels beside the reference: leaving one row out, or a fold at a time.

Leaving one out, the posterior without a row is the given one with importance weights, smoothed (PSIS; Vehtari, Gelman &
Gabry, 2017, Statistics and Computing 27); the weights of the reference's draws are those of their projections. The
search is not repeated without the row. By folds the posterior is sampled, searched and projected anew without each
fold, so that the measure includes what the search itself overfits (Piironen, Paasiniemi & Vehtari, 2020, section 4.3).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from bayesreg.errors import BayesregWarning, InputError, SamplingWarning, warn
from bayesreg.fit import sample
from bayesreg.leave_one_out import smoothed_weights, sum_of_rows
from bayesreg.selection.forward import forward
from bayesreg.selection.reference import Reference, read_reference
from bayesreg.selection.submodel import Submodel, submodel

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


def leave_one_out(few: Reference, submodels: Sequence[Submodel]) -> tuple[Array, Array]:
    """Log predictive density of each row without it, weighted: of the reference (n,) and of each submodel (k, n).

    Takes the draws that the submodels are projections of.

    Warns
    -----
    SamplingWarning
        If the weights of some rows have a tail that no number of draws tames.
    """
    everything = np.ones(few.y.size, dtype=bool)
    own = _log_density(few, few.linear_predictor(), few.sigma.reshape(-1), everything)
    log_weight, pareto_k, good_k = smoothed_weights(own)
    high = int(np.sum(~(pareto_k <= good_k)))
    if high:
        warn(
            f"the leave-one-out estimate of {high} of {own.shape[1]} rows is unreliable (Pareto k above {good_k:.2f}); "
            "give folds=10, which samples without them.",
            SamplingWarning,
        )
    rows = []
    for sub in submodels:
        density = _log_density(few, sub.linear_predictor(few.rows(), few.offset), sub.sigma, everything)
        rows.append(logsumexp(log_weight + density.T, axis=-1))
    return np.asarray(logsumexp(log_weight + own.T, axis=-1)), np.stack(rows)


def by_folds(reference: Reference, max_size: int, folds: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """As `leave_one_out`, but with a posterior and a forward search of its own for each fold left out.

    The third array, (max_size, p), is the share of the folds in which a column is among the first 1, 2, ...
    """
    n = reference.y.size
    if not 2 <= folds <= n:
        raise InputError(f"folds must be an integer between 2 and the number of rows, {n}, got {folds!r}.")
    label = rng.permutation(n) % folds
    chains, draws = reference.shape
    own, subs = np.empty(n), np.empty((max_size + 1, n))
    frequency = np.zeros((max_size, reference.p))
    X, y, weight, offset = reference.rows(), reference.y, reference.weight, reference.offset
    for fold in range(folds):
        out = label == fold
        with warnings.catch_warnings():
            # What there is to say about the data and the model was said when the posterior itself was sampled.
            warnings.simplefilter("ignore", BayesregWarning)
            post = sample(
                reference.model,
                X[~out],
                y[~out],
                sample_weight=weight[~out],
                offset=offset[~out],
                draws=draws,
                chains=chains,
                seed=rng,
            )
        if post.attrs.get("interrupted"):
            # Part of a posterior does not stand for its fold.
            raise KeyboardInterrupt
        trained = read_reference(post, X[~out], "select").for_rows()
        order = forward(trained, max_size)
        eta = offset[out] + trained.intercept.reshape(-1, 1) + trained.flat_coef @ X[out].T
        own[out] = _averaged(reference, eta, trained.sigma.reshape(-1), out)
        for size in range(max_size + 1):
            # Fewer columns enter where the rows span fewer: the last submodel then stands for those beyond it.
            first = order[:size]
            if size:
                frequency[size - 1, first] += 1 / folds
            sub = submodel(trained, first)
            eta = sub.linear_predictor(X[out], offset[out])
            subs[size, out] = _averaged(reference, eta, sub.sigma, out)
    return own, subs, frequency


def summarise(own: Array, subs: Array) -> pd.DataFrame:
    """Sums over rows with their standard errors: ``elpd``, ``elpd_se``, ``elpd_diff`` and ``elpd_diff_se``."""
    import pandas as pd

    rows = [(*sum_of_rows(sub), *sum_of_rows(sub - own)) for sub in subs]
    return pd.DataFrame(rows, columns=["elpd", "elpd_se", "elpd_diff", "elpd_diff_se"])


def smallest_adequate(table: pd.DataFrame) -> tuple[int, bool]:
    """Position of the first row within one standard error of the reference, and whether there is one."""
    # Where all columns are in, the difference is the rounding of two equal sums.
    rounding = 1e-9 * (1 + table["elpd"].abs())
    reaches = np.flatnonzero((table["elpd_diff"] + table["elpd_diff_se"] >= -rounding).to_numpy())
    return (int(reaches[0]), True) if reaches.size else (len(table) - 1, False)


def _log_density(reference: Reference, eta: Array, sigma: Array, rows: NDArray[np.bool_]) -> Array:
    """Weighted log density of every draw and of some rows, shape (D, m)."""
    likelihood, y = reference.model.likelihood, reference.y[rows]
    level = sigma[:, None]
    loss = likelihood.loss(eta, y, level) + likelihood.row_constant(y, level)
    return np.asarray(-reference.weight[rows] * loss)


def _averaged(reference: Reference, eta: Array, sigma: Array, rows: NDArray[np.bool_]) -> Array:
    density = _log_density(reference, eta, sigma, rows)
    return np.asarray(logsumexp(density, axis=0) - np.log(density.shape[0]))
