"""Every row of the table of conventions says what its library minimises, and both directions agree."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.certificate import Certificate, certify
from bayesreg.conventions import CONVENTIONS, convention
from bayesreg.data import make_design
from bayesreg.errors import InputError

INF = math.inf
FITS = Path(__file__).parent / "reference" / "glmnet_fits"
# Of the data: the number of rows, sd(y) and the sds of four columns.
SETTING = {"n": 60, "y_sd": 3.7}
X_SD = np.array([0.5, 1.0, 2.0, 30.0])


def glmnet_parameters(lambda_: float, alpha: float, standardize: bool, factor: Any) -> dict[str, Any]:
    return {"lambda_": lambda_, "alpha": alpha, "standardize": standardize, "penalty_factor": factor}


# Factors that sum to p, as glmnet reports them after its own rescaling. Without a penalty nothing is left to mix.
GLMNET = [
    glmnet_parameters(lambda_, alpha, standardize, factor)
    for lambda_ in (1e-6, 0.3, 1e4)
    for alpha in (0.0, 0.25, 1.0)
    for standardize in (False, True)
    for factor in (None, (0.0, 1.0, 2.5, 0.5))
] + [glmnet_parameters(0.0, 0.0, standardize, None) for standardize in (False, True)]
ALPHAS = (0.0, 1e-8, 0.1, 1.0, 5e6)
ROUND_TRIPS: dict[str, list[dict[str, Any]]] = {
    "textbook.ridge": [{"lambda_": value} for value in ALPHAS],
    "textbook.lasso": [{"lambda_": value} for value in ALPHAS],
    "textbook.elastic_net": [{"lambda1": a, "lambda2": b} for a in ALPHAS for b in ALPHAS],
    "textbook.elastic_net_mixed": [{"lambda_": v, "alpha": a} for v in ALPHAS[1:] for a in (0.0, 0.3, 1.0)]
    + [{"lambda_": 0.0, "alpha": 0.0}],
    "sklearn.Ridge": [{"alpha": value} for value in ALPHAS],
    "sklearn.Lasso": [{"alpha": value} for value in ALPHAS],
    "sklearn.ElasticNet": [{"alpha": v, "l1_ratio": r} for v in ALPHAS[1:] for r in (0.0, 0.3, 1.0)]
    + [{"alpha": 0.0, "l1_ratio": 0.0}],
    "sklearn.LogisticRegression": [{"C": c, "l1_ratio": r} for c in (1e-4, 0.1, 10.0) for r in (0.0, 0.3, 1.0)]
    + [{"C": INF, "l1_ratio": 0.0}],
    "glmnet.gaussian": GLMNET,
    "glmnet.gaussian()": GLMNET,
    "glmnet.binomial": GLMNET,
}


def test_every_row_has_round_trips() -> None:
    assert set(ROUND_TRIPS) == set(CONVENTIONS)
    for name, cases in ROUND_TRIPS.items():
        assert all(set(case) == set(CONVENTIONS[name].parameters) for case in cases)


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_a_penalty_turned_into_a_prior_and_back_is_the_same(name: str) -> None:
    for given in ROUND_TRIPS[name]:
        setting = SETTING | ({"x_sd": X_SD} if given.get("standardize") else {})
        back = br.penalty_for(name, br.prior_from(name, **setting, **given), **setting)
        assert set(back) == set(given)
        for key, value in given.items():
            if value is None or isinstance(value, bool):
                assert back[key] is value, given
            else:
                assert back[key] == pytest.approx(value, rel=1e-13, abs=0.0), given


def strength(given: dict[str, Any]) -> float:
    if "C" in given:
        return 1 / given["C"]
    lambdas = [value for name, value in given.items() if name.startswith("lambda")]
    return sum(lambdas) if lambdas else given["alpha"]


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_a_row_gives_a_flat_prior_exactly_where_it_has_no_penalty(name: str) -> None:
    for given in ROUND_TRIPS[name]:
        setting = SETTING | ({"x_sd": X_SD} if given.get("standardize") else {})
        prior = br.prior_from(name, **setting, **given)
        assert isinstance(prior, priors.Flat) is (strength(given) == 0)
        if not isinstance(prior, priors.Flat):
            assert prior.relative_to == ("penalty" if CONVENTIONS[name].loss == "squared" else None)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_row_says_its_objective_and_its_source(name: str) -> None:
    row = convention(name)
    assert row.name == name
    assert row.loss in ("squared", "logistic")
    assert row.objective
    assert row.source
    for parameter in set(row.parameters) - {"standardize", "penalty_factor"}:
        assert parameter in row.objective


def test_unnamed_parameters_are_those_of_the_library() -> None:
    from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge

    for estimator in (ElasticNet, Lasso, LogisticRegression, Ridge):
        row = convention(f"sklearn.{estimator.__name__}")
        library = estimator().get_params()
        assert row.parameters == {name: library[name] for name in row.parameters}
        stated = br.prior_from(row.name, n=50, **{name: library[name] for name in row.parameters})
        assert br.prior_from(row.name, n=50) == stated


# Scikit-learn, live: the gradient of its fits vanishes for the objective that the row states.


@dataclass(frozen=True)
class Fit:
    """Coefficients of another library with the data and the convention that they belong to."""

    name: str
    parameters: dict[str, Any]
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    coef: np.ndarray
    intercept: float

    def setting(self) -> dict[str, Any]:
        """Return what the convention may need of the data."""
        w = np.ones(self.y.size) if self.weight is None else self.weight
        x_mean, y_mean = w @ self.X / w.sum(), w @ self.y / w.sum()
        return {
            "sum_weights": float(w.sum()),
            "y_sd": float(np.sqrt(w @ (self.y - y_mean) ** 2 / w.sum())),
            "x_sd": np.sqrt(w @ (self.X - x_mean) ** 2 / w.sum()),
        }

    def model(self, sigma: float = 1.0, name: str | None = None, **changed: Any) -> br.Model:
        """Return the model whose MAP the fit should be; parameters or the row itself may be changed."""
        row = name or self.name
        prior = br.prior_from(row, **(self.setting() | self.parameters | changed))
        squared = CONVENTIONS[row].loss == "squared"
        return br.Model(likelihoods.Gaussian(sigma) if squared else likelihoods.Bernoulli(), prior)

    def judge(self, model: br.Model) -> Certificate:
        """Certify the fit as the MAP of a model."""
        return certify(model.bind(make_design(self.X, self.y, self.weight)), self.coef, self.intercept)


def sklearn_data(logistic: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(40)
    X = rng.standard_normal((50, 4)) @ (np.eye(4) + 0.3) * [1.0, 2.0, 0.5, 1.0] + [0.0, 1.0, -3.0, 0.5]
    eta = X @ [1.2, 0.0, -0.8, 0.3]
    if logistic:
        return X, (rng.random(50) < 1 / (1 + np.exp(-(eta - eta.mean())))).astype(float)
    return X, eta + 0.8 * rng.standard_normal(50)


TIGHT = {"tol": 1e-14, "max_iter": 200_000}
SKLEARN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    *[("Ridge", {"alpha": alpha}, {}) for alpha in (0.1, 20.0)],
    *[("Lasso", {"alpha": alpha}, TIGHT) for alpha in (0.01, 0.3)],
    *[("ElasticNet", {"alpha": a, "l1_ratio": r}, TIGHT) for a in (0.01, 0.3) for r in (0.1, 0.5, 1.0)],
    ("LogisticRegression", {"C": 0.3, "l1_ratio": 0.0}, TIGHT | {"solver": "newton-cholesky"}),
    ("LogisticRegression", {"C": 3.0, "l1_ratio": 0.0}, TIGHT | {"solver": "newton-cg"}),
    ("LogisticRegression", {"C": INF, "l1_ratio": 0.0}, TIGHT | {"solver": "newton-cholesky"}),
    *[("LogisticRegression", {"C": 0.3, "l1_ratio": r}, TIGHT | {"solver": "saga"}) for r in (0.3, 1.0)],
]


def sklearn_fit(kind: str, parameters: dict[str, Any], options: dict[str, Any], weighted: bool) -> Fit:
    import sklearn.linear_model

    X, y = sklearn_data(kind == "LogisticRegression")
    weight = np.random.default_rng(41).integers(0, 5, y.size) + 0.5 if weighted else None
    fit = getattr(sklearn.linear_model, kind)(**parameters, **options).fit(X, y, sample_weight=weight)
    intercept = float(np.asarray(fit.intercept_).reshape(-1)[0])
    return Fit(f"sklearn.{kind}", parameters, X, y, weight, fit.coef_.reshape(-1), intercept)


@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
@pytest.mark.parametrize(("kind", "parameters", "options"), SKLEARN)
def test_a_scikit_learn_fit_is_the_map_of_its_row_and_of_no_other_strength(
    kind: str, parameters: dict[str, Any], options: dict[str, Any], weighted: bool
) -> None:
    fit = sklearn_fit(kind, parameters, options, weighted)
    for sigma in (1.0, 3.0):
        found = fit.judge(fit.model(sigma))
        assert found.kkt <= 1e-9
        assert found.accepted
    main = "C" if "C" in parameters else "alpha"
    if parameters[main] != INF:
        for factor in (0.5, 2.0):
            wrong = fit.judge(fit.model(**{main: factor * parameters[main]}))
            assert wrong.kkt > 1e-4
            assert not wrong.accepted
    if parameters.get("l1_ratio", 0.0) not in (0.0, 1.0):
        wrong = fit.judge(fit.model(l1_ratio=1 - parameters["l1_ratio"] + 0.1))
        assert not wrong.accepted


def test_the_rows_of_scikit_learn_are_all_verified_live() -> None:
    assert {f"sklearn.{kind}" for kind, _, _ in SKLEARN} == {name for name in CONVENTIONS if "sklearn" in name}


@pytest.mark.parametrize("kind", ["Lasso", "ElasticNet"])
def test_the_sum_of_the_weights_counts_and_not_the_number_of_rows(kind: str) -> None:
    parameters = {"alpha": 0.1, "l1_ratio": 0.5} if kind == "ElasticNet" else {"alpha": 0.1}
    fit = sklearn_fit(kind, parameters, TIGHT, weighted=True)
    assert fit.judge(fit.model(n=3)).accepted  # sum_weights= goes before n=
    assert not fit.judge(fit.model(sum_weights=50.0)).accepted


# glmnet, from stored fits.


def glmnet_fits() -> list[Fit]:
    data = {
        family: [np.loadtxt(FITS / f"{part}_{family}.csv", delimiter=",") for part in "Xyw"]
        for family in ("gaussian", "binomial")
    }
    fits = []
    for stored in json.loads((FITS / "fits.json").read_text(encoding="utf-8"))["fits"]:
        X, y, weight = data[stored["family"].removesuffix("()")]
        parameters = {"lambda_": stored["lambda"], "alpha": stored["alpha"], "standardize": stored["standardize"]}
        if stored["penalty_factor"] is not None:
            parameters["penalty_factor"] = stored["penalty_factor"]
        used = weight if stored["weighted"] else None
        name = f"glmnet.{stored['family']}"
        fits.append(Fit(name, parameters, X, y, used, np.array(stored["coef"]), stored["intercept"]))
    return fits


GLMNET_FITS = glmnet_fits()


@pytest.mark.parametrize("fit", GLMNET_FITS, ids=lambda fit: f"{fit.name}-{fit.parameters['alpha']}")
def test_every_stored_glmnet_fit_is_the_map_of_its_row(fit: Fit) -> None:
    model = fit.model()
    found = fit.judge(model)
    assert found.kkt <= 1e-10
    assert found.accepted
    mode = br.find_map(model, fit.X, fit.y, sample_weight=fit.weight)
    assert np.abs(mode.coef - fit.coef).max() <= 1e-8 * np.abs(fit.coef).max()
    assert mode.intercept == pytest.approx(fit.intercept, rel=1e-8)
    assert np.array_equal(mode.coef == 0, fit.coef == 0)


def test_the_stored_glmnet_fits_cover_what_the_rows_have() -> None:
    assert len(GLMNET_FITS) == 45
    for name in ("glmnet.gaussian", "glmnet.gaussian()", "glmnet.binomial"):
        of_row = [fit for fit in GLMNET_FITS if fit.name == name]
        assert {fit.parameters["alpha"] for fit in of_row} == {0, 0.5, 1}
        assert {fit.parameters["standardize"] for fit in of_row} == {True, False}
        assert {"penalty_factor" in fit.parameters for fit in of_row} == {True, False}
        assert {fit.weight is None for fit in of_row} == {True, False}
    factors = next(fit.parameters["penalty_factor"] for fit in GLMNET_FITS if "penalty_factor" in fit.parameters)
    assert 0 in factors
    assert sum(factors) != len(factors)


# What a plausible reading would take: other weights of the parts, other units, other families.
MISREADINGS: dict[str, Callable[[Fit], br.Model | None]] = {
    "half the strength": lambda fit: fit.model(lambda_=fit.parameters["lambda_"] / 2),
    "not divided by sd(y)": lambda fit: (
        fit.model(name="glmnet.gaussian()") if fit.name == "glmnet.gaussian" and fit.parameters["alpha"] < 1 else None
    ),
    "divided by sd(y)": lambda fit: (
        fit.model(name="glmnet.gaussian") if fit.name == "glmnet.gaussian()" and fit.parameters["alpha"] < 1 else None
    ),
    "standardize ignored": lambda fit: fit.model(standardize=False) if fit.parameters["standardize"] else None,
    "standard deviations with n - 1": lambda fit: (
        fit.model(x_sd=fit.setting()["x_sd"] * math.sqrt(fit.y.size / (fit.y.size - 1)))
        if fit.parameters["standardize"]
        else None
    ),
    "penalty factors ignored": lambda fit: (
        fit.model(penalty_factor=None) if "penalty_factor" in fit.parameters else None
    ),
    "rows counted instead of weights": lambda fit: (
        fit.model(sum_weights=fit.y.size) if fit.weight is not None else None
    ),
}


@pytest.mark.parametrize("reading", MISREADINGS)
def test_no_stored_glmnet_fit_is_the_map_of_a_misreading(reading: str) -> None:
    judged = [(fit, model) for fit in GLMNET_FITS if (model := MISREADINGS[reading](fit)) is not None]
    assert len(judged) >= 9
    for fit, model in judged:
        assert fit.judge(model).kkt > 1e-5


def test_penalty_factors_count_by_their_shares_alone() -> None:
    small, large = (
        br.prior_from("glmnet.binomial", lambda_=0.1, n=10, standardize=False, penalty_factor=np.array([1, 2, 0]) * k)
        for k in (1.0, 7.0)
    )
    np.testing.assert_allclose(small.scale, large.scale, rtol=1e-14)
    np.testing.assert_allclose(1 / np.asarray(small.scale), [1.0, 2.0, 0.0], rtol=1e-14)


# Textbooks: closed forms on orthonormal columns, and a general optimiser on others.


def soft(z: np.ndarray, threshold: float) -> np.ndarray:
    return np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0)


def textbook_data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(42)
    X = rng.standard_normal((25, 4)) @ (np.eye(4) + 0.4)
    return X, X @ [1.5, 0.0, -0.7, 0.1] + 0.5 * rng.standard_normal(25)


# Row, parameters, minimiser when X'X = I in terms of z = X'y, and the penalty added to the RSS.
TEXTBOOK: list[tuple[str, dict[str, float], Callable[..., Any], Callable[..., float]]] = [
    ("ridge", {"lambda_": 0.7}, lambda z: z / 1.7, lambda w: 0.7 * w @ w),
    ("lasso", {"lambda_": 1.1}, lambda z: soft(z, 0.55), lambda w: 1.1 * np.abs(w).sum()),
    (
        "elastic_net",
        {"lambda1": 1.1, "lambda2": 0.4},
        lambda z: soft(z, 0.55) / 1.4,
        lambda w: 1.1 * np.abs(w).sum() + 0.4 * w @ w,
    ),
    (
        "elastic_net_mixed",
        {"lambda_": 1.5, "alpha": 0.6},
        lambda z: soft(z, 0.45) / 1.6,
        lambda w: 1.5 * (0.6 * np.abs(w).sum() + 0.4 * w @ w),
    ),
]


def textbook_map(name: str, parameters: dict[str, float], X: np.ndarray, y: np.ndarray) -> np.ndarray:
    prior = br.prior_from(f"textbook.{name}", **parameters)
    return br.find_map(br.Model(likelihoods.Gaussian(2.0), prior, fit_intercept=False), X, y).coef


@pytest.mark.parametrize(("name", "parameters", "minimiser", "penalty"), TEXTBOOK)
def test_a_textbook_row_has_its_closed_form_on_orthonormal_columns(
    name: str, parameters: dict[str, float], minimiser: Callable[..., Any], penalty: Callable[..., float]
) -> None:
    X, y = textbook_data()
    Q = np.linalg.qr(X)[0]
    coef = textbook_map(name, parameters, Q, y)
    np.testing.assert_allclose(coef, minimiser(Q.T @ y), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("name", "parameters", "minimiser", "penalty"), TEXTBOOK)
def test_a_textbook_row_minimises_its_objective_on_correlated_columns(
    name: str, parameters: dict[str, float], minimiser: Callable[..., Any], penalty: Callable[..., float]
) -> None:
    X, y = textbook_data()

    def objective(w: np.ndarray) -> float:
        return float(np.sum((y - X @ w) ** 2) + penalty(w))

    coef = textbook_map(name, parameters, X, y)
    # Positive and negative parts make the problem smooth: w = u - v, |w| = u + v at the minimum.
    parts = optimize.minimize(
        lambda uv: objective(uv[:4] - uv[4:]) + penalty(uv[:4] + uv[4:]) - penalty(uv[:4] - uv[4:]),
        np.full(8, 0.1),
        method="L-BFGS-B",
        bounds=[(0, None)] * 8,
        options={"ftol": 1e-15, "gtol": 1e-10, "maxfun": 100_000},
    ).x
    found = parts[:4] - parts[4:]
    assert objective(coef) <= objective(found) * (1 + 1e-13)
    # Finite-difference gradients leave about the square root of the rounding error.
    np.testing.assert_allclose(coef, found, atol=1e-5)


def test_textbook_ridge_is_its_normal_equations() -> None:
    X, y = textbook_data()
    expected = np.linalg.solve(X.T @ X + 3.0 * np.eye(4), X.T @ y)
    np.testing.assert_allclose(textbook_map("ridge", {"lambda_": 3.0}, X, y), expected, rtol=1e-12)


def test_textbook_rows_are_all_tested() -> None:
    assert {f"textbook.{name}" for name, *_ in TEXTBOOK} == {name for name in CONVENTIONS if "textbook" in name}


# The way back at a noise level.


@pytest.mark.parametrize("relative_to", [None, "auto", "sigma", "penalty"])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sklearn.Ridge", lambda r: priors.Gaussian(0.4, relative_to=r)),
        ("sklearn.Lasso", lambda r: priors.Laplace(0.06, relative_to=r)),
        ("sklearn.Lasso", lambda r: priors.Laplace(rate=15.0, factor=1.5, relative_to=r)),
        ("sklearn.ElasticNet", lambda r: priors.ElasticNet(9.0, 4.0, relative_to=r)),
        ("textbook.elastic_net", lambda r: priors.ElasticNet(9.0, 4.0, relative_to=r)),
    ],
)
def test_the_penalty_of_a_prior_at_a_noise_level_has_the_same_map(name: str, make: Any, relative_to: Any) -> None:
    X, y = sklearn_data(logistic=False)
    prior, sigma = make(relative_to), 1.7
    penalty = br.penalty_for(name, prior, n=y.size, sigma=sigma)
    ours = br.find_map(br.Model(likelihoods.Gaussian(sigma), prior), X, y)
    theirs = br.find_map(br.Model(likelihoods.Gaussian(1.0), br.prior_from(name, n=y.size, **penalty)), X, y)
    assert 0 < np.count_nonzero(ours.coef)
    np.testing.assert_allclose(ours.coef, theirs.coef, rtol=1e-11, atol=1e-13)


def test_a_scale_for_each_column_is_a_penalty_factor_of_glmnet() -> None:
    X, y = sklearn_data(logistic=True)
    prior = priors.Gaussian([0.5, INF, 2.0, 1.0])
    penalty = br.penalty_for("glmnet.binomial", prior, n=50)
    assert penalty["penalty_factor"][1] == 0.0
    assert sum(penalty["penalty_factor"]) == pytest.approx(4.0, rel=1e-14)
    ours, theirs = (
        br.find_map(br.Model(likelihoods.Bernoulli(), each), X, y)
        for each in (prior, br.prior_from("glmnet.binomial", n=50, **penalty))
    )
    np.testing.assert_allclose(ours.coef, theirs.coef, rtol=1e-10)


# Faults.


@pytest.mark.parametrize("value", [-1.0, math.nan, INF, -INF, "0.1", None, True, [0.1, 0.2], "auto"])
@pytest.mark.parametrize("name", ["sklearn.Ridge", "sklearn.Lasso", "sklearn.ElasticNet"])
def test_an_unusable_alpha_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"{name}\(alpha=") as raised:
        br.prior_from(name, alpha=value, n=20)
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("sklearn.LogisticRegression", {"C": 0.0}, "C=...) must be finite or inf and above 0"),
        ("sklearn.LogisticRegression", {"C": -1.0}, "(C="),
        ("sklearn.LogisticRegression", {"C": math.nan}, "(C="),
        ("sklearn.LogisticRegression", {"l1_ratio": 1.1}, "l1_ratio=...) must lie between 0 and 1"),
        ("sklearn.ElasticNet", {"l1_ratio": -0.1}, "(l1_ratio="),
        ("sklearn.Lasso", {"l1_ratio": 0.5}, "has no parameter l1_ratio; it has alpha"),
        ("sklearn.Lasso", {"lam": 0.5}, "has no parameter lam"),
        ("textbook.ridge", {}, "needs lambda_="),
        ("textbook.ridge", {"lambda_": -1.0}, "(lambda_="),
        ("textbook.elastic_net", {"lambda1": 1.0}, "needs lambda2="),
        ("textbook.elastic_net_mixed", {"lambda_": 1.0, "alpha": 1.5}, "alpha=...) must lie between 0 and 1"),
        ("glmnet.binomial", {"lambda_": 0.1, "alpha": 2.0}, "alpha=...) must lie between 0 and 1"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": 1}, "standardize=...) must be True or False"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": False, "penalty_factor": [1.0, -1.0]}, "penalty_factor"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": False, "penalty_factor": [0.0, 0.0]}, "penalty_factor"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": False, "penalty_factor": [1.0, INF]}, "penalty_factor"),
    ],
)
def test_an_unusable_parameter_is_refused_by_its_name_in_the_library(
    name: str, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError) as raised:
        br.prior_from(name, n=20, **parameters)
    assert words in str(raised.value)
    assert name in str(raised.value) or "penalty_factor" in words


@pytest.mark.parametrize("verb", [lambda name: br.prior_from(name), lambda name: br.penalty_for(name, priors.Flat())])
def test_an_unknown_row_is_refused_with_the_list_of_rows(verb: Callable[[str], Any]) -> None:
    with pytest.raises(InputError) as raised:
        verb("sklearn.lasso")
    assert "'sklearn.lasso'" in str(raised.value)
    for name in CONVENTIONS:
        assert name in str(raised.value)


@pytest.mark.parametrize(
    ("name", "parameters", "setting", "missing"),
    [
        ("sklearn.Lasso", {"alpha": 0.1}, {}, "n= (or sum_weights=)"),
        ("sklearn.ElasticNet", {"alpha": 0.1}, {}, "n= (or sum_weights=)"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": False}, {}, "n= (or sum_weights=)"),
        ("glmnet.binomial", {"lambda_": 0.1}, {"n": 10}, "x_sd="),
        ("glmnet.gaussian", {"lambda_": 0.1, "alpha": 0.5, "standardize": False}, {"n": 10}, "y_sd="),
    ],
)
def test_what_a_row_needs_of_the_data_is_asked_for_by_name(
    name: str, parameters: dict[str, Any], setting: dict[str, Any], missing: str
) -> None:
    with pytest.raises(InputError) as raised:
        br.prior_from(name, **parameters, **setting)
    assert name in str(raised.value)
    assert f"give {missing}" in str(raised.value)


def test_the_way_back_asks_for_the_number_of_rows_too() -> None:
    with pytest.raises(InputError, match=r"sklearn\.Lasso.* give n="):
        br.penalty_for("sklearn.Lasso", br.prior_from("sklearn.Lasso", alpha=0.1, n=10))


@pytest.mark.parametrize("name", ["n", "sum_weights", "y_sd"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, INF, "10"])
def test_an_unusable_number_about_the_data_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"\({name}="):
        br.prior_from("sklearn.Ridge", **{name: value})


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, INF, "1"])
@pytest.mark.parametrize("prior", [priors.Gaussian(0.5), priors.Laplace(0.5, relative_to="sigma")])
def test_an_unusable_noise_level_is_refused_by_name(prior: Any, value: Any) -> None:
    name = "sklearn.Ridge" if isinstance(prior, priors.Gaussian) else "sklearn.Lasso"
    with pytest.raises(InputError, match="sigma"):
        br.penalty_for(name, prior, n=20, sigma=value)


@pytest.mark.parametrize("value", [-1.0, [1.0, -1.0], [1.0, math.nan], [1.0, INF], ["a", "b"], [[1.0]], "sd"])
def test_unusable_standard_deviations_are_refused_by_name(value: Any) -> None:
    with pytest.raises(InputError, match="x_sd"):
        br.prior_from("glmnet.binomial", lambda_=0.1, n=20, x_sd=value)


@pytest.mark.parametrize("value", [1.0, "a", ["a"], [[1.0, 1.0]]])
def test_unusable_penalty_factors_are_refused_by_name(value: Any) -> None:
    with pytest.raises(InputError, match="penalty_factor"):
        br.prior_from("glmnet.binomial", lambda_=0.1, n=20, standardize=False, penalty_factor=value)


def test_standard_deviations_and_penalty_factors_of_different_columns_are_refused() -> None:
    with pytest.raises(InputError, match="penalty_factor"):
        br.prior_from("glmnet.binomial", lambda_=0.1, n=20, x_sd=[1.0, 1.0, 1.0], penalty_factor=[1.0, 2.0])


class NoPenalty:
    """A prior that is none of the penalties."""

    loc = 0.0
    factor = 1.0
    relative_to = None

    def hyperparameters(self) -> dict[str, Any]:
        """Return none."""
        return {}


@pytest.mark.parametrize(
    ("name", "prior", "words"),
    [
        ("sklearn.Ridge", priors.Gaussian(1.0, loc=0.5, relative_to="penalty"), "loc is not 0"),
        ("sklearn.Ridge", priors.Gaussian([1.0, 2.0], relative_to="penalty"), "one penalty for all coefficients"),
        ("sklearn.Lasso", priors.Laplace(1.0, factor=[1.0, 2.0], relative_to="penalty"), "one penalty for all"),
        ("sklearn.Ridge", priors.Gaussian(scales.HalfCauchy(1.0)), "prior_scale is learned"),
        ("sklearn.Lasso", priors.Laplace(rate=scales.HalfCauchy(1.0)), "prior_rate is learned"),
        ("sklearn.Ridge", priors.Laplace(0.5, relative_to="penalty"), "sklearn.Ridge has no l1 penalty"),
        ("textbook.ridge", priors.ElasticNet(1.0, 1.0, relative_to="penalty"), "textbook.ridge has no l1 penalty"),
        ("sklearn.Lasso", priors.Gaussian(0.5, relative_to="penalty"), "sklearn.Lasso has no l2 penalty"),
        ("textbook.lasso", priors.ElasticNet(1.0, 1.0, relative_to="penalty"), "textbook.lasso has no l2 penalty"),
        ("sklearn.Ridge", priors.Gaussian(0.5), "give sigma="),
        ("sklearn.Lasso", priors.Laplace(0.5, relative_to="sigma"), "give sigma="),
        ("sklearn.LogisticRegression", priors.Gaussian(0.5, relative_to="sigma"), "has no noise level"),
        ("glmnet.binomial", priors.ElasticNet([1.0, 2.0], [1.0, 1.0]), "one alpha for all coefficients"),
        ("sklearn.Ridge", NoPenalty(), "NoPenalty is not a penalty"),
    ],
)
def test_a_prior_that_a_library_cannot_express_is_refused_with_the_reason(name: str, prior: Any, words: str) -> None:
    with pytest.raises(InputError) as raised:
        br.penalty_for(name, prior, n=20)
    assert words in str(raised.value)


def test_ridge_relative_to_sigma_needs_no_noise_level() -> None:
    assert br.penalty_for("sklearn.Ridge", priors.Gaussian(0.5, relative_to="sigma")) == {"alpha": 4.0}
