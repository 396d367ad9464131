"""Rows of R's glmnet, and of adelie, which follows it."""

from __future__ import annotations

from typing import Literal

from bayesreg.conventions.mixed import Mixed
from bayesreg.conventions.parameters import Parameter, required
from bayesreg.conventions.row import Convention, Loss


def _glmnet(
    name: str,
    loss: Loss,
    objective: str,
    relative_to: Literal["penalty"] | None,
    l2_over: Literal["y_sd"] | None = None,
) -> Convention:
    return Convention(
        name,
        f"{objective} (on w_j sd_j with standardize=TRUE; penalty_factor rescaled to sum to p)",
        loss,
        {
            "lambda_": required("number"),
            "alpha": Parameter("share", 1.0),
            "standardize": Parameter("switch", True),
            "penalty_factor": Parameter("weights"),
        },
        Mixed(
            "lambda_",
            "alpha",
            "total",
            weights=("penalty_factor", "penalty_factor"),
            shares=True,
            standardize="standardize",
            l2_over=l2_over,
        ),
        "glmnet 4.1-6, man/glmnet.Rd; checked against stored fits",
        relative_to,
    )


ROWS = (
    # The string divides y by its sd first: the l1 part scales back, the ridge part does not.
    _glmnet(
        "glmnet.gaussian",
        "squared",
        "1/(2 S) sum_i s_i e_i² + lambda_ [alpha ||w||_1 + (1 - alpha)/(2 sd_y) ||w||²]",
        "penalty",
        "y_sd",
    ),
    _glmnet(
        "glmnet.gaussian()",
        "squared",
        "1/(2 S) sum_i s_i e_i² + lambda_ [alpha ||w||_1 + (1 - alpha)/2 ||w||²]",
        "penalty",
    ),
    _glmnet(
        "glmnet.binomial",
        "logistic",
        "1/S sum_i s_i loss_i + lambda_ [alpha ||w||_1 + (1 - alpha)/2 ||w||²]",
        None,
    ),
    Convention(
        "adelie.grpnet",
        "1/(2 S) sum_i s_i e_i² + lmda sum_j penalty_j [alpha |w_j| + (1 - alpha)/2 w_j²] (groups of one)",
        "squared",
        {"lmda": required("number"), "alpha": Parameter("share", 1.0), "penalty": Parameter("weights")},
        Mixed("lmda", "alpha", "total", weights=("penalty", "penalty")),
        "adelie 1.1, solver.py, glm.gaussian; algebra from the source, not run",
        "penalty",
    ),
)
