"""A problem in the coordinates that NUTS moves, for the compiled density; and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.interfaces import implements
from bayesreg.likelihoods import AsymmetricLaplace, Bernoulli, Gaussian, Huber, Laplace, Poisson, StudentT
from bayesreg.numerics.nuts import rows
from bayesreg.numerics.nuts.callbacks import address_table, callbacks
from bayesreg.numerics.nuts.form import BEYOND, BY_COLUMNS, BY_ROWS, MOMENTS, PLAIN, SCALED, SPARSE, Form
from bayesreg.power_rates import Mixture, Rate, power_rates, why_not_powers
from bayesreg.priors.base import NormalMixture, positive_of
from bayesreg.problem import Problem
from bayesreg.scales import Coded
from bayesreg.whitening import Approximation, approximate

Array = NDArray[np.float64]

# Code and parameter of each likelihood.
LIKELIHOODS: dict[type, tuple[int, str | None]] = {
    Gaussian: (rows.GAUSSIAN, None),
    Bernoulli: (rows.BERNOULLI, None),
    Poisson: (rows.POISSON, None),
    Huber: (rows.HUBER, "delta"),
    StudentT: (rows.STUDENT_T, "df"),
    AsymmetricLaplace: (rows.QUANTILE, "quantile"),
    Laplace: (rows.LAPLACE, None),
}
# Moments of more columns would cost more memory than they are worth.
LARGEST_GRAM = 10_000
# Standard deviations from its location beyond which a coefficient under a mixture is written as it is. Of 0, 1, 3, 5, 8
# and infinity, 5 had the most effective draws a gradient, or nearly so, under horseshoes.
CERTAIN = 5.0


def why_not_compiled(problem: Problem) -> str | None:
    """Return why the compiled density does not cover a problem; None where it does."""
    if type(problem.likelihood) not in LIKELIHOODS:
        return f"the compiled density does not know the likelihood {type(problem.likelihood).__name__}"
    for law in (problem.sigma_law, *problem.hyper_laws.values()):
        if law is not None and not implements(law, Coded):
            return f"the compiled density does not know the law {type(law).__name__}"
    return why_not_powers(problem)


@dataclass(frozen=True, eq=False)
class Coordinates:
    """The point u of ``numerics.nuts.form`` for one problem.

    Parameters
    ----------
    problem : Problem
    form : Form
        What the compiled density reads.
    start : array, shape (dim,)
        u at the approximate mode.
    mixture : Mixture or None
        What is known of a normal mixture.
    """

    problem: Problem
    form: Form
    start: Array
    mixture: Mixture | None

    @property
    def dim(self) -> int:
        """Number of coordinates."""
        return int(self.start.size)

    @cached_property
    def table(self) -> NDArray[np.uint64]:
        """Addresses of the arrays of ``form``, which this object keeps alive."""
        return address_table(self.form)

    def log_density(self, u: Array) -> tuple[float, Array]:
        """Log density of u with respect to u, but for the constant log |A|; and its gradient."""
        import ctypes

        number, address = ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_uint64)
        u, gradient, value = np.array(u, dtype=float), np.empty(self.dim), np.empty(1)
        pointers = [array.ctypes.data_as(number) for array in (u, gradient, value)]
        callbacks()[0].ctypes(self.dim, *pointers, self.table.ctypes.data_as(address))
        return float(value[0]), gradient

    def draw_start(self, rng: np.random.Generator) -> Array:
        """A start about twice as wide as the posterior."""
        return self.start + 2 * rng.uniform(-1, 1, self.dim) * np.where(
            np.arange(self.dim) < self.form.centre.size, 1, 0.5
        )

    def values(self, u: Array) -> dict[str, Array]:
        """Parameters in original units at points of shape (..., dim)."""
        form, problem = self.form, self.problem
        p, k = problem.p, form.centre.size
        x = form.centre + u[..., :k] @ form.basis.reshape(k, k).T
        coef = x[..., :p].copy()
        beyond = form.kind == BEYOND
        coef[..., beyond] = problem.loc[beyond] + np.exp(coef[..., beyond])
        out = {"coef": coef}
        at = k
        if problem.sigma_law is not None:
            out["sigma"] = np.exp(u[..., at])
            at += 1
        for h, name in enumerate(problem.hyper_laws):
            out[name] = np.exp(u[..., at + h])
        if self.mixture is not None:
            local = np.ones(coef.shape)
            local[..., self.mixture.on] = np.exp(u[..., at + len(problem.hyper_laws) :])
            scaled = form.kind == SCALED
            sd = self.deviation(out.get("sigma"), out, local)
            coef[..., scaled] = problem.loc[scaled] + (sd * x[..., :p])[..., scaled]
            out["local_scale"] = local
        if problem.fit_intercept:
            out["intercept"] = x[..., p] - coef @ problem.design.x_mean
        return out

    def deviation(self, sigma: Array | None, hyper: Mapping[str, Array], local: Array) -> Array:
        """Standard deviation of the coefficients under a mixture, shape (..., p)."""
        prior, problem = self.problem.prior, self.problem
        assert implements(prior, NormalMixture)
        noise = np.asarray(problem.known_sigma if sigma is None else sigma) if problem.relative_to else np.ones(())
        learned = {name: hyper[name][..., None] for name in problem.hyper_laws}
        return np.asarray(noise[..., None] * problem.unit * prior.deviation(local, learned))

    def log_jacobian(self, u: Array) -> float:
        """Log of the volume of (coef, alpha, sigma, learned) a unit of (x, their logarithms)."""
        form, k = self.form, self.form.centre.size
        x = form.centre + form.basis.reshape(k, k) @ u[:k]
        volume = float(x[: self.problem.p][form.kind == BEYOND].sum() + u[k:].sum())
        if self.mixture is None:
            return volume
        values = self.values(u)
        sd = self.deviation(values.get("sigma"), values, values["local_scale"])
        return volume + float(np.log(sd[form.kind == SCALED]).sum())


def coordinates(problem: Problem) -> Coordinates:
    """Return the coordinates of a problem that `why_not_compiled` has nothing against."""
    rates = power_rates(problem)
    near = approximate(problem, rates)
    mixture = rates.mixture
    kind = _kinds(problem, near, mixture)
    laws = [problem.sigma_law, *problem.hyper_laws.values()]
    codes = [law.code if implements(law, Coded) else (0, 0.0, 0.0) for law in laws]
    codes.append(mixture.law if mixture is not None else (0, 0.0, 0.0))
    code, parameter = LIKELIHOODS[type(problem.likelihood)]
    centre, basis = _affine(problem, near, kind)
    noisy, intercept = problem.sigma_law is not None, problem.intercept_prior
    none = np.zeros(0, dtype=np.int64)
    storage, entries, row_index, column_start, y, weight, offset, shift = _rows(problem, near)
    form = Form(
        sizes=_integers(
            problem.n,
            problem.p,
            noisy,
            near.learned.size,
            rates.group.base.size,
            mixture is not None,
            problem.fit_intercept,
        ),
        rows=_integers(storage, code),
        powers=_integers(
            *_powers(rates.l1),
            *_powers(rates.l2),
            *_powers(rates.group),
            rates.fixed,
            intercept.relative_to is not None,
        ),
        mixture=_integers(-1, -2, 0) if mixture is None else _integers(mixture.tau, mixture.slab, mixture.noise),
        law_codes=_integers(*(law[0] for law in codes)),
        kind=kind,
        label=rates.label,
        local=none if mixture is None else np.where(mixture.on, np.cumsum(mixture.on) - 1, -1).astype(np.int64),
        row_index=row_index,
        column_start=column_start,
        numbers=np.array(
            [
                math.log(problem.known_sigma or 1.0),
                problem.design.total_weight,
                getattr(problem.likelihood, parameter) if parameter else 0.0,
                0.0,
            ]
        ),
        intercept=np.array([intercept.rate, intercept.loc]),
        law_numbers=np.array([number for law in codes for number in (*law[1:], 0.0)[:3]]),
        centre=centre,
        basis=basis.ravel(),
        loc=_own(problem.loc),
        l1=_own(rates.l1.base),
        l2=_own(rates.l2.base),
        group_rate=_own(rates.group.base),
        group_unit=_own(rates.group_unit),
        log_unit=np.zeros(0) if mixture is None else mixture.log_unit,
        log_tau=np.zeros(0) if mixture is None else mixture.log_tau,
        log_slab=np.array([0.0 if mixture is None else mixture.log_slab]),
        mean=_own(problem.design.x_mean),
        shift=shift,
        entries=entries,
        y=y,
        weight=weight,
        offset=offset,
    )
    local = np.zeros(0) if mixture is None else _local_start(near, mixture)
    start = np.concatenate([np.zeros(centre.size), [math.log(near.sigma)] * noisy, np.log(near.learned), local])
    return _with_constant(Coordinates(problem, form, start, mixture))


def _with_constant(at: Coordinates) -> Coordinates:
    """Add what the compiled density leaves out: it is compared with the definition once, where the chains start."""
    values = at.values(at.start)
    hyper = {name: float(values[name]) for name in at.problem.hyper_laws}
    level = float(values["sigma"]) if "sigma" in values else None
    b0, local = float(values.get("intercept", 0.0)), values.get("local_scale")
    stated = at.problem.log_posterior(values["coef"], b0, level, hyper, local)
    at.form.numbers[3] = stated + at.log_jacobian(at.start) - at.log_density(at.start)[0]
    return at


def _kinds(problem: Problem, near: Approximation, mixture: Mixture | None) -> NDArray[np.int64]:
    """How each coefficient is written: under a mixture as multiples of its deviation, where it may well be near 0."""
    kind = np.where(np.broadcast_to(np.asarray(positive_of(problem.prior)), problem.p), BEYOND, PLAIN)
    if mixture is not None:
        # One that is far from 0 for certain keeps its place when its scale changes.
        sd = np.sqrt(np.diag(linalg.inv(near.precision))[: problem.p])
        near_zero = np.abs(near.point[: problem.p] - problem.loc) < CERTAIN * sd
        kind = np.where(mixture.on & near_zero, SCALED, kind)
    return kind.astype(np.int64)


def _local_start(near: Approximation, mixture: Mixture) -> Array:
    """Log local scales that give the coefficients the approximate prior precision."""
    core = mixture.core(near.sigma, near.learned)[mixture.on]
    return np.asarray(np.clip(-0.5 * np.log(near.prior_precision[mixture.on] * core**2), -3.0, 3.0))


def _affine(problem: Problem, near: Approximation, kind: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return m and A of x = m + A z: plain coefficients whitened together, the others each on its own."""
    k = near.point.size
    plain = np.flatnonzero(np.append(kind, PLAIN)[:k] == PLAIN)
    centre, basis = near.point.copy(), np.eye(k)
    if plain.size:
        precision = near.precision[np.ix_(plain, plain)]
        per = 1 / np.sqrt(np.diag(precision))
        factor = linalg.cholesky(precision * np.outer(per, per) + 1e-10 * np.eye(plain.size), lower=True)
        inverse = linalg.solve_triangular(factor, np.eye(plain.size), trans="T", lower=True)
        basis[np.ix_(plain, plain)] = per[:, None] * inverse
    centre[: -1 if problem.fit_intercept else k][kind == SCALED] = 0.0
    beyond = np.flatnonzero(kind == BEYOND)
    distance = near.point[beyond] - problem.loc[beyond]
    centre[beyond] = np.log(distance)
    basis[beyond, beyond] = np.minimum(1 / (np.sqrt(np.diag(near.precision)[beyond]) * distance), 1.0)
    return centre, basis


