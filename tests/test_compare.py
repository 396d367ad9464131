"""The comparison of posteriors holds what ArviZ, the diagnostics and the shrinkage say of each."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats

import bayesreg as br
from bayesreg import likelihoods, posterior, priors
from bayesreg.data import make_design
from bayesreg.errors import InputError, SamplingWarning
from bayesreg.outcomes import Draws

PRIORS = {"tight": 0.1, "middle": 0.7, "wide": 20.0}


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(90)
    X = rng.standard_normal((60, 6))
    return X, X[:, :2] @ [1.0, -0.5] + rng.standard_normal(60)


@pytest.fixture(scope="module")
def posts(data: tuple[np.ndarray, np.ndarray]) -> dict[str, xr.DataTree]:
    return {
        name: br.sample(br.Model(likelihoods.Gaussian(), priors.Gaussian(scale)), *data, seed=2, draws=400, chains=2)
        for name, scale in PRIORS.items()
    }


def without_exact(post: xr.DataTree) -> xr.DataTree:
    """Return the result as it would be from an engine that knows no exact leave-one-out densities."""
    bare = post.copy()
    del bare["exact_loo"]
    return bare


@pytest.mark.parametrize(("sigma", "fits"), [(1.0, True), (3.0, False), (0.3, False)])
def test_calibration_is_the_test_of_arviz_and_small_where_errors_have_another_size(
    data: tuple[np.ndarray, np.ndarray], sigma: float, fits: bool
) -> None:
    model = br.Model(likelihoods.Gaussian(sigma), priors.Gaussian(0.7))
    some = {"seed": 2, "draws": 1000, "chains": 2}
    post = br.sample(model, *data, **some, posterior_predictive=True)
    p_value = br.compare({"it": post})["calibration"].iloc[0]
    transforms = az.loo_pit(post)["y"].to_numpy()
    assert p_value == pytest.approx(array_stats.uniformity_test(transforms)[0], rel=1e-6)
    assert (p_value > 0.05) if fits else (p_value < 1e-3)
    assert np.isnan(br.compare({"it": br.sample(model, *data, **some)})["calibration"].iloc[0])


def test_classes_have_no_calibration_in_the_table(data: tuple[np.ndarray, np.ndarray]) -> None:
    model = br.Model(likelihoods.Bernoulli(), priors.Gaussian(0.7))
    X, y = data
    post = br.sample(model, X, (y > 0).astype(float), seed=2, draws=1000, chains=2, posterior_predictive=True)
    assert np.isnan(br.compare({"it": post})["calibration"].iloc[0])


def test_the_predictive_columns_are_those_of_arviz(posts: dict[str, xr.DataTree]) -> None:
    posts = {name: without_exact(post) for name, post in posts.items()}
    table = br.compare(posts)
    assert (table["loo"] == "psis").all()
    assert (table["loo_draws"] == 800).all()
    loos = {name: az.loo(post) for name, post in posts.items()}
    theirs = az.compare(loos, round_to="none")
    assert list(table.index) == list(theirs.index)
    assert list(table["rank"]) == [0, 1, 2]
    for column in ("elpd", "elpd_diff", "dse", "weight"):
        np.testing.assert_allclose(table[column].astype(float), theirs[column].astype(float), rtol=1e-9, atol=1e-12)
    for name, loo in loos.items():
        row = table.loc[name]
        assert row["elpd"] == pytest.approx(loo.elpd, rel=1e-12)
        # ArviZ has n - 1 in the variance of the rows here, and n in that of their differences.
        assert row["se"] == pytest.approx(loo.se * np.sqrt(59 / 60), rel=1e-12)
        assert row["p_loo"] == pytest.approx(loo.p, rel=1e-9)
        k = np.asarray(loo.pareto_k)
        assert row["pareto_k_max"] == pytest.approx(k.max(), rel=1e-12)
        assert row["pareto_k_high"] == np.sum(k > loo.good_k) == 0
    assert table["elpd"].is_monotonic_decreasing
    assert table["weight"].sum() == pytest.approx(1.0)
    assert table.index[-1] == "tight"


def test_leave_one_out_is_near_refitting_without_each_row(
    data: tuple[np.ndarray, np.ndarray], posts: dict[str, xr.DataTree]
) -> None:
    X, y = data
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(0.7))
    post = br.sample(model, X, y, seed=3, draws=1000)
    table, estimated = br.compare({"known": post}), br.compare({"known": without_exact(post)})
    exact = 0.0
    for i in range(y.size):
        rest = np.arange(y.size) != i
        # The predictive of a Gaussian posterior is Gaussian.
        Z = np.column_stack([X, np.ones(y.size)])
        precision = Z[rest].T @ Z[rest] + np.diag([1 / 0.7**2] * 6 + [0.0])
        mean = Z[i] @ np.linalg.solve(precision, Z[rest].T @ y[rest])
        variance = 1.0 + Z[i] @ np.linalg.solve(precision, Z[i])
        exact += -0.5 * np.log(2 * np.pi * variance) - 0.5 * (y[i] - mean) ** 2 / variance
    assert estimated["elpd"].item() == pytest.approx(exact, abs=0.3)
    assert table["elpd"].item() == pytest.approx(exact, abs=1e-9)
    assert (table["loo"].item(), table["pareto_k_high"].item()) == ("exact", 0)
    assert np.isnan(table["pareto_k_max"].item())
    # The standard error and the effective number are those of the exact densities.
    rows = post["exact_loo"]["elpd_loo"].to_numpy()
    assert rows.sum() == pytest.approx(exact, abs=1e-9)
    assert table["se"].item() == pytest.approx(np.sqrt(rows.size) * rows.std())
    assert table["p_loo"].item() == pytest.approx(
        estimated["elpd"].item() + estimated["p_loo"].item() - exact, abs=1e-8
    )


def test_the_other_columns_are_shrinkage_and_diagnostics(posts: dict[str, xr.DataTree]) -> None:
    table = br.compare(posts)
    for name, post in posts.items():
        measured, verdict, row = br.shrinkage(post), json.loads(post.attrs["diagnostics"]), table.loc[name]
        assert row["effective"] == measured.effective
        assert row["mean_kappa"] == measured.frame["kappa"].mean()
        assert row["rhat_max"] == verdict["rhat_max"]
        assert row["ess_min"] == min(verdict["ess_bulk_min"], verdict["ess_tail_min"])
        assert row["divergences"] == 0
        assert row["seconds"] >= 0
        assert row["engine"] == "exact_gaussian"
    assert list(table.loc[list(PRIORS), "effective"]) == sorted(table["effective"])
    assert all(table[name].dtype.kind in "fi" for name in table.columns if name not in ("engine", "loo"))


def test_one_posterior_alone_is_a_table_of_one_row(posts: dict[str, xr.DataTree]) -> None:
    many = br.compare(posts)
    one = br.compare({"wide": posts["wide"]})
    assert list(one.columns) == list(many.columns)
    assert (one.loc["wide", "rank"], one.loc["wide", "weight"]) == (0, 1.0)
    assert one.loc["wide", "elpd_diff"] == one.loc["wide", "dse"] == 0.0
    assert one.loc["wide", "loo"] == many.loc["wide", "loo"] == "exact"
    for column in ("elpd", "se", "p_loo", "effective"):
        assert one.loc["wide", column] == pytest.approx(many.loc["wide", column], rel=1e-9)


def test_the_order_given_does_not_matter(posts: dict[str, xr.DataTree]) -> None:
    import pandas as pd

    one, other = br.compare(posts), br.compare(dict(reversed(posts.items())))
    pd.testing.assert_frame_equal(one, other, rtol=1e-6)


def test_divergences_and_failed_diagnostics_are_in_the_table(posts: dict[str, xr.DataTree]) -> None:
    post = posts["wide"].copy()
    post.attrs["diagnostics"] = json.dumps({"divergences": 3.0, "rhat_max": 1.2, "ess_bulk_min": 50.0, "verdict": "x"})
    row = br.compare({"a": post, "b": posts["tight"]}).loc["a"]
    assert (row["divergences"], row["rhat_max"]) == (3, 1.2)


def test_a_row_that_decides_the_posterior_alone_is_warned_of(data: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = (array.copy() for array in data)
    X[0], y[0] = 30.0, 60.0
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(5.0))
    post = br.sample(model, X, y, seed=2, draws=400, chains=2)
    assert br.compare({"far": post})["pareto_k_high"].item() == 0
    post = without_exact(post)
    with pytest.warns(
        SamplingWarning, match=r"far: the leave-one-out estimate of \d+ of 60 rows is unreliable"
    ) as said:
        table = br.compare({"far": post})
    assert len(said) == 1
    assert table["pareto_k_high"].item() >= 1
    assert table["pareto_k_max"].item() > 0.7
    assert f"of {table['pareto_k_high'].item()} of 60" in str(said[0].message)


def test_different_responses_are_refused(data: tuple[np.ndarray, np.ndarray], posts: dict[str, xr.DataTree]) -> None:
    X, y = data
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    other = br.sample(model, X, y + 1e-9, seed=2, draws=50)
    with pytest.raises(InputError, match="of different responses y"):
        br.compare({"one": posts["wide"], "other": other})
    other_columns = br.sample(model, X[:, :2], y, seed=2, draws=400, chains=2)
    assert len(br.compare({"one": posts["wide"], "fewer": other_columns})) == 2


def test_a_posterior_without_pointwise_likelihoods_is_refused(
    data: tuple[np.ndarray, np.ndarray], posts: dict[str, xr.DataTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posterior, "LARGEST_LOG_LIKELIHOOD", 100)
    large = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), *data, seed=2, draws=50)
    assert large.attrs["log_likelihood_kept"] == 0
    with pytest.raises(InputError, match=r"posts\['large'\] keeps no pointwise log likelihood"):
        br.compare({"wide": posts["wide"], "large": large})


def test_too_few_draws_for_leave_one_out_are_refused_by_name(data: tuple[np.ndarray, np.ndarray]) -> None:
    few = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), *data, seed=2, draws=5, chains=2)
    with pytest.raises(InputError, match="draws"):
        br.compare({"few": few})


def test_nothing_and_a_tree_of_another_making_are_refused(posts: dict[str, xr.DataTree]) -> None:
    with pytest.raises(InputError, match="at least one posterior"):
        br.compare({})
    other = az.from_dict({"posterior": {"b": np.zeros((2, 9))}, "log_likelihood": {"y": np.zeros((2, 9, 4))}})
    with pytest.raises(InputError, match=r"posts\['other'\] is not a result of bayesreg\.sample"):
        br.compare({"wide": posts["wide"], "other": other})


def test_a_laplace_posterior_is_compared_with_a_gaussian_one(
    data: tuple[np.ndarray, np.ndarray], posts: dict[str, xr.DataTree]
) -> None:
    from bayesreg import diagnostics

    X, y = data
    source = posts["wide"]["posterior"]
    values = {name: source[name].to_numpy() for name in ("coef", "intercept", "sigma")}
    problem = br.Model(likelihoods.Gaussian(), priors.Laplace(0.3)).bind(make_design(X, y))
    attrs: dict[str, Any] = {"engine": "by hand"}
    post = posterior.build_tree(problem, Draws(values, {}, "independent", {}), np.random.SeedSequence(1), attrs)
    diagnostics.judge(post)
    # They are not draws of its posterior, so the coefficients cannot be integrated out of them.
    del post["constant_data"]["X"]
    table = br.compare({"gaussian": without_exact(posts["wide"]), "laplace": post})
    assert table.loc["laplace", "engine"] == "by hand"
    # The same draws predict the same, but for how far ArviZ smooths, which the local scales have a say in.
    np.testing.assert_array_equal(post["log_likelihood"]["y"], posts["wide"]["log_likelihood"]["y"])
    assert table.loc["laplace", "elpd"] == pytest.approx(table.loc["gaussian", "elpd"], abs=0.01)
    assert table.loc["laplace", "effective"] < table.loc["gaussian", "effective"]


def test_the_verbs_stay_functions_whatever_has_been_imported() -> None:
    program = (
        "import bayesreg as br, bayesreg.report, bayesreg.cli, bayesreg.plots.shrinkage\n"
        "print([name for name in br._HOME if not callable(getattr(br, name))])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
