"""K-fold cross-validation of the MAP along a grid of strengths.

Every fold is fitted at the same strengths: the prior does not depend on the number of rows. With ``per_row`` the
penalty of a fold is multiplied by its share of the weight, as libraries that average the loss do.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import DesignWarning, InputError, NotIdentifiedError, PriorWarning
from bayesreg.model import Model
from bayesreg.path import map_path
from bayesreg.problem import Problem
from bayesreg.tuning.gram_folds import GramFolds, why_not_gram
from bayesreg.tuning.scores import Score
from bayesreg.tuning.splits import Split, partition

Array = NDArray[np.float64]


class Folds(NamedTuple):
    """Scores of the folds (k, K), weight of the rows held out (K,), and how many folds needed a fit on their rows."""

    score: Array
    weight: Array
    on_rows: int


def statistics(model: Model, problem: Problem, sigma: float, splits: list[Split]) -> GramFolds | None:
    """The statistics of the folds, where these partition the rows and statistics serve."""
    if not partition(splits, problem.n) or why_not_gram(problem, len(splits)) is not None:
        return None
    return GramFolds(problem, sigma, splits, model.standardize)


def cross_validate(
    model: Model,
    problem: Problem,
    sigma: float,
    strengths: Array,
    splits: list[Split],
    grams: GramFolds | None,
    score: Score,
    *,
    per_row: bool,
    max_iter: int,
) -> Folds:
    """Score every strength on every fold.

    Parameters
    ----------
    model : Model
    problem : Problem
        The model bound to all rows.
    sigma : float
        Noise level of the path.
    strengths : array, shape (k,)
        Falling.
    splits : list of Split
    grams : GramFolds or None
        The statistics of the folds, where they serve (`statistics`).
    score : Score
    per_row : bool
    max_iter : int

    Returns
    -------
    Folds
        Cost of a Gaussian likelihood with few columns: O(n p²) for the statistics of all folds together, then one
        small path a fold; otherwise one path on the rows of each.
    """
    design = problem.design
    out, on_rows = np.empty((strengths.size, len(splits))), 0
    for k, split in enumerate(splits):
        share = float(design.weight[split.train].sum() / design.total_weight) if per_row else 1.0
        modes = None if grams is None else grams.modes(k, strengths * share, max_iter)
        found = None
        if modes is None:
            on_rows += 1
            modes = _on_rows(model, problem, split, strengths * share, k, max_iter)
        elif grams is not None:
            found = grams.scores(k, *modes, score)
        if found is None:
            coef, intercept = modes
            rows = design.X[split.test]
            eta = np.asarray(rows @ coef.T).T + intercept[:, None] + design.offset[split.test]
            found = score.of_rows(eta, design.y[split.test], design.weight[split.test])
        out[:, k] = found
    return Folds(out, np.array([design.weight[split.test].sum() for split in splits]), on_rows)


def _on_rows(
    model: Model, problem: Problem, split: Split, strengths: Array, k: int, max_iter: int
) -> tuple[Array, Array]:
    """The path of a training set, from its rows."""
    design, rows = problem.design, split.train
    try:
        with warnings.catch_warnings():
            # Said once, about all rows.
            warnings.simplefilter("ignore", DesignWarning)
            warnings.simplefilter("ignore", PriorWarning)
            path = map_path(
                model,
                design.X[rows],
                design.y[rows],
                strengths=strengths,
                sample_weight=design.weight[rows] if design.weighted else None,
                offset=design.offset[rows],
                max_iter=max_iter,
            )
    except (InputError, NotIdentifiedError) as error:
        raise type(error)(f"the training rows of fold {k} cannot be fitted: {error}") from error
    return path.coef, path.intercept


def mean_and_error(folds: Folds, total: float) -> tuple[Array, Array]:
    """Weighted mean over folds (k,) and its standard error from their spread (NaN of a single one), times ``total``."""
    share = folds.weight / folds.weight.sum()
    mean = folds.score @ share
    spread = ((folds.score - mean[:, None]) ** 2) @ share
    if share.size == 1:
        return total * mean, np.full(mean.size, np.nan)
    return total * mean, abs(total) * np.sqrt(spread / (share.size - 1))
