"""The verb: choose columns from a posterior."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.fit import Seed, seed_sequence
from bayesreg.leave_one_out import sum_of_rows
from bayesreg.selection import explained, predictive
from bayesreg.selection.candidates import Candidates, Method, candidates
from bayesreg.selection.reference import Reference, read_reference
from bayesreg.selection.result import Selection
from bayesreg.selection.submodel import Submodel, submodel

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

# A search that goes on to so many columns by default.
_DEFAULT_SIZE = 30


def select(
    posterior: xr.DataTree,
    X: Any = None,
    *,
    method: Method = "projection",
    size: int | None = None,
    max_size: int | None = None,
    folds: int | None = None,
    ci_prob: float | None = None,
    probability: float = 0.95,
    seed: Seed = None,
) -> Selection:
    """Choose the columns that a posterior needs: the prior has done the shrinking, this does the choosing.

    Whatever the method, the submodel is the posterior projected onto its columns: every draw is replaced by the one of
    the submodel that predicts most like it, noise included, and not by a refit that knows the data only.

    Parameters
    ----------
    posterior : xarray.DataTree
        A result of `bayesreg.sample` with a likelihood of this package.
    X : array or frame, shape (n, p), optional
        The rows of the fit. Needed for ``elpd``, and by all likelihoods but the Gaussian, for which everything else is
        computed from the Gram matrix in the tree.
    method : {"projection", "dss", "savs", "interval", "sign"}
        "projection": forward search by the divergence from the reference's predictions; the smallest size whose
        expected log predictive density is within one standard error of the reference's (without X: whose interval of
        the explained variation reaches the reference's mean). "dss": decoupled shrinkage and selection, the adaptive
        lasso towards the posterior's fit; the smallest summary whose interval of the explained variation reaches the
        reference's mean (all likelihoods but the Gaussian: by elpd, as "projection"). "savs": thresholds in closed
        form, which need no tuning. "interval": 0 lies outside the interval. "sign": the sign is as sure as
        ``probability``.
    size : int, optional
        Take this size on the path in place of the rule's.
    max_size : int, optional
        Where the search ends; by default all columns up to 30.
    folds : int, optional
        With "projection" and X: measure elpd by so many folds, each sampled and searched anew, instead of by importance
        weights; ``features`` then says how often each column was among the chosen number. Costs ``folds`` samplings.
    ci_prob : float, optional
        Probability inside the intervals; ArviZ's ``stats.ci_prob`` by default.
    probability : float, default 0.95
        For "sign", at least 0.5.
    seed : int, numpy.random.Generator or None
        For the folds.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        For a tree, an X or an argument that does not fit.

    Warns
    -----
    SamplingWarning
        If importance weights are unreliable for some rows; ``folds`` does without.

    Notes
    -----
    Projection: Goutis & Robert (1998), Piironen, Paasiniemi & Vehtari (2020). DSS: Hahn & Carvalho (2015). SAVS: Ray &
    Bhattacharya (2018). A marginal rule ("interval", "sign") drops both of two collinear columns that matter together.
    Searching p columns costs O(p (p + D)) for each that enters with D draws, whatever n; projections with another
    likelihood than the Gaussian O(n k²) a draw.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 6))
    >>> y = X @ [2.0, 0.0, 0.0, -1.0, 0.0, 0.0] + rng.standard_normal(100)
    >>> post = br.sample(br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), X, y, seed=1)
    >>> chosen = br.select(post, X)
    >>> chosen.chosen
    ('x0', 'x3')
    >>> chosen.estimator().predict(X).shape
    (100,)
    """
    for name, value, at_least in (("size", size, 0), ("max_size", max_size, 1)):
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | np.integer) or value < at_least
        ):
            raise InputError(f"{name} must be None or an integer of at least {at_least}, got {value!r}.")
    if method not in get_args(Method):
        raise InputError(f"method must be one of {', '.join(map(repr, get_args(Method)))}, got {method!r}.")
    if folds is not None and (method != "projection" or X is None):
        raise InputError("folds go with method='projection' and the rows X: select(post, X, folds=10).")
    if not isinstance(probability, int | float | np.number) or not 0.5 <= probability < 1:
        raise InputError(f"probability must be at least 0.5 and below 1, got {probability!r}.")
    import pandas as pd

    reference = read_reference(posterior, X, "select")
    # The size that was asked for must be on the path.
    limit = max(min(reference.p, _DEFAULT_SIZE) if max_size is None else int(max_size), size or 0)
    x_sd = posterior["constant_data"]["x_sd"].to_numpy()
    found = candidates(reference, method, min(limit, reference.p), x_sd, ci_prob, float(probability))
    few = reference.for_rows()
    submodels = [submodel(few, support) for support in found.supports]
    table, full = _measures(few, found, submodels, ci_prob)
    frequency = None
    if few.X is not None and folds is None:
        own, rows = predictive.leave_one_out(few, submodels)
    elif few.X is not None and folds is not None:
        rng = np.random.default_rng(seed_sequence(seed))
        own, rows, frequency = predictive.by_folds(reference, len(submodels) - 1, folds, rng)
    if few.X is not None:
        table = table.join(predictive.summarise(own, rows))
        full |= dict(zip(("elpd", "elpd_se"), sum_of_rows(own), strict=True))
    at, rule = _choice(found, method, reference.is_gaussian, table, full, size)
    evidence = dict(found.evidence)
    if frequency is not None and at:
        evidence["fold_share"] = frequency[at - 1]
    options = {"method": method, "size": size, "max_size": max_size, "folds": folds, "ci_prob": ci_prob}
    options["probability"] = probability
    names = [tuple(reference.names[j] for j in support) for support in found.supports]
    table.insert(0, "columns", _changes(names))
    table.index = pd.Index([len(support) for support in names], name="size")
    chosen = submodel(reference if reference.is_gaussian else few, found.supports[at])
    features, intercept = _features(reference, found, at, chosen, evidence)
    return Selection(
        method=method,
        chosen=names[at],
        rule=rule,
        path=table,
        supports=tuple(names),
        reference=full,
        features=features,
        intercept=intercept,
        posterior=_tree(reference, chosen, posterior),
        model=reference.model,
        options=options,
    )


def _measures(
    few: Reference, found: Candidates, submodels: list[Submodel], ci_prob: float | None
) -> tuple[pd.DataFrame, dict[str, float]]:
    """What the submodels explain and how far they are from the reference; and what the reference explains."""
    if found.penalty is not None and found.points is not None:
        shares = explained.of_summaries(few, found.points)
    else:
        shares = explained.of_projections(few, found.supports)
    table = explained.summarise(few, shares, ci_prob)
    table["kl"] = [float(sub.kl.mean()) for sub in submodels]
    if found.penalty is not None:
        table["penalty"] = found.penalty
    return table, {"explained": float(explained.of_reference(few).mean())}


def _choice(
    found: Candidates, method: str, gaussian: bool, table: pd.DataFrame, full: dict[str, float], size: int | None
) -> tuple[int, str]:
    """Position of the chosen submodel, and why."""
    sizes = [len(support) for support in found.supports]
    if size is not None:
        if size not in sizes:
            raise InputError(f"size={size} is not on the path of {method!r}, which has the sizes {sizes}.")
        return sizes.index(int(size)), f"size {size}, as asked for"
    if found.position is not None:
        return found.position, found.rule
    # The interval of the working response's share is too wide to tell classes or counts apart.
    if "elpd" in table and (method == "projection" or not gaussian):
        at, within = predictive.smallest_adequate(table)
        words = f"elpd {table['elpd'][at]:.2f} against {full['elpd']:.2f} of the reference"
        words += f" (difference {table['elpd_diff'][at]:.2f}, standard error {table['elpd_diff_se'][at]:.2f})"
        goal = "within one standard error"
    else:
        at, within = explained.smallest_adequate(table, full["explained"])
        ends = f"{table['explained_lower'][at]:.3f} to {table['explained_upper'][at]:.3f}"
        words = f"explained variation {ends} against {full['explained']:.3f} on average in the reference"
        goal = "whose interval reaches the reference's mean"
    if within:
        return at, f"smallest size {goal}: {words}"
    return at, f"no size up to {sizes[-1]} is {goal}; the largest is taken (max_size goes further): {words}"


def _changes(supports: list[tuple[str, ...]]) -> list[str]:
    """What each support has gained (+) and lost (-) against the one before."""
    words = [""]
    for before, after in pairwise(supports):
        gained, lost = [name for name in after if name not in before], [name for name in before if name not in after]
        words.append(" ".join([*(f"+{name}" for name in gained), *(f"-{name}" for name in lost)]))
    return words


def _features(
    reference: Reference, found: Candidates, at: int, chosen: Submodel, evidence: dict[str, Array]
) -> tuple[pd.DataFrame, float]:
    """The table of columns, and the intercept that goes with its point estimate."""
    import pandas as pd

    on = list(found.supports[at])
    mean, coef, rank = reference.flat_coef.mean(axis=0), np.zeros(reference.p), np.full(reference.p, np.nan)
    intercept = float(chosen.intercept.mean())
    if found.points is None:
        coef[on] = chosen.coef.mean(axis=0)
    else:
        coef = found.points[at]
        intercept += float((chosen.coef.mean(axis=0) - coef[on]) @ reference.centre[on])
    for k, support in enumerate(found.supports):
        for j in support:
            rank[j] = k if np.isnan(rank[j]) else rank[j]
    columns = {"chosen": np.isin(np.arange(reference.p), on), "coef": coef, "mean": mean, "rank": rank, **evidence}
    return pd.DataFrame(columns, index=pd.Index(reference.names, name="feature")), intercept


def _tree(reference: Reference, chosen: Submodel, posterior: xr.DataTree) -> xr.DataTree:
    """The projected draws, by chain and draw."""
    import xarray as xr

    chains = reference.shape[0]
    shape = (chains, chosen.intercept.size // chains)
    names = np.array([reference.names[j] for j in chosen.support], dtype=str)
    variables: dict[str, Any] = {
        "coef": (("chain", "draw", "feature"), chosen.coef.reshape(*shape, -1)),
        "intercept": (("chain", "draw"), chosen.intercept.reshape(shape)),
    }
    if reference.model.likelihood.has_sigma:
        variables["sigma"] = (("chain", "draw"), chosen.sigma.reshape(shape))
    group = xr.Dataset(variables, {"chain": np.arange(chains), "draw": np.arange(shape[1]), "feature": names})
    tree = xr.DataTree.from_dict({"posterior": group})
    tree.attrs = {"projected_from": posterior.attrs["model_in_words"], "y_sha256": posterior.attrs["y_sha256"]}
    return tree
