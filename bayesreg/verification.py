"""The certificate of anybody's fit: which prior it is, how far from its MAP it stopped, and what it penalised."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.certificate import EPS, Certificate, certify
from bayesreg.conventions import convention as find_convention
from bayesreg.conventions import prior_from
from bayesreg.data import make_design
from bayesreg.data.checks import Frame, as_matrix, as_vector, as_weights
from bayesreg.errors import DesignWarning, InputError, NotIdentifiedError
from bayesreg.fit import find_map_of
from bayesreg.foreign import ForeignFit, class_weights, is_sklearn, read_sklearn
from bayesreg.likelihoods import Bernoulli, Gaussian
from bayesreg.model import Model
from bayesreg.problem import Problem
from bayesreg.results import MapResult

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Verification:
    """What `verify` found; prints as text.

    Parameters
    ----------
    label : str
        What was verified.
    minimises : str
        The objective in the library's own words.
    prior : str
        The prior that its penalty is.
    certificate : Certificate
        Of the given coefficients, for the objective that the library states (intercept treatment included).
    objective, best_objective : float
        Theirs and our MAP's, in nats (half-RSS units for a squared loss).
    zeros, best_zeros : int
        Exact zeros among the coefficients, theirs and ours.
    same_zeros : bool
        Whether they are the same ones.
    max_difference : float
        Largest absolute difference from our coefficients, relative to the largest of ours.
    intercept : {"free", "penalised", "none"}
        How the intercept was treated.
    ours : MapResult
        Our own MAP of the same model.
    notes : tuple of str
        What else a user should know.
    """

    label: str
    minimises: str
    prior: str
    certificate: Certificate
    objective: float
    best_objective: float
    zeros: int
    best_zeros: int
    same_zeros: bool
    max_difference: float
    intercept: Literal["free", "penalised", "none"]
    ours: MapResult
    notes: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether the fit meets the contract of our own MAP."""
        return self.certificate.accepted

    @property
    def excess(self) -> float:
        """Objective above that of our MAP; a negative value would say that ours is not the minimum."""
        return self.objective - self.best_objective

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        # Both values are sums of rounded terms.
        equal = abs(self.excess) <= 64 * EPS * abs(self.objective)
        above = "that of our MAP" if equal else f"above our MAP by {self.excess:.2e}"
        match = "the same ones" if self.same_zeros else "NOT the same ones"
        rows = [
            ("minimises", self.minimises),
            ("prior", self.prior),
            ("objective", f"{self.objective:.12g}, {above}"),
            ("certificate", str(self.certificate)),
            ("coefficients", f"largest difference from our MAP {self.max_difference:.1e} (relative)"),
            ("zeros", f"{self.zeros}, ours {self.best_zeros}, {match}"),
            ("intercept", self.intercept),
            *[("note", note) for note in self.notes],
        ]
        return "\n".join([self.label, *[f"  {name:<13}{text}" for name, text in rows]])


def verify(
    fit: Any,
    X: Any,
    y: Any,
    *,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    intercept: float | None = None,
    convention: str | None = None,
    **parameters: Any,
) -> Verification:
    """Check a fit against the optimality conditions of the objective it claims to minimise.

    Parameters
    ----------
    fit : estimator, MapResult or array of shape (p,)
        A fitted scikit-learn ``LinearRegression``, ``Ridge(CV)``, ``Lasso(CV)``, ``ElasticNet(CV)`` or binary
        ``LogisticRegression``; a result of `find_map`; or plain coefficients with ``convention``.
    X : array or frame, shape (n, p)
        The data that it was fitted to.
    y : array, shape (n,)
    sample_weight, offset : array, shape (n,), optional
        As in the fit.
    intercept : float, optional
        For plain coefficients: their intercept; None (the default) says that the model had none.
    convention : str, optional
        For plain coefficients: a row of ``bayesreg.conventions``, for example "sklearn.Lasso".
    **parameters
        For plain coefficients: that row's parameters, for example ``alpha=0.1``.

    Returns
    -------
    Verification
        Its certificate needs no trust in our solver; the comparison with our own MAP comes beside it.

    Raises
    ------
    InputError, UnsupportedInputError
        For data or a fit that cannot be read.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from sklearn.linear_model import Ridge
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> br.verify(Ridge(alpha=0.5).fit(X, y), X, y).accepted
    True
    """
    if isinstance(fit, MapResult):
        if convention is not None or parameters or intercept is not None:
            raise InputError("a MapResult knows its model: leave out convention, intercept and penalty parameters.")
        return _verify_own(fit, X, y, sample_weight, offset)
    if is_sklearn(fit):
        if convention is not None or parameters or intercept is not None:
            raise InputError("an estimator knows its penalty: leave out convention, intercept and penalty parameters.")
        return _verify_foreign(read_sklearn(fit), X, y, sample_weight, offset)
    if convention is None:
        raise InputError(
            "plain coefficients need convention=..., for example verify(coef, X, y, intercept=b0, "
            'convention="sklearn.Lasso", alpha=0.1).'
        )
    try:
        coef, b0 = np.asarray(fit, dtype=float), 0.0 if intercept is None else float(intercept)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"fit must be a fitted scikit-learn estimator, a MapResult or an array of coefficients, and intercept a "
            f"number: {error}."
        ) from error
    shown = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
    foreign = ForeignFit(
        f"{convention}({shown})", convention, parameters, coef, b0, fit_intercept=intercept is not None
    )
    return _verify_foreign(foreign, X, y, sample_weight, offset)


