"""Our MAP beside scikit-learn at its tightest tolerance.

    ./run python benchmarks/map_against_sklearn.py

For every fit: largest coefficient difference relative to the largest coefficient, objective above ours, relative
gaps by the same certificate, exact zeros of both, and the median CPU time of five alternating warm fits.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge

import bayesreg as br
from bayesreg.report.demo import breast_cancer, diabetes

TIGHT: dict[str, Any] = {"tol": 1e-14, "max_iter": 1_000_000}


def cpu_seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    frame, y = diabetes()
    X = frame.to_numpy()
    Xb, yb = breast_cancer()
    cases: list[tuple[str, Any, Any, Any]] = []
    for alpha in (0.1, 10.0, 1000.0):
        cases.append((f"Ridge({alpha:g})", Ridge(alpha, tol=1e-14), X, y))
    for alpha in (0.01, 0.5, 5.0):
        cases.append((f"Lasso({alpha:g})", Lasso(alpha, **TIGHT), X, y))
        cases.append((f"ElasticNet({alpha:g}, .5)", ElasticNet(alpha=alpha, l1_ratio=0.5, **TIGHT), X, y))
    for C in (0.01, 0.1):
        newton = LogisticRegression(C=C, solver="newton-cholesky", **TIGHT)
        cases.append((f"logistic l2, C={C:g}", newton, Xb, yb))
        for ratio, name in ((1.0, "l1"), (0.5, "elastic net")):
            saga = LogisticRegression(C=C, l1_ratio=ratio, solver="saga", **TIGHT)
            cases.append((f"logistic {name}, C={C:g}", saga, Xb, yb))
    heads = {
        "fit": -28,
        "|Δcoef|": 9,
        "excess": 10,
        "gap ours": 10,
        "theirs": 9,
        "zeros": 8,
        "their": 7,
        "CPU ratio": 11,
    }
    print("".join(f"{head:<{-width}}" if width < 0 else f"{head:>{width}}" for head, width in heads.items()))
    for name, estimator, A, b in cases:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = br.verify(estimator.fit(A, b), A, b)
            model = br.Model.from_json(report.ours.spec)
            ours, theirs = [], []
            for _ in range(5):
                ours.append(cpu_seconds(lambda m=model, A=A, b=b: br.find_map(m, A, b)))
                theirs.append(cpu_seconds(lambda e=estimator, A=A, b=b: e.fit(A, b)))
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(
            f"{name:<28}{report.max_difference:>9.0e}{report.excess:>10.0e}"
            f"{report.ours.certificate.relative_gap:>10.0e}{report.certificate.relative_gap:>9.0e}"
            f"{report.best_zeros:>8}{report.zeros:>7}{ratio:>11.2f}"
        )


if __name__ == "__main__":
    main()
