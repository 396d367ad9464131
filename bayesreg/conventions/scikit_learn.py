"""Rows of scikit-learn. An estimator that searches by cross-validation follows the row of the one that it fits."""

from __future__ import annotations

from bayesreg.conventions.mixed import Mixed
from bayesreg.conventions.parameters import Parameter, required
from bayesreg.conventions.row import Convention

_LIVE = "checked live in the tests"
_ALPHA = Parameter("number", 1.0)
_SMALL = Parameter("number", 0.0001)
_POSITIVE = Parameter("switch", False)

ROWS = (
    Convention(
        "sklearn.Ridge",
        "sum_i s_i e_i² + alpha ||w||²",
        "squared",
        {"alpha": _ALPHA, "positive": _POSITIVE},
        Mixed("alpha", 0.0),
        f"scikit-learn 1.9, linear_model/_ridge.py; {_LIVE}",
        "penalty",
    ),
    Convention(
        "sklearn.Lasso",
        "1/(2 S) sum_i s_i e_i² + alpha ||w||_1",
        "squared",
        {"alpha": _ALPHA, "positive": _POSITIVE},
        Mixed("alpha", 1.0, "total"),
        f"scikit-learn 1.9, linear_model/_coordinate_descent.py; {_LIVE}",
        "penalty",
    ),
    Convention(
        "sklearn.ElasticNet",
        "1/(2 S) sum_i s_i e_i² + alpha l1_ratio ||w||_1 + alpha (1 - l1_ratio)/2 ||w||²",
        "squared",
        {"alpha": _ALPHA, "l1_ratio": Parameter("share", 0.5), "positive": _POSITIVE},
        Mixed("alpha", "l1_ratio", "total"),
        f"scikit-learn 1.9, linear_model/_coordinate_descent.py; {_LIVE}",
        "penalty",
    ),
    Convention(
        "sklearn.SGDRegressor",
        "1/n sum_i s_i e_i²/2 + alpha l1_ratio ||w||_1 + alpha (1 - l1_ratio)/2 ||w||²"
        ' (penalty="l2" is l1_ratio = 0, "l1" is 1)',
        "squared",
        {"alpha": _SMALL, "l1_ratio": Parameter("share", 0.0)},
        Mixed("alpha", "l1_ratio", "rows"),
        "scikit-learn 1.9, linear_model/_sgd_fast.pyx.tp: the penalty is applied once a row, whatever its weight; "
        f'loss="squared_error"; {_LIVE}, to the few digits that the solver has',
        "penalty",
    ),
    Convention(
        "sklearn.BayesianRidge",
        "the posterior mean under w_j ~ N(0, 1/lambda_), noise of precision alpha_ = 1/sigma²",
        "squared",
        {"lambda_": required("number")},
        Mixed("lambda_", 0.0),
        f"scikit-learn 1.9, linear_model/_bayes.py: Ridge(alpha=lambda_/alpha_); {_LIVE}",
    ),
    Convention(
        "sklearn.ARDRegression",
        "the posterior mean under w_j ~ N(0, 1/lambda_[j]), noise of precision alpha_ = 1/sigma²; "
        "columns above threshold_lambda are left out",
        "squared",
        {"lambda_": required("numbers")},
        Mixed("lambda_", 0.0, each_column=True),
        f"scikit-learn 1.9, linear_model/_bayes.py; {_LIVE}",
    ),
    Convention(
        "sklearn.HuberRegressor",
        "sum_i s_i (sigma + sigma H(e_i/sigma)) + alpha ||w||², H(z) = z² or 2 epsilon |z| - epsilon²; sigma is fitted",
        "huber",
        {"alpha": _SMALL, "epsilon": Parameter("positive", 1.35)},
        Mixed("alpha", 0.0, l2_over="sigma"),
        f"scikit-learn 1.9, linear_model/_huber.py, over 2 sigma; {_LIVE}",
        shape="epsilon",
    ),
    Convention(
        "sklearn.QuantileRegressor",
        "1/S sum_i s_i check_quantile(e_i) + alpha ||w||_1",
        "quantile",
        {"alpha": _ALPHA, "quantile": Parameter("inside", 0.5)},
        Mixed("alpha", 1.0, "total"),
        f"scikit-learn 1.9, linear_model/_quantile.py; {_LIVE}",
        "sigma",
        "quantile",
    ),
    Convention(
        "sklearn.LogisticRegression",
        "C sum_i s_i loss_i + l1_ratio ||w||_1 + (1 - l1_ratio)/2 ||w||²",
        "logistic",
        {"C": Parameter("positive", 1.0), "l1_ratio": Parameter("share", 0.0)},
        Mixed("C", "l1_ratio", inverse=True),
        f"scikit-learn 1.9, linear_model/_logistic.py (liblinear penalises the intercept too); {_LIVE}",
    ),
    Convention(
        "sklearn.SGDClassifier",
        "1/n sum_i s_i loss_i + alpha l1_ratio ||w||_1 + alpha (1 - l1_ratio)/2 ||w||²"
        ' (penalty="l2" is l1_ratio = 0, "l1" is 1)',
        "logistic",
        {"alpha": _SMALL, "l1_ratio": Parameter("share", 0.0)},
        Mixed("alpha", "l1_ratio", "rows"),
        f'as SGDRegressor, loss="log_loss": C = 1/(n alpha); {_LIVE}, to the few digits that the solver has',
    ),
    Convention(
        "sklearn.PoissonRegressor",
        "1/(2 S) sum_i s_i deviance_i + alpha/2 ||w||²",
        "poisson",
        {"alpha": _ALPHA},
        Mixed("alpha", 0.0, "total"),
        f"scikit-learn 1.9, linear_model/_glm/glm.py; {_LIVE}",
    ),
)
