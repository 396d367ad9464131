"""One data set through the whole package: penalties chosen by cross-validation, their MAPs verified, their posteriors.

Scikit-learn chooses the strength and is the independent side of the comparison; it computes none of our numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bayesreg.comparison import compare
from bayesreg.conventions import prior_from
from bayesreg.errors import BayesregWarning, NotIdentifiedError
from bayesreg.fit import explain, find_map, sample
from bayesreg.intervals import interval
from bayesreg.likelihoods import Bernoulli, Gaussian
from bayesreg.model import Model
from bayesreg.priors import Flat
from bayesreg.results import MapResult
from bayesreg.scales import Law
from bayesreg.verification import verify

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]
Family = Literal["gaussian", "bernoulli"]
Rule = Literal["min", "1se"]


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found about one data set.

    Parameters
    ----------
    models : dict of str to Model
        "gaussian" (ridge) and "laplace" (lasso).
    maps : dict of str to MapResult
    posteriors : dict of str to xarray.DataTree
    coefficients : pandas.DataFrame
        By coefficient: unpenalised fit, then for each model MAP, posterior mean, interval and P(sign).
    comparison : pandas.DataFrame
        See `bayesreg.compare`.
    warnings : tuple of str
        What samplers and diagnostics warned of, without repeats.
    """

    models: dict[str, Model]
    maps: dict[str, MapResult]
    posteriors: dict[str, xr.DataTree]
    coefficients: pd.DataFrame
    comparison: pd.DataFrame
    warnings: tuple[str, ...]


def choose_penalties(X: Array, y: Array, family: Family, seed: int, rule: Rule = "min") -> dict[str, dict[str, float]]:
    """Choose the ridge and the lasso penalty by five-fold cross-validation, in scikit-learn's own parameters.

    Parameters
    ----------
    X : array, shape (n, p)
    y : array, shape (n,)
    family : {"gaussian", "bernoulli"}
    seed : int
        For shuffling the rows into folds.
    rule : {"min", "1se"}
        The best mean score, or the strongest penalty within one standard error of it (Breiman et al., 1984).
    """
    from sklearn.linear_model import Lasso, LogisticRegression, Ridge
    from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold

    if family == "gaussian":
        folds: Any = KFold(5, shuffle=True, random_state=seed)
        scoring, name = "neg_mean_squared_error", "alpha"
        # From the penalty that empties the lasso downwards; strongest first in every grid.
        largest = float(np.max(np.abs((X - X.mean(0)).T @ (y - y.mean())))) / len(y)
        searches = {
            "gaussian": (Ridge(), np.geomspace(1e4, 1e-2, 61)),
            "laplace": (Lasso(max_iter=100_000), np.geomspace(largest, 1e-3 * largest, 61)),
        }
    else:
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        scoring, name = "neg_log_loss", "C"
        grid = np.geomspace(1e-3, 1e2, 21)
        searches = {
            "gaussian": (LogisticRegression(l1_ratio=0.0, max_iter=5000), grid),
            # liblinear is quick and close enough for choosing C; it is not what the MAP is compared with.
            "laplace": (LogisticRegression(l1_ratio=1.0, solver="liblinear", max_iter=5000), grid),
        }
    chosen = {}
    for label, (estimator, values) in searches.items():
        found = GridSearchCV(estimator, {name: values}, scoring=scoring, cv=folds, refit=False).fit(X, y).cv_results_
        mean, error = found["mean_test_score"], found["std_test_score"] / np.sqrt(4)
        best = int(np.argmax(mean))
        pick = best if rule == "min" else int(np.argmax(mean >= mean[best] - error[best]))
        chosen[label] = {name: float(values[pick])}
        if family == "bernoulli":
            chosen[label]["l1_ratio"] = float(label == "laplace")
    return chosen


