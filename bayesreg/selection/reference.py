"""What a posterior predicts, in the form that selections work on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.fitted_rows import same_rows
from bayesreg.likelihoods import Bernoulli, Gaussian, Poisson
from bayesreg.model import Model
from bayesreg.numerics.curved_projection import Family
from bayesreg.numerics.expected_loss import ExpectedLoss
from bayesreg.posterior import is_ours
from bayesreg.selection.targets import Laws, Means, Target, expected_loss, information

Array = NDArray[np.float64]

# Draws are thinned such that there are at most so many densities (draws times rows), 16 MB; fewer where each is
# refitted.
_LARGEST, _LARGEST_REFITTED = 2_000_000, 400_000
_FEWEST_DRAWS, _MOST_REFITTED = 100, 1000


@dataclass(frozen=True, eq=False)
class Reference:
    """Draws of a posterior, and the geometry of the rows that it was fitted to.

    Parameters
    ----------
    names : tuple of str
        The p columns.
    model : Model
    coef : array, shape (chains, draws, p)
    intercept, sigma : array, shape (chains, draws)
        0 without an intercept, and 1 where the likelihood has no noise level.
    gram : array, shape (p, p)
        Gram matrix of the columns less ``centre``; each row with the curvature of its likelihood where that varies with
        the linear predictor.
    centre : array, shape (p,)
        What the intercept takes off the columns; 0 without one.
    weight, offset, y : array, shape (n,)
    X : array, shape (n, p), or None
        The rows, where they were given.
    """

    names: tuple[str, ...]
    model: Model
    coef: Array
    intercept: Array
    sigma: Array
    gram: Array
    centre: Array
    weight: Array
    offset: Array
    y: Array
    X: Array | None

    @property
    def shape(self) -> tuple[int, int]:
        """Chains and draws."""
        return self.intercept.shape[0], self.intercept.shape[1]

    @property
    def p(self) -> int:
        """Number of columns."""
        return len(self.names)

    @cached_property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum())

    @property
    def is_gaussian(self) -> bool:
        """Whether the Gram matrix says everything about a projection."""
        return isinstance(self.model.likelihood, Gaussian)

    @cached_property
    def flat_coef(self) -> Array:
        """All draws in a row, shape (D, p)."""
        return self.coef.reshape(-1, self.p)

    @cached_property
    def loss(self) -> ExpectedLoss | None:
        """The expected loss where errors have a centre and a scale and are not normal."""
        return expected_loss(self.model.likelihood)

    @cached_property
    def variance(self) -> Array:
        """Noise variance of each draw, shape (D,): of a normal error that tells as much about its centre.

        1 in the units of the curvature where there is no noise level.
        """
        return self.sigma.reshape(-1) ** 2 / (1.0 if self.loss is None else information(self.loss))

    @cached_property
    def signal(self) -> Array:
        """Variance of the linear predictor over the rows in each draw, shape (D,)."""
        return np.asarray(np.einsum("dj,dj->d", self.flat_coef @ self.gram, self.flat_coef) / self.total)

    @cached_property
    def family(self) -> Family:
        """The exponential family of a likelihood without a noise level."""
        likelihood = self.model.likelihood
        none = np.zeros(self.y.size)
        return Family(
            # With y = 0 the loss is the cumulant function.
            lambda eta: likelihood.loss(eta, none, 1.0),
            likelihood.mean,
            lambda eta: likelihood.curvature(eta, none, 1.0),
        )

    def target(self) -> Target:
        """What every draw says about the rows."""
        eta = self.linear_predictor()
        if self.loss is not None:
            return Laws(self.loss, self.offset, self.weight, eta, self.sigma.reshape(-1))
        return Means(self.family, self.offset, self.weight, self.family.mean(eta), eta)

    def average_target(self) -> Target:
        """One law of the rows for all draws: their mean fitted means, or their mean centre and scale."""
        eta = self.linear_predictor()
        if self.loss is not None:
            return Laws(self.loss, self.offset, self.weight, eta.mean(axis=0)[None], self.sigma.mean().reshape(1))
        return Means(self.family, self.offset, self.weight, self.family.mean(eta).mean(axis=0)[None])

    def rows(self) -> Array:
        """X, or an error that asks for it."""
        if self.X is None:
            raise InputError("this needs the rows: give X, as in select(post, X).")
        return self.X

    def linear_predictor(self) -> Array:
        """Linear predictor of every draw and row, offset included, shape (D, n)."""
        return self.offset + self.intercept.reshape(-1, 1) + self.flat_coef @ self.rows().T

    def for_rows(self) -> Reference:
        """Keep as many draws as can be followed through all rows; all where there are no rows."""
        if self.X is None:
            return self
        if self.is_gaussian:
            return self.thinned(max(_LARGEST // self.y.size, _FEWEST_DRAWS))
        return self.thinned(min(max(_LARGEST_REFITTED // self.y.size, _FEWEST_DRAWS), _MOST_REFITTED))

    def thinned(self, largest: int) -> Reference:
        """Keep as many draws of each chain, evenly spaced, as make at most ``largest`` in all; all where they do."""
        chains, draws = self.shape
        step = -(-chains * draws // max(largest, chains))
        if step <= 1:
            return self
        part = (slice(None), slice(None, None, step))
        return replace(self, coef=self.coef[part], intercept=self.intercept[part], sigma=self.sigma[part])


def read_reference(post: Any, X: Any, who: str) -> Reference:
    """Read a result of `bayesreg.sample`, and the rows that it was fitted to where they are given.

    Raises
    ------
    InputError
        For a tree that is not ours, a likelihood without a projection, or an X of other rows.
    """
    if not is_ours(post):
        raise InputError(f"{who} needs a DataTree made by bayesreg.sample, got {type(post).__name__}.")
    model = Model.from_json(post.attrs["model"])
    located = expected_loss(model.likelihood) is not None
    if not located and not isinstance(model.likelihood, Gaussian | Bernoulli | Poisson):
        raise InputError(
            f"{who} projects posteriors with a likelihood of this package, got {type(model.likelihood).__name__}(), "
            "whose divergences are not known. Compare models with and without a column by br.compare instead."
        )
    data, posterior = post["constant_data"], post["posterior"]
    coef = np.asarray(posterior["coef"].to_numpy(), dtype=float)
    names = tuple(map(str, data["feature"].to_numpy()))
    none = np.zeros(coef.shape[:2])
    intercept = posterior["intercept"].to_numpy() if "intercept" in posterior else none
    known = float(data["sigma"]) if "sigma" in data else 1.0
    sigma = posterior["sigma"].to_numpy() if "sigma" in posterior else none + known
    weight, offset = data["sample_weight"].to_numpy(), data["offset"].to_numpy()
    y = post["observed_data"]["y"].to_numpy()
    rows = None if X is None else same_rows(post, X)
    gram = data["gram"].to_numpy()
    centre = data["x_mean"].to_numpy() if model.fit_intercept else np.zeros(len(names))
    if not isinstance(model.likelihood, Gaussian):
        if rows is None:
            raise InputError(
                f"{who} needs the rows for a {type(model.likelihood).__name__}() likelihood, whose projections are no "
                "function of the Gram matrix: give X, as in select(post, X)."
            )
        if located:
            # Every row tells equally much about its centre; the tree's Gram matrix has what the responses told.
            gram = (rows - centre).T @ (weight[:, None] * (rows - centre))
        else:
            # The curvature at the posterior mean, as in the Gram matrix of the tree.
            eta = offset + intercept.mean() + rows @ coef.mean((0, 1))
            h = weight * model.likelihood.curvature(eta, y, 1.0)
            centre = h @ rows / h.sum() if model.fit_intercept else centre
    return Reference(names, model, coef, intercept, sigma, gram, centre, weight, offset, y, rows)
