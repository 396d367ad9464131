r"""Two prior scales: the posterior of one, mixed over the ratio of the penalties of two groups of columns.

With rates :math:`b_j h_1^{q_1}` in the first group and :math:`b_j h_2^{q_2}` in the second, let :math:`\lambda` be the
penalty of the first and :math:`r = q_2 \log h_2 - q_1 \log h_1`. Given r this is one scale for columns of rates
:math:`b_j` and :math:`b_j e^r`, with the law

.. math:: p(h_1, r) = p_1(h_1)\, p_2(h_2)\, \frac{h_2}{|q_2|}, \qquad h_2 = (h_1^{q_1} e^r)^{1/q_2}

of h_1 (`bayesreg.numerics.scale_posterior`), and r is the variable of one more trapezoidal rule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from bayesreg.errors import InputError
from bayesreg.numerics.gaussian_moments import coefficient_moments
from bayesreg.numerics.gaussian_posterior import GaussianPosterior, Level
from bayesreg.numerics.leave_one_out import LARGEST_EDGE, WIDEST, LeaveOneOut, leave_one_out
from bayesreg.numerics.log_grid import LogGrid, mean_and_sd, rule_error
from bayesreg.numerics.scale_conditional import draw_log_scales
from bayesreg.numerics.scale_posterior import ScalePosterior
from bayesreg.scales import Flat, Jeffreys, Law

Array = NDArray[np.float64]

# The variable of the rule is x, with r = m + 4 sinh x and m the ratio at which the groups weigh alike: steps of r are
# even where the data speak of it and grow where a law alone lets it fade. The first look goes to r = m ± 330.
_STRETCH = 4.0
_FIRST_LOOK = np.linspace(-5.1, 5.1, 41)


@dataclass(frozen=True)
class GivenRatio:
    """Joint density of h_1 and r, as a function of h_1."""

    laws: tuple[Law, Law]
    powers: tuple[float, float]
    log_ratio: float

    def __repr__(self) -> str:
        return " and ".join(map(repr, self.laws))

    def log_second(self, log_first: Array) -> Array:
        """Log h_2 at log h_1."""
        return np.asarray((self.powers[0] * log_first + self.log_ratio) / self.powers[1])

    def log_density(self, value: Any) -> Any:
        """Log density at h_1 > 0."""
        log_second = self.log_second(np.log(value))
        second = self.laws[1].log_density(np.exp(log_second)) + log_second - math.log(abs(self.powers[1]))
        return self.laws[0].log_density(value) + second


@dataclass(frozen=True, eq=False)
class ScalePair:
    """Law of two prior scales and sigma given the data.

    Parameters
    ----------
    rows, response, n_used, loc, total_weight, level
        As for ``GaussianPosterior.build``.
    rate : array, shape (p,)
        Rates at h_1 = h_2 = 1.
    second : array of bool, shape (p,)
        Columns of the second group.
    laws, powers : tuple
        Of h_1 and h_2.
    sigma, relative, y_sd, fall
        As for `ScalePosterior`.
    """

    rows: Array
    response: Array
    n_used: int
    rate: Array
    second: NDArray[np.bool_]
    loc: Array
    total_weight: float
    level: Level | None
    laws: tuple[Law, Law]
    powers: tuple[float, float]
    sigma: float | Law
    relative: bool
    y_sd: float
    fall: float = 40.0
    _made: dict[float, ScalePosterior] = field(default_factory=dict, repr=False)

    def given(self, log_ratio: float) -> ScalePosterior:
        """The posterior of h_1 and sigma at a ratio; ``log_evidence`` is the log density of y and the ratio."""
        made = self._made.get(log_ratio)
        if made is None:
            rate = np.where(self.second, self.rate * math.exp(log_ratio), self.rate)
            made = self._made[log_ratio] = ScalePosterior(
                coefficients=GaussianPosterior.build(
                    self.rows, self.response, rate, self.loc, self.total_weight, self.level, self.n_used
                ),
                sigma=self.sigma,
                hyper=GivenRatio(self.laws, self.powers, log_ratio),
                power=self.powers[0],
                relative=self.relative,
                y_sd=self.y_sd,
            )
        return made

    @cached_property
    def grid(self) -> LogGrid:
        """The quadrature over the ratio.

        Raises
        ------
        InputError
            If the posterior is improper, or as good as.
        """
        # A posterior that is improper is so at every ratio.
        self.given(self._middle).grid  # noqa: B018
        beyond: dict[float, InputError] = {}

        def log_of(v: Array, u: Array) -> Array:
            density = np.full(v.size, -np.inf)
            for k, ratio in enumerate(self.ratio(v).tolist()):
                try:
                    density[k] = self.given(ratio).log_evidence
                except InputError as error:
                    # So far out that the scales lie where nobody looks for them.
                    beyond[ratio] = error
            return np.asarray(density + np.log(_STRETCH * np.cosh(v)))[:, None]

        ends = tuple(
            f"the posterior piles up where the prior of the {wide} group is infinitely wide or that of the {narrow} "
            "one a point, so it is improper or nearly so; give the learned scales laws that fall faster there "
            f"({' and '.join(map(repr, self.laws))} do not)."
            for wide, narrow in (("second", "first"), ("first", "second"))
        )
        grid = LogGrid.build(log_of, _FIRST_LOOK, None, (ends[0], ends[1]), self.fall)
        used = set(self.ratio(grid.v).tolist())
        for ratio in used & set(beyond):
            raise beyond[ratio]
        # What the search looked at and the rule does not use.
        for ratio in set(self._made) - used:
            del self._made[ratio]
        return grid

    def ratio(self, x: Array) -> Array:
        """The log ratio r at the variable of the rule."""
        return np.asarray(self._middle + _STRETCH * np.sinh(x))

    @cached_property
    def _middle(self) -> float:
        on = self.rate > 0
        size = np.linalg.norm(self.rows, axis=0)[on] / np.sqrt(self.rate[on])
        largest = [float(np.max(size[self.second[on] == group])) for group in (False, True)]
        return 2 * math.log(largest[1] / largest[0]) if min(largest) > 0 else 0.0

    @cached_property
    def nodes(self) -> list[ScalePosterior]:
        """The posterior at each node of the ratio."""
        return [self.given(float(ratio)) for ratio in self.ratio(self.grid.v)]

    @property
    def mass(self) -> Array:
        """Weights of the nodes; they sum to 1."""
        return self.grid.mass[:, 0]

    @property
    def n_nodes(self) -> int:
        """Number of nodes of all rules together."""
        return sum(node.grid.mass.size for node in self.nodes)

    @property
    def error(self) -> float:
        """Relative error of the integral."""
        return self.grid.error + float(self.mass @ np.array([node.error for node in self.nodes]))

    @property
    def proper(self) -> bool:
        """Whether every prior is a probability density, so that the evidence needs no convention."""
        improper = any(isinstance(law, Flat | Jeffreys) for law in (self.sigma, *self.laws))
        return self.nodes[0].coefficients.n_flat == 0 and not improper

    @property
    def log_evidence(self) -> float:
        """Log density of the response under the model; improper parts of the prior count as stated."""
        return self.grid.log_total

    def draw(self, rng: np.random.Generator, size: int) -> tuple[Array, Array, tuple[Array, Array]]:
        """Independent draws of (coef, intercept), sigma and (h_1, h_2), shapes (size, ...).

        Coefficients and sigma come from the mixture over the nodes: what they have by way of a law is smooth in the
        ratio, so that the rule is as exact for it as for the evidence. The scales are then drawn given them, from
        their conditional laws, in which the nodes leave no trace.
        """
        joint, sigma = np.empty((size, self.loc.size + (self.level is not None))), np.empty(size)
        order, start = rng.permutation(size), 0
        for node, count in zip(self.nodes, rng.multinomial(size, self.mass / self.mass.sum()), strict=True):
            if count:
                at, start = order[start : start + count], start + count
                log_rate, sigma[at] = node.draw(rng, int(count))
                joint[at] = node.coefficients.draw(rng, log_rate, sigma[at])
        noise = sigma if self.relative else np.ones(size)
        z = (joint[:, : self.loc.size] - self.loc) / noise[:, None]
        scales = []
        for law, power, group in zip(self.laws, self.powers, (~self.second, self.second), strict=True):
            on = group & (self.rate > 0)
            log_scale = draw_log_scales(rng, law, power, int(on.sum()), z[:, on] ** 2 @ self.rate[on])
            scales.append(np.exp(log_scale))
        return joint, sigma, (scales[0], scales[1])

    def coefficient_moments(self) -> tuple[Array, Array]:
        """Mean and standard deviation of (coef, intercept), shape (p + intercept,)."""
        parts = [coefficient_moments(node) for node in self.nodes]
        return self._mixed(np.array([mean for mean, _ in parts]), np.array([sd for _, sd in parts]))

    def sigma_moments(self) -> tuple[float, float]:
        """Mean and standard deviation of sigma; infinite where they do not exist."""
        if self.nodes[0].conjugate:
            mean, sd = self._mixed(*np.array([node.sigma_moments() for node in self.nodes]).T)
            return float(mean), float(sd)
        return self._moments([node.log_sigma(node.grid.v, node.grid.u) for node in self.nodes])

    def hyper_moments(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Mean and standard deviation of h_1 and of h_2; infinite where they do not exist."""
        first, second = [], []
        for node in self.nodes:
            log_first = node.log_hyper(node.grid.v[:, None], node.log_sigma(node.grid.v, node.grid.u))
            assert isinstance(node.hyper, GivenRatio)
            first.append(log_first)
            second.append(node.hyper.log_second(log_first))
        return self._moments(first), self._moments(second)

    def _moments(self, log_values: list[Array]) -> tuple[float, float]:
        """Mean and standard deviation of exp(log_values), given at all nodes, as ``LogGrid.mean_and_sd`` takes them."""
        mass, at_end = [], []
        for k, node in enumerate(self.nodes):
            inside = np.zeros(node.grid.mass.shape, dtype=bool)
            inside[1:-1, (slice(1, -1) if inside.shape[1] > 1 else slice(None))] = 0 < k < self.mass.size - 1
            mass.append(self.mass[k] * node.grid.mass.ravel())
            at_end.append(~inside.ravel())
        return mean_and_sd(
            np.concatenate(mass), np.concatenate([value.ravel() for value in log_values]), [np.concatenate(at_end)]
        )

    def _mixed(self, mean: Array, sd: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of a mixture over the nodes."""
        on = self.mass > 0
        mass, mean, sd = self.mass[on], mean[on], sd[on]
        average = mass @ mean
        if not np.all(np.isfinite(average)):
            return average, np.full_like(average, np.inf)
        return average, np.sqrt(mass @ (sd**2 + (mean - average) ** 2))

    def leave_one_out(self, rows: Array, response: Array, weight: Array) -> LeaveOneOut:
        """Exact leave-one-out densities; see `bayesreg.numerics.leave_one_out`."""
        parts = [leave_one_out(node, rows, response, weight) for node in self.nodes]
        with np.errstate(divide="ignore"):
            terms = np.log(self.mass)[:, None] - np.array([part.elpd for part in parts])
        total = logsumexp(terms, axis=0)
        share = np.exp(terms - total)
        edge = float(np.max(share[[0, -1]], where=~np.isnan(share[[0, -1]]), initial=0.0))
        if edge > LARGEST_EDGE and self.fall < WIDEST:
            return replace(self, fall=3 * self.fall).leave_one_out(rows, response, weight)
        return LeaveOneOut(-total, max(rule_error(share), max(part.error for part in parts)) + edge)
