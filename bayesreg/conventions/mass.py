"""Row of R's MASS."""

from __future__ import annotations

from bayesreg.conventions.mixed import Mixed
from bayesreg.conventions.parameters import Parameter
from bayesreg.conventions.row import Convention

ROWS = (
    Convention(
        "MASS.lm.ridge",
        "RSS + lambda_ sum_j sd_j² w_j² (with an intercept; coef(fit) holds the coefficients of the columns as given)",
        "squared",
        {"lambda_": Parameter("number", 0.0)},
        Mixed("lambda_", 0.0, standardize=True),
        "MASS 7.3-58, lm.ridge; checked against stored fits",
        "penalty",
    ),
)
