"""Cross-validated paths beside scikit-learn's: accuracy and CPU seconds.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 ./run python benchmarks/tune_speed.py

5 folds, 100 penalties, n = 10 000, p = 100 with correlated columns, beside LassoCV, ElasticNetCV and RidgeCV on the
same grid and the same folds; leave-one-out of a ridge beside RidgeCV's; approximate leave-one-out of a lasso beside
refits.
Medians of three warm runs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import ElasticNetCV, LassoCV, RidgeCV

import bayesreg as br
from bayesreg import likelihoods


def data(n: int, p: int) -> tuple[Any, Any]:
    """Columns with an autoregressive correlation of 0.7, a tenth of which matter."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = 0.7 * X[:, j - 1] + np.sqrt(1 - 0.49) * X[:, j]
    coef = np.where(np.arange(p) % 10 == 0, 0.3, 0.0)
    return X, 2.0 + X @ coef + rng.standard_normal(n)


def timed(work: Callable[[], Any], times: int = 3) -> tuple[Any, float]:
    """Result and median CPU seconds of warm runs."""
    result = work()
    took = []
    for _ in range(times):
        began = time.process_time()
        result = work()
        took.append(time.process_time() - began)
    return result, statistics.median(took)


def against(name: str, ours: tuple[Any, float], theirs: tuple[Any, float], their_folds: Any, penalty: str) -> None:
    """Print one comparison."""
    found, took = ours
    fitted, other = theirs
    apart = "" if their_folds is None else f"{np.abs(found.details['folds'] / their_folds - 1).max():.1e}"
    chosen = found.penalties[penalty]["alpha"]
    print(
        f"{name:<34}{took:>9.3f}{other:>9.3f}{other / took:>8.1f}x{apart:>10}  "
        f"alpha {chosen:.6g} and {fitted.alpha_:.6g}"
    )


def main() -> None:
    n, p = 10_000, 100
    X, y = data(n, p)
    print(f"{'n = 10 000, p = 100':<34}{'ours':>9}{'theirs':>9}{'':>9}{'folds':>10}  choice")
    lasso = br.Model(likelihoods.Gaussian(), br.prior_from("sklearn.Lasso", alpha=1.0, n=n))
    ours = timed(lambda: br.tune(lasso, X, y, per_row=True))
    grid = ours[0].strength
    for tol in (1e-4, 1e-10):
        theirs = timed(lambda tol=tol: LassoCV(alphas=grid, cv=5, tol=tol, max_iter=100_000).fit(X, y))
        against(f"lasso, their tol {tol:g}", ours, theirs, theirs[0].mse_path_, "sklearn.Lasso")
    net = br.Model(likelihoods.Gaussian(), br.prior_from("sklearn.ElasticNet", alpha=1.0, l1_ratio=0.5, n=n))
    ours = timed(lambda: br.tune(net, X, y, per_row=True))
    net_grid = ours[0].strength
    theirs = timed(lambda: ElasticNetCV(l1_ratio=0.5, alphas=net_grid, cv=5, max_iter=100_000).fit(X, y))
    against("elastic net, their tol 0.0001", ours, theirs, theirs[0].mse_path_, "sklearn.ElasticNet")
    ridge = br.Model(likelihoods.Gaussian(), br.prior_from("sklearn.Ridge", alpha=1.0))
    ours = timed(lambda: br.tune(ridge, X, y))
    ridge_grid = ours[0].strength
    theirs = timed(lambda: RidgeCV(alphas=ridge_grid, cv=5, scoring="neg_mean_squared_error").fit(X, y), 1)
    against("ridge", ours, theirs, None, "sklearn.Ridge")
    ours = timed(lambda: br.tune(ridge, X, y, method="alo"))
    theirs = timed(lambda: RidgeCV(alphas=ridge_grid, store_cv_results=True).fit(X, y))
    against("ridge, leave-one-out", ours, theirs, None, "sklearn.Ridge")
    apart = np.abs(ours[0].value / theirs[0].cv_results_.mean(axis=0) - 1).max()
    print(f"  largest difference of the curves: {apart:.1e}")
    took = timed(lambda: br.tune(lasso, X, y, method="alo"))[1]
    print(f"{'lasso, approximate leave-one-out':<34}{took:>9.3f}")
    X, y = data(150, 40)
    small = br.Model(likelihoods.Gaussian(1.0), br.prior_from("sklearn.Lasso", alpha=1.0, n=150))
    found = br.tune(small, X, y, method="alo", n_points=30)
    exact = br.tune(small, X, y, cv=150, strengths=found.strength)
    off = np.abs(found.value / exact.value - 1)
    print(
        f"lasso, n = 150, p = 40: approximate over exact leave-one-out - 1: median {np.median(off):.1e}, at most",
        end=" ",
    )
    print(f"{off.max():.1e}; choice {found.best:.4g} and {exact.best:.4g}")


if __name__ == "__main__":
    main()
