"""Logistic regression of two classes with a ridge, lasso or elastic-net penalty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from bayesreg.errors import InputError
from bayesreg.estimators.base import Array, LinearEstimator, RandomState


class LogisticRegression(ClassifierMixin, LinearEstimator):  # type: ignore[misc]  # scikit-learn has no types
    r"""Two classes with a logit link and a ridge, lasso or elastic-net penalty.

    Minimises :math:`C\sum_i s_i \log(1 + e^{-t_i\eta_i}) + \rho\|\beta\|_1 + \frac{1-\rho}{2}\|\beta\|_2^2` with
    :math:`t_i = \pm 1`.

    Parameters
    ----------
    penalty : "deprecated"
        Gone from scikit-learn 1.10 and refused here: ``l1_ratio`` says it.
    C : float, default 1
        Inverse strength of the penalty, above 0; infinite: no penalty.
    l1_ratio : float, default 0
        The share rho of the l1 penalty: 0 is ridge, 1 the lasso.
    fit_intercept : bool, default True
        The intercept is not penalised.
    class_weight : dict, "balanced" or None
        Weights of the classes by label, which multiply the sample weights, for the posterior too, where a weight counts
        rows; "balanced": inverse to the frequencies.
    random_state : int, RandomState, Generator or None
        Seed of `sample`.
    solver : str, default "lbfgs"
        Without effect: the solution is exact. "liblinear" penalises the intercept, which is another model, and is
        refused with an intercept.
    max_iter : int, optional
        Bound on the Newton steps; the fit warns if it gets there.
    dual, tol, intercept_scaling, verbose, warm_start, n_jobs
        Accepted for scikit-learn's sake, without effect.

    Attributes
    ----------
    classes_ : array, shape (2,)
        The labels, sorted.
    coef_ : array, shape (1, p)
        For the second class; with exact zeros under an l1 penalty.
    intercept_ : array, shape (1,)
    n_iter_ : array of int, shape (1,)
        At least 1.
    n_features_in_ : int
    feature_names_in_ : array of str, shape (p,)
        For a frame.
    certificate_ : Certificate
        How close to the optimum the fit is.
    map_ : MapResult
        The fit as `find_map` returns it.
    model_ : Model
        What `sample` draws from: the probability of the second class.
    posterior_ : xarray.DataTree
        After `sample`; `bayesreg.predict` on it gives probabilities with their intervals.

    References
    ----------
    The parameters are those of ``sklearn.linear_model.LogisticRegression``; more than two classes are out of scope.

    Examples
    --------
    >>> import bayesreg as br
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"]
    >>> logistic = br.LogisticRegression(C=1.0).fit(X, y)
    >>> logistic.predict([[0.5], [2.5]]).tolist(), logistic.predict_proba([[2.5]]).round(3)
    (['no', 'yes'], array([[0.277, 0.723]]))
    """

    _convention = "sklearn.LogisticRegression"
    _stated = ("C", "l1_ratio")

    def __init__(
        self,
        penalty: str = "deprecated",
        *,
        C: float = 1.0,
        l1_ratio: float = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        class_weight: Mapping[Any, float] | str | None = None,
        random_state: RandomState = None,
        solver: str = "lbfgs",
        max_iter: int | None = None,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Find the penalised fit, which is the MAP of the model.

        Parameters
        ----------
        X : array, sparse array or frame, shape (n, p)
        y : array, shape (n,)
            Labels of two classes, of any type.
        sample_weight : array, shape (n,), optional
            Weight k counts as the row repeated k times.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable data or parameters, a number of classes other than two, separable classes without a penalty.
        """
        if self.penalty != "deprecated":
            raise InputError(
                f"LogisticRegression(penalty={self.penalty!r}) is scikit-learn's old way: leave penalty out and use "
                "l1_ratio=0 for 'l2', l1_ratio=1 for 'l1', a number between for 'elasticnet', C=np.inf for None."
            )
        if self.solver == "liblinear" and self.fit_intercept:
            raise InputError(
                "LogisticRegression(solver='liblinear') penalises the intercept, which is another model; leave solver "
                "out (the solution is exact, for every l1_ratio) or use fit_intercept=False."
            )
        X_checked, labels, weight = self._read(X, y, sample_weight, y_numeric=False)
        check_classification_targets(labels)
        kind = type_of_target(labels)
        if kind != "binary":
            raise InputError(
                f"Only binary classification is supported. The type of the target is {kind}. For more classes fit one "
                "of them against the others (sklearn.multiclass.OneVsRestClassifier)."
            )
        self.classes_, code = np.unique(labels, return_inverse=True)
        if self.class_weight is not None:
            by_class = compute_class_weight(self.class_weight, classes=self.classes_, y=labels, sample_weight=weight)
            weight = by_class[code] if weight is None else weight * by_class[code]
        self._find(X, X_checked, code, weight)
        self.coef_ = self.map_.coef[None, :]
        self.intercept_ = np.array([self.map_.intercept])
        self.n_iter_ = np.array([max(self.map_.n_iter, 1)])
        return self

    def decision_function(self, X: Any) -> Array:
        """Return the log odds of the second class.

        Parameters
        ----------
        X : array, sparse array or frame, shape (m, p)

        Returns
        -------
        array, shape (m,)
        """
        X = self._new_rows(X)
        return np.asarray(X @ self.coef_[0] + self.intercept_[0])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the more probable label.

        Parameters
        ----------
        X : array, sparse array or frame, shape (m, p)

        Returns
        -------
        array, shape (m,)
        """
        log_odds = self.decision_function(X)
        return np.asarray(self.classes_[(log_odds > 0).astype(int)])

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities of both classes.

        Parameters
        ----------
        X : array, sparse array or frame, shape (m, p)

        Returns
        -------
        array, shape (m, 2)
        """
        log_odds = self.decision_function(X)
        return np.column_stack([expit(-log_odds), expit(log_odds)])

    def predict_log_proba(self, X: Any) -> Array:
        """Return the log probabilities of both classes.

        Parameters
        ----------
        X : array, sparse array or frame, shape (m, p)

        Returns
        -------
        array, shape (m, 2)
        """
        log_odds = self.decision_function(X)
        return np.column_stack([log_expit(-log_odds), log_expit(log_odds)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
