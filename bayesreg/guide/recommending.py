"""A prior, its strength and the reasons, read off the data."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg import priors, scales
from bayesreg.data import Design, make_design
from bayesreg.errors import BayesregWarning, InputError
from bayesreg.fit import Seed, seed_sequence
from bayesreg.guide.comparisons import Compared, compare_quickly
from bayesreg.guide.measures import CORRELATED, HARMFUL, Collinearity, collinearity, excess_kurtosis
from bayesreg.guide.rule_of_thumb import RuleOfThumb, choose_regularization
from bayesreg.guide.strength import Strength, strength_of
from bayesreg.likelihoods import Bernoulli, Gaussian, Likelihood, StudentT
from bayesreg.model import Model
from bayesreg.selection import select

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

# Simplest first: where several predict alike, the first is taken.
_ORDER = ("gaussian", "laplace", "horseshoe")
_CALLED = {"gaussian": "a Gaussian prior", "laplace": "a Laplace prior", "horseshoe": "a horseshoe"}
# Degrees of freedom of the heavy-tailed errors that are tried.
_TAILS = 4.0


@dataclass(frozen=True, eq=False, repr=False)
class Recommendation:
    """A model to fit, and why.

    Parameters
    ----------
    model : Model
        Likelihood and prior, its scale learned, on standardised columns.
    strength : Strength
        The scale that was learned, and what it is in scikit-learn.
    penalty : RuleOfThumb
        Which penalty to take where a point estimate is wanted, given what was found.
    reasons : tuple of str
        In words, with the numbers.
    comparison : pandas.DataFrame
        The models that were tried, best first: ``elpd`` with ``se``, ``difference`` to the best with its own.
    measures : pandas.DataFrame
        What was measured, by name.
    posterior : xarray.DataTree
        The recommended model's short run; sample ``model`` for a longer one.
    """

    model: Model
    strength: Strength
    penalty: RuleOfThumb
    reasons: tuple[str, ...]
    comparison: pd.DataFrame
    measures: pd.DataFrame
    posterior: xr.DataTree

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of ``measures``."""
        return self.measures.copy()

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [f"prior: {self.model.prior!r}, on standardised columns"]
        lines += [
            f"likelihood: {self.model.likelihood!r}",
            f"strength: {self.strength}",
            f"as a penalty: {self.penalty}",
            "because",
        ]
        lines += [f"  * {reason}" for reason in self.reasons]
        return "\n".join([*lines, self.comparison.to_string(float_format=lambda value: f"{value:.2f}")])

    def _repr_html_(self) -> str:
        head = f"<p><b>{escape(repr(self.model.prior))}</b>, on standardised columns; "
        head += escape(repr(self.model.likelihood))
        rest = f"<br>strength: {escape(str(self.strength))}<br>as a penalty: {escape(str(self.penalty))}</p>"
        items = "".join(f"<li>{escape(reason)}</li>" for reason in self.reasons)
        return f"{head}{rest}<ul>{items}</ul>{self.comparison.to_html(float_format=lambda value: f'{value:.2f}')}"


