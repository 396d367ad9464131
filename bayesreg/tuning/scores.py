r"""How well held-out rows are predicted: squared error, deviance, log density, area under the ROC curve.

For a row with predictor eta the deviance is :math:`2 [F(\eta) - \min F]` at the noise level of the model (1 where it is
learned) and the log density :math:`-F(\eta) - c(\sigma)`. Rows count by their weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy
from scipy.stats import rankdata

from bayesreg.errors import InputError
from bayesreg.leave_one_out import sum_of_rows
from bayesreg.likelihoods import Bernoulli, Gaussian, Likelihood, Poisson
from bayesreg.problem import Problem

Array = NDArray[np.float64]
ScoreName = Literal["mse", "deviance", "elpd", "auc"]

_WORDS: dict[ScoreName, str] = {
    "mse": "mean squared error of held-out rows",
    "deviance": "mean deviance of held-out rows",
    "elpd": "expected log predictive density (sum over held-out rows)",
    "auc": "area under the ROC curve of held-out rows",
}


@dataclass(frozen=True)
class Score:
    """One way to score predictions.

    Parameters
    ----------
    name : {"mse", "deviance", "elpd", "auc"}
    likelihood : Likelihood
    sigma : float
        Noise level of ``deviance`` and ``elpd``.
    """

    name: ScoreName
    likelihood: Likelihood
    sigma: float

    @property
    def words(self) -> str:
        """What the score is."""
        return _WORDS[self.name]

    @property
    def larger(self) -> bool:
        """Whether larger is better."""
        return self.name in ("elpd", "auc")

    @property
    def by_row(self) -> bool:
        """Whether the score is a mean over rows."""
        return self.name != "auc"

    def rows(self, eta: Array, y: Array) -> Array:
        """Score of each row, shape of ``eta`` (..., m)."""
        if self.name == "mse":
            return np.asarray((y - self.likelihood.mean(eta)) ** 2)
        loss = self.likelihood.loss(eta, y, self.sigma)
        if self.name == "deviance":
            return np.asarray(2 * (loss - _least_loss(self.likelihood, y)))
        return np.asarray(-loss - self.likelihood.row_constant(y, self.sigma))

    def of_rows(self, eta: Array, y: Array, weight: Array) -> Array:
        """Score of some rows together, for predictors (k, m); shape (k,)."""
        if self.by_row:
            return np.asarray(self.rows(eta, y) @ weight / weight.sum())
        return np.array([area(one, y, weight)[0] for one in eta])

    def with_error(self, eta: Array, y: Array, weight: Array, summed: float) -> tuple[float, float]:
        """Score of rows predicted one by one (m,), and its standard error; ``summed`` multiplies an elpd."""
        if not self.by_row:
            return area(eta, y, weight)
        value = self.rows(eta, y)
        used = weight > 0
        if self.name == "elpd":
            # As for leave-one-out of posteriors: a row counts with all its weight.
            return sum_of_rows(weight[used] * value[used])
        mean = float(weight @ value / summed)
        return mean, float(np.sqrt(weight @ (value - mean) ** 2 / summed / max(summed - 1, 1.0)))


def make_score(problem: Problem, name: ScoreName | None) -> Score:
    """Return a score by its name, or the usual one: squared error for a Gaussian likelihood, else the deviance.

    Raises
    ------
    InputError
        For a name that is none, and where the score does not go with the likelihood.
    """
    likelihood = problem.likelihood
    if name is None:
        name = "mse" if isinstance(likelihood, Gaussian) else "deviance"
    if name not in _WORDS:
        raise InputError(f"score must be one of {', '.join(map(repr, _WORDS))}, got {name!r}.")
    if name == "auc" and not isinstance(likelihood, Bernoulli):
        raise InputError(
            f"score='auc' needs two classes, and the likelihood is {type(likelihood).__name__}; use score='deviance'."
        )
    if name == "elpd" and problem.known_sigma is None:
        raise InputError(
            "score='elpd' of MAP fits needs the noise level: give it as a number "
            f"({type(likelihood).__name__}(sigma=...)), or use score='mse' or 'deviance', or method='loo', which "
            "integrates over it."
        )
    return Score(name, likelihood, 1.0 if problem.known_sigma is None else problem.known_sigma)


def _least_loss(likelihood: Likelihood, y: Array) -> Array | float:
    """The smallest that F can be, row by row."""
    return np.asarray(y - xlogy(y, y)) if isinstance(likelihood, Poisson) else 0.0


def area(eta: Array, y: Array, weight: Array) -> tuple[float, float]:
    """Area under the ROC curve and its standard error (DeLong, DeLong & Clarke-Pearson, 1988), weights as counts.

    Raises
    ------
    InputError
        If only one class is there.
    """
    positive = (y == 1) & (weight > 0)
    negative = (y == 0) & (weight > 0)
    if not positive.any() or not negative.any():
        raise InputError(
            "score='auc' needs both classes among the held-out rows of every fold; use fewer folds, or "
            "score='deviance'."
        )
    share_below = _share_below(eta[positive], eta[negative], weight[negative])
    share_above = 1 - _share_below(eta[negative], eta[positive], weight[positive])
    value = float(weight[positive] @ share_below / weight[positive].sum())
    variance = sum(
        float(w @ (share - value) ** 2) / w.sum() / max(w.sum() - 1, 1.0)
        for share, w in ((share_below, weight[positive]), (share_above, weight[negative]))
    )
    return value, float(np.sqrt(variance))


def _share_below(x: Array, others: Array, weight: Array) -> Array:
    """Share of the weight of ``others`` below each x, ties counting half."""
    if np.all(weight == weight[0]):
        # Midranks among all less midranks among their own.
        ranks = rankdata(np.concatenate([x, others]))[: x.size] - rankdata(x)
        return np.asarray(ranks / others.size)
    order = np.argsort(others)
    ordered, total = others[order], np.concatenate([[0.0], np.cumsum(weight[order])])
    below, upto = (total[np.searchsorted(ordered, x, side=side)] for side in ("left", "right"))
    return np.asarray(0.5 * (below + upto) / total[-1])
