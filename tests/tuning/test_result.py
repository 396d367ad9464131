"""What a tuned strength says: the model it gives, in our terms and others', in tables and on paper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, LogisticRegression, QuantileRegressor
from sklearn.preprocessing import StandardScaler

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.errors import InputError
from bayesreg.tuning.result import strongest_within_one_se
from bayesreg.tuning.strengths import fixed, tightened
from tests.tuning.cases import GAUSSIAN, INF, classes, gaussian, regression


@dataclass(frozen=True)
class Own:
    """A prior of the user's own: a lasso, and with ``l2`` more than that."""

    loc: float = 0.0
    factor: Any = 1.0
    relative_to: Any = None
    l2: float = 0.0

    def hyperparameters(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def rates(self, hyper: Any) -> tuple[float, float]:
        """Two and l2."""
        return 2.0, self.l2


@pytest.mark.parametrize(
    "prior",
    [
        priors.Gaussian([0.5, INF]),
        priors.Laplace([0.5, INF]),
        priors.Laplace(rate=3.0),
        priors.ElasticNet([1.0, 2.0], 3.0),
        priors.GroupLaplace([0, 0], 0.5),
        Own(),
    ],
    ids=["gaussian", "laplace", "rate", "net", "groups", "own"],
)
def test_the_strength_multiplies_the_bound_penalty(prior: Any) -> None:
    X, y = regression(20, 2)
    d = np.array([0.7, -1.3])
    pair = [gaussian(one).bind(br.make_design(X, y)).penalty(0.9).value(d) for one in (prior, tightened(prior, 3.7))]
    assert pair[1] == pytest.approx(3.7 * pair[0], rel=1e-12)


def test_a_prior_that_cannot_be_multiplied_says_so() -> None:
    with pytest.raises(InputError, match="the penalty of Own cannot be multiplied from outside"):
        tightened(Own(l2=1.0), 2.0)
    with pytest.raises(InputError, match="Own has no field for its learned prior_scale"):
        fixed(Own(), {"prior_scale": 1.0}, None)


@pytest.mark.parametrize("strength", [0, -1.0, np.nan, np.inf, "strong", None])
def test_a_model_has_a_positive_strength(strength: Any) -> None:
    found = br.tune(GAUSSIAN["lasso"], *regression(), n_points=3)
    with pytest.raises(InputError, match="strength must be a positive finite number, got"):
        found.model_at(strength)


def test_the_model_is_the_point_of_the_path() -> None:
    X, y = regression()
    found = br.tune(GAUSSIAN["standardized lasso"], X, y)
    path = br.map_path(GAUSSIAN["standardized lasso"], X, y)
    np.testing.assert_allclose(found.strength, path.strength, rtol=1e-12)
    for model, strength in ((found.model, found.best), (found.one_se_model, found.one_se)):
        assert model is not None
        at = path.coef[np.argmin(np.abs(path.strength - strength))]
        np.testing.assert_allclose(br.find_map(model, X, y).coef, at, rtol=1e-8, atol=1e-10)


def test_the_penalty_in_scikit_learns_terms_gives_the_same_fit() -> None:
    X, y = regression()
    found = br.tune(gaussian(priors.ElasticNet(2.0, 3.0)), X, y)
    theirs = ElasticNet(**found.penalties["sklearn.ElasticNet"], tol=1e-12, max_iter=100_000).fit(X, y)
    np.testing.assert_allclose(br.find_map(found.model, X, y).coef, theirs.coef_, rtol=1e-6)
    Xb, yb = classes()
    found = br.tune(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), Xb, yb, method="alo")
    classifier = LogisticRegression(**found.penalties["sklearn.LogisticRegression"], tol=1e-10, max_iter=10_000)
    np.testing.assert_allclose(br.find_map(found.model, Xb, yb).coef, classifier.fit(Xb, yb).coef_[0], rtol=1e-5)


@pytest.mark.parametrize("relative_to", [None, "sigma", "penalty"])
@pytest.mark.parametrize("likelihood", [likelihoods.Laplace(0.8), likelihoods.AsymmetricLaplace(0.3, 0.8)])
def test_a_quantile_regression_has_its_quantile_and_penalty(likelihood: Any, relative_to: Any) -> None:
    X, y = regression()
    model = br.Model(likelihood, priors.Laplace(0.2, relative_to=relative_to))
    found = br.tune(model, X, y, strengths=[1.0])
    mode = br.find_map(found.model, X, y)
    given = found.penalties["sklearn.QuantileRegressor"]
    theirs = QuantileRegressor(**given).fit(X, y)
    assert given["quantile"] == getattr(likelihood, "quantile", 0.5)

    def objective(coef: np.ndarray, intercept: float) -> float:
        residual = y - X @ coef - intercept
        loss = np.where(residual > 0, given["quantile"], given["quantile"] - 1) @ residual
        return float(loss / y.size + given["alpha"] * np.abs(coef).sum())

    # Both solve a linear program, to its digits.
    assert objective(mode.coef, mode.intercept) == pytest.approx(objective(theirs.coef_, theirs.intercept_), rel=1e-9)
    assert mode.n_nonzero > 0


