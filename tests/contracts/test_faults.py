"""Unusable input is refused with a message that names it, before anything is computed or compiled."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import bayesreg as br
from bayesreg import errors, likelihoods, priors, scales

RIDGE = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0))
LASSO = br.Model(likelihoods.Gaussian(0.5), priors.Laplace(0.05))
LEARNED = br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0))
LOGISTIC = br.Model(likelihoods.Bernoulli(), priors.Laplace(0.5))
FLAT = br.Model(likelihoods.Gaussian(0.5), priors.Flat())

VERBS: dict[str, Callable[..., Any]] = {
    "find_map": br.find_map,
    "map_path": br.map_path,
    "sample": br.sample,
    "explain": br.explain,
    "to_pymc": br.to_pymc,
}


def base() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 4))
    return X, X[:, 0] + 0.1 * rng.standard_normal(40)


def with_entry(array: np.ndarray, at: Any, value: float) -> np.ndarray:
    array[at] = value
    return array


def as_text(X: np.ndarray) -> np.ndarray:
    X = X.astype(object)
    X[0, 0] = "a"
    return X


# id: (model, change of (X, y) into arguments, error, words of the message)
REFUSED: dict[str, tuple[br.Model, Callable[..., tuple[Any, ...]], type[Exception], tuple[str, ...]]] = {
    "nan_x": (RIDGE, lambda X, y: (with_entry(X, (3, 1), np.nan), y), ValueError, ("NaN", "X", "x1", "1 of 40 rows")),
    "nan_y": (RIDGE, lambda X, y: (X, with_entry(y, 2, np.nan)), ValueError, ("NaN", "y", "1 of 40 rows")),
    "inf_x": (RIDGE, lambda X, y: (with_entry(X, (3, 1), np.inf), y), ValueError, ("inf", "X", "x1")),
    "inf_y": (RIDGE, lambda X, y: (X, with_entry(y, 2, -np.inf)), ValueError, ("inf", "y")),
    "empty": (RIDGE, lambda X, y: (X[:0], y[:0]), ValueError, ("0 sample",)),
    "no_cols": (RIDGE, lambda X, y: (X[:, :0], y), ValueError, ("0 feature",)),
    "x_1d": (RIDGE, lambda X, y: (X[:, 0], y), ValueError, ("2D", "reshape")),
    "y_2d": (RIDGE, lambda X, y: (X, X), ValueError, ("y must be 1D", "(40, 4)")),
    "len_mismatch": (RIDGE, lambda X, y: (X, y[:-1]), ValueError, ("40", "39")),
    "object_str": (RIDGE, lambda X, y: (as_text(X), y), ValueError, ("string", "float")),
    "text": (RIDGE, lambda X, y: (X.astype(str), y), ValueError, ("string", "float")),
    "complex": (RIDGE, lambda X, y: (X + 1j, y), ValueError, ("omplex",)),
    "sparse_nan": (
        RIDGE,
        lambda X, y: (scipy.sparse.csr_matrix(np.where(X > 1, np.nan, X)), y),
        ValueError,
        ("NaN", "stored values"),
    ),
    "sparse_complex": (RIDGE, lambda X, y: (scipy.sparse.coo_array(X + 1j), y), ValueError, ("dtype", "numeric")),
    "y_constant": (LEARNED, lambda X, y: (X, np.full(40, 3.0)), ValueError, ("y is constant", "sigma")),
    "logit_one_class": (LOGISTIC, lambda X, y: (X, np.zeros(40, int)), ValueError, ("class",)),
    "logit_three": (LOGISTIC, lambda X, y: (X, np.arange(40) % 3), ValueError, ("2", "3")),
    "logit_coded_otherwise": (LOGISTIC, lambda X, y: (X, np.where(y > 0, 1, -1)), ValueError, ("-1", "0 and 1")),
    "wrong_length": (
        br.Model(likelihoods.Gaussian(1.0), priors.Laplace([1.0, 2.0])),
        lambda X, y: (X, y),
        ValueError,
        ("Laplace(scale=...)", "2 entries", "4 columns"),
    ),
}

ROWS = {
    "w_negative": ({"sample_weight": -np.ones(40)}, ("sample_weight", "negative")),
    "w_one_negative": (
        {"sample_weight": np.where(np.arange(40) == 7, -1e-9, 1.0)},
        ("sample_weight", "1 negative"),
    ),
    "w_nan": ({"sample_weight": np.full(40, np.nan)}, ("sample_weight", "NaN")),
    "w_zero": ({"sample_weight": np.zeros(40)}, ("sample_weight", "0 for every row")),
    "w_short": ({"sample_weight": np.ones(39)}, ("sample_weight", "40", "39")),
    "offset_inf": ({"offset": np.full(40, np.inf)}, ("offset", "inf")),
    "offset_short": ({"offset": np.zeros(39)}, ("offset", "40", "39")),
}


@pytest.fixture(autouse=True)
def _nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("compiled although the input is unusable")

    import nutpie

    monkeypatch.setattr(nutpie, "compile_pymc_model", fail)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", REFUSED)
def test_unusable_data_are_refused_by_name(fault: str, verb: str) -> None:
    model, change, error, words = REFUSED[fault]
    with pytest.raises(error) as raised:
        VERBS[verb](model, *change(*base()))
    assert isinstance(raised.value, errors.BayesregError)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize("make", [scipy.sparse.csr_matrix, scipy.sparse.coo_array])
def test_what_needs_dense_columns_says_so_of_sparse_ones(make: Any) -> None:
    X, y = base()
    with pytest.raises(errors.NoEngineError, match=r"X is sparse; pass X.toarray\(\)"):
        br.sample(RIDGE, make(X), y)
    with pytest.raises(errors.UnsupportedInputError, match=r"X is sparse.*toarray\(\)"):
        br.to_pymc(RIDGE, make(X), y)
    assert br.find_map(RIDGE, make(X), y).converged


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", ROWS)
def test_unusable_rows_options_are_refused_by_name(fault: str, verb: str) -> None:
    options, words = ROWS[fault]
    with pytest.raises(errors.InputError) as raised:
        VERBS[verb](RIDGE, *base(), **options)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize("value", [-1.0, 0.0, float("nan"), -float("inf"), "1", None, True, [[1.0]], []])
@pytest.mark.parametrize("make", [priors.Gaussian, priors.Laplace], ids=["Gaussian", "Laplace"])
def test_an_unusable_prior_scale_is_refused_at_construction(make: Any, value: Any) -> None:
    with pytest.raises(errors.InputError, match="scale"):
        make(value)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "1", None, True, [1.0, -2.0]])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda v: priors.ElasticNet(l1=v, l2=1.0), "ElasticNet(l1"),
        (lambda v: priors.ElasticNet(l1=1.0, l2=v), "ElasticNet(l2"),
    ],
)
def test_an_unusable_rate_is_refused_at_construction(make: Any, name: str, value: Any) -> None:
    with pytest.raises(errors.InputError) as raised:
        make(value)
    assert name in str(raised.value)


@pytest.mark.parametrize("value", [-1.0, 0.0, float("nan"), float("inf"), "1", True, [1.0]])
def test_an_unusable_noise_level_is_refused_at_construction(value: Any) -> None:
    with pytest.raises(errors.InputError, match="sigma"):
        likelihoods.Gaussian(value)


@pytest.mark.parametrize("model", [RIDGE, LASSO, LEARNED], ids=["ridge", "lasso", "learned"])
@pytest.mark.parametrize("verb", ["find_map", "explain"])
def test_a_constant_column_beside_the_intercept_is_said_and_gets_the_prior_alone(model: br.Model, verb: str) -> None:
    X, y = base()
    X[:, 2] = 7.0
    with pytest.warns(errors.DesignWarning, match="x2"):
        result = VERBS[verb](model, X, y)
    if verb == "find_map":
        assert result.coef[2] == 0.0
        assert np.all(np.isfinite(result.coef))
        assert result.converged


def test_the_posterior_of_a_constant_column_is_its_prior() -> None:
    X, y = base()
    X[:, 2] = 7.0
    with pytest.warns(errors.DesignWarning, match="x2"):
        tree = br.sample(br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(0.3, loc=0.2)), X, y, seed=1, draws=50)
    exact = tree["exact_moments"]
    np.testing.assert_allclose([exact["coef_mean"][2], exact["coef_sd"][2]], [0.2, 0.3], rtol=1e-10)


@pytest.mark.filterwarnings("ignore::bayesreg.errors.DesignWarning")
@pytest.mark.parametrize("model", [FLAT, br.Model(likelihoods.Bernoulli(), priors.Flat())], ids=["gaussian", "logit"])
@pytest.mark.parametrize("verb", ["find_map", "sample"])
def test_a_constant_column_without_a_penalty_is_not_identified(model: br.Model, verb: str) -> None:
    X, y = base()
    X[:, 2] = 7.0
    with pytest.raises(errors.NotIdentifiedError, match="x2"):
        VERBS[verb](model, X, (y > 0).astype(float))


def test_ridge_shares_between_identical_columns() -> None:
    X, y = base()
    mode = br.find_map(RIDGE, np.column_stack([X, X[:, 0]]), y)
    np.testing.assert_allclose(mode.coef[0], mode.coef[4], rtol=1e-10)
    assert mode.certificate.unique


def test_the_lasso_says_that_identical_columns_have_many_solutions() -> None:
    X, y = base()
    mode = br.find_map(LASSO, np.column_stack([X, X[:, 0]]), y)
    single = br.find_map(LASSO, X, y)
    assert mode.certificate.accepted
    assert not mode.certificate.unique
    assert "not certified unique" in str(mode.certificate)
    np.testing.assert_allclose(mode.certificate.objective, single.certificate.objective, rtol=1e-12)


@pytest.mark.parametrize("verb", ["find_map", "map_path", "sample"])
def test_identical_columns_under_a_flat_prior_are_refused(verb: str) -> None:
    X, y = base()
    with pytest.raises(errors.NotIdentifiedError, match="collinear"):
        VERBS[verb](FLAT, np.column_stack([X, X[:, 0]]), y)


def test_the_posterior_of_identical_columns_is_the_same_for_both() -> None:
    X, y = base()
    tree = br.sample(RIDGE, np.column_stack([X, X[:, 0]]), y, seed=1, draws=50)
    for name in ("coef_mean", "coef_sd"):
        np.testing.assert_allclose(tree["exact_moments"][name][0], tree["exact_moments"][name][4], rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, np.float32, bool, object])
def test_other_number_types_are_read_as_float64(dtype: Any) -> None:
    X, y = base()
    small = np.clip(np.abs(X) * 30, 0, 127).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.DesignWarning)
        ours = br.find_map(RIDGE, small, y)
        reference = br.find_map(RIDGE, small.astype(np.float64), y)
    np.testing.assert_allclose(ours.coef, reference.coef, rtol=1e-12)
    assert ours.coef.dtype == np.float64


def separable() -> tuple[np.ndarray, np.ndarray]:
    X = np.r_[-np.arange(1, 21), np.arange(1, 21)][:, None] * 1.0
    return X, np.r_[np.zeros(20), np.ones(20)].astype(int)


@pytest.mark.parametrize("verb", ["find_map", "sample"])
def test_separable_classes_under_a_flat_prior_are_refused(verb: str) -> None:
    with pytest.raises(errors.NotIdentifiedError, match="separation"):
        VERBS[verb](br.Model(likelihoods.Bernoulli(), priors.Flat()), *separable())


@pytest.mark.parametrize("prior", [priors.Gaussian(1e3), priors.Laplace(1e3), priors.ElasticNet(1e-3, 1e-6)])
def test_separable_classes_under_a_weak_prior_have_a_finite_mode(prior: Any) -> None:
    mode = br.find_map(br.Model(likelihoods.Bernoulli(), prior), *separable())
    assert mode.converged
    assert 0 < mode.coef[0] < 1e3


@pytest.mark.parametrize("model", [LASSO, LOGISTIC], ids=["lasso", "logistic"])
def test_an_iteration_limit_that_stops_early_is_said_with_both_numbers(model: br.Model) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 4)) + rng.standard_normal((40, 1))
    y = X[:, 0] + 0.1 * rng.standard_normal(40)
    if model is LOGISTIC:
        y = (y + rng.standard_normal(40) > 0).astype(float)
    with pytest.warns(errors.ConvergenceWarning, match=r"relative gap .* KKT cosine") as caught:
        mode = br.find_map(model, X, y, max_iter=1)
    assert len(caught) == 1
    assert not mode.converged
    assert mode.n_iter == 1
    # The certificate of the stopped fit still bounds its distance from the minimum.
    best = br.find_map(model, X, y)
    fall = mode.certificate.objective - best.certificate.objective
    assert 0 < fall <= mode.certificate.gap
    assert f"{mode.certificate.relative_gap:.2e}" in str(caught[0].message)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "10", None])
def test_max_iter_must_be_a_positive_integer(value: Any) -> None:
    with pytest.raises(errors.InputError, match="max_iter"):
        br.find_map(RIDGE, *base(), max_iter=value)


@pytest.mark.parametrize("model", [RIDGE, LASSO, LEARNED, FLAT], ids=["ridge", "lasso", "learned", "flat"])
def test_the_data_are_not_modified_and_may_be_read_only(model: br.Model, tmp_path: Path) -> None:
    import pandas as pd

    X, y = base()
    weight, offset = np.arange(1.0, 41.0), np.linspace(-1, 1, 40)
    kept = [array.copy() for array in (X, y, weight, offset)]
    for array in (X, y, weight, offset):
        array.flags.writeable = False
    mode = br.find_map(model, X, y, sample_weight=weight, offset=offset)
    br.sample(RIDGE, X, y, sample_weight=weight, offset=offset, draws=5, seed=0)
    for array, before in zip((X, y, weight, offset), kept, strict=True):
        assert np.array_equal(array, before)
    frame = pd.DataFrame(X, columns=list("abcd"))
    from_frame = br.find_map(model, frame, pd.Series(y), sample_weight=pd.Series(weight), offset=pd.Series(offset))
    assert np.array_equal(frame.to_numpy(), X)
    assert from_frame.names == ("a", "b", "c", "d")
    # A frame is stored by columns, so that its sums are rounded in another order.
    np.testing.assert_allclose(from_frame.coef, mode.coef, rtol=1e-12)
    mapped = np.memmap(tmp_path / "X", dtype=float, mode="w+", shape=X.shape)
    mapped[:] = X
    mapped.flush()
    again = np.memmap(tmp_path / "X", dtype=float, mode="r", shape=X.shape)
    from_map = br.find_map(model, again, y, sample_weight=weight, offset=offset)
    np.testing.assert_allclose(from_map.coef, mode.coef, rtol=1e-14)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"draws": 0}, "draws"),
        ({"draws": 1.5}, "draws"),
        ({"chains": 0}, "chains"),
        ({"tune": -1}, "tune"),
        ({"target_accept": 1.0}, "target_accept"),
        ({"target_accept": 0.0}, "target_accept"),
        ({"seed": -1}, "seed"),
        ({"seed": "a"}, "seed"),
        ({"seed": True}, "seed"),
        ({"engine": "gibbs"}, "gibbs"),
    ],
)
@pytest.mark.parametrize("model", [RIDGE, LASSO], ids=["exact", "nuts"])
def test_unusable_sampling_options_are_refused_by_name(model: br.Model, options: dict[str, Any], name: str) -> None:
    with pytest.raises(errors.InputError, match=name):
        br.sample(model, *base(), **options)


def test_sampling_by_an_engine_that_cannot_lists_its_reason() -> None:
    with pytest.raises(errors.NoEngineError, match="l1 part"):
        br.sample(LASSO, *base(), engine="exact_gaussian")


def test_a_learned_prior_scale_has_no_map_and_says_what_to_do() -> None:
    model = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(scales.HalfCauchy(1.0)))
    for verb in ("find_map", "map_path"):
        with pytest.raises(errors.NoMapError, match=r"prior_scale is learned.*br\.sample"):
            VERBS[verb](model, *base())
