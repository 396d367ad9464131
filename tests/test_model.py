"""A model meets its data: default laws, units, notes, refusals; and its JSON."""

from __future__ import annotations

import json
import warnings
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import codec, likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import DesignWarning, InputError, PriorWarning
from bayesreg.problem import Problem
from tests.contracts.parts import FLAT_PRIOR, KNOWN_PRIORS, LAWS, LEARNED_PRIORS, RELATIVE_TO

INF = float("inf")


def bind(model: br.Model, data: Any, weight: Any = None, offset: Any = None) -> Problem:
    return model.bind(make_design(*data, weight, offset))


def test_a_learned_noise_level_has_a_half_t_of_the_size_of_the_response(linear: Any) -> None:
    y = linear[1]
    offset = np.linspace(-3, 3, 30)
    problem = bind(br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), linear, None, offset)
    assert isinstance(problem.sigma_law, scales.HalfStudentT)
    assert problem.sigma_law.df == 3.0
    np.testing.assert_allclose(problem.sigma_law.scale, np.std(y - offset))
    assert any("HalfStudentT(3, sd(y)" in note for note in problem.notes)


@pytest.mark.parametrize(("n", "inverse_gamma"), [(5, True), (6, False)])
def test_where_the_columns_can_fit_every_row_the_law_vanishes_at_zero(linear: Any, n: int, inverse_gamma: bool) -> None:
    X, y = linear[0][:n], linear[1][:n]
    problem = bind(br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), (X, y))
    if inverse_gamma:
        assert problem.sigma_law == scales.InverseGamma(1.5, problem.sigma_law.scale)
        np.testing.assert_allclose(problem.sigma_law.scale, 0.375 * np.var(y))
        assert any("p >= n - 1" in note for note in problem.notes)
    else:
        assert isinstance(problem.sigma_law, scales.HalfStudentT)


def test_a_row_of_weight_k_is_k_rows_for_the_default_law_too(linear: Any) -> None:
    X, y = linear[0][:4], linear[1][:4]
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0))
    weighted = bind(model, (X, y), np.full(4, 3.0))
    repeated = bind(model, (np.repeat(X, 3, 0), np.repeat(y, 3)))
    assert type(weighted.sigma_law) is type(repeated.sigma_law)


@pytest.mark.parametrize("given", [2.0, scales.HalfNormal(3.0)])
def test_a_given_noise_level_or_law_is_kept(linear: Any, given: Any) -> None:
    assert bind(br.Model(likelihoods.Gaussian(given), priors.Gaussian(1.0)), linear).sigma == given


def test_standardising_divides_scale_and_location_by_the_weighted_deviation(linear: Any) -> None:
    X, _ = linear
    weight = np.arange(30) % 4.0
    sd = np.repeat(X, weight.astype(int), 0).std(axis=0)
    prior = priors.Laplace([0.1, INF, 0.3, 0.4], loc=2.0, factor=[1, 1, 1, 5])
    plain = bind(br.Model(likelihoods.Gaussian(1.0), prior), linear, weight)
    scaled = bind(br.Model(likelihoods.Gaussian(1.0), prior, standardize=True), linear, weight)
    np.testing.assert_allclose(scaled.unit, plain.unit / sd, rtol=1e-12)
    np.testing.assert_allclose(scaled.loc, 2.0 / sd, rtol=1e-12)
    np.testing.assert_allclose(scaled.penalty(1.0).l1, plain.penalty(1.0).l1 * sd, rtol=1e-12)
    assert any("standardised" in note for note in scaled.notes)


def test_a_constant_column_keeps_the_prior_as_it_stands_when_standardising(linear: Any) -> None:
    X = linear[0].copy()
    X[:, 1] = 3.0
    with pytest.warns(DesignWarning, match="x1"):
        problem = bind(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(0.5), standardize=True), (X, linear[1]))
    assert problem.unit[1] == 1.0
    np.testing.assert_allclose(problem.penalty(1.0).l2[1], 4.0)


@pytest.mark.parametrize(
    ("prior", "likelihood", "resolved"),
    [
        (priors.Gaussian(1.0), likelihoods.Gaussian(), None),
        (priors.Gaussian(scales.HalfCauchy(1.0)), likelihoods.Gaussian(), "sigma"),
        (priors.Gaussian(scales.HalfCauchy(1.0)), likelihoods.Gaussian(2.0), "sigma"),
        (priors.Gaussian(scales.HalfCauchy(1.0)), likelihoods.Bernoulli(), None),
        (priors.Laplace(1.0, relative_to="penalty"), likelihoods.Gaussian(), "penalty"),
        (priors.Flat(), likelihoods.Gaussian(), None),
    ],
)
def test_relative_to_is_resolved_once_and_said(linear: Any, prior: Any, likelihood: Any, resolved: Any) -> None:
    X, y = linear
    problem = bind(br.Model(likelihood, prior), (X, (y > y.mean()) * 1.0))
    assert problem.relative_to == resolved
    assert any(f"relative_to resolved to {resolved!r}" in note for note in problem.notes) is (
        prior.relative_to == "auto"
    )


