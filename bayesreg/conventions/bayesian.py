"""Rows of Bayesian packages: the prior of one coefficient as they state it.

Their MAP is that of a penalised fit where the intercept is flat too; rstanarm, brms and bambi give it a proper prior
unless told otherwise, on centred columns.
"""

from __future__ import annotations

import math
from typing import Literal

from bayesreg.conventions.parameters import required
from bayesreg.conventions.prior_scale import PriorScale
from bayesreg.conventions.row import Convention

_DRAWS = "its draws are among the reference posteriors of the tests"


def _absolute(name: str, law: Literal["normal", "laplace"], statement: str, source: str) -> Convention:
    return Convention(name, statement, "any", {"scale": required("positives")}, PriorScale("scale", law), source)


ROWS = (
    Convention(
        "R.bayesreg.ridge",
        "w_j sqrt(S) sd_j ~ N(0, sigma² tau²): a prior of centred columns of unit norm",
        "squared",
        {"tau": required("positive")},
        PriorScale("tau", "normal", unit_norm=True),
        f'R package bayesreg 1.3, R/bayesreg.R, prior="ridge"; {_DRAWS}',
        "sigma",
    ),
    Convention(
        "R.bayesreg.lasso",
        "w_j sqrt(S) sd_j ~ Laplace(0, sigma tau/sqrt(2)): the normal variances are sigma² tau² times Exp(1)",
        "squared",
        {"tau": required("positive")},
        PriorScale("tau", "laplace", unit_norm=True, constant=math.sqrt(2)),
        f'R package bayesreg 1.3, R/bayesreg.R, prior="lasso"; {_DRAWS}',
        "sigma",
    ),
    Convention(
        "monomvn.blasso",
        "w_j sqrt(S) sd_j ~ Laplace(0, sigma/sqrt(lambda2)): Park & Casella (2008) on columns of unit norm",
        "squared",
        {"lambda2": required("number")},
        PriorScale("lambda2", "laplace", unit_norm=True, squared_rate=True),
        f"monomvn 1.9-20, blasso(RJ=FALSE, normalize=TRUE), src/blasso.cc; {_DRAWS}",
        "sigma",
    ),
    _absolute(
        "rstanarm.normal",
        "normal",
        "w_j ~ normal(0, scale), autoscale = FALSE",
        f"rstanarm 2.21, R/priors.R; {_DRAWS}",
    ),
    _absolute(
        "rstanarm.laplace",
        "laplace",
        "w_j ~ laplace(0, scale), autoscale = FALSE",
        f"rstanarm 2.21, R/priors.R; {_DRAWS}",
    ),
    _absolute(
        "brms.normal",
        "normal",
        'w_j ~ normal(0, scale), class = "b"',
        "brms, set_prior: Stan's normal(mu, sigma); algebra from the documentation, not run",
    ),
    _absolute(
        "brms.double_exponential",
        "laplace",
        'w_j ~ double_exponential(0, scale), class = "b"; its horseshoe and R2D2 are no penalties',
        "brms, set_prior: Stan's double_exponential(mu, sigma); algebra from the documentation, not run",
    ),
    _absolute(
        "bambi.Normal",
        "normal",
        'Prior("Normal", mu=0, sigma=scale), which bambi never rescales',
        "bambi's documentation, Prior: the PyMC distribution of that name; algebra, not run",
    ),
    _absolute(
        "bambi.Laplace",
        "laplace",
        'Prior("Laplace", mu=0, b=scale), which bambi never rescales',
        "bambi's documentation, Prior: the PyMC distribution of that name; algebra, not run",
    ),
    _absolute(
        "pymc.Normal",
        "normal",
        "pm.Normal(name, 0, sigma=scale)",
        "PyMC 6; its log density is compared in the tests",
    ),
    _absolute(
        "pymc.Laplace",
        "laplace",
        "pm.Laplace(name, 0, b=scale)",
        "PyMC 6; its log density is compared in the tests",
    ),
)
