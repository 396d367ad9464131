"""Whether the data and the prior together determine the coefficients: else there is neither a MAP nor a posterior."""

from __future__ import annotations

import numpy as np

from bayesreg.errors import NotIdentifiedError
from bayesreg.likelihoods import Bernoulli
from bayesreg.numerics.rank import dependent_columns
from bayesreg.numerics.separation import separated
from bayesreg.problem import Problem

_CURE = "drop them or give them a proper prior such as priors.Gaussian(scale)."


def check_identified(problem: Problem) -> None:
    """Raise ``NotIdentifiedError`` when unpenalised columns are collinear, or separate the classes.

    Cost: a QR of the unpenalised columns, and for two classes a linear program over them; nothing where every column
    has a proper prior.
    """
    free = problem.unpenalised
    if not free.any():
        return
    design = problem.design
    # An intercept with a proper prior is pinned by it; only a flat one can trade with the columns.
    columns = (design.centred if problem.flat_intercept else design.uncentred)[:, free]
    lost = np.flatnonzero(free)[dependent_columns(columns)]
    if lost.size:
        shown = ", ".join(design.names[j] for j in lost[:5])
        raise NotIdentifiedError(
            f"columns without a penalty are collinear: rank deficiency {lost.size} ({shown} depend on the others"
            f"{' and the intercept' if problem.flat_intercept else ''}), so their coefficients are not identified "
            f"under a flat prior; {_CURE}"
        )
    if isinstance(problem.likelihood, Bernoulli):
        used = design.weight > 0
        Z = design.X[:, free]
        if problem.flat_intercept:
            Z = np.column_stack([np.ones(design.n), Z])
        if separated(Z[used], design.y[used]):
            raise NotIdentifiedError(
                "separation: the columns without a penalty predict the classes without error, so under a flat prior "
                f"the likelihood has no maximum and the posterior is improper; {_CURE}"
            )