def _rows(problem: Problem, near: Approximation) -> tuple[Any, ...]:
    """Storage, entries, row_index, column_start, y, weight, offset and shift of `Form`."""
    design, p, none = problem.design, problem.p, np.zeros(0, dtype=np.int64)
    columns = design.centred_columns if problem.fit_intercept else design.columns
    if type(problem.likelihood) is Gaussian and p < 2 * design.n and p <= LARGEST_GRAM:
        gram = design.centred_gram if problem.fit_intercept else design.uncentred_gram
        if problem.fit_intercept:
            gram = linalg.block_diag(gram, design.total_weight)
        alpha = near.point[p] if problem.fit_intercept else 0.0
        residual = design.y - design.offset - columns.times(near.point[:p]) - alpha
        weighted = design.weight * residual
        cross = np.append(columns.transposed_times(weighted), weighted.sum())[: near.point.size]
        square = np.array([weighted @ residual])
        return MOMENTS, _own(gram).ravel(), none, none, cross, square, near.point.copy(), np.zeros(p)
    shift = np.zeros(p) if columns.shift is None else _own(columns.shift)
    row = (_own(design.y), _own(design.weight), _own(design.offset), shift)
    X = columns.X
    if columns.is_sparse:
        return SPARSE, _own(X.data), X.indices.astype(np.int64), X.indptr.astype(np.int64), *row
    if X.flags.f_contiguous and not X.flags.c_contiguous:
        return BY_COLUMNS, X.T.ravel(), none, none, *row
    return BY_ROWS, np.ascontiguousarray(X).ravel(), none, none, *row


def _powers(rate: Rate) -> tuple[int, int, int]:
    return rate.index, rate.power, rate.noise


def _integers(*values: Any) -> NDArray[np.int64]:
    return np.array([int(value) for value in values], dtype=np.int64)


def _own(values: Array) -> Array:
    """Contiguous doubles, whose address means something."""
    return np.ascontiguousarray(values, dtype=float)
