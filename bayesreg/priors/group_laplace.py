"""The multivariate Laplace prior of groups: group lasso."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.priors.base import RelativeTo, as_factor, as_location, as_scale, check_relative_to, known
from bayesreg.scales import Law


@dataclass(frozen=True)
class GroupLaplace:
    r"""Coefficients that enter and leave by groups: density proportional to :math:`e^{-\sqrt{k}\,\|d_g\|/b}`.

    With b the scale, the penalty is the group lasso's, :math:`\sqrt{k}\,\|d_g\|_2/b` for a group of k columns
    (Yuan & Lin, 2006); a group of one is a `Laplace`. The density is normalised (`bayesreg.groups`).

    Parameters
    ----------
    groups : sequence of int or str, shape (p,)
        Label of the group of each column; equal labels are one group.
    scale : float or law
        Scale; the standard deviation of each coefficient is ``scale * sqrt((k + 1) / k)``. A law makes it learned
        (``prior_scale``).
    loc : float or array of shape (p,), default 0
        Location, in the unit of the coefficients.
    factor : float or array of shape (p,), default 1
        Multiplies the scale of each coefficient before the norm is taken; infinite: unpenalised.
    relative_to : {"auto", None, "sigma", "penalty"}, default "auto"
        As for `Laplace`.

    Raises
    ------
    InputError
        If the labels are no sequence of integers or strings, or a value is not positive.

    Examples
    --------
    >>> from bayesreg import priors
    >>> priors.GroupLaplace(groups=["a", "a", "b"], scale=0.5).group_rates({}).round(4).tolist()
    [2.8284, 2.0]
    """

    groups: Sequence[int | str]
    scale: ArrayLike | Law
    _: KW_ONLY
    loc: ArrayLike = 0.0
    factor: ArrayLike = 1.0
    relative_to: RelativeTo = "auto"

    def __post_init__(self) -> None:
        check_relative_to(self, self.relative_to)
        given = np.asarray(self.groups)
        if isinstance(self.groups, str) or given.ndim != 1 or given.size == 0 or given.dtype.kind not in "iuUO":
            raise InputError(
                f"GroupLaplace(groups=...) must hold one integer or string label a column, got {self.groups!r}."
            )
        scale = as_scale("GroupLaplace", "scale", self.scale)
        if isinstance(scale, tuple) or scale == np.inf:
            raise InputError(
                f"GroupLaplace(scale=...) must be one finite number or a law (factor= scales single columns), got "
                f"{self.scale!r}."
            )
        object.__setattr__(self, "groups", tuple(given.tolist()))
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "loc", as_location("GroupLaplace", self.loc))
        object.__setattr__(self, "factor", as_factor("GroupLaplace", self.factor))

    @property
    def labels(self) -> tuple[int, ...]:
        """Group 0, 1, ... of each column, in order of appearance."""
        order: dict[Any, int] = {}
        return tuple(order.setdefault(label, len(order)) for label in self.groups)

    def hyperparameters(self) -> Mapping[str, Law]:
        """Return the law of ``prior_scale`` when the scale is learned."""
        return {"prior_scale": self.scale} if implements(self.scale, Law) else {}

    def rates(self, hyper: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return (0, 0): single coefficients carry no penalty of their own."""
        return 0.0, 0.0

    def group_rates(self, hyper: Mapping[str, Any]) -> Any:
        """Return sqrt(size) / scale of each group."""
        return np.sqrt(np.bincount(self.labels)) / known(self.scale, "prior_scale", hyper)
