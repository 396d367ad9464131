r"""How much of a posterior is the prior's doing.

Power-scaling (Kallioinen, Paananen, Bürkner & Vehtari, 2024, Statistics and Computing 34): the prior, or the
likelihood, raised to a power near 1, and how far the posterior moves, by importance sampling. Of a prior with learned
scales the laws of these are raised (the paper's advice for hierarchical models), else the density of the coefficients;
the laws of sigma and of the intercept always.

Contraction: :math:`1 - (r_\mathrm{post} / r_\mathrm{prior})^2` with r the interquartile range; for normal laws that is
one minus the ratio of the variances, and it exists where those do not (Cauchy tails).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.bound_again import bound_again
from bayesreg.by_group import drawn, gathered
from bayesreg.errors import InputError
from bayesreg.fit import seed_sequence
from bayesreg.fitted_rows import same_rows
from bayesreg.interfaces import implements
from bayesreg.posterior import is_ours, pointwise_log_likelihood
from bayesreg.prior_prediction import draw_prior
from bayesreg.priors.base import Exported, Marginal, NormalMixture, at_noise
from bayesreg.problem import Problem

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

# Below it a distribution counts as insensitive (Kallioinen et al., 2024, section 4).
THRESHOLD = 0.05
_PRIOR_DRAWS = 20_000


def sensitivity(posterior: xr.DataTree, X: Any, *, seed: int | np.random.Generator | None = None) -> pd.DataFrame:
    """Tell for every parameter how sensitive its posterior is to prior and likelihood, and what it learned.

    Parameters
    ----------
    posterior : xarray.DataTree
        A result of `bayesreg.sample` that kept its log likelihood.
    X : array or frame, shape (n, p)
        The rows of the fit.
    seed : int, numpy.random.Generator or None
        For the draws from the prior.

    Returns
    -------
    pandas.DataFrame
        One row a parameter, as ``arviz.summary`` labels them: ``prior`` and ``likelihood`` (power-scaling sensitivity
        by ArviZ; above 0.05 is sensitive), ``contraction`` (0: as wide as its prior, 1: all learned; NaN under an
        improper prior), ``diagnosis``: "prior-data conflict" where both are high, "strong prior or weak data" where the
        prior's alone is, else "".

    Raises
    ------
    InputError
        If the tree keeps no pointwise log likelihood, or X does not fit it.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X = np.linspace(-1, 1, 20).reshape(-1, 1)
    >>> model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(0.1))
    >>> post = br.sample(model, X, 4 * X[:, 0], seed=1)  # an effect of 40 prior standard deviations
    >>> br.sensitivity(post, X, seed=1).loc["coef[x0]", "diagnosis"]
    'prior-data conflict'
    """
    import arviz as az
    import xarray as xr

    if not is_ours(posterior):
        raise InputError(f"sensitivity needs a DataTree made by bayesreg.sample, got {type(posterior).__name__}.")
    pointwise_log_likelihood(posterior)
    same_rows(posterior, X)
    problem = bound_again(posterior, X)
    group = posterior["posterior"].to_dataset()
    names = [str(name) for name in group.data_vars if name != "local_scale"]
    log_prior = _log_prior(problem, group)
    flat = np.ptp(log_prior) == 0
    tree = xr.DataTree.from_dict(
        {
            "posterior": group[names],
            "log_likelihood": posterior["log_likelihood"].to_dataset(),
            "log_prior": xr.Dataset({"prior": (("chain", "draw"), log_prior)}),
        }
    )
    learned = _contraction(problem, group, np.random.default_rng(seed_sequence(seed)))
    columns: dict[str, Array] = {}
    for component in ("prior", "likelihood"):
        if component == "prior" and flat:
            continue
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Estimated shape parameter of Pareto", category=UserWarning)
            found = az.psense(tree, group=component)
        columns[component] = np.concatenate([np.atleast_1d(found[name].to_numpy()) for name in names])
    return _table(group, names, columns, learned)


def _log_prior(problem: Problem, group: Any) -> Array:
    """Log density of what is raised to a power, for every draw, shape (chains, draws)."""
    values = {str(name): group[name].to_numpy() for name in group.data_vars}
    shape = values["coef"].shape[:2]
    if problem.hyper_laws:
        total = sum(
            (np.asarray(law.log_density(drawn(group, name))) for name, law in problem.hyper_laws.items()),
            np.zeros(shape),
        )
        if problem.sigma_law is not None:
            total = total + problem.sigma_law.log_density(values["sigma"])
        if problem.fit_intercept:
            sigma = values.get("sigma", np.full(shape, problem.known_sigma or 1.0))
            total = total + problem.intercept_prior.log_density(values["intercept"], sigma)
        return np.asarray(total)
    # The density of the coefficients alone where it is known, else with their local scales.
    mixed = implements(problem.prior, NormalMixture) and not implements(problem.prior, Marginal)
    out = np.empty(shape)
    for at in np.ndindex(shape):
        out[at] = problem.log_prior(
            values["coef"][at],
            float(values["intercept"][at]) if "intercept" in values else 0.0,
            float(values["sigma"][at]) if "sigma" in values else None,
            None,
            values["local_scale"][at] if mixed else None,
        )
    return out


def _contraction(problem: Problem, group: Any, rng: np.random.Generator) -> dict[str, Array]:
    """By parameter; NaN where the prior is improper or cannot be drawn from."""
    out = {str(name): np.full(group[name].shape[2:], np.nan) for name in group.data_vars}
    if implements(problem.prior, Exported):
        return out
    free = problem.unpenalised
    try:
        with np.errstate(invalid="ignore"):
            values, sigma, coef, _ = draw_prior(problem, _PRIOR_DRAWS, rng)
    except InputError:
        # An improper law of a learned number leaves everything improper.
        return out
    # Draws of flat columns are infinite: any numbers will do, as these are left out.
    coef = np.where(free, rng.standard_normal(coef.shape), coef)
    if problem.fit_intercept and not problem.flat_intercept:
        level = problem.intercept_prior
        sd = 1 / np.sqrt(at_noise(0.0, level.rate, level.relative_to, sigma)[1])
        values["intercept"] = level.loc + sd * rng.standard_normal(_PRIOR_DRAWS)
    for name, prior in (gathered(values)[0] | {"coef": coef}).items():
        before = np.subtract(*np.quantile(prior, [0.75, 0.25], axis=0))
        after = np.subtract(*np.quantile(group[name].to_numpy(), [0.75, 0.25], axis=(0, 1)))
        out[name] = np.asarray(1 - (after / before) ** 2)
    out["coef"] = np.where(free, np.nan, out["coef"])
    return out


def _table(group: Any, names: list[str], columns: dict[str, Array], learned: dict[str, Array]) -> pd.DataFrame:
    import pandas as pd

    labels: list[str] = []
    for name in names:
        # Coefficients have a feature each, learned scales may have a group each.
        members = [group[dim].to_numpy() for dim in group[name].dims[2:]]
        labels += [f"{name}[{member}]" for member in members[0]] if members else [name]
    index = pd.Index(labels, name="parameter")
    prior = columns.get("prior", np.zeros(len(labels)))
    frame = pd.DataFrame({"prior": prior, "likelihood": columns["likelihood"]}, index=index)
    frame["contraction"] = np.concatenate([np.atleast_1d(learned[name]) for name in names])
    strong, heard = frame["prior"] >= THRESHOLD, frame["likelihood"] >= THRESHOLD
    frame["diagnosis"] = np.select(
        [strong & heard, strong], ["prior-data conflict", "strong prior or weak data"], default=""
    )
    return frame
