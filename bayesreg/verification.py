"""The certificate of anybody's fit: which prior it is, how far from its MAP it stopped, and what it penalised."""

from __future__ import annotations

import reprlib
import warnings
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from bayesreg.certificate import EPS, Certificate, certify
from bayesreg.conventions import convention as find_convention
from bayesreg.conventions import likelihood_from, prior_from
from bayesreg.data import Design, make_design
from bayesreg.data.checks import Frame, as_weights
from bayesreg.errors import DesignWarning, InputError, NotIdentifiedError
from bayesreg.fit import find_map_of
from bayesreg.foreign import ForeignFit, class_weights, is_foreign, read_fit
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
    sigma: float | None = None,
    **parameters: Any,
) -> Verification:
    """Check a fit against the optimality conditions of the objective it claims to minimise.

    Parameters
    ----------
    fit : estimator, MapResult or array of shape (p,)
        A fitted linear model of scikit-learn (ridge, lasso, elastic net, Huber, quantile, Bayesian ridge, SGD, Poisson
        or binary logistic regression, their CV forms too), celer, skglm or glum; a result of statsmodels'
        ``fit_regularized``; a result of `find_map`; or plain coefficients with ``convention``.
    X : array, SciPy sparse array or frame, shape (n, p)
        The data that it was fitted to; for statsmodels with its constant.
    y : array, shape (n,)
    sample_weight, offset : array, shape (n,), optional
        As in the fit.
    intercept : float, optional
        For plain coefficients: their intercept; None (the default) says that the model had none.
    convention : str, optional
        For plain coefficients: a row of ``bayesreg.conventions``, for example "sklearn.Lasso".
    sigma : float, optional
        For plain coefficients: the noise level, where the penalty of the convention depends on it.
    **parameters
        For plain coefficients: that row's parameters, for example ``alpha=0.1``. For statsmodels' linear models and
        GLM, whose results do not keep them: ``alpha`` and ``L1_wt``.

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
    stated = convention is not None or intercept is not None or sigma is not None
    if isinstance(fit, MapResult):
        if stated or parameters:
            raise InputError("a MapResult knows its model: leave out convention, intercept and penalty parameters.")
        return _verify_own(fit, X, y, sample_weight, offset)
    if is_foreign(fit):
        if stated:
            raise InputError("an estimator knows its penalty: leave out convention, intercept and penalty parameters.")
        return _verify_foreign(read_fit(fit, parameters), X, y, sample_weight, offset)
    if convention is None:
        raise InputError(
            "plain coefficients need convention=..., for example verify(coef, X, y, intercept=b0, "
            'convention="sklearn.Lasso", alpha=0.1).'
        )
    try:
        coef, b0 = np.asarray(fit, dtype=float), 0.0 if intercept is None else float(intercept)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"fit must be a fitted estimator, a MapResult or an array of coefficients, and intercept a number: {error}."
        ) from error
    shown = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
    foreign = ForeignFit(
        f"{convention}({shown})", convention, parameters, coef, b0, fit_intercept=intercept is not None, sigma=sigma
    )
    return _verify_foreign(foreign, X, y, sample_weight, offset)


def _verify_own(
    result: MapResult, X: Any, y: Any, sample_weight: ArrayLike | None, offset: ArrayLike | None
) -> Verification:
    model = Model.from_json(result.spec)
    design = make_design(X, y, sample_weight, offset)
    if result.coef.size != design.p:
        raise InputError(f"the MAP has {result.coef.size} coefficients but X has {design.p} columns.")
    problem = model.bind(design)
    if problem.known_sigma is None:
        # Judge the coefficients at the noise level of the result.
        likelihood: Any = model.likelihood
        problem = replace(model, likelihood=replace(likelihood, sigma=result.sigma)).bind(design)
    words = "minus the log posterior, in nats"
    return _report(problem, result.coef, result.intercept, f"bayesreg {result.engine}", words, ())


def _verify_foreign(
    fit: ForeignFit, X: Any, y: Any, sample_weight: ArrayLike | None, offset: ArrayLike | None
) -> Verification:
    row = find_convention(fit.convention)
    if row.needs_sigma and fit.sigma is None:
        raise InputError(f"the penalty of {row.name} depends on the noise level: give sigma=...")
    likelihood = likelihood_from(row.name, sigma=1.0 if fit.sigma is None else fit.sigma, **fit.parameters)
    response, weight = (y, sample_weight) if fit.classes is None else _two_classes(fit, X, y, sample_weight)
    design = make_design(X, response, weight, offset)
    if fit.coef.shape != (design.p,):
        raise InputError(f"the fit has coefficients of shape {fit.coef.shape} but X has {design.p} columns.")
    if fit.names is not None and isinstance(X, Frame) and fit.names != design.names:
        raise InputError(
            f"the columns of X, {design.names[:5]}, are not those of the fit in its order, {fit.names[:5]}."
        )
    if not (np.all(np.isfinite(fit.coef)) and np.isfinite(fit.intercept)):
        raise InputError("the fit has NaN or infinite coefficients.")
    prior = prior_from(
        row.name,
        n=design.n,
        sum_weights=design.total_weight,
        y_sd=design.y_sd or None,
        x_sd=design.x_sd,
        sigma=fit.sigma,
        **fit.parameters,
    )
    problem = Model(likelihood, prior, fit_intercept=fit.fit_intercept).bind(design)
    scale = fit.penalised_intercept_scale
    if scale is None:
        return _report(problem, fit.coef, fit.intercept, fit.label, row.objective, fit.notes)
    # liblinear appends a column of constants and penalises its coefficient like every other one.
    free = certify(problem, fit.coef, fit.intercept)
    note = (
        f"this solver penalises the intercept too (as the coefficient of a column of {scale:g}); as a fit with a "
        f"free intercept it is {free}"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DesignWarning)
        problem = Model(likelihood, prior, fit_intercept=False).bind(_with_constant(design, scale))
    coef = np.append(fit.coef, fit.intercept / scale)
    return _report(problem, coef, 0.0, fit.label, row.objective, (*fit.notes, note), shown=slice(0, -1))


def _with_constant(design: Design, value: float) -> Design:
    """Return the data with one more column, of a constant."""
    column = np.full((design.n, 1), value)
    X = sparse.hstack([design.X, column], format="csc") if design.is_sparse else np.hstack([design.X, column])
    return make_design(X, design.y, design.row_weight, design.offset)


def _two_classes(fit: ForeignFit, X: Any, y: Any, sample_weight: ArrayLike | None) -> tuple[Array, Array]:
    """Response as 0 and 1 by the estimator's own classes, and the row weights with its class weights."""
    assert fit.classes is not None
    labels, shape = np.asarray(y).reshape(-1), np.shape(X)
    n = shape[0] if shape else labels.size
    weight = as_weights(sample_weight, n)
    if labels.size != n:
        raise InputError(f"X has {n} rows but y has {labels.size}; they must agree.")
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
    shown: slice = slice(None),
) -> Verification:
    try:
        ours = find_map_of(problem)
    except NotIdentifiedError as error:
        raise InputError(f"there is no unique solution to compare with: {error}") from error
    # Where the loss has kinks its gradient gives no multiplier; ours bounds the gap of any fit.
    certificate = certify(problem, coef, intercept, dual=ours.dual)
    theirs, best = coef[shown], ours.coef[shown]
    scale = float(np.max(np.abs(best), initial=0.0)) or 1.0
    difference = float(np.max(np.abs(theirs - best), initial=0.0)) / scale
    if not certificate.accepted:
        early = "it stopped before the optimum (a looser tolerance than ours, or an iteration limit): tighten tol"
        far = "this is far from the optimum: are these the X, y and sample_weight that it was fitted to?"
        notes = (*notes, early if certificate.relative_gap < 1e-2 else far)
    if not certificate.unique:
        notes = (*notes, "the minimiser is not certified unique: compare fitted values, not coefficients")
    return Verification(
        label=label,
        minimises=minimises,
        prior=_as_code(problem.prior),
        certificate=certificate,
        objective=certificate.objective,
        best_objective=ours.certificate.objective,
        zeros=int(np.sum(theirs == 0)),
        best_zeros=int(np.sum(best == 0)),
        same_zeros=bool(np.array_equal(theirs == 0, best == 0)),
        max_difference=difference,
        intercept=_intercept(problem),
        ours=ours,
        notes=notes,
    )


def _as_code(prior: Any) -> str:
    """Return what makes the prior, long vectors cut."""
    cut = reprlib.Repr(maxtuple=4)
    return f"{type(prior).__name__}({', '.join(f'{f.name}={cut.repr(getattr(prior, f.name))}' for f in fields(prior))})"


def _intercept(problem: Problem) -> Literal["free", "penalised", "none"]:
    """Say how the intercept, or else the first constant column, was treated."""
    if problem.fit_intercept:
        return "free" if problem.flat_intercept else "penalised"
    moments = problem.design.moments
    constant = np.flatnonzero(moments.constant & (moments.size > 0))
    if constant.size == 0:
        return "none"
    return "free" if problem.unpenalised[constant[0]] else "penalised"
