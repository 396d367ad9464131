"""Regularised regression and its Bayesian posterior as one model: a prior is a penalty.

* ``Model(likelihood, prior)``: parts from ``likelihoods``, ``priors`` and ``scales``; ``prior_from``, ``penalty_for``
  translate the penalties of other libraries.
* ``find_map``, ``map_path``: the penalised fit, certified. ``verify``: the same certificate for anybody's fit.
* ``sample``: the posterior as an ArviZ DataTree; ``diagnose``: how well it was sampled. ``explain``: which engine, and
  why. ``to_pymc``: the PyMC form.
* ``path_posterior``: the posterior along the penalty, for ribbons around the path.
* ``tune``: the strength of the shrinkage, by cross-validation, leave-one-out, evidence or full Bayes.
* ``recommend``: a prior and its strength, read off the data; ``choose_regularization``: by a rule of thumb.
* ``select``: the columns that a posterior needs, as a fitted submodel.
* ``contrast``: combinations of coefficients. ``sensitivity``: how much of a posterior is the prior's doing.
* ``shrinkage``, ``compare``, ``predict``, ``prior_predictive``, and pictures in ``plots``.
* ``Ridge``, ``Lasso``, ``ElasticNet``, ``LogisticRegression``, ``PoissonRegressor``, ``HuberRegressor``,
  ``QuantileRegressor``: the same as scikit-learn estimators.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from bayesreg import errors as errors
    from bayesreg import likelihoods as likelihoods
    from bayesreg import plots as plots
    from bayesreg import priors as priors
    from bayesreg import scales as scales
    from bayesreg.certificate import Certificate as Certificate
    from bayesreg.choice import Explanation as Explanation
    from bayesreg.comparison import compare as compare
    from bayesreg.contrasts import contrast as contrast
    from bayesreg.conventions import penalty_for as penalty_for
    from bayesreg.conventions import prior_from as prior_from
    from bayesreg.data import make_design as make_design
    from bayesreg.diagnostics import diagnose as diagnose
    from bayesreg.estimators import ElasticNet as ElasticNet
    from bayesreg.estimators import HuberRegressor as HuberRegressor
    from bayesreg.estimators import Lasso as Lasso
    from bayesreg.estimators import LogisticRegression as LogisticRegression
    from bayesreg.estimators import PoissonRegressor as PoissonRegressor
    from bayesreg.estimators import QuantileRegressor as QuantileRegressor
    from bayesreg.estimators import Ridge as Ridge
    from bayesreg.fit import explain as explain
    from bayesreg.fit import find_map as find_map
    from bayesreg.fit import sample as sample
    from bayesreg.fit import to_pymc as to_pymc
    from bayesreg.guide import Recommendation as Recommendation
    from bayesreg.guide import choose_regularization as choose_regularization
    from bayesreg.guide import recommend as recommend
    from bayesreg.model import Model as Model
    from bayesreg.path import map_path as map_path
    from bayesreg.power_scaling import sensitivity as sensitivity
    from bayesreg.prediction import predict as predict
    from bayesreg.prior_prediction import prior_predictive as prior_predictive
    from bayesreg.results import MapResult as MapResult
    from bayesreg.results import PathResult as PathResult
    from bayesreg.selection import Selection as Selection
    from bayesreg.selection import select as select
    from bayesreg.shrinkage_factors import shrinkage as shrinkage
    from bayesreg.tuning import PathPosterior as PathPosterior
    from bayesreg.tuning import TuneResult as TuneResult
    from bayesreg.tuning import path_posterior as path_posterior
    from bayesreg.tuning import tune as tune
    from bayesreg.verification import verify as verify

# Names are loaded when first used (PEP 562), so that importing the package costs next to nothing.
_MODULES = ("errors", "likelihoods", "plots", "priors", "scales")
_HOME = {
    "Certificate": "certificate",
    "ElasticNet": "estimators",
    "Evidence": "evidence",
    "Explanation": "choice",
    "HuberRegressor": "estimators",
    "Lasso": "estimators",
    "LogisticRegression": "estimators",
    "MapResult": "results",
    "Model": "model",
    "PathPosterior": "tuning",
    "PathResult": "results",
    "PoissonRegressor": "estimators",
    "QuantileRegressor": "estimators",
    "Recommendation": "guide",
    "Ridge": "estimators",
    "Selection": "selection",
    "TuneResult": "tuning",
    "choose_regularization": "guide",
    "compare": "comparison",
    "contrast": "contrasts",
    "diagnose": "diagnostics",
    "explain": "fit",
    "find_map": "fit",
    "log_evidence": "evidence",
    "make_design": "data",
    "map_path": "path",
    "path_posterior": "tuning",
    "penalty_for": "conventions",
    "predict": "prediction",
    "prior_from": "conventions",
    "prior_predictive": "prior_prediction",
    "recommend": "guide",
    "sample": "fit",
    "select": "selection",
    "sensitivity": "power_scaling",
    "shrinkage": "shrinkage_factors",
    "to_pymc": "fit",
    "tune": "tuning",
    "verify": "verification",
}
__all__ = ["__version__", *_MODULES, *_HOME]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"bayesreg.{name}")
    if name in _HOME:
        value = getattr(importlib.import_module(f"bayesreg.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'bayesreg' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