@pytest.mark.parametrize("word", ["sigma", "penalty"])
@pytest.mark.parametrize("role", ["prior", "intercept"])
def test_a_likelihood_without_noise_refuses_a_prior_relative_to_it(role: str, word: Any) -> None:
    parts = {"prior": priors.Gaussian(1.0), role: priors.Gaussian(1.0, relative_to=word)}
    with pytest.raises(InputError, match=r"relative_to='.*needs a noise level.*Bernoulli"):
        br.Model(likelihoods.Bernoulli(), **parts)


@pytest.mark.parametrize(
    ("prior", "name"),
    [
        (priors.Gaussian([1.0, 2.0]), "Gaussian(scale=...)"),
        (priors.Laplace(rate=[1.0, 2.0]), "Laplace(rate=...)"),
        (priors.ElasticNet([1.0, 2.0], 1.0), "ElasticNet(l1=...)"),
        (priors.ElasticNet(1.0, [1.0] * 5), "ElasticNet(l2=...)"),
        (priors.Gaussian(1.0, loc=[1.0, 2.0]), "Gaussian(loc=...)"),
        (priors.Gaussian(1.0, factor=[1.0]), "Gaussian(factor=...)"),
    ],
)
def test_a_vector_of_the_wrong_length_is_refused_by_name(linear: Any, prior: Any, name: str) -> None:
    with pytest.raises(InputError) as raised:
        bind(br.Model(likelihoods.Gaussian(1.0), prior), linear)
    assert name in str(raised.value)
    assert "4 columns" in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"likelihood": "gaussian"}, "likelihood"),
        ({"prior": 1.0}, "prior"),
        ({"prior": scales.HalfNormal(1.0)}, "prior"),
        ({"intercept": priors.Laplace(1.0)}, "intercept"),
        ({"intercept": None}, "intercept"),
        ({"intercept": priors.Gaussian([1.0, 2.0])}, "intercept"),
        ({"intercept": priors.Gaussian(scales.HalfNormal(1.0))}, "intercept"),
        ({"intercept": priors.Gaussian(1.0, loc=[1.0, 2.0])}, "intercept"),
        ({"fit_intercept": 1}, "fit_intercept"),
        ({"standardize": "yes"}, "standardize"),
    ],
)
def test_a_part_of_the_wrong_kind_is_refused_by_name(arguments: Any, name: str) -> None:
    with pytest.raises(InputError, match=name):
        br.Model(**({"likelihood": likelihoods.Gaussian(1.0), "prior": priors.Gaussian(1.0)} | arguments))


def test_a_factor_of_the_intercept_is_honoured_or_refused(linear: Any) -> None:
    likelihood, prior = likelihoods.Gaussian(1.0), priors.Gaussian(1.0)
    try:
        model = br.Model(likelihood, prior, intercept=priors.Gaussian(0.1, factor=100.0))
    except InputError:
        return
    wide = br.find_map(br.Model(likelihood, prior, intercept=priors.Gaussian(10.0)), *linear)
    np.testing.assert_allclose(br.find_map(model, *linear).intercept, wide.intercept, rtol=1e-10)


@pytest.mark.parametrize("word", ["sigma", "penalty"])
def test_a_prior_that_speaks_about_a_learned_noise_level_warns_from_a_quarter_of_the_rows_on(
    linear: Any, word: Any
) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0, relative_to=word))
    with pytest.warns(PriorWarning, match="pulls sigma down"):
        bind(model, (X[:15], y[:15]))
    bind(model, (X[:16], y[:16]))
    bind(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0, relative_to=word)), (X[:15], y[:15]))
    bind(br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), (X[:15], y[:15]))


LAW = scales.HalfCauchy(1.0)


@pytest.mark.parametrize(
    ("prior", "warned"),
    [
        (priors.Gaussian(LAW), False),
        (priors.Horseshoe(expected_nonzero=1), False),
        (priors.RegularizedHorseshoe(expected_nonzero=1), False),
        (priors.RegularizedHorseshoe(0.1, relative_to="sigma"), True),
        (priors.ElasticNet(LAW, LAW), False),
        (priors.ElasticNet(LAW, 0.0), False),
        (priors.ElasticNet(LAW, 1.0), True),
        (priors.ElasticNet(1.0, LAW), True),
        (priors.Horseshoe(0.1, relative_to="sigma"), True),
    ],
    ids=repr,
)
def test_a_scale_that_is_learned_does_not_pull_at_the_noise_level(linear: Any, prior: Any, warned: bool) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(), prior)
    assert model.bind(br.make_design(X[:16], y[:16])).relative_to == "sigma"
    with pytest.warns(PriorWarning, match="pulls sigma down") if warned else nullcontext():
        bind(model, (X[:15], y[:15]))