def recommend(
    X: Any,
    y: Any,
    *,
    likelihood: Likelihood | None = None,
    need_feature_selection: bool = False,
    sample_weight: ArrayLike | None = None,
    draws: int = 500,
    seed: Seed = None,
) -> Recommendation:
    """Recommend a prior and its strength from the data, with reasons.

    Measures the size of the problem, collinearity, the signal, how many columns carry it and the tails of the
    residuals; samples a Gaussian prior, a Laplace prior and a horseshoe, each with a learned scale on standardised
    columns, and compares their predictions. Where several predict alike the simplest is taken.

    Parameters
    ----------
    X : array or frame, shape (n, p)
    y : array, shape (n,)
    likelihood : Likelihood, optional
        Gaussian or Bernoulli (by default the latter for a response of 0 and 1), or another of `bayesreg.likelihoods`.
    need_feature_selection : bool, default False
        Whether the answer must name a few columns: then the sparsest of the priors that predict alike is taken.
    sample_weight : array, shape (n,), optional
    draws : int, default 500
        Of each of two chains a model.
    seed : int, numpy.random.Generator or None

    Returns
    -------
    Recommendation
        Prints as its reasons.

    Raises
    ------
    InputError
        For unusable data.

    Notes
    -----
    Predictions are compared by leave-one-out (exact, or by importance weights), or by 5 folds where the weights are
    unreliable. "Alike" is: within one standard error of the best.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((80, 4))
    >>> y = X @ [1.0, 0.8, -1.2, 0.9] + rng.standard_normal(80)
    >>> advice = br.recommend(X, y, seed=1)
    >>> type(advice.model.prior).__name__, advice.penalty.penalty
    ('Gaussian', 'l2')
    """
    if not isinstance(need_feature_selection, bool | np.bool_):
        raise InputError(f"need_feature_selection must be True or False, got {need_feature_selection!r}.")
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 50:
        raise InputError(f"draws must be an integer of at least 50, got {draws!r}.")
    design = make_design(X, y, sample_weight)
    if design.is_sparse:
        raise InputError("X is sparse, and recommend samples, which needs it dense: pass X.toarray().")
    if likelihood is None:
        likelihood = Bernoulli() if np.array_equal(np.unique(design.y), [0.0, 1.0]) else Gaussian()
    rng = np.random.default_rng(seed_sequence(seed))
    found = collinearity(design)
    compared = compare_quickly(_models(likelihood, design), design, int(draws), rng)
    chosen, sparse, why_prior = _prior(compared, need_feature_selection)
    post = compared.posteriors[chosen]
    with warnings.catch_warnings():
        # The run is short on purpose.
        warnings.simplefilter("ignore", BayesregWarning)
        needed = _needed(post, design)
    model = Model.from_json(post.attrs["model"])
    reasons = [_size(design), _columns(found), why_prior]
    measures = _measures(design, found)
    if needed is not None:
        share, size = needed
        measures |= {"columns needed": float(size)}
        if isinstance(likelihood, Gaussian):
            measures |= {"explained variation": share}
            reasons.append(f"the posterior explains {100 * share:.0f} % of the variation")
        reasons.append(f"{size} of {design.p} columns predict as well as all (projection, within one standard error)")
    if isinstance(likelihood, Bernoulli):
        own, base = _log_loss(design, compared.density[chosen])
        measures |= {"log loss": own, "log loss of the class shares": base}
        reasons.append(f"log loss {own:.3f} a row, against {base:.3f} for the shares of the classes alone")
    elif isinstance(likelihood, Gaussian) and design.y.min() == 0 and np.array_equal(design.y, np.round(design.y)):
        reasons.append("y holds counts from 0 on: likelihood=likelihoods.Poisson() may suit them better")
    if isinstance(likelihood, Gaussian):
        model, post, said, tail = _tails(model, post, compared, chosen, design, int(draws), rng)
        reasons.append(said)
        measures |= {"excess kurtosis": tail}
    thumb = choose_regularization(design.p, design.n, len(found.groups), bool(need_feature_selection), sparse)
    import pandas as pd

    table = pd.DataFrame({"value": measures}).rename_axis("measure")
    return Recommendation(
        model, strength_of(post, design, chosen), thumb, tuple(reasons), compared.table(), table, post
    )


def _models(likelihood: Likelihood, design: Design) -> dict[str, Model]:
    """The models to try: learned scales on standardised columns."""
    p = int(np.count_nonzero(design.x_sd))
    # A quarter of the columns, if the rows can tell so many apart.
    expected = max(1.0, min(p / 4, design.total_weight / 10))
    # Beyond p = n/4 a scale relative to sigma would pull sigma down, so it is absolute.
    absolute = likelihood.has_sigma and design.p > design.total_weight / 4
    unit = design.y_sd if absolute else 1.0
    law = scales.HalfCauchy(unit)
    relative: Any = None if absolute else "auto"
    made: dict[str, Any] = {
        "gaussian": priors.Gaussian(law, relative_to=relative),
        "laplace": priors.Laplace(law, relative_to=relative),
    }
    if p > 1 and absolute:
        tau = expected / (p - expected) * unit / np.sqrt(design.total_weight)
        made["horseshoe"] = priors.Horseshoe(scales.HalfCauchy(tau), relative_to=None)
    elif p > 1:
        made["horseshoe"] = priors.Horseshoe(expected_nonzero=expected)
    # Classes that the columns separate leave a flat intercept no posterior.
    intercept = priors.Flat() if likelihood.has_sigma else priors.Gaussian(10.0)
    return {name: Model(likelihood, prior, standardize=True, intercept=intercept) for name, prior in made.items()}


