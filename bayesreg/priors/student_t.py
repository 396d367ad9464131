"""The Student-t prior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.priors.base import RelativeTo, as_factor, as_location, as_number, as_scale, check_relative_to, known
from bayesreg.priors.mixture import STUDENT_T
from bayesreg.scales import Law

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StudentT:
    r"""Independent Student-t coefficients: normal with variance scale² t, 1/t of mean 1 a gamma variable.

    .. math:: d_j \mid t_j \sim N(0, \mathrm{scale}^2 t_j), \qquad t_j \sim \mathrm{InverseGamma}(df/2, df/2)

    Large coefficients are shrunk little: the tails go as a power. It is sampled; its penalty is not convex, so it has
    no certified MAP.

    Parameters
    ----------
    df : float
        Degrees of freedom, positive; 1 is the Cauchy, large values approach the Gaussian.
    scale : float, array of shape (p,) or law
        Scale; the standard deviation is ``scale * sqrt(df / (df - 2))`` where df > 2. Infinite entries leave a column
        unpenalised; a law makes it learned (``prior_scale``).
    loc : float or array of shape (p,), default 0
        Location, in the unit of the coefficients.
    factor : float or array of shape (p,), default 1
        Multiplies the scale of each coefficient; infinite: unpenalised, also when the scale is learned.
    relative_to : {"auto", None, "sigma"}, default "auto"
        None: the scale is absolute. "sigma": it is ``scale * sigma``. "auto": None for a known scale, "sigma" for a
        learned one.

    Raises
    ------
    InputError
        If a value is not positive or not a number.

    Examples
    --------
    >>> from bayesreg import priors
    >>> prior = priors.StudentT(df=3, scale=0.5)
    >>> prior.local_law, prior.deviation(2.0, {})
    ((2, 3.0), 1.0)
    """

    df: float
    scale: ArrayLike | Law
    _: KW_ONLY
    loc: ArrayLike = 0.0
    factor: ArrayLike = 1.0
    relative_to: RelativeTo = "auto"

    def __post_init__(self) -> None:
        check_relative_to(self, self.relative_to)
        df = as_number("StudentT", "df", self.df, minimum=0.0, inclusive=False, infinite=False)
        if isinstance(df, tuple):
            raise InputError(f"StudentT(df=...) must be one number, got {self.df!r}.")
        object.__setattr__(self, "df", df)
        object.__setattr__(self, "scale", as_scale("StudentT", "scale", self.scale))
        object.__setattr__(self, "loc", as_location("StudentT", self.loc))
        object.__setattr__(self, "factor", as_factor("StudentT", self.factor))

    @property
    def local_law(self) -> tuple[int, float]:
        """Student-t, df."""
        return STUDENT_T, self.df

    def hyperparameters(self) -> Mapping[str, Law]:
        """Return the law of ``prior_scale`` when the scale is learned."""
        return {"prior_scale": self.scale} if implements(self.scale, Law) else {}

    def deviation(self, local: Any, hyper: Mapping[str, Any]) -> Any:
        """Return scale * local."""
        return known(self.scale, "prior_scale", hyper) * local

    def marginal_log_density(self, d: Array, hyper: Mapping[str, Any]) -> Array:
        """Return the log density of the Student-t; 0 where the scale is infinite."""
        df, scale = self.df, np.asarray(known(self.scale, "prior_scale", hyper), dtype=float)
        free = np.isinf(scale)
        scale = np.where(free, 1.0, scale)
        constant = gammaln(0.5 * (df + 1)) - gammaln(0.5 * df) - 0.5 * np.log(np.pi * df)
        density = constant - np.log(scale) - 0.5 * (df + 1) * np.log1p((np.asarray(d) / scale) ** 2 / df)
        return np.asarray(np.where(free, 0.0, density))
