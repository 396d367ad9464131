"""Rows of statsmodels' fit_regularized. The constant is a column of X like every other one: alpha[0] = 0 frees it."""

from __future__ import annotations

from typing import Literal

from bayesreg.conventions.mixed import Mixed
from bayesreg.conventions.parameters import Parameter
from bayesreg.conventions.row import Convention, Loss

_ALPHA = Parameter("numbers", 0.0)
_NET = (
    "with L1_wt > 0 its coordinate descent never revisits a zero and may end above the minimum: such fits, elastic "
    'nets above all, are no reference (L1_wt = 0 and method="l1_slsqp" are); checked against stored fits'
)


def _elastic_net(
    name: str, loss: Loss, mean_loss: str, relative_to: Literal["penalty"] | None, where: str
) -> Convention:
    return Convention(
        f"statsmodels.{name}",
        f"{mean_loss} + sum_j alpha_j [L1_wt |w_j| + (1 - L1_wt)/2 w_j²]",
        loss,
        {"alpha": _ALPHA, "L1_wt": Parameter("share", 1.0)},
        Mixed("alpha", "L1_wt", "total", each_column=True),
        f"statsmodels 0.15, {where}; {_NET}",
        relative_to,
    )


def _l1(name: str, loss: Loss) -> Convention:
    return Convention(
        f"statsmodels.{name}",
        "sum_i loss_i + sum_j alpha_j |w_j|",
        loss,
        {"alpha": _ALPHA},
        Mixed("alpha", 1.0, each_column=True),
        f'statsmodels 0.15, base/l1_slsqp.py, {name}(...).fit_regularized(method="l1"); a sum, where GLM has a mean; '
        "checked against stored fits",
    )


ROWS = (
    _elastic_net(
        "OLS",
        "squared",
        "1/(2 S) sum_i s_i e_i² (s_i the weights of WLS)",
        "penalty",
        "regression/linear_model.py and base/elastic_net.py",
    ),
    _elastic_net("GLM.Binomial", "logistic", "1/n sum_i loss_i", None, "genmod/generalized_linear_model.py"),
    _elastic_net("GLM.Poisson", "poisson", "1/n sum_i loss_i", None, "genmod/generalized_linear_model.py"),
    _l1("Logit", "logistic"),
    _l1("Poisson", "poisson"),
)
