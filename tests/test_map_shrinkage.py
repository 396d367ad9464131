"""The shrinkage of a MAP against the normal equations that its precisions must satisfy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.errors import DesignWarning, InputError

Data = tuple[np.ndarray, np.ndarray]


def test_a_ridge_has_the_factors_and_the_trace_of_its_closed_form(linear: Data) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.2))
    mode = br.find_map(model, X, y)
    found = br.shrinkage(mode, X, y)
    gram, q = (X - X.mean(0)).T @ (X - X.mean(0)) / 0.7**2, 25.0
    np.testing.assert_allclose(found.frame["kappa"], q / (q + np.diag(gram)), rtol=1e-10)
    assert found.effective == pytest.approx(np.trace(np.linalg.solve(gram + q * np.eye(4), gram)), rel=1e-10)
    assert found.n_nonzero == 4
    flat = np.linalg.lstsq(X - X.mean(0), y)[0]
    np.testing.assert_allclose(found.frame["relative_to_flat"], 1 - mode.coef / flat, rtol=1e-8)
    # A posterior of the same model says the same.
    post = br.shrinkage(br.sample(model, X, y, draws=50, seed=1))
    np.testing.assert_allclose(post.frame["kappa"], found.frame["kappa"], rtol=1e-10)
    assert post.effective == pytest.approx(found.effective, rel=1e-10)


@pytest.mark.parametrize(
    "prior",
    [
        priors.Laplace(0.05),
        priors.Laplace(0.05, loc=[0.1, 0.0, -0.2, 0.0]),
        priors.Laplace(0.05, relative_to="penalty"),
        priors.Laplace([0.05, float("inf"), 0.02, 0.02]),
        priors.ElasticNet(20.0, 30.0),
        priors.GroupLaplace([0, 1, 0, 1], 0.02),
        priors.GroupLaplace([0, 1, 0, 1], 0.02, factor=[1.0, 2.0, 0.5, 1.0]),
    ],
    ids=["lasso", "loc", "penalty", "unpenalised", "elastic_net", "groups", "units"],
)
def test_with_its_precisions_a_mode_is_a_ridge(prior: Any, linear: Data) -> None:
    X, y = linear
    mode = br.find_map(br.Model(likelihoods.Gaussian(0.7), prior), X, y)
    found = br.shrinkage(mode, X, y)
    kappa = found.frame["kappa"].to_numpy()
    d = mode.coef - np.broadcast_to(prior.loc, 4)
    gram = (X - X.mean(0)).T @ (X - X.mean(0)) / 0.7**2
    cross = (X - X.mean(0)).T @ (y - X @ np.broadcast_to(prior.loc, 4)) / 0.7**2
    on = d != 0
    assert on.any()
    np.testing.assert_array_equal(kappa[~on], 1.0)
    q = kappa[on] / (1 - kappa[on]) * np.diag(gram)[on]
    np.testing.assert_allclose(np.linalg.solve(gram[np.ix_(on, on)] + np.diag(q), cross[on]), d[on], rtol=1e-7)
    assert found.n_nonzero == np.count_nonzero(mode.coef)
    if isinstance(prior, priors.Laplace):
        assert found.effective == on.sum()
    else:
        assert 0 < found.effective < on.sum()


def test_a_logistic_mode_counts_with_its_curvature(binary: Data) -> None:
    X, y = binary
    weight, offset = np.random.default_rng(3).integers(1, 4, 60).astype(float), np.linspace(-0.5, 0.5, 60)
    mode = br.find_map(
        br.Model(likelihoods.Bernoulli(), priors.Gaussian(0.4)), X, y, sample_weight=weight, offset=offset
    )
    found = br.shrinkage(mode, X, y, sample_weight=weight, offset=offset)
    chance = 1 / (1 + np.exp(-(mode.intercept + X @ mode.coef + offset)))
    h = weight * chance * (1 - chance)
    Z = X - h @ X / h.sum()
    gram = (Z.T * h) @ Z
    np.testing.assert_allclose(found.frame["kappa"], 6.25 / (6.25 + np.diag(gram)), rtol=1e-9)
    assert found.effective == pytest.approx(np.trace(np.linalg.solve(gram + 6.25 * np.eye(3), gram)), rel=1e-9)
    assert found.frame["relative_to_flat"].isna().all()


def test_the_text_tells_the_support_and_the_degrees_of_freedom(linear: Data) -> None:
    mode = br.find_map(br.Model(likelihoods.Gaussian(0.7), priors.Laplace(0.05)), *linear)
    found = br.shrinkage(mode, *linear)
    assert f"{mode.n_nonzero} of 4 non-zero, degrees of freedom {mode.n_nonzero:.2f}" in str(found)
    assert "degrees of freedom" in found._repr_html_()
    with pytest.raises(InputError, match=r"give those of its fit too, shrinkage\(mode, X, y\)"):
        br.shrinkage(mode)
    with pytest.raises(InputError, match="the MAP is not that of these data"):
        br.shrinkage(mode, linear[0], -linear[1])
    with pytest.raises(InputError, match=r"the MAP was fitted to \('x0', 'x1', 'x2', 'x3'\)"):
        br.shrinkage(mode, linear[0][:, :3], linear[1])


def test_a_loss_with_kinks_has_no_factors_and_says_so(linear: Data) -> None:
    X, y = linear
    mode = br.find_map(br.Model(likelihoods.Laplace(0.7), priors.Laplace(0.3)), X, y)
    found = br.shrinkage(mode, X, y)
    used = mode.coef != 0
    assert used.any()
    assert np.isnan(found.frame["kappa"].to_numpy()[used]).all()
    assert np.isnan(found.effective_sum)
    last = str(found).splitlines()[-1]
    assert "nan" not in last
    assert "kinks" in last


def test_what_there_is_to_say_of_the_data_was_said_by_the_fit(linear: Data) -> None:
    X, y = np.column_stack([linear[0], np.ones(linear[1].size)]), linear[1]
    with pytest.warns(DesignWarning, match="constant beside the intercept"):
        mode = br.find_map(br.Model(likelihoods.Gaussian(0.7), priors.Laplace(0.05)), X, y)
    # A second warning would be an error here.
    assert br.shrinkage(mode, X, y).frame["kappa"].iloc[-1] == 1


def test_names_that_nobody_gave_go_with_any(linear: Data) -> None:
    X, y = linear
    mode = br.find_map(br.Model(likelihoods.Gaussian(0.7), priors.Laplace(0.05)), X, y)
    named = br.shrinkage(mode, pd.DataFrame(X, columns=list("abcd")), y)
    pd.testing.assert_frame_equal(named.frame, br.shrinkage(mode, X, y).frame)
    for option in ({"rope": 0.1}, {"ci_prob": 0.5}):
        with pytest.raises(InputError, match="a MAP is one point"):
            br.shrinkage(mode, X, y, **option)


def test_of_many_columns_the_least_shrunk_are_printed() -> None:
    rng = np.random.default_rng(2)
    X = rng.standard_normal((60, 50))
    y = X[:, 3] - X[:, 44] + 0.5 * rng.standard_normal(60)
    found = br.shrinkage(br.find_map(br.Model(likelihoods.Gaussian(0.5), priors.Laplace(0.05)), X, y), X, y)
    lines = str(found).splitlines()
    # A header, the name of the index, the rows and two lines below.
    assert len(lines) == 34
    used = [name for name, kappa in found.frame["kappa"].items() if kappa < 1]
    shown = [line.split()[0] for line in lines[2:32]]
    assert set(used) <= set(shown)
    assert lines[-2] == "(20 more columns, shrunk further, are in to_frame())"
    assert found._repr_html_().count("<tr") == 32
    assert len(found.to_frame()) == 50