@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize(("p", "few"), [(30, True), (120, False)])
def test_with_a_learned_scale_the_noise_level_is_that_of_an_absolute_prior(p: int, few: bool) -> None:
    """Half as many columns as rows, and twice as many; a scale that is a number pulls, and the warning is for it."""

    def noise(prior: Any) -> float:
        medians = []
        for seed in range(4):
            rng = np.random.default_rng(seed)
            X = rng.standard_normal((60, p))
            coef = np.where(np.arange(p) < 4, 2.0, 0.0) if few else rng.standard_normal(p) * np.sqrt(4.0 / p)
            y = X @ coef + rng.standard_normal(60)
            post = br.sample(br.Model(likelihoods.Gaussian(), prior), X, y, draws=200, chains=2, seed=1)
            medians.append(float(post["posterior"]["sigma"].median()))
        return float(np.median(medians))

    learned = noise(priors.Gaussian(LAW, relative_to="sigma"))
    absolute = noise(priors.Gaussian(scales.HalfCauchy(2.0), relative_to=None))
    # The posterior of sigma has a standard deviation of 10 to 40 %.
    assert learned == pytest.approx(absolute, rel=0.12)
    assert noise(priors.Gaussian(2.0, relative_to="sigma")) < 0.8 * learned


def test_rows_without_weight_have_no_class(binary: Any) -> None:
    X, y = binary
    with pytest.raises(InputError, match="only one class"):
        bind(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), (X, y), (y == 1).astype(float))
    # Nor do they need to be coded.
    odd = np.append(y, 7.0)
    bind(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), (np.vstack([X, X[:1]]), odd), (odd < 2) * 1.0)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_useless_column_is_warned_of_by_name(linear: Any, fit_intercept: bool) -> None:
    X = linear[0].copy()
    X[:, 2] = 0.0 if not fit_intercept else 4.0
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0), fit_intercept=fit_intercept)
    with pytest.warns(DesignWarning, match="x2"):
        bind(model, (X, linear[1]))
    if not fit_intercept:
        X[:, 2] = 4.0
        bind(model, (X, linear[1]))  # constant but not zero: it is an intercept


MODELS = {
    f"{prior}-{likelihood}-{word}": (make(word), law)
    for prior, make in (FLAT_PRIOR | KNOWN_PRIORS | LEARNED_PRIORS).items()
    for word in RELATIVE_TO
    for likelihood, law in ({"default": None, "known": 1.5} | LAWS).items()
}


def test_every_model_goes_through_json_and_back() -> None:
    for prior, law in MODELS.values():
        model = br.Model(likelihoods.Gaussian(law), prior, intercept=priors.Gaussian(2.0, loc=-1.0), standardize=True)
        text = model.to_json()
        assert br.Model.from_json(text) == model
        assert json.loads(text)  # plain JSON: no NaN or Infinity literals
        assert "Infinity" not in text
    model = br.Model(likelihoods.Bernoulli(), priors.Laplace(np.array([0.1, INF])), fit_intercept=False)
    assert br.Model.from_json(model.to_json()) == model


@pytest.mark.parametrize(
    "model",
    [
        br.Model(likelihoods.Gaussian(scales.HalfNormal(np.float32(0.5))), priors.Gaussian(1.0)),
        br.Model(likelihoods.Gaussian(scales.Gamma(np.int64(2), np.float64(0.5))), priors.Gaussian(np.int8(1))),
        br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0), fit_intercept=np.True_),
    ],
)
def test_numbers_of_numpy_go_through_json_too(model: br.Model) -> None:
    assert br.Model.from_json(model.to_json()) == model


def test_a_file_never_makes_anything_but_parts_of_this_package() -> None:
    good = json.loads(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)).to_json())
    for name in ("os.system", "builtins.eval", "likelihoods.Likelihood", "scales.np", "priors.base", "", None, 3):
        for part in ("prior", "likelihood"):
            with pytest.raises(InputError, match="not part of bayesreg"):
                br.Model.from_json(json.dumps(good | {part: {"type": name, "scale": 1.0}}))
    with pytest.raises(InputError, match="not part of bayesreg"):
        br.Model.from_json(json.dumps(good | {"prior": {"custom": "Horseshoe()"}}))


def test_a_model_with_a_class_of_the_user_is_written_by_its_name_and_not_read() -> None:
    class Mine:
        """Meets `Prior` and no more."""

        loc = 0.0
        factor = 1.0
        relative_to = None

        def hyperparameters(self) -> dict[str, Any]:
            """Return none."""
            return {}

        def __repr__(self) -> str:
            return "Mine()"

    text = br.Model(likelihoods.Gaussian(1.0), Mine()).to_json()
    assert "Mine()" in text
    with pytest.raises(InputError, match=r"Mine\(\).*rebuild it by hand"):
        br.Model.from_json(text)


def test_the_codec_keeps_the_kinds_apart() -> None:
    for value in (None, True, 3, 2.5, "a", INF, -INF, (1.0, INF), (), ("a", (1, None))):
        assert codec.decode(json.loads(json.dumps(codec.encode(value)))) == value
    assert codec.loads(codec.dumps({"a": scales.Flat(), "b": priors.Flat()})) == {
        "a": scales.Flat(),
        "b": priors.Flat(),
    }


def test_models_are_hashable_values() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, two = (br.Model(likelihoods.Gaussian(1.0), priors.Laplace([0.1, 0.2])) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert one != br.Model(likelihoods.Gaussian(1.0), priors.Laplace([0.1, 0.2]), standardize=True)
