"""The Gaussian prior with a learned scale for each group of columns: ridge with several penalties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bayesreg.by_group import member_name
from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.priors.base import RelativeTo, as_factor, as_location, check_relative_to
from bayesreg.scales import Law


@dataclass(frozen=True)
class GroupGaussian:
    r"""Normal coefficients whose groups have each a learned scale of their own.

    .. math:: d_j \mid \tau \sim N(0, \tau_{g(j)}^2), \qquad \tau_g \sim \mathrm{law}_g \text{ independently}

    The posterior tells how strongly each group is shrunk: a block of measurements of another kind, of another source or
    of less trusted predictors (van de Wiel et al., 2016, "Better prediction by use of co-data"). Two groups under a
    Gaussian likelihood are integrated over exactly.

    Parameters
    ----------
    groups : sequence of int or str, shape (p,)
        Label of the group of each column; equal labels are one group.
    scale : law, or mapping from labels to laws, or one law a group in order of appearance
        Law of the standard deviation of a coefficient (``prior_scale``, dimension ``group``). One law for all groups
        still gives each a scale of its own.
    loc : float or array of shape (p,), default 0
        Mean, in the unit of the coefficients.
    factor : float or array of shape (p,), default 1
        Multiplies the scale of each coefficient; infinite: unpenalised.
    relative_to : {"auto", None, "sigma", "penalty"}, default "auto"
        As for `Gaussian`: "auto" is "sigma", since the scales are learned.

    Raises
    ------
    InputError
        If the labels are no sequence of integers or strings, or a group has no law.

    Examples
    --------
    >>> from bayesreg import priors, scales
    >>> prior = priors.GroupGaussian(["a", "b", "b"], scales.HalfCauchy(1.0))
    >>> list(prior.hyperparameters())
    ['prior_scale[a]', 'prior_scale[b]']
    >>> prior.rates({"prior_scale[a]": 1.0, "prior_scale[b]": 0.5})[1].tolist()
    [1.0, 4.0, 4.0]
    """

    groups: Sequence[int | str]
    scale: Law | Mapping[int | str, Law] | Sequence[Law]
    _: KW_ONLY
    loc: ArrayLike = 0.0
    factor: ArrayLike = 1.0
    relative_to: RelativeTo = "auto"

    def __post_init__(self) -> None:
        check_relative_to(self, self.relative_to)
        given = np.asarray(self.groups)
        if isinstance(self.groups, str) or given.ndim != 1 or given.size == 0 or given.dtype.kind not in "iuUO":
            raise InputError(
                f"GroupGaussian(groups=...) must hold one integer or string label a column, got {self.groups!r}."
            )
        object.__setattr__(self, "groups", tuple(given.tolist()))
        names = [str(label) for label in self.order]
        if len(set(names)) < len(names):
            raise InputError(f"GroupGaussian(groups=...) has labels that print alike: {', '.join(names)}.")
        object.__setattr__(self, "scale", _laws(self.order, self.scale))
        object.__setattr__(self, "loc", as_location("GroupGaussian", self.loc))
        object.__setattr__(self, "factor", as_factor("GroupGaussian", self.factor))

    @property
    def order(self) -> tuple[int | str, ...]:
        """The labels in order of appearance."""
        return tuple(dict.fromkeys(self.groups))

    def hyperparameters(self) -> Mapping[str, Law]:
        """Return the law of ``prior_scale[label]`` of each group."""
        laws: Any = self.scale
        return {member_name("prior_scale", label): law for label, law in zip(self.order, laws, strict=True)}

    def rates(self, hyper: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return (0, 1/scale²) with the scale of the group of each column."""
        l2: Any = 0.0
        for label in self.order:
            inside = np.array([float(own == label) for own in self.groups])
            l2 = l2 + inside / hyper[member_name("prior_scale", label)] ** 2
        return 0.0, l2


def _laws(order: tuple[int | str, ...], scale: Any) -> tuple[Law, ...]:
    """The law of each group."""
    cure = "known scales belong to priors.Gaussian(scale=array)"
    if implements(scale, Law) and not isinstance(scale, type):
        return (scale,) * len(order)
    if isinstance(scale, Mapping):
        if set(scale) != set(order):
            raise InputError(
                f"GroupGaussian(scale=...) must hold a law for each of the groups {', '.join(map(repr, order))}, got "
                f"{', '.join(map(repr, scale))}."
            )
        scale = [scale[label] for label in order]
    laws = tuple(scale) if isinstance(scale, list | tuple) else ()
    usable = all(implements(law, Law) and not isinstance(law, type) for law in laws)
    if len(laws) != len(order) or not usable:
        raise InputError(
            f"GroupGaussian(scale=...) must be a law such as scales.HalfCauchy(1.0), or one for each of the groups "
            f"{', '.join(map(repr, order))}, got {scale!r}; {cure}."
        )
    return laws