def build_models(
    chosen: dict[str, dict[str, float]], family: Family, n: int, sigma: float | Law | None = None
) -> dict[str, Model]:
    """State the chosen penalties as priors."""
    if family == "bernoulli":
        rows = {label: ("sklearn.LogisticRegression", parameters) for label, parameters in chosen.items()}
    else:
        rows = {"gaussian": ("sklearn.Ridge", chosen["gaussian"]), "laplace": ("sklearn.Lasso", chosen["laplace"])}
    likelihood = Gaussian(sigma) if family == "gaussian" else Bernoulli()
    return {label: Model(likelihood, prior_from(row, n=n, **given)) for label, (row, given) in rows.items()}


def analyse(
    X: pd.DataFrame,
    y: Array,
    family: Family,
    *,
    sigma: float | None = None,
    rule: Rule = "min",
    draws: int = 1000,
    chains: int = 4,
    seed: int = 0,
    progressbar: bool = False,
    say: Callable[[str], None] = lambda message: None,
) -> Analysis:
    """Run the whole comparison on one data set.

    Parameters
    ----------
    X : pandas.DataFrame, shape (n, p)
        Predictors, on comparable scales.
    y : array, shape (n,)
    family : {"gaussian", "bernoulli"}
    sigma : float, optional
        Known noise level; learned by default.
    rule : {"min", "1se"}
        How cross-validation chooses the penalties, see `choose_penalties`.
    draws, chains, seed, progressbar
        As in `bayesreg.sample`.
    say : callable
        Told, in words, what is being done.
    """
    say("choosing the penalties by cross-validation")
    chosen = choose_penalties(X.to_numpy(dtype=float), y, family, seed, rule)
    models = build_models(chosen, family, len(y), sigma)
    maps, posteriors = {}, {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", BayesregWarning)
        for label, model in models.items():
            say(f"{label} prior: MAP")
            maps[label] = find_map(model, X, y)
            say(f"{label} prior: posterior by {explain(model, X, y).sample_engine}")
            posteriors[label] = sample(model, X, y, draws=draws, chains=chains, seed=seed, progressbar=progressbar)
        say("comparing")
        comparison = compare(posteriors)
        coefficients = coefficient_table(X, y, family, maps, posteriors)
    said = tuple(dict.fromkeys(str(warning.message) for warning in caught))
    return Analysis(models, maps, posteriors, coefficients, comparison, said)


def coefficient_table(
    X: Any, y: Array, family: Family, maps: dict[str, MapResult], posteriors: dict[str, xr.DataTree]
) -> pd.DataFrame:
    """One row a coefficient: unpenalised estimate, MAP, posterior mean, interval and probability of its sign."""
    import pandas as pd

    first = next(iter(maps.values()))
    columns: dict[tuple[str, str], Array] = {}
    try:
        flat = find_map(Model(Gaussian(1.0) if family == "gaussian" else Bernoulli(), Flat()), X, y)
        columns["flat", "estimate"] = flat.coef
    except NotIdentifiedError:
        pass  # more columns than rows, or separated classes: there is no unpenalised fit to show
    for label, result in maps.items():
        draws = posteriors[label]["posterior"]["coef"].to_numpy()
        lower, upper = interval(draws)
        positive = (draws > 0).mean((0, 1))
        columns[label, "MAP"] = result.coef
        columns[label, "mean"] = draws.mean((0, 1))
        columns[label, "lower"] = lower
        columns[label, "upper"] = upper
        columns[label, "P(sign)"] = np.maximum(positive, 1 - positive)
    return pd.DataFrame(columns, index=pd.Index(first.names, name="coefficient"))


def equivalence_row(estimator: Any, name: str, X: Array, y: Array) -> dict[str, Any]:
    """Compare a fitted scikit-learn estimator with our MAP of the prior that its penalty is."""
    report = verify(estimator, X, y)
    return {
        "model": name,
        "prior": report.prior,
        "max |Δcoef|": report.max_difference,
        "gap ours": report.ours.certificate.relative_gap,
        "gap theirs": report.certificate.relative_gap,
        "KKT ours": report.ours.certificate.kkt,
        "KKT theirs": report.certificate.kkt,
        "zeros ours": report.best_zeros,
        "zeros theirs": report.zeros,
        "same": report.same_zeros,
    }
