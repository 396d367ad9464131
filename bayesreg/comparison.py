"""Several posteriors of the same data in one table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bayesreg.errors import InputError, SamplingWarning, warn
from bayesreg.leave_one_out import LeftOut, leave_one_out, weights_of_everything
from bayesreg.likelihoods import Bernoulli
from bayesreg.local_scales import is_mixture
from bayesreg.model import Model
from bayesreg.posterior import is_ours
from bayesreg.shrinkage_factors import shrinkage

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

# Share of the rows without reliable importance weights, up to which they cannot decide a test of all rows.
_MOST_UNRELIABLE = 0.05


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
        Best first, one row a model: ``rank``, ``elpd`` (expected log predictive density, leaving one out) and its
        ``se``, ``elpd_diff`` to the best and its ``dse``, ``p_loo``, ``weight`` (stacking), ``loo`` (how it was found:
        "exact"; "integrated", with importance weights for the scales alone, the coefficients integrated out; "psis",
        with importance weights for everything), ``loo_draws`` (how many draws that took), ``pareto_k_max`` and
        ``pareto_k_high`` (rows whose estimate is unreliable), ``effective`` (number of coefficients, see
        `shrinkage`), ``mean_kappa``, ``calibration`` (p-value of the test that the probability integral transforms of
        the rows left out are uniform: small where predictive distributions are too narrow, too wide or off; of
        posteriors sampled with ``posterior_predictive=True``, else NaN, as it is for classes), ``rhat_max``,
        ``ess_min``, ``divergences``, ``seconds`` (of sampling), ``engine``.

    Raises
    ------
    InputError
        If the posteriors are of different responses or weights, keep no pointwise log likelihood or have few draws.

    Warns
    -----
    SamplingWarning
        If the leave-one-out estimate of some rows is unreliable.

    Notes
    -----
    "integrated" is for a Gaussian likelihood with a prior that is normal given scales (see `shrinkage`) and a dense X,
    and costs O(n p min(n, p)) a draw. Beyond some 2e10 floating-point operations the draws are thinned. Where that
    would leave fewer than 200, 200 are taken if "psis" is unreliable for some row; beyond 4e11 operations it is "psis".
    The references are in `bayesreg.leave_one_out`. ``calibration`` goes by importance weights of everything, and is NaN
    where those of more than a twentieth of the rows are unreliable.

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
    if len({post.attrs["y_sha256"] for post in posts.values()}) > 1:
        raise InputError("the posteriors are of different responses y, so their predictions cannot be compared.")
    weights = [post["constant_data"]["sample_weight"].to_numpy() for post in posts.values()]
    if any(not np.array_equal(weights[0], weight) for weight in weights):
        raise InputError("the posteriors have different sample weights, so their elpd are sums of different things.")
    loos = {name: leave_one_out(post, f"posts[{name!r}]") for name, post in posts.items()}
    for name, loo in loos.items():
        if loo.high:
            warn(
                f"{name}: the leave-one-out estimate of {loo.high} of {loo.elpd_i.size} rows is unreliable "
                f"(Pareto k above {loo.good_k:.2f}); their weight on the posterior is large.",
                SamplingWarning,
            )
    if len(posts) > 1:
        table = az.compare({name: loo.to_arviz() for name, loo in loos.items()}, round_to="none")
        table = table.rename(columns={"p": "p_loo"})[["rank", "elpd", "se", "elpd_diff", "dse", "p_loo", "weight"]]
    else:
        ((name, loo),) = loos.items()
        row = {"rank": 0, "elpd": loo.elpd, "se": loo.se, "elpd_diff": 0.0, "dse": 0.0, "p_loo": loo.p_loo}
        row["weight"] = 1.0
        table = pd.DataFrame([row], index=[name])
    extra = pd.DataFrame({name: _row(posts[name], loos[name]) for name in table.index}).T
    table.index.name = "model"
    return table.join(extra.infer_objects())


def _row(post: xr.DataTree, loo: LeftOut) -> dict[str, object]:
    verdict = json.loads(post.attrs["diagnostics"])
    measured = None
    if is_mixture(Model.from_json(post.attrs["model"]).prior):
        measured = shrinkage(post)
    return {
        "loo": loo.method,
        "loo_draws": loo.draws,
        "pareto_k_max": float(loo.pareto_k.max()),
        "pareto_k_high": loo.high,
        "effective": measured.effective if measured else np.nan,
        "mean_kappa": float(measured.frame["kappa"].mean()) if measured else np.nan,
        "calibration": _calibration(post),
        "rhat_max": verdict.get("rhat_max", np.nan),
        "ess_min": min(verdict.get("ess_bulk_min", np.nan), verdict.get("ess_tail_min", np.nan)),
        "divergences": int(verdict["divergences"]),
        "seconds": float(post.attrs.get("sampling_time", np.nan)),
        "engine": post.attrs["engine"],
    }


def _calibration(post: xr.DataTree) -> float:
    """p-value of ArviZ's test that the leave-one-out probability integral transforms are uniform; NaN where none is."""
    from arviz_stats.base import array_stats

    classes = isinstance(Model.from_json(post.attrs["model"]).likelihood, Bernoulli)
    if "posterior_predictive" not in post.children or classes:
        return float("nan")
    drawn, density = (post[group]["y"].to_numpy() for group in ("posterior_predictive", "log_likelihood"))
    n = density.shape[-1]
    log_weight, pareto_k, good_k = weights_of_everything(post, density.reshape(-1, n))
    if np.mean(pareto_k > good_k) > _MOST_UNRELIABLE:
        return float("nan")
    rows = drawn.reshape(-1, n).T
    pit = array_stats.loo_pit(rows, post["observed_data"]["y"].to_numpy(), log_weight, chain_axis=None, draw_axis=-1)
    return float(array_stats.uniformity_test(pit)[0])
