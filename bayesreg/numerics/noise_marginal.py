"""The posterior of the noise level with everything else integrated out: exact draws and integration nodes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import poch

from bayesreg.errors import InputError

Array = NDArray[np.float64]


_IMPROPER = (
    "the posterior of sigma piles up at 0 or at infinity, so it is improper or nearly so; "
    "give sigma a proper law that vanishes at 0 (scales.InverseGamma) or a number."
)


class Noise(Protocol):
    """Marginal posterior of sigma."""

    @property
    def error(self) -> float:
        """Relative error of the normaliser; 0 for closed forms."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Independent draws, shape (size,)."""

    @abstractmethod
    def nodes(self) -> tuple[Array, Array]:
        """Noise levels and masses that integrate what the moments of the coefficients need."""

    @abstractmethod
    def mean_and_sd(self) -> tuple[float, float]:
        """Mean and standard deviation of sigma."""


@dataclass(frozen=True)
class KnownNoise:
    """All mass at one value."""

    value: float

    @property
    def error(self) -> float:
        """Exact."""
        return 0.0

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return the value, repeated."""
        return np.full(size, self.value)

    def nodes(self) -> tuple[Array, Array]:
        """Return the one value with mass 1."""
        return np.array([self.value]), np.ones(1)

    def mean_and_sd(self) -> tuple[float, float]:
        """Return the value and 0."""
        return self.value, 0.0


@dataclass(frozen=True)
class InverseGammaNoise:
    """sigma² inverse gamma with ``shape`` and ``scale``."""

    shape: float
    scale: float

    @property
    def error(self) -> float:
        """Exact."""
        return 0.0

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Return square roots of inverse gamma draws."""
        return np.sqrt(self.scale / rng.gamma(self.shape, 1.0, size))

    def nodes(self) -> tuple[Array, Array]:
        """One node, the root mean square: all that coefficients need whose precision goes as 1/sigma²."""
        square = self.scale / (self.shape - 1) if self.shape > 1 else np.inf
        return np.array([np.sqrt(square)]), np.ones(1)

    def mean_and_sd(self) -> tuple[float, float]:
        """Closed forms; infinite where the moment does not exist."""
        a = self.shape
        if a <= 0.5:
            return np.inf, np.inf
        # G(a - 1/2) / G(a) without cancellation, and the variance as a difference of the same order as its terms.
        ratio = 1 / poch(a - 0.5, 0.5)
        if a <= 1:
            return float(np.sqrt(self.scale) * ratio), np.inf
        root = np.sqrt(1 / (a - 1))
        return float(np.sqrt(self.scale) * ratio), float(np.sqrt(self.scale * (root - ratio) * (root + ratio)))


@dataclass(frozen=True, eq=False)
class QuadratureNoise:
    """Any one-dimensional density of sigma, on a fine grid of log sigma."""

    log_sigma: Array
    mass: Array
    density: Array
    error: float
    log_density: Callable[[Array], Array]

    @classmethod
    def build(cls, log_density: Callable[[Array], Array], guess: float) -> QuadratureNoise:
        """Bracket the density in log sigma where it falls 40 nats below its mode, and tabulate it.

        Parameters
        ----------
        log_density : callable
            Log density with respect to sigma of an array of noise levels, up to a constant.
        guess : float
            A noise level of the right order, for example sd(y).
        """

        def log_of(u: Array) -> Array:
            return np.asarray(log_density(np.exp(u)) + u)

        coarse = np.log(guess) + np.linspace(-25.0, 10.0, 351)
        values = log_of(coarse)
        peak = int(np.argmax(values))
        if peak in (0, coarse.size - 1):
            raise InputError(_IMPROPER)
        from scipy import optimize

        mode = optimize.minimize_scalar(
            lambda u: -float(log_of(np.array([u]))[0]),
            bounds=(coarse[peak - 1], coarse[peak + 1]),
            method="bounded",
        ).x
        top = float(log_of(np.array([mode]))[0])

        def edge(step: float) -> float:
            u = mode
            while float(log_of(np.array([u]))[0]) > top - 40 and abs(u - mode) < 60:
                u += step
            return float(u)

        width = _width(log_of, mode, top)
        low, high = edge(-width), edge(width)
        if max(log_of(np.array([low, high]))) > top - 20:
            raise InputError(_IMPROPER)
        # Nodes fine enough for `draw`: a step of 1/25 of a one-nat fall keeps linear interpolation within 4e-4.
        nodes = min(max(1025, 1 + 2 * int(12.5 * (high - low) / width)), 30_001)
        while True:
            u = np.linspace(low, high, nodes)
            density = np.exp(log_of(u) - top)
            fine, half = float(density.sum()), 2 * float(density[::2].sum())
            error = abs(fine - half) / fine
            if error <= 1e-10 or nodes > 30_000:
                return cls(u, density / fine, density, error, lambda at: log_of(at) - top)
            nodes = 2 * nodes - 1

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Exact draws: from the piecewise-linear interpolation, then accepted against the density itself.

        The nodes are so dense that the interpolation is within a relative 1e-3 of the density wherever that is not
        negligible: all but one in a thousand proposals are accepted.
        """
        kept = np.empty(0)
        while kept.size < size:
            u, proposal = self._propose(rng, size - kept.size)
            ratio = np.exp(self.log_density(u)) / (1.001 * proposal)
            kept = np.append(kept, u[rng.random(u.size) < ratio])
        return np.asarray(np.exp(kept))

    def _propose(self, rng: np.random.Generator, size: int) -> tuple[Array, Array]:
        left, right = self.density[:-1], self.density[1:]
        area = 0.5 * (left + right)
        cell = rng.choice(area.size, size=size, p=area / area.sum())
        a, b = left[cell], right[cell]
        v = rng.random(size)
        # Root of the quadratic CDF of a linear density on the cell, in its stable form.
        share = v * (a + b) / (a + np.sqrt(a * a + v * (b * b - a * a)))
        width = self.log_sigma[1] - self.log_sigma[0]
        return self.log_sigma[cell] + share * width, a + share * (b - a)

    def nodes(self) -> tuple[Array, Array]:
        """Return the grid and its masses."""
        return np.exp(self.log_sigma), self.mass

    def mean_and_sd(self) -> tuple[float, float]:
        """Moments by the same quadrature."""
        sigma = np.exp(self.log_sigma)
        mean = float(self.mass @ sigma)
        return mean, float(np.sqrt(self.mass @ (sigma - mean) ** 2))


def _width(log_of: Callable[[Array], Array], mode: float, top: float) -> float:
    """Distance from the mode at which the density has fallen by about one nat, on the steeper side."""
    step = 1e-3
    while step < 2.0 and top - float(log_of(np.array([mode - step, mode + step])).min()) < 1.0:
        step *= 1.2
    return float(step)
