"""`verify` on fitted objects of celer, skglm, glum, statsmodels and scikit-learn, as their users have them.

    python benchmarks/verify_peers.py

needs the dependency group ``bench``.
Every fit twice, at the library's default tolerance and at one that it can hardly meet: whether it is accepted, its
relative gap and KKT cosine, the largest difference from our MAP and the time that verify took.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import celer
import glum
import numpy as np
import skglm
import sklearn.linear_model as sk
import statsmodels.api as sm
from skglm import GeneralizedLinearEstimator as General
from skglm import datafits, penalties, solvers
from skglm.experimental.pdcd_ws import PDCD_WS
from skglm.experimental.quantile_regression import Pinball

import bayesreg as br
from bayesreg.report.demo import breast_cancer, diabetes

Options = dict[str, Any]
DIABETES, RESPONSE = diabetes()
X, y = DIABETES.to_numpy() / DIABETES.to_numpy().std(axis=0), np.asarray(RESPONSE, dtype=float)
XB, labels = (np.asarray(part, dtype=float) for part in breast_cancer())
XB = ((XB - XB.mean(axis=0)) / XB.std(axis=0))[:, :10]
counts = np.round(y / 25)
low = y - np.quantile(y, 0.3)  # for a fit without an intercept
WITH_CONSTANT, LABELS_WITH_CONSTANT = sm.add_constant(X), sm.add_constant(XB)
GROUPS = [[0, 1], [2, 3, 4], [5, 6, 7, 8, 9]]

CV: Options = {"Cs": 5, "l1_ratios": (0.0,), "scoring": "accuracy", "use_legacy_attributes": False}

# What is fitted from the options of a tolerance, the options of the tight one, X and y.
CASES: list[tuple[Callable[[Options], Any], Options, np.ndarray, np.ndarray]] = [
    (lambda o: celer.Lasso(alpha=1.0, **o), {"tol": 1e-15, "max_iter": 500}, X, y),
    (lambda o: celer.ElasticNet(alpha=1.0, l1_ratio=0.5, **o), {"tol": 1e-15, "max_iter": 500}, X, y),
    (lambda o: celer.LogisticRegression(C=0.1, **o), {"tol": 1e-15, "max_iter": 500}, XB, labels),
    (lambda o: celer.GroupLasso(groups=GROUPS, alpha=2.0, **o), {"tol": 1e-15, "max_iter": 500}, X, y),
    (lambda o: skglm.Lasso(alpha=1.0, **o), {"tol": 1e-13, "max_iter": 500}, X, y),
    (lambda o: skglm.WeightedLasso(alpha=1.0, weights=np.arange(10.0), **o), {"tol": 1e-13}, X, y),
    (lambda o: skglm.ElasticNet(alpha=1.0, l1_ratio=0.5, **o), {"tol": 1e-13}, X, y),
    (lambda o: skglm.GroupLasso(groups=GROUPS, alpha=2.0, **o), {"tol": 1e-13, "max_iter": 500}, X, y),
    (lambda o: skglm.SparseLogisticRegression(alpha=0.02, **o), {"tol": 1e-13, "max_iter": 500}, XB, labels),
    (
        lambda o: General(datafits.Huber(40.0), penalties.L1(1.0), solvers.AndersonCD(**o)),
        {"tol": 1e-13, "max_iter": 500},
        X,
        y,
    ),
    (
        lambda o: General(datafits.Poisson(), penalties.L1(0.1), solvers.ProxNewton(**o)),
        {"tol": 1e-13, "max_iter": 500},
        X,
        counts,
    ),
    (lambda o: General(Pinball(0.3), penalties.L1(20.0), PDCD_WS(**o)), {"tol": 1e-12, "max_iter": 2000}, X, low),
    *[
        (
            lambda o, family=family: glum.GeneralizedLinearRegressor(family=family, alpha=0.05, l1_ratio=0.5, **o),
            {"gradient_tol": 1e-13, "max_iter": 1000},
            columns,
            response,
        )
        for family, columns, response in (("normal", X, y), ("binomial", XB, labels), ("poisson", X, counts))
    ],
    (lambda o: glum.GeneralizedLinearRegressorCV(family="poisson", cv=3, **o), {"gradient_tol": 1e-13}, X, counts),
    (lambda o: sk.HuberRegressor(alpha=1.0, **o), {"tol": 1e-12, "max_iter": 10_000}, X, y),
    (lambda o: sk.QuantileRegressor(alpha=0.1, **o), {}, X, y),
    (lambda o: sk.PoissonRegressor(alpha=0.1, **o), {"tol": 1e-12, "solver": "newton-cholesky"}, X, counts),
    (lambda o: sk.BayesianRidge(**o), {}, X, y),
    (lambda o: sk.SGDRegressor(alpha=0.01, average=True, random_state=0, **o), {"tol": None, "max_iter": 2000}, X, y),
    (lambda o: sk.LogisticRegressionCV(**CV, **o), {"tol": 1e-13, "solver": "newton-cholesky"}, XB, labels),
]
# The results of statsmodels' linear models and GLM do not keep their penalty: verify is told it again.
FREE = np.array([0.0, *[0.02] * 10])
STATSMODELS: list[tuple[Callable[[], Any], Options, Options, np.ndarray, np.ndarray]] = [
    (lambda: sm.OLS(y, WITH_CONSTANT), {"alpha": 50 * FREE, "L1_wt": 0.0}, {}, WITH_CONSTANT, y),
    (
        lambda: sm.OLS(y, WITH_CONSTANT),
        {"alpha": 50 * FREE, "L1_wt": 0.5},
        {"cnvrg_tol": 1e-14, "zero_tol": 1e-12, "maxiter": 10_000},
        WITH_CONSTANT,
        y,
    ),
    (
        lambda: sm.GLM(labels, LABELS_WITH_CONSTANT, family=sm.families.Binomial()),
        {"alpha": FREE, "L1_wt": 1.0},
        {"method": "l1_slsqp", "acc": 1e-15},
        LABELS_WITH_CONSTANT,
        labels,
    ),
    (
        lambda: sm.GLM(counts, WITH_CONSTANT, family=sm.families.Poisson()),
        {"alpha": FREE, "L1_wt": 0.0},
        {},
        WITH_CONSTANT,
        counts,
    ),
]
DISCRETE: list[tuple[Callable[[], Any], np.ndarray, np.ndarray]] = [
    (lambda: sm.Logit(labels, LABELS_WITH_CONSTANT), LABELS_WITH_CONSTANT, labels),
    (lambda: sm.Poisson(counts, WITH_CONSTANT), WITH_CONSTANT, counts),
]


def show(fit: Any, columns: np.ndarray, response: np.ndarray, tight: bool, **parameters: Any) -> None:
    """Print one line."""
    began = time.perf_counter()
    found = br.verify(fit, columns, response, **parameters)
    elapsed = time.perf_counter() - began
    verdict = "accepted" if found.accepted else "NOT"
    print(
        f"{found.label[:74]:<75}{'tight' if tight else 'default':<8}{verdict:<9}"
        f"{found.certificate.relative_gap:8.1e}{found.certificate.kkt:9.1e}{found.max_difference:9.1e}"
        f"{f'{found.zeros}/{found.best_zeros}':>7}  {found.intercept:<10}{1000 * elapsed:6.1f} ms"
    )


def main() -> None:
    """Print one line a fit and tolerance."""
    print(f"{'fit':<75}{'tol':<8}{'verify':<9}{'gap':>8}{'KKT':>9}{'coef':>9}{'zeros':>7}  intercept")
    warnings.simplefilter("ignore")
    for make, tight, columns, response in CASES:
        for options in ({}, tight) if tight else ({},):
            show(make(options).fit(columns, response), columns, response, bool(options))
    for make_model, penalty, tight, columns, response in STATSMODELS:
        for options in ({}, tight) if tight else ({},):
            show(make_model().fit_regularized(**penalty, **options), columns, response, bool(options), **penalty)
    for make_model, columns, response in DISCRETE:
        for options in ({}, {"acc": 1e-15, "maxiter": 10_000}):
            fit = make_model().fit_regularized(alpha=200 * FREE, disp=0, **options)
            show(fit, columns, response, bool(options))


if __name__ == "__main__":
    main()
