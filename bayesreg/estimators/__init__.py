"""Scikit-learn estimators of the same names, parameters and coefficients, and then the posterior of the same model."""

from bayesreg.estimators.elastic_net import ElasticNet as ElasticNet
from bayesreg.estimators.huber import HuberRegressor as HuberRegressor
from bayesreg.estimators.lasso import Lasso as Lasso
from bayesreg.estimators.logistic import LogisticRegression as LogisticRegression
from bayesreg.estimators.poisson import PoissonRegressor as PoissonRegressor
from bayesreg.estimators.quantile import QuantileRegressor as QuantileRegressor
from bayesreg.estimators.ridge import Ridge as Ridge