def _verify_own(
    result: MapResult, X: Any, y: Any, sample_weight: ArrayLike | None, offset: ArrayLike | None
) -> Verification:
    model = Model.from_json(result.spec)
    p = as_matrix(X)[0].shape[1]
    if result.coef.size != p:
        raise InputError(f"the MAP has {result.coef.size} coefficients but X has {p} columns.")
    design = make_design(X, y, sample_weight, offset)
    problem = model.bind(design)
    if problem.known_sigma is None and result.sigma is not None:
        # Judge the coefficients at the noise level of the result.
        problem = replace(model, likelihood=Gaussian(result.sigma)).bind(design)
    words = "minus the log posterior, in nats"
    return _report(problem, result.coef, result.intercept, f"bayesreg {result.engine}", words, ())


def _verify_foreign(
    fit: ForeignFit, X: Any, y: Any, sample_weight: ArrayLike | None, offset: ArrayLike | None
) -> Verification:
    row = find_convention(fit.convention)
    matrix, names = as_matrix(X)
    n, p = matrix.shape
    if fit.coef.shape != (p,):
        raise InputError(f"the fit has coefficients of shape {fit.coef.shape} but X has {p} columns.")
    if fit.names is not None and isinstance(X, Frame) and fit.names != names:
        raise InputError(f"the columns of X, {names[:5]}, are not those of the fit in its order, {fit.names[:5]}.")
    if not (np.all(np.isfinite(fit.coef)) and np.isfinite(fit.intercept)):
        raise InputError("the fit has NaN or infinite coefficients.")
    given = as_weights(sample_weight, n)
    if fit.classes is None:
        response, weight = as_vector(y, "y", n), given
    else:
        response, weight = _two_classes(fit, y, given)
    rows = None if np.all(weight == 1) else weight
    design = make_design(X, response, rows, offset)
    prior = prior_from(
        fit.convention,
        sum_weights=design.total_weight,
        y_sd=design.y_sd or None,
        x_sd=design.x_sd,
        **fit.parameters,
    )
    likelihood = Gaussian(1.0) if row.loss == "squared" else Bernoulli()
    problem = Model(likelihood, prior, fit_intercept=fit.fit_intercept).bind(design)
    if fit.penalised_intercept_scale is None:
        return _report(problem, fit.coef, fit.intercept, fit.label, row.objective, ())
    # liblinear appends a column of constants and penalises its coefficient like every other one.
    scale = fit.penalised_intercept_scale
    free = certify(problem, fit.coef, fit.intercept)
    notes = (
        f"this solver penalises the intercept too (as the coefficient of a column of {scale:g}); as a fit with a "
        f"free intercept it is {free}",
    )
    augmented = np.column_stack([matrix, np.full(n, scale)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DesignWarning)
        problem = Model(likelihood, prior, fit_intercept=False).bind(make_design(augmented, response, rows, offset))
    coef = np.append(fit.coef, fit.intercept / scale)
    return _report(problem, coef, 0.0, fit.label, row.objective, notes, penalised_intercept=True)


def _two_classes(fit: ForeignFit, y: Any, weight: Array) -> tuple[Array, Array]:
    """Response as 0 and 1 by the estimator's own classes, and the row weights with its class weights."""
    assert fit.classes is not None
    labels = np.asarray(y).reshape(-1)
    if labels.size != weight.size:
        raise InputError(f"X has {weight.size} rows but y has {labels.size}; they must agree.")
    unknown = [label for label in np.unique(labels).tolist() if label not in fit.classes.tolist()]
    if unknown:
        raise InputError(f"y holds {unknown[0]!r}, which is none of the classes of the fit, {fit.classes.tolist()}.")
    return (labels == fit.classes[1]).astype(float), class_weights(fit, labels, weight)


def _report(
    problem: Problem,
    coef: Array,
    intercept: float,
    label: str,
    minimises: str,
    notes: tuple[str, ...],
    penalised_intercept: bool = False,
) -> Verification:
    certificate = certify(problem, coef, intercept)
    try:
        ours = find_map_of(problem)
    except NotIdentifiedError as error:
        raise InputError(f"there is no unique solution to compare with: {error}") from error
    shown = slice(0, -1) if penalised_intercept else slice(None)
    theirs, best = coef[shown], ours.coef[shown]
    scale = float(np.max(np.abs(best), initial=0.0)) or 1.0
    difference = float(np.max(np.abs(theirs - best), initial=0.0)) / scale
    if not certificate.accepted:
        early = "it stopped before the optimum (a looser tolerance than ours, or an iteration limit): tighten tol"
        far = "this is far from the optimum: are these the X, y and sample_weight that it was fitted to?"
        notes = (*notes, early if certificate.relative_gap < 1e-2 else far)
    if not certificate.unique:
        notes = (*notes, "the minimiser is not certified unique: compare fitted values, not coefficients")
    treatment: Literal["free", "penalised", "none"] = "none"
    if penalised_intercept or (problem.fit_intercept and not problem.flat_intercept):
        treatment = "penalised"
    elif problem.fit_intercept:
        treatment = "free"
    return Verification(
        label=label,
        minimises=minimises,
        prior=repr(problem.prior),
        certificate=certificate,
        objective=certificate.objective,
        best_objective=ours.certificate.objective,
        zeros=int(np.sum(theirs == 0)),
        best_zeros=int(np.sum(best == 0)),
        same_zeros=bool(np.array_equal(theirs == 0, best == 0)),
        max_difference=difference,
        intercept=treatment,
        ours=ours,
        notes=notes,
    )
