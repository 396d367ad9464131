"""Rows of the textbooks: penalties added to the residual sum of squares, or to the sum of absolute residuals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesreg.conventions.mixed import Mixed, refuse_groups
from bayesreg.conventions.parameters import required
from bayesreg.conventions.row import Convention, Rates, Setting
from bayesreg.errors import InputError


@dataclass(frozen=True)
class _TwoStrengths:
    """lambda1 |w_j| + lambda2 w_j² added to RSS: half of the one and all of the other in half-RSS units."""

    def rates(self, given: Mapping[str, Any], setting: Setting) -> Rates:
        return Rates(given["lambda1"] / 2, given["lambda2"])

    def invert(self, rates: Rates, setting: Setting) -> dict[str, Any]:
        refuse_groups(rates, setting)
        if np.ptp(rates.l1) > 0 or np.ptp(rates.l2) > 0:
            raise InputError(
                f"{setting.convention} has one penalty for all coefficients, but the prior has one for each."
            )
        return {"lambda1": 2 * float(np.ravel(rates.l1)[0]), "lambda2": float(np.ravel(rates.l2)[0])}


ROWS = (
    Convention(
        "textbook.ridge",
        "RSS + lambda_ ||w||²",
        "squared",
        {"lambda_": required("number")},
        Mixed("lambda_", 0.0),
        "Hoerl & Kennard (1970); w = (X'X + lambda I)^-1 X'y",
        "penalty",
    ),
    Convention(
        "textbook.lasso",
        "RSS + lambda_ ||w||_1",
        "squared",
        {"lambda_": required("number")},
        Mixed("lambda_", 1.0, l1_unit=0.5),
        "Tibshirani (1996), Lagrangian form; note the 1/2 on the l1 part only",
        "penalty",
    ),
    Convention(
        "textbook.elastic_net",
        "RSS + lambda1 ||w||_1 + lambda2 ||w||²",
        "squared",
        {"lambda1": required("number"), "lambda2": required("number")},
        _TwoStrengths(),
        "Zou & Hastie (2005), naive elastic net",
        "penalty",
    ),
    Convention(
        "textbook.elastic_net_mixed",
        "RSS + lambda_ (alpha ||w||_1 + (1 - alpha) ||w||²)",
        "squared",
        {"lambda_": required("number"), "alpha": required("share")},
        Mixed("lambda_", "alpha", l1_unit=0.5),
        "Zou & Hastie (2005), with one mixing weight",
        "penalty",
    ),
    Convention(
        "textbook.lad_lasso",
        "sum_i |e_i| + lambda_ ||w||_1",
        "absolute",
        {"lambda_": required("number")},
        Mixed("lambda_", 1.0),
        "Wang, Li & Jiang (2007), one penalty for all",
        "sigma",
    ),
)