def _prior(compared: Compared, select_columns: bool) -> tuple[str, bool, str]:
    """Name of the prior to take, whether the data speak against a Gaussian one, and why."""
    best = compared.best()
    alike = []
    for name in _ORDER:
        if name in compared.density:
            difference, se = compared.against(name, best)
            if difference + se >= 0:
                alike.append(name)
    chosen = alike[-1] if select_columns else alike[0]
    others = [name for name in _ORDER if name in compared.density and name != chosen]
    gaps = []
    for name in others:
        difference, se = compared.against(name, chosen)
        gaps.append(f"{_CALLED[name]} {difference:+.1f} ± {se:.1f}")
    taken = "the sparsest" if select_columns else "the simplest"
    tie = (
        f"{taken} of those within one standard error of the best"
        if len(alike) > 1
        else "alone within one standard error"
    )
    said = f"{_CALLED[chosen]} is {tie} in elpd ({compared.how})"
    return chosen, "gaussian" not in alike, said + (f"; against it {', '.join(gaps)}" if gaps else "")


def _needed(post: xr.DataTree, design: Design) -> tuple[float, int] | None:
    """Share of the variation that is explained, and how many columns predict as well as all of them."""
    try:
        found = select(post, design.X)
    except InputError:
        # A likelihood whose projection has no closed form.
        return None
    return found.reference["explained"], found.size


def _log_loss(design: Design, density: Array) -> tuple[float, float]:
    """Mean log loss of predictions, and of the shares of the classes alone."""
    share = float(design.weight @ design.y / design.total_weight)
    return float(-density.sum() / design.total_weight), -(share * np.log(share) + (1 - share) * np.log1p(-share))


def _size(design: Design) -> str:
    rows = f"{design.total_weight:g} rows" + (" (sum of the weights)" if design.weighted else "")
    ratio = design.total_weight / design.p
    words = (
        "too few to fit the columns without a prior" if ratio < 1 else "few for each column" if ratio < 10 else "plenty"
    )
    return f"{rows} and {design.p} columns, {ratio:.3g} rows a column: {words}"


def _columns(found: Collinearity) -> str:
    if not found.pair:
        return "one column with any variation, so nothing is collinear"
    largest = f"largest correlation {found.largest:.2f} ({found.pair[0]}, {found.pair[1]})"
    words = "harmful" if found.condition >= HARMFUL else "harmless"
    groups = "no groups of columns"
    if found.groups:
        shown = "; ".join(", ".join(group[:4]) + (", ..." if len(group) > 4 else "") for group in found.groups[:3])
        groups = f"{len(found.groups)} group{'s' if len(found.groups) > 1 else ''} of columns ({shown})"
    return f"{largest}; {groups} correlated above {CORRELATED}; condition number {found.condition:.3g}, {words}"


def _measures(design: Design, found: Collinearity) -> dict[str, float]:
    return {
        "rows": design.total_weight,
        "columns": float(design.p),
        "rows a column": design.total_weight / design.p,
        "largest correlation": found.largest,
        "correlated groups": float(len(found.groups)),
        "condition number": found.condition,
    }


def _tails(
    model: Model,
    post: xr.DataTree,
    compared: Compared,
    chosen: str,
    design: Design,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Model, xr.DataTree, str, float]:
    """Look at the residuals; where their tails are heavy, try Student-t errors and take them if they predict better."""
    group = post["posterior"]
    fit = float(group["intercept"].mean()) + np.asarray(design.X @ group["coef"].to_numpy().mean((0, 1)))
    tail, se = excess_kurtosis(design.y - fit, design.weight)
    said = f"residuals have an excess kurtosis of {tail:.2f} ± {se:.2f}"
    if tail <= 2 * se:
        return model, post, f"{said}, no heavier than normal errors", tail
    # Student-t errors around the simplest prior, which decides about tails as well as any.
    robust = Model(StudentT(_TAILS), model.prior, standardize=True)
    tried = compare_quickly({"normal": model, "student": robust}, design, draws, rng)
    difference, error = tried.against("student", "normal")
    gap = f"Student-t errors with {_TAILS:g} degrees of freedom change elpd by {difference:+.1f} ± {error:.1f}"
    if difference > error:
        return robust, tried.posteriors["student"], f"{said}: heavy; {gap}, so they are taken", tail
    return model, post, f"{said}: heavy, but {gap}, so normal errors stay", tail
