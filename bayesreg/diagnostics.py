"""Every sample is judged, parameter by parameter, against fixed thresholds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError, SamplingWarning, warn
from bayesreg.numerics.mixing import SMALLEST, Mixing, mixing

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

# Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021): R-hat below 1.01 and 100 effective draws a chain.
LARGEST_RHAT = 1.01
SMALLEST_ESS_PER_CHAIN = 100
# Vehtari, Simpson, Gelman, Yao & Gabry (2024): below 0.7, and lower for few draws.
LARGEST_KHAT = 0.7
# Auxiliary variables are not judged: there is one a coefficient, and those of unpenalised columns are NaN.
NOT_JUDGED = "local_scale"
NAMED = 3


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """How well a posterior was sampled; prints as one line.

    Parameters
    ----------
    names : tuple of str
        The k scalar parameters, as ``arviz.summary`` labels them.
    mixing : Mixing
        R-hat, bulk and tail ESS of each.
    divergences : int
        Divergent transitions of NUTS.
    khat : float, optional
        Pareto shape of the importance ratios, where the sampler has any.
    faults : tuple of str
        What fails, in words; empty when the sample passes.
    """

    names: tuple[str, ...]
    mixing: Mixing
    divergences: int
    khat: float | None
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing fails."""
        return not self.faults

    def worst(self) -> dict[str, tuple[str, float]]:
        """Return the parameter with the largest R-hat and those with the smallest bulk and tail ESS, by measure."""
        found = {}
        for key, values, sign in self._measures():
            if not np.isnan(values).all():
                j = int(np.argmax(np.where(np.isnan(values), np.inf, sign * values)))
                found[key] = (self.names[j], float(values[j]))
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return R-hat, bulk and tail ESS as a table, one row a parameter."""
        import pandas as pd

        columns = {"rhat": self.mixing.rhat, "ess_bulk": self.mixing.ess_bulk, "ess_tail": self.mixing.ess_tail}
        return pd.DataFrame(columns, index=pd.Index(self.names, name="parameter"))

    def __str__(self) -> str:
        words = {
            "rhat_max": "R-hat at most {:.3f}",
            "ess_bulk_min": "bulk ESS {:.0f}",
            "ess_tail_min": "tail ESS {:.0f}",
        }
        worst = self.worst()
        said = [f"{words[key].format(value)} ({name})" for key, (name, value) in worst.items()]
        said += [f"{self.divergences} divergences"] if self.divergences else []
        said += [f"k-hat {self.khat:.2f}"] if self.khat is not None else []
        return (
            f"{'passed' if self.passed else 'FAILED: ' + '; '.join(self.faults)} [{', '.join(said) or 'too few draws'}]"
        )

    def _measures(self) -> Iterator[tuple[str, Array, float]]:
        yield "rhat_max", self.mixing.rhat, 1.0
        yield "ess_bulk_min", self.mixing.ess_bulk, -1.0
        yield "ess_tail_min", self.mixing.ess_tail, -1.0


def diagnose(post: xr.DataTree) -> Diagnosis:
    """Judge a posterior sample: R-hat, bulk and tail ESS of every parameter, divergences, k-hat.

    Parameters
    ----------
    post : xarray.DataTree
        From `sample`, or loaded from its file.

    Returns
    -------
    Diagnosis
        Prints as one line. The numbers are ArviZ's; the tails are the 5 % and 95 % quantiles. Independent draws have
        nothing to converge to: their R-hat and ESS, which scatter by chance, are told but not judged.

    Raises
    ------
    InputError
        For a tree without a posterior.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X, y = np.array([[0.0], [1.0], [2.0], [4.0]]), np.array([0.1, 0.9, 2.1, 3.9])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, y, seed=1)
    >>> br.diagnose(post).passed
    True
    """
    if "posterior" not in getattr(post, "children", {}):
        raise InputError(f"diagnose needs the DataTree that br.sample returns, got {type(post).__name__}.")
    group = post["posterior"].dataset
    values = {str(name): np.asarray(variable.values) for name, variable in group.variables.items()}
    values = {name: value for name, value in values.items() if name in group.data_vars and name != NOT_JUDGED}
    names = []
    for name in values:
        dims = group.variables[name].dims[2:]
        labels = [group.variables[d].values if d in group.variables else np.arange(group.sizes[d]) for d in dims]
        names += [f"{name}[{', '.join(map(str, at))}]" for at in product(*labels)] if dims else [name]
    stats = post["sample_stats"].dataset if "sample_stats" in post.children else {}
    divergences = int(np.sum(stats["diverging"].values)) if "diverging" in stats else 0
    khat = post.attrs.get("khat", np.max(stats["khat"].values) if "khat" in stats else None)
    chains, draws = group.sizes["chain"], group.sizes["draw"]
    found = Diagnosis(tuple(names), mixing_of(values), divergences, None if khat is None else float(khat), ())
    return replace(found, faults=tuple(_faults(found, post.attrs, chains, draws)))


def judge(tree: xr.DataTree) -> Diagnosis:
    """Diagnose a new sample; store the verdict in ``attrs["diagnostics"]``, as JSON, and warn of what fails."""
    found = diagnose(tree)
    worst = found.worst()
    verdict: dict[str, Any] = {key: value for key, (_, value) in worst.items()}
    verdict |= {"worst": {key: name for key, (name, _) in worst.items()}, "divergences": found.divergences}
    verdict |= {} if found.khat is None else {"khat": found.khat}
    tree.attrs["diagnostics"] = json.dumps(verdict | {"verdict": "; ".join(found.faults) or "passed"})
    if found.faults:
        advice = "raise target_accept, " if found.divergences else ""
        warn(
            f"the posterior sample by {tree.attrs['engine']} failed: {'; '.join(found.faults)}. Draw more (draws=, "
            f"tune=), {advice}or use a more informative prior.",
            SamplingWarning,
        )
    return found


def mixing_of(values: Mapping[str, Array]) -> Mixing:
    """R-hat and ESS of all parameters in the order of ``values``, arrays of shape (chains, draws, ...)."""
    parts = [mixing(value.reshape(*value.shape[:2], -1)) for value in values.values()]
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in ("rhat", "ess_bulk", "ess_tail")]
    return Mixing(*joined)


def smallest_ess(values: Mapping[str, Array]) -> float:
    """Smallest bulk or tail ESS of the parameters; 0 where one has none."""
    found = mixing_of({name: value for name, value in values.items() if name != NOT_JUDGED})
    return float(np.nan_to_num(np.concatenate([found.ess_bulk, found.ess_tail])).min())


def _faults(found: Diagnosis, attrs: Mapping[Any, Any], chains: int, draws: int) -> Iterator[str]:
    if attrs.get("interrupted"):
        yield f"interrupted after {draws} draws a chain"
    if attrs.get("exactness") != "independent":
        rhat, least = found.mixing.rhat, SMALLEST_ESS_PER_CHAIN * chains
        if chains > 1 and draws >= SMALLEST:
            yield from _named(found.names, "R-hat", rhat, ~(rhat <= LARGEST_RHAT), -1, f"above {LARGEST_RHAT}", ".3f")
        for words, values in (("bulk ESS", found.mixing.ess_bulk), ("tail ESS", found.mixing.ess_tail)):
            if draws < SMALLEST:
                yield f"{draws} draws a chain are too few to have an ESS"
                break
            yield from _named(found.names, words, values, ~(values >= least), 1, f"below {least}", ".0f")
        target = attrs.get("target_ess")
        reached = np.nan_to_num(np.minimum(found.mixing.ess_bulk, found.mixing.ess_tail)).min()
        if target is not None and not reached >= target:
            yield f"smallest ESS {reached:.0f} of target_ess={target:g} after max_draws={draws}"
    if found.divergences > 0:
        yield f"{found.divergences} divergent transitions"
    limit = min(LARGEST_KHAT, 1 - 1 / np.log10(max(chains * draws, 11)))
    if found.khat is not None and not found.khat <= limit:
        yield f"k-hat {found.khat:.2f} above {limit:.2f}"


def _named(
    names: tuple[str, ...], words: str, values: Array, failing: NDArray[np.bool_], sign: int, bound: str, style: str
) -> Iterator[str]:
    """Name the worst of the parameters that fail."""
    where = np.flatnonzero(failing)
    if where.size:
        where = where[np.argsort(np.where(np.isnan(values[where]), -np.inf, sign * values[where]), kind="stable")]
        listed = ", ".join(f"{names[j]} {values[j]:{style}}" for j in where[:NAMED])
        more = f" and {where.size - NAMED} more" if where.size > NAMED else ""
        yield f"{words} {bound}: {listed}{more}"
