r"""The shrinkage of a MAP, coefficient by coefficient.

A penalty's pull on a coefficient is that of a normal prior whose precision is :math:`q_j = l_{2j} + l_{1j}/|d_j|`: it
has the same gradient there, and given the coefficient it is the mean precision of the Laplace law's local scale (the
E-step of Figueiredo, 2003, IEEE PAMI 25; a group's norm gives :math:`r_g / (u_j^2 \|d_g/u_g\|)`). With it
:math:`\kappa_j = q_j/(q_j + G_{jj})`, which is 1 where the coefficient is exactly 0.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.certificate import certify
from bayesreg.data.checks import misplaced
from bayesreg.data.columns import Columns
from bayesreg.effective_df import effective_df
from bayesreg.errors import BayesregWarning, InputError
from bayesreg.flat_fit import relative_to_flat
from bayesreg.likelihoods import Gaussian
from bayesreg.model import Model, bind
from bayesreg.penalty import Penalty
from bayesreg.problem import Problem
from bayesreg.results import MapResult

Array = NDArray[np.float64]


def shrinkage_of_map(
    mode: MapResult, X: Any, y: Any, sample_weight: ArrayLike | None, offset: ArrayLike | None
) -> tuple[dict[str, Array], float]:
    """Columns of the table (p,) by name, and the degrees of freedom.

    Raises
    ------
    InputError
        If X and y are missing, or not those of the fit.
    """
    if X is None or y is None:
        raise InputError("a MAP keeps no data: give those of its fit too, shrinkage(mode, X, y).")
    with warnings.catch_warnings():
        # What there is to say about the data was said when the MAP was found.
        warnings.simplefilter("ignore", BayesregWarning)
        problem = bind(Model.from_json(mode.spec), X, y, sample_weight, offset)
    if len(problem.design.names) != len(mode.names) or misplaced(problem.design.names, mode.names) is not None:
        raise InputError(f"X has the columns {problem.design.names}, but the MAP was fitted to {mode.names}.")
    sigma = 1.0 if mode.sigma is None else mode.sigma
    if mode.converged and not certify(problem, mode.coef, mode.intercept, sigma, dual=mode.dual).accepted:
        raise InputError("the MAP is not that of these data: give the X, y, sample_weight and offset of its fit.")
    d = mode.coef - problem.loc
    precision = _precision(problem.penalty(sigma), d)
    information = _information(problem, mode, sigma)
    with np.errstate(invalid="ignore"):
        kappa = np.where(np.isinf(precision), 1.0, precision / (precision + information))
    # Without data and without a penalty nothing is shrunk: 0 / 0.
    kappa = np.where((precision == 0) & (information == 0), 0.0, kappa)
    flat = np.full(d.size, np.nan)
    if isinstance(problem.likelihood, Gaussian):
        ls = problem.least_squares(sigma)
        flat = relative_to_flat(ls.gram, ls.cross, d)
    df = effective_df(problem, sigma, np.ones(1), mode.coef[None], np.array([mode.intercept]))
    return {"coef": mode.coef.copy(), "kappa": kappa, "relative_to_flat": flat}, float(df[0])


def _precision(penalty: Penalty, d: Array) -> Array:
    """Q of each coefficient, infinite where an l1 part or the norm of a group holds it at 0."""
    with np.errstate(divide="ignore"):
        q = penalty.l2 + np.divide(penalty.l1, np.abs(d), out=np.zeros_like(d), where=penalty.l1 > 0)
        groups = penalty.groups
        if groups is not None:
            pull = (groups.rate / groups.norms(d))[groups.label] / np.where(groups.member, groups.unit, 1.0) ** 2
            q = np.where(groups.member, pull, q)
    return np.asarray(q)


def _information(problem: Problem, mode: MapResult, sigma: float) -> Array:
    """Diagonal of the curvature of the log likelihood, the intercept eliminated; NaN for a loss with kinks."""
    if not problem.likelihood.smooth:
        return np.full(problem.p, np.nan)
    design = problem.design
    eta = problem.linear_predictor(mode.coef, mode.intercept)
    h = design.weight * np.maximum(problem.likelihood.curvature(eta, design.y, sigma), 0.0)
    total = float(h.sum())
    shift = design.X.T @ h / total if problem.fit_intercept and total > 0 else None
    return Columns(design.X, shift).squares(h)