def test_a_huber_loss_has_its_threshold_in_the_unit_of_the_response() -> None:
    X, y = regression()
    found = br.tune(br.Model(likelihoods.Huber(1.5, 0.8), priors.Laplace(0.3), fit_intercept=False), X, y, n_points=3)
    assert found.penalties["skglm.Huber"]["delta"] == pytest.approx(1.2)
    assert "skglm.Huber(delta=1.2" in str(found)
    assert "without an intercept" in str(found)


def test_with_standardize_the_penalty_belongs_to_standardised_columns() -> None:
    X, y = regression()
    found = br.tune(gaussian(priors.ElasticNet(2.0, 3.0), standardize=True), X, y, strengths=[1.0])
    scaler = StandardScaler().fit(X)
    theirs = ElasticNet(**found.penalties["sklearn.ElasticNet"], tol=1e-12, max_iter=100_000)
    coef = theirs.fit(scaler.transform(X), y).coef_ / scaler.scale_
    np.testing.assert_allclose(br.find_map(found.model, X, y).coef, coef, rtol=1e-6)
    assert found.penalties["glmnet.gaussian"]["standardize"] is True
    glmnet = found.penalties["glmnet.gaussian"]
    prior = br.prior_from("glmnet.gaussian", n=60, y_sd=y.std(), x_sd=X.std(axis=0), **glmnet)
    again = br.find_map(gaussian(prior), X, y)
    np.testing.assert_allclose(again.coef, coef, rtol=1e-6)
    assert "on standardised columns" in str(found)


def test_it_prints_a_table_and_escapes_what_users_wrote() -> None:
    X, y = regression()
    found = br.tune(GAUSSIAN["lasso"], X, y)
    frame = found.to_frame()
    assert list(frame.columns) == ["value", "se", "df", "chosen"]
    assert frame["chosen"].tolist().count("best") == 1
    assert frame.loc[found.best, "chosen"] == "best"
    assert frame.loc[found.one_se, "chosen"] == "1-SE"
    text = str(found)
    assert "best strength" in text
    assert "sklearn.Lasso(alpha=" in text
    assert "of 100 strengths" in text
    assert len(text.splitlines()) < 26
    assert repr(found) == text
    shown = replace(found, notes=("<script>",), measure="a < b")._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "a &lt; b" in shown
    assert "<script>" not in shown
    assert "<table" in shown


def test_the_end_of_the_grid_is_said() -> None:
    X, y = regression()
    found = br.tune(GAUSSIAN["lasso"], X, y, strengths=[1000.0, 900.0, 1.0])
    assert "weakest of the grid" in found.notes[0]
    assert "smaller values" in str(found)


def test_one_standard_error_takes_losses_and_skips_what_has_no_value() -> None:
    strength = np.array([8.0, 4.0, 2.0, 1.0])
    loss, se = np.array([np.nan, 1.4, 1.0, 1.1]), np.array([np.nan, 0.1, 0.5, 0.1])
    assert strongest_within_one_se(strength, loss, se) == 4.0
    assert strongest_within_one_se(strength, loss, np.full(4, 0.1)) == 2.0
    assert strongest_within_one_se(strength, loss, np.full(4, np.nan)) is None


@pytest.mark.filterwarnings("ignore::bayesreg.errors.DesignWarning")
@pytest.mark.parametrize("prior", [priors.Laplace(0.5), priors.ElasticNet(1.0, 2.0)], ids=["lasso", "net"])
def test_a_constant_column_has_no_say_in_the_penalty_of_other_libraries(prior: Any) -> None:
    X, y = regression(40, 3)
    more = np.column_stack([X, np.full(40, 2.0)])
    one, two = (
        br.tune(replace(gaussian(prior), standardize=True), columns, y, strengths=[1.0]).penalties
        for columns in (X, more)
    )
    assert one.keys() == two.keys()
    for name, values in one.items():
        assert two[name] == pytest.approx(values)
