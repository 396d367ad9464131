"""Rows of celer."""

from __future__ import annotations

from bayesreg.conventions.group_norms import GroupNorms
from bayesreg.conventions.mixed import Mixed
from bayesreg.conventions.parameters import Parameter, required
from bayesreg.conventions.row import Convention

_SOURCE = "celer 0.7.4, dropin_sklearn.py; checked against stored fits"
_ALPHA = Parameter("number", 1.0)
_POSITIVE = Parameter("switch", False)
_WEIGHTS = Parameter("weights")

ROWS = (
    Convention(
        "celer.Lasso",
        "1/(2 n) RSS + alpha sum_j weights_j |w_j|",
        "squared",
        {"alpha": _ALPHA, "weights": _WEIGHTS, "positive": _POSITIVE},
        Mixed("alpha", 1.0, "total", weights=("weights", "weights")),
        _SOURCE,
        "penalty",
    ),
    Convention(
        "celer.ElasticNet",
        "1/(2 n) RSS + alpha sum_j weights_j [l1_ratio |w_j| + (1 - l1_ratio)/2 w_j²]",
        "squared",
        {"alpha": _ALPHA, "l1_ratio": Parameter("share", 1.0), "weights": _WEIGHTS, "positive": _POSITIVE},
        Mixed("alpha", "l1_ratio", "total", weights=("weights", "weights")),
        _SOURCE,
        "penalty",
    ),
    Convention(
        "celer.LogisticRegression",
        "sum_i loss_i + 1/C ||w||_1, no intercept",
        "logistic",
        {"C": Parameter("positive", 1.0)},
        Mixed("C", 1.0, inverse=True),
        _SOURCE,
    ),
    Convention(
        "celer.GroupLasso",
        "1/(2 n) RSS + alpha sum_g weights_g ||w_g||, over groups g",
        "squared",
        {"groups": required("groups"), "alpha": _ALPHA, "weights": _WEIGHTS},
        GroupNorms("alpha", "groups", "weights"),
        _SOURCE,
        "penalty",
    ),
)
