"""Normal mixtures: their laws against SciPy and quadrature, their fields and their refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from bayesreg import priors, scales
from bayesreg.codec import dumps, loads
from bayesreg.errors import InputError
from bayesreg.priors import mixture
from bayesreg.priors.base import Exported, Marginal, NormalMixture, Penalised, Prior, resolve_relative_to

INF = float("inf")
LAW = scales.HalfNormal(1.0)
EVERY = [
    priors.StudentT(3, 0.5),
    priors.StudentT(np.float64(2.5), LAW, loc=[1.0, 2.0], factor=[1.0, INF]),
    priors.StudentT(1.0, [0.5, INF]),
    priors.Horseshoe(),
    priors.Horseshoe([0.5, INF]),
    priors.Horseshoe(expected_nonzero=np.int64(3), relative_to="sigma"),
    priors.RegularizedHorseshoe(0.5, 2.0, None),
    priors.RegularizedHorseshoe(LAW, loc=np.array([1.0, 2.0])),
    priors.RegularizedHorseshoe(expected_nonzero=1.5),
]


@pytest.mark.parametrize("prior", EVERY)
def test_they_are_values_of_one_kind_that_travel_as_json(prior: Any) -> None:
    assert isinstance(prior, Prior)
    assert isinstance(prior, NormalMixture)
    assert not isinstance(prior, Penalised)
    assert not isinstance(prior, Exported)
    assert isinstance(prior, Marginal) == (not isinstance(prior, priors.RegularizedHorseshoe))
    again = loads(dumps({"prior": prior}))["prior"]
    assert again == prior
    assert again == type(prior)(**vars(prior))
    assert hash(again) == hash(prior)
    with pytest.raises(AttributeError):
        prior.loc = 1.0


def test_what_compiled_kernels_are_told() -> None:
    assert priors.StudentT(3, 0.5).local_law == (mixture.STUDENT_T, 3.0) == (2, 3.0)
    assert priors.Horseshoe().local_law[0] == mixture.HORSESHOE == 3
    assert priors.RegularizedHorseshoe(slab_scale=1.5).local_law == (mixture.REGULARIZED_HORSESHOE, 1.5) == (4, 1.5)


def test_learned_parameters_have_their_laws() -> None:
    assert dict(priors.StudentT(3, 0.5).hyperparameters()) == {}
    assert dict(priors.StudentT(3, LAW).hyperparameters()) == {"prior_scale": LAW}
    assert dict(priors.Horseshoe().hyperparameters()) == {"prior_scale": scales.HalfCauchy(1.0)}
    assert set(priors.Horseshoe(expected_nonzero=3).hyperparameters()) == {"prior_scale"}
    assert dict(priors.Horseshoe(0.1).hyperparameters()) == {}
    # c² ~ InverseGamma(nu/2, nu s²/2)
    laws = priors.RegularizedHorseshoe(0.1, slab_scale=3.0, slab_df=5.0).hyperparameters()
    assert dict(laws) == {"slab": scales.InverseGamma(2.5, 22.5)}
    assert set(priors.RegularizedHorseshoe().hyperparameters()) == {"prior_scale", "slab"}
    assert dict(priors.RegularizedHorseshoe(0.1, slab_df=None).hyperparameters()) == {}


@pytest.mark.parametrize("df", [0.7, 3.0, 30.0])
def test_a_local_scale_of_a_student_t_is_the_root_of_an_inverse_gamma(df: float) -> None:
    law = mixture.law_of_local(priors.StudentT(df, 1.0))
    t = np.array([0.05, 0.4, 1.0, 7.0])
    expected = stats.invgamma(df / 2, scale=df / 2).logpdf(t) + np.log(2 * np.sqrt(t))
    np.testing.assert_allclose(law.log_density(np.sqrt(t)), expected, rtol=1e-12)


def test_a_local_scale_of_a_horseshoe_is_half_cauchy() -> None:
    for prior in (priors.Horseshoe(0.1), priors.RegularizedHorseshoe(0.1)):
        assert mixture.law_of_local(prior) == scales.HalfCauchy(1.0)


def test_a_code_of_no_mixture_is_refused() -> None:
    class Odd(priors.StudentT):
        @property
        def local_law(self) -> tuple[int, float]:
            return 1, 0.0

    with pytest.raises(InputError, match=r"Odd\.local_law has the code 1"):
        mixture.law_of_local(Odd(3.0, 1.0))


def test_the_slab_bounds_the_deviation() -> None:
    prior = priors.RegularizedHorseshoe([0.5, 2.0], slab_scale=3.0, slab_df=None)
    local = np.array([0.3, 40.0])
    variance = 9.0 * np.array([0.15, 80.0]) ** 2 / (9.0 + np.array([0.15, 80.0]) ** 2)
    np.testing.assert_allclose(prior.deviation(local, {}) ** 2, variance, rtol=1e-14)
    learned = priors.RegularizedHorseshoe(LAW, slab_scale=3.0)
    np.testing.assert_allclose(learned.deviation(2.0, {"prior_scale": 0.5, "slab": 0.7}) ** 2, 0.49 / 1.49, rtol=1e-14)


def mixed(prior: Any, d: float) -> float:
    """Density of d by quadrature over log local scale."""
    law = mixture.law_of_local(prior)

    def density(log_local: float) -> float:
        local = np.exp(log_local)
        return float(stats.norm.pdf(d, 0, prior.deviation(local, {})) * np.exp(law.log_density(local)) * local)

    return integrate.quad(density, -40, 40, epsabs=0, epsrel=1e-11, limit=500, points=[-3.0, 0.0, 3.0])[0]


@pytest.mark.parametrize("prior", [priors.StudentT(2.5, 0.7), priors.Horseshoe(0.4)])
@pytest.mark.parametrize("d", [1e-6, 0.02, -0.7, 4.0, 60.0])
def test_the_marginal_density_is_the_integral_over_the_local_scale(prior: Any, d: float) -> None:
    found = float(prior.marginal_log_density(np.array([d]), {})[0])
    assert found == pytest.approx(np.log(mixed(prior, d)), rel=1e-9, abs=1e-9)


def test_a_student_t_is_scipys() -> None:
    d = np.array([0.0, 0.3, -5.0, 1e3])
    found = priors.StudentT(2.5, [0.7, 0.7, 3.0, INF]).marginal_log_density(d, {})
    np.testing.assert_allclose(found[:3], stats.t(2.5, scale=[0.7, 0.7, 3.0]).logpdf(d[:3]), rtol=1e-13)
    assert found[3] == 0.0


def test_the_horseshoe_density_is_smooth_where_its_series_begins_and_infinite_at_0() -> None:
    tau = 0.3
    prior = priors.Horseshoe(scales.HalfCauchy(1.0))
    # u = d²/(2 tau²) = 200 divides the two ways of evaluating e^u E1(u).
    edge = tau * np.sqrt(400.0)
    below, above = prior.marginal_log_density(edge * (1 + np.array([-1e-12, 1e-12])), {"prior_scale": tau})
    assert above == pytest.approx(below, rel=1e-11)
    assert prior.marginal_log_density(np.zeros(1), {"prior_scale": tau})[0] == INF
    # e^u E1(u) -> 1/u: the tails of a Cauchy.
    far = prior.marginal_log_density(np.array([1e8]), {"prior_scale": tau})[0]
    assert far == pytest.approx(-0.5 * np.log(2 * np.pi**3) - np.log(tau) - np.log(0.5 * (1e8 / tau) ** 2), rel=1e-12)


MAKERS = [
    lambda **k: priors.StudentT(3.0, **({"scale": 1.0} | k)),
    lambda **k: priors.Horseshoe(**k),
    lambda **k: priors.RegularizedHorseshoe(**k),
]


@pytest.mark.parametrize("make", MAKERS)
def test_auto_is_absolute_for_a_number_and_relative_for_a_law(make: Any) -> None:
    assert resolve_relative_to(make(scale=LAW)) == "sigma"
    assert resolve_relative_to(make(scale=0.5, relative_to=None)) is None
    known = make(scale=0.5)
    assert resolve_relative_to(known) == ("sigma" if known.hyperparameters() else None)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"relative_to": "penalty"}, r"relative_to='penalty'\) is for priors that are penalties"),
        ({"relative_to": "noise"}, r"must be None, 'auto' or 'sigma'|must be None, 'auto', 'sigma' or 'penalty'"),
        ({"scale": -1.0}, r"scale=\.\.\."),
        ({"scale": scales.HalfCauchy}, r"scale=\.\.\.\) is the class HalfCauchy"),
        ({"loc": INF}, r"loc=\.\.\."),
        ({"factor": 0.0}, r"factor=\.\.\."),
    ],
)
def test_an_unusable_field_is_named(make: Any, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make(**fields)


@pytest.mark.parametrize("value", [0.0, -1.0, INF, "3", [3.0, 4.0], True])
def test_unusable_degrees_of_freedom_and_slabs_are_named(value: Any) -> None:
    with pytest.raises(InputError, match=r"StudentT\(df=\.\.\.\)"):
        priors.StudentT(value, 1.0)
    for name in ("slab_scale", "slab_df"):
        with pytest.raises(InputError, match=rf"RegularizedHorseshoe\({name}=\.\.\.\)"):
            priors.RegularizedHorseshoe(**{name: value})


@pytest.mark.parametrize("make", [priors.Horseshoe, priors.RegularizedHorseshoe])
def test_one_statement_about_the_scale_is_enough(make: Any) -> None:
    with pytest.raises(InputError, match=r"takes one of scale= and expected_nonzero="):
        make(0.5, expected_nonzero=2)
    for value in (0, -1.0, INF, float("nan"), "2", True):
        with pytest.raises(InputError, match=r"expected_nonzero=\.\.\.\) must be a positive number"):
            make(expected_nonzero=value)


def test_a_slab_beside_an_infinite_scale_is_refused() -> None:
    with pytest.raises(InputError, match=r"scale=\.\.\.\) must be finite"):
        priors.RegularizedHorseshoe([1.0, INF])
