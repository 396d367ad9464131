"""Rows of glum's GeneralizedLinearRegressor, one a family."""

from __future__ import annotations

from typing import Literal

from bayesreg.conventions.mixed import Mixed
from bayesreg.conventions.parameters import Parameter, required
from bayesreg.conventions.row import Convention, Loss


def _family(name: str, loss: Loss, relative_to: Literal["penalty"] | None) -> Convention:
    return Convention(
        f"glum.{name}",
        "1/(2 S) sum_i s_i deviance_i + alpha l1_ratio ||P1 w||_1 + alpha (1 - l1_ratio)/2 w'P2 w"
        " (on w_j sd_j with scale_predictors=True; P2 diagonal)",
        loss,
        {
            "alpha": required("number"),
            "l1_ratio": Parameter("share", 0.0),
            "P1": Parameter("weights", "identity"),
            "P2": Parameter("weights", "identity"),
            "scale_predictors": Parameter("switch", False),
        },
        Mixed("alpha", "l1_ratio", "total", weights=("P1", "P2"), standardize="scale_predictors"),
        f'glum 3.4, _glm.py, family="{name}" with its canonical link; checked against stored fits',
        relative_to,
    )


ROWS = (
    _family("normal", "squared", "penalty"),
    _family("binomial", "logistic", None),
    _family("poisson", "poisson", None),
)
