r"""The certificate of a MAP: numbers that anybody can recompute and that do not trust the solver.

Primal :math:`P = \sum_i w_i F_i(\eta_i) + \Omega(d)` and dual
:math:`D(\theta) = o^T\theta - \sum_i F_i^*(\theta_i) - \Omega^*(-X^T\theta)`, with :math:`Z^T\theta = 0` for every
column Z without a penalty (the flat intercept included); d = coef - loc and o is the offset plus X loc. For every
feasible theta P - D bounds the distance of P from its minimum. References: Ndiaye et al. (2017), Massias et al. (2020).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.optimality import EPS as EPS
from bayesreg.optimality import GAP_TOLERANCE as GAP_TOLERANCE
from bayesreg.optimality import KKT_TOLERANCE as KKT_TOLERANCE
from bayesreg.optimality import Certificate as Certificate
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem
from bayesreg.quadratic_certificates import is_quadratic, quadratic_certificates
from bayesreg.row_certificates import Certifier

Array = NDArray[np.float64]


def certify(
    problem: Problem,
    coef: Array,
    intercept: float,
    sigma: float = 1.0,
    *,
    dual: Array | None = None,
    optima: int | None = None,
) -> Certificate:
    """Certify a point of a model with a penalty, whoever computed it.

    Parameters
    ----------
    problem : Problem
        The model bound to its data; its prior must be `Penalised` with known parameters.
    coef : array, shape (p,)
    intercept : float
    sigma : float
        Noise level at which the coefficients are judged (ignored where it is known).
    dual : array, shape (n,), optional
        A multiplier theta of the rows, where the loss has kinks and its gradient does not give one.
    optima : int, optional
        For a likelihood that is not convex: number of local optima found.

    Returns
    -------
    Certificate
        Cost O(n p); the rank behind ``unique`` is computed when it is asked for.
    """
    level = problem.known_sigma if problem.known_sigma is not None else sigma
    certifier = Certifier(problem, level)
    d = np.asarray(coef, dtype=float) - problem.loc
    b0 = float(intercept) if problem.fit_intercept else 0.0
    if is_quadratic(problem, level):
        at, strength = d[None, :], np.array([problem.strength])
        whole = Certifier(problem.with_strength(1.0), level) if problem.strength != 1.0 else certifier
        return quadratic_certificates(whole, strength, at, np.array([b0]), gram=False)[0]
    if not problem.likelihood.convex and optima is None:
        optima = 1
    return certifier.certify(problem.penalty(level), d, b0, dual=dual, optima=optima)


def certify_path(certifier: Certifier, strengths: Array, modes: list[Mode], gram: bool) -> tuple[Certificate, ...]:
    """Certify the modes of a path, each for the penalty times its strength.

    Parameters
    ----------
    certifier : Certifier
    strengths : array, shape (k,)
    modes : list of Mode
    gram : bool
        Take quadratic forms from the Gram matrix (which the engine has used) where that is possible, not the rows.
    """
    problem = certifier.problem
    if is_quadratic(problem, certifier.sigma):
        d = np.stack([mode.coef for mode in modes]) - problem.loc
        intercepts = np.array([mode.intercept for mode in modes])
        return quadratic_certificates(certifier, strengths, d, intercepts, gram)
    penalty = problem.penalty(certifier.sigma)
    return tuple(
        certifier.certify(
            penalty.scaled(float(strength)),
            mode.coef - problem.loc,
            mode.intercept,
            dual=mode.dual,
            optima=mode.optima if problem.likelihood.convex else mode.optima or 1,
        )
        for strength, mode in zip(strengths, modes, strict=True)
    )
