"""Rows of skglm: its estimators, and its datafits in a GeneralizedLinearEstimator."""

from __future__ import annotations

from typing import Literal

from bayesreg.conventions.group_norms import GroupNorms
from bayesreg.conventions.mixed import Mixed
from bayesreg.conventions.parameters import Kind, Parameter, required
from bayesreg.conventions.row import Convention, Loss

_SOURCE = "skglm 0.5, estimators.py; checked against stored fits"
_ALPHA = Parameter("number", 1.0)
_POSITIVE = Parameter("switch", False)
_WEIGHTS = Parameter("weights")


def _datafit(
    name: str,
    loss: Loss,
    objective: str,
    relative_to: Literal["penalty", "sigma"] | None,
    count: Literal["total"] | None = "total",
    shape: tuple[str, Kind] | None = None,
) -> Convention:
    """A datafit with the penalty L1, L2, L1_plus_L2 or WeightedL1."""
    parameters = {"alpha": _ALPHA, "l1_ratio": Parameter("share", 1.0), "weights": _WEIGHTS, "positive": _POSITIVE}
    return Convention(
        f"skglm.{name}",
        f"{objective} + alpha sum_j weights_j [l1_ratio |w_j| + (1 - l1_ratio)/2 w_j²]",
        loss,
        parameters if shape is None else {shape[0]: required(shape[1])} | parameters,
        Mixed("alpha", "l1_ratio", count, weights=("weights", "weights")),
        "skglm 0.5, datafits/ and penalties/separable.py; checked against stored fits",
        relative_to,
        None if shape is None else shape[0],
    )


ROWS = (
    Convention(
        "skglm.Lasso",
        "1/(2 n) RSS + alpha ||w||_1",
        "squared",
        {"alpha": _ALPHA, "positive": _POSITIVE},
        Mixed("alpha", 1.0, "total"),
        _SOURCE,
        "penalty",
    ),
    Convention(
        "skglm.WeightedLasso",
        "1/(2 n) RSS + alpha sum_j weights_j |w_j|",
        "squared",
        {"alpha": _ALPHA, "weights": _WEIGHTS, "positive": _POSITIVE},
        Mixed("alpha", 1.0, "total", weights=("weights", "weights")),
        _SOURCE,
        "penalty",
    ),
    Convention(
        "skglm.ElasticNet",
        "1/(2 n) RSS + alpha l1_ratio ||w||_1 + alpha (1 - l1_ratio)/2 ||w||²",
        "squared",
        {"alpha": _ALPHA, "l1_ratio": Parameter("share", 0.5), "positive": _POSITIVE},
        Mixed("alpha", "l1_ratio", "total"),
        _SOURCE,
        "penalty",
    ),
    Convention(
        "skglm.SparseLogisticRegression",
        "1/n sum_i loss_i + alpha l1_ratio ||w||_1 + alpha (1 - l1_ratio)/2 ||w||²",
        "logistic",
        {"alpha": _ALPHA, "l1_ratio": Parameter("share", 1.0)},
        Mixed("alpha", "l1_ratio", "total"),
        _SOURCE,
    ),
    Convention(
        "skglm.GroupLasso",
        "1/(2 n) RSS + alpha sum_g weights_g ||w_g||, over groups g",
        "squared",
        {"groups": required("groups"), "alpha": _ALPHA, "weights": _WEIGHTS},
        GroupNorms("alpha", "groups", "weights"),
        _SOURCE,
        "penalty",
    ),
    _datafit("Quadratic", "squared", "1/(2 n) RSS", "penalty"),
    _datafit("Huber", "huber", "1/n sum_i rho_delta(e_i)", "penalty", shape=("delta", "positive")),
    # The only datafit that is a sum and no mean.
    _datafit("Pinball", "quantile", "sum_i check_quantile_level(e_i)", "sigma", None, ("quantile_level", "inside")),
    _datafit("Logistic", "logistic", "1/n sum_i loss_i", None),
    _datafit("Poisson", "poisson", "1/n sum_i (exp(eta_i) - y_i eta_i)", None),
)
