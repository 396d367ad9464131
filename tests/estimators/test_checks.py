"""Every estimator passes scikit-learn's own checks, none of them excepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

import bayesreg as br

ESTIMATORS = [
    br.Ridge(),
    br.Lasso(),
    br.ElasticNet(),
    br.LogisticRegression(),
    br.PoissonRegressor(),
    br.HuberRegressor(),
    br.QuantileRegressor(),
]


@parametrize_with_checks(ESTIMATORS)
def test_it_is_an_estimator_of_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)
