"""Several posteriors of the same data in one table."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesreg.errors import InputError, SamplingWarning
from bayesreg.local_scales import is_mixture
from bayesreg.model import Model
from bayesreg.posterior import is_ours
from bayesreg.shrinkage_factors import shrinkage

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

# Pareto smoothing fits the largest min(S / 5, 3 sqrt S) weights, which must be 5 at least (Vehtari et al., 2024).
_FEWEST_DRAWS = 25


def compare(posts: Mapping[str, xr.DataTree]) -> pd.DataFrame:
    """Compare models by leave-one-out prediction, shrinkage and diagnostics.

    Parameters
    ----------
    posts : mapping of str to xarray.DataTree
        Results of `bayesreg.sample` on the same response and weights, by the names to show. With weights the elpd is
        the weighted sum over rows, and leaving one out leaves a row out with all its weight.

    Returns
    -------
    pandas.DataFrame
        Best first, one row a model: ``rank``, ``elpd`` (expected log predictive density, leaving one out: exact where
        the posterior has it, else by PSIS-LOO) and its ``se``, ``elpd_diff`` to the best and its ``dse``, ``p_loo``,
        ``weight`` (stacking), ``exact`` (1 or 0: whether the densities are exact), ``pareto_k_max`` and
        ``pareto_k_high`` (rows whose estimate is unreliable), ``effective`` (number of coefficients, see
        `shrinkage`), ``mean_kappa``, ``rhat_max``, ``ess_min``, ``divergences``, ``seconds``
        (of sampling), ``engine``.

    Raises
    ------
    InputError
        If the posteriors are of different responses or weights, or keep no pointwise log likelihood.

    Warns
    -----
    SamplingWarning
        If the leave-one-out estimate of some rows is unreliable.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((30, 2))
    >>> y = X @ [1.0, 0.0] + rng.standard_normal(30)
    >>> tight, wide = (br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(s)) for s in (0.5, 5.0))
    >>> table = br.compare({name: br.sample(m, X, y, seed=1) for name, m in (("tight", tight), ("wide", wide))})
    >>> sorted(table.index)
    ['tight', 'wide']
    """
    import arviz as az
    import pandas as pd

    if not isinstance(posts, Mapping) or not posts:
        raise InputError("compare needs a dict with at least one posterior: compare({'name': br.sample(...)}).")
    for name, post in posts.items():
        if not is_ours(post):
            raise InputError(f"posts[{name!r}] is not a result of bayesreg.sample.")
        if "log_likelihood" not in post.children:
            raise InputError(f"posts[{name!r}] keeps no pointwise log likelihood (too many rows times draws).")
    if len({post.attrs["y_sha256"] for post in posts.values()}) > 1:
        raise InputError("the posteriors are of different responses y, so their predictions cannot be compared.")
    weights = [post["constant_data"]["sample_weight"].to_numpy() for post in posts.values()]
    if any(not np.array_equal(weights[0], weight) for weight in weights):
        raise InputError("the posteriors have different sample weights, so their elpd are sums of different things.")
    loos = {}
    for name, post in posts.items():
        sizes = post["posterior"].sizes
        if sizes["chain"] * sizes["draw"] < _FEWEST_DRAWS:
            raise InputError(
                f"posts[{name!r}] has {sizes['chain'] * sizes['draw']} draws; leave-one-out needs at least "
                f"{_FEWEST_DRAWS} to fit the tail of its weights."
            )
        loos[name] = leave_one_out(post)
        high = int(np.sum(np.asarray(loos[name].pareto_k) > loos[name].good_k))
        if high:
            warnings.warn(
                f"{name}: the leave-one-out estimate of {high} of {loos[name].n_data_points} rows is unreliable "
                f"(Pareto k above {loos[name].good_k:.2f}); their weight on the posterior is large.",
                SamplingWarning,
                stacklevel=2,
            )
    if len(posts) > 1:
        table = az.compare(loos, round_to="none")
        table = table.rename(columns={"p": "p_loo"})[["rank", "elpd", "se", "elpd_diff", "dse", "p_loo", "weight"]]
    else:
        ((name, loo),) = loos.items()
        row = {"rank": 0, "elpd": loo.elpd, "se": loo.se, "elpd_diff": 0.0, "dse": 0.0, "p_loo": loo.p, "weight": 1.0}
        table = pd.DataFrame([row], index=[name])
    extra = pd.DataFrame({name: _row(posts[name], loos[name]) for name in table.index}).T
    table.index.name = "model"
    return table.join(extra.infer_objects())


def leave_one_out(post: xr.DataTree) -> Any:
    """Return ArviZ's leave-one-out result of a posterior, with exact densities where the posterior has them."""
    import arviz as az

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Estimated shape parameter of Pareto", category=UserWarning)
        return _exactly(az.loo(post, pointwise=True), post)


def _exactly(loo: Any, post: xr.DataTree) -> Any:
    """Put exact leave-one-out densities in the place of the estimated ones, where the posterior has them."""
    if "exact_loo" not in post.children:
        return loo
    exact = post["exact_loo"]["elpd_loo"]
    # The log density of the rows in sample does not change; p is what it exceeds the elpd by.
    in_sample = loo.elpd + loo.p
    loo.elpd = float(exact.sum())
    loo.se = float(np.sqrt(exact.size * exact.var()))
    loo.p = in_sample - loo.elpd
    loo.elpd_i = loo.elpd_i.copy(data=exact.to_numpy())
    loo.pareto_k = loo.pareto_k.copy(data=np.full(exact.size, np.nan))
    loo.warning = False
    return loo


def _row(post: xr.DataTree, loo: Any) -> dict[str, object]:
    k = np.asarray(loo.pareto_k)
    verdict = json.loads(post.attrs["diagnostics"])
    measured = None
    if is_mixture(Model.from_json(post.attrs["model"]).prior):
        measured = shrinkage(post)
    return {
        "exact": int("exact_loo" in post.children),
        "pareto_k_max": float(k.max()),
        "pareto_k_high": int(np.sum(k > loo.good_k)),
        "effective": measured.effective if measured else np.nan,
        "mean_kappa": float(measured.frame["kappa"].mean()) if measured else np.nan,
        "rhat_max": verdict.get("rhat_max", np.nan),
        "ess_min": min(verdict.get("ess_bulk_min", np.nan), verdict.get("ess_tail_min", np.nan)),
        "divergences": int(verdict["divergences"]),
        "seconds": float(post.attrs.get("sampling_time", np.nan)),
        "engine": post.attrs["engine"],
    }
