"""What a selection is to its user: a table, a fitted estimator, and errors that say what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

import bayesreg as br
from bayesreg import likelihoods, plots, priors
from bayesreg.errors import InputError
from bayesreg.selection import reference
from tests.selection.conftest import SUPPORT, Data


def test_the_estimator_predicts_with_the_chosen_columns_only(known: Data, post: xr.DataTree) -> None:
    X, y = known
    found = br.select(post, X)
    est = found.estimator()
    np.testing.assert_array_equal(est.get_support(), np.isin(found.names, SUPPORT))
    group = found.posterior["posterior"]
    on = [int(name[1]) for name in found.chosen]
    eta = group["intercept"].to_numpy().reshape(-1, 1) + group["coef"].to_numpy().reshape(-1, 3) @ X[:, on].T
    mean, sd = est.predict(X, return_std=True)
    np.testing.assert_allclose(mean, eta.mean(axis=0), rtol=1e-10)
    rng = np.random.default_rng(1)
    noisy = eta + group["sigma"].to_numpy().reshape(-1, 1) * rng.standard_normal((200, *eta.shape))
    np.testing.assert_allclose(sd, noisy.std(axis=(0, 1)), rtol=0.02)
    # The projected posterior is one for the other tools too.
    table = br.contrast(found.posterior, {"x0": 1, "x3": 1})
    both = group["coef"].sel(feature=["x0", "x3"]).sum("feature")
    assert table["mean"].item() == pytest.approx(float(both.mean()), rel=1e-12)
    assert set(plots.forest_data({"projected": found.posterior})["feature"]) == set(found.chosen)
    moved = X.copy()
    moved[:, ~est.get_support()] += 100.0
    np.testing.assert_array_equal(est.predict(moved), mean)
    assert est.score(X, y) > 0.8


def test_its_fit_repeats_the_whole_selection(known: Data, post: xr.DataTree) -> None:
    X, y = known
    est = br.select(post, X).estimator()
    fresh = clone(est).set_params(draws=200, random_state=4)
    assert "coef_" not in vars(fresh)
    assert set(fresh.fit(X, y).selection_.chosen) == set(SUPPORT)
    # On noise there is nothing to find, however good the columns once were.
    assert fresh.fit(X, np.random.default_rng(7).standard_normal(120)).selection_.size == 0
    assert cross_val_score(clone(est).set_params(draws=500, random_state=4), X, y, cv=3).min() > 0.6


def test_names_of_a_frame_are_kept_and_held_against_new_rows(known: Data) -> None:
    X, y = known
    frame = pd.DataFrame(X, columns=[f"<b>{c}</b> & co" for c in "abcdefgh"])
    post = br.sample(br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), frame, y, draws=200, chains=2, seed=1)
    found = br.select(post, frame)
    assert set(found.chosen) == {f"<b>{c}</b> & co" for c in "adg"}
    assert "<b>a</b>" in repr(found)
    html = found._repr_html_()
    assert "<b>a</b>" not in html
    assert "&lt;b&gt;a&lt;/b&gt; &amp; co" in html
    with pytest.raises(ValueError, match="feature names"):
        found.estimator().predict(frame[frame.columns[::-1]])


def test_a_classifier_gives_probabilities(classes: Data, class_post: xr.DataTree) -> None:
    X, y = classes
    found = br.select(class_post, X, size=2)
    est = found.estimator()
    one = 1 / (1 + np.exp(-(found.intercept + X @ found.coef)))
    np.testing.assert_allclose(est.predict_proba(X), np.column_stack([1 - one, one]), rtol=1e-12)
    np.testing.assert_array_equal(est.predict(X), one > 0.5)
    assert list(est.classes_) == [0, 1]
    assert est.score(X, y) > 0.75


def test_the_table_is_readable_and_a_copy(known: Data, post: xr.DataTree) -> None:
    found = br.select(post, known[0])
    text = repr(found)
    assert text.startswith("3 of 8 columns by projection: ")
    assert found.rule in text
    assert "reference: explained" in text
    frame = found.to_frame()
    frame["coef"] = 0.0
    assert np.count_nonzero(found.coef) == 3
    rank = found.features["rank"]
    assert [rank[name] for name in found.supports[-1]] == list(range(1, 9))


def test_what_cannot_be_selected_from_is_refused_with_what_to_do(
    known: Data, post: xr.DataTree, class_post: xr.DataTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = known
    with pytest.raises(InputError, match=r"select needs a DataTree made by bayesreg\.sample"):
        br.select(post["posterior"])
    with pytest.raises(InputError, match=r"give X, as in select\(post, X\)"):
        br.select(class_post)
    with pytest.raises(InputError, match="column 'x2' has another mean"):
        br.select(post, X + np.eye(8)[2])
    with pytest.raises(InputError, match=r"X has shape \(119, 8\)"):
        br.select(post, X[1:])
    with pytest.raises(InputError, match="method must be one of 'projection'"):
        br.select(post, method="lasso")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="folds go with"):
        br.select(post, folds=5)
    with pytest.raises(InputError, match="folds must be an integer between 2 and the number of rows, 120, got 121"):
        br.select(post, X, folds=121)
    with pytest.raises(InputError, match=r"probability must be at least 0\.5"):
        br.select(post, method="sign", probability=0.2)
    with pytest.raises(InputError, match=r"size=9 is not on the path .* \[0, 1, 2, 3, 4, 5, 6, 7, 8\]"):
        br.select(post, size=9)
    with pytest.raises(InputError, match="max_size must be None or an integer of at least 1, got 0"):
        br.select(post, max_size=0)
    with monkeypatch.context() as patch:
        patch.setattr(reference, "expected_loss", lambda likelihood: None)
        heavy = br.sample(br.Model(likelihoods.Huber(sigma=1.0), priors.Gaussian(1.0)), X, y, seed=1)
        with pytest.raises(InputError, match=r"got Huber\(\), whose divergences are not known\. Compare models"):
            br.select(heavy, X)
