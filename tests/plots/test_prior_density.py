"""Prior densities against SciPy's."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from scipy import integrate, special, stats

from bayesreg import plots, priors, scales
from bayesreg.errors import InputError

GRID = np.linspace(-3.0, 4.0, 57)
EVERY = {"flat": priors.Flat(), "ridge": priors.Gaussian(1.5), "lasso": priors.Laplace(0.4)}


def test_a_gaussian_is_scipys_normal() -> None:
    frame = plots.prior_density_data(priors.Gaussian(1.5, loc=0.5, factor=2.0), GRID)
    expected = stats.norm(0.5, 3.0)
    np.testing.assert_allclose(frame["density"], expected.pdf(GRID), rtol=1e-13)
    np.testing.assert_allclose(frame["log_density"], expected.logpdf(GRID), rtol=1e-13)
    assert frame["prior"].unique().tolist() == ["Gaussian"]


@pytest.mark.parametrize("prior", [priors.Laplace(0.4), priors.Laplace(rate=2.5)])
def test_a_laplace_is_scipys_whether_by_scale_or_rate(prior: priors.Laplace) -> None:
    frame = plots.prior_density_data(prior, GRID)
    np.testing.assert_allclose(frame["density"], stats.laplace(0.0, 0.4).pdf(GRID), rtol=1e-13)


def test_an_elastic_net_has_its_penalty_and_integrates_to_one() -> None:
    prior = priors.ElasticNet(l1=1.3, l2=0.8)
    frame = plots.prior_density_data(prior, GRID)
    penalty = 1.3 * np.abs(GRID) + 0.4 * GRID**2
    np.testing.assert_allclose(np.ptp(frame["log_density"] + penalty), 0.0, atol=1e-12)
    whole = integrate.quad(lambda t: plots.prior_density_data(prior, [t])["density"].iloc[0], 0, 10)[0]
    assert 2 * whole == pytest.approx(1.0, rel=1e-6)


def test_a_prior_relative_to_the_noise_is_drawn_at_that_noise() -> None:
    at = {"grid": GRID, "sigma": 3.0}
    for prior, scale in (
        (priors.Laplace(0.4, relative_to="sigma"), 1.2),
        (priors.Laplace(0.4, relative_to="penalty"), 3.6),
    ):
        density = plots.prior_density_data(prior, **at)["density"]
        np.testing.assert_allclose(density, stats.laplace(0, scale).pdf(GRID), rtol=1e-12)


def test_the_default_grid_has_the_peak_and_six_nats_of_tail() -> None:
    frame = plots.prior_density_data({"lasso": priors.Laplace(0.4, loc=1.0)}, n_points=100)
    assert len(frame) == 100
    assert frame["density"].max() == pytest.approx(1.25, rel=1e-12)
    assert frame["coef"].is_monotonic_increasing
    ends = frame["log_density"].iloc[[0, -1]] - np.log(1.25)
    np.testing.assert_allclose(ends, [-6.0, -6.0], rtol=1e-9)


def test_a_narrow_prior_beside_a_wide_one_keeps_its_shape() -> None:
    frame = plots.prior_density_data({"wide": priors.Gaussian(100.0), "narrow": priors.Laplace(0.01)})
    for _, curve in frame.groupby("prior"):
        assert integrate.trapezoid(curve["density"], curve["coef"]) == pytest.approx(1.0, abs=5e-3)
    assert np.ptp(frame.groupby("prior")["coef"].max()) < 1e-9


def test_a_sign_constraint_cuts_the_density_and_doubles_it() -> None:
    frame = plots.prior_density_data(priors.Gaussian(1.5, loc=0.5, positive=True), GRID)
    expected = np.where(GRID < 0.5, 0.0, 2 * stats.norm(0.5, 1.5).pdf(GRID))
    np.testing.assert_allclose(frame["density"], expected, rtol=1e-13)


def test_a_student_t_is_scipys() -> None:
    frame = plots.prior_density_data(priors.StudentT(2.5, 0.4, loc=0.5, factor=2.0, relative_to="sigma"), GRID, sigma=3)
    np.testing.assert_allclose(frame["density"], stats.t(2.5, 0.5, 2.4).pdf(GRID), rtol=1e-12)


def test_a_horseshoe_has_an_infinite_peak_that_the_drawing_cuts(ax: Axes) -> None:
    prior = priors.Horseshoe(0.4, loc=1.0, factor=2.0)
    frame = plots.prior_density_data(prior, np.array([1.0, 1.3, 3.0]))
    d = np.array([0.3, 2.0])
    u = 0.5 * (d / 0.8) ** 2
    expected = (2 * np.pi**3) ** -0.5 / 0.8 * np.exp(u) * special.exp1(u)
    np.testing.assert_allclose(frame["density"], [np.inf, *expected], rtol=1e-12)
    plots.prior_density(prior, ax)
    height = ax.lines[0].get_ydata()
    assert np.all(np.isfinite(height))
    assert height.size == 400
    assert np.isfinite(ax.get_ylim()).all()


@pytest.mark.parametrize("prior", [priors.StudentT(1.0, 0.3), priors.StudentT(30.0, 2.0), priors.Horseshoe(0.02)])
def test_the_default_grid_of_a_mixture_has_six_nats_of_tail(prior: priors.StudentT) -> None:
    frame = plots.prior_density_data(prior)
    near = plots.prior_density_data(prior, [0.1 * float(prior.deviation(1.0, {}))])["log_density"].iloc[0]
    np.testing.assert_allclose(frame["log_density"].iloc[[0, -1]], near - 6.0, rtol=1e-6)
    finite = frame[np.isfinite(frame["density"])]
    assert integrate.trapezoid(finite["density"], finite["coef"]) > 0.9


@pytest.mark.parametrize(
    "prior", [priors.Flat(), priors.Gaussian(np.inf), priors.StudentT(3.0, np.inf), priors.ElasticNet(0.0, 0.0)]
)
def test_a_flat_prior_is_marked_as_improper(prior: priors.Flat) -> None:
    frame = plots.prior_density_data({"flat": prior, "ridge": priors.Gaussian(1.0)}, GRID)
    flat = frame[frame["prior"] == "flat"]
    assert not flat["proper"].any()
    assert (flat["log_density"] == 0).all()
    assert frame.loc[frame["prior"] == "ridge", "proper"].all()


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (priors.Laplace(scales.HalfCauchy(1.0)), "learned prior_scale; to draw it give a number"),
        (priors.ElasticNet(scales.HalfCauchy(1.0), scales.Gamma(2.0, 1.0)), "learned prior_l1, prior_l2"),
        (priors.Gaussian([1.0, 2.0]), "vector of scales"),
        (priors.StudentT(3.0, [1.0, 2.0]), "vector of scales"),
        (priors.Horseshoe(), "learned prior_scale"),
        (priors.RegularizedHorseshoe(0.1, slab_df=None), "the density of RegularizedHorseshoe has no closed form"),
        (priors.Gaussian(1.0, factor=[1.0, 2.0]), "vector of scales"),
        (priors.Laplace(1.0, relative_to="sigma"), "relative to 'sigma'; give the noise level as sigma=number"),
        ("Laplace", "must be from bayesreg.priors"),
    ],
)
def test_what_has_no_single_density_is_refused_by_label(prior: object, message: str) -> None:
    with pytest.raises(InputError, match=rf"priors\['mine'\].*{message}"):
        plots.prior_density_data({"mine": prior})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grid": [[0.0]]}, "grid must be a 1-d array"),
        ({"grid": [np.nan]}, "grid must be a 1-d array of finite"),
        ({"n_points": 2}, "n_points must be an integer of at least 3"),
    ],
)
def test_impossible_arguments_are_named(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plots.prior_density_data(priors.Gaussian(1.0), **arguments)
    with pytest.raises(InputError, match="sigma must be positive"):
        plots.prior_density_data(priors.Gaussian(1.0, relative_to="sigma"), sigma=-1.0)
    with pytest.raises(InputError, match="priors is empty"):
        plots.prior_density_data({})


@pytest.mark.parametrize("log", [False, True])
def test_the_drawing_has_a_line_a_prior_and_a_dashed_one_for_flat(ax: Axes, log: bool) -> None:
    assert plots.prior_density(EVERY, ax, log=log, grid=GRID) is ax
    assert len(ax.lines) == 3
    assert len(ax.collections) == (0 if log else 2)
    flat, ridge, _ = ax.lines
    assert flat.get_linestyle() == "--"
    normal = stats.norm(0, 1.5)
    np.testing.assert_allclose(ridge.get_ydata(), normal.logpdf(GRID) if log else normal.pdf(GRID), rtol=1e-12)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "flat (improper, any height)",
        "ridge",
        "lasso",
    ]


def test_flat_alone_can_be_drawn(ax: Axes) -> None:
    plots.prior_density(priors.Flat(), ax)
    assert np.ptp(ax.lines[0].get_ydata()) == 0


def test_without_axes_one_figure_is_made_and_after_an_error_none() -> None:
    made = plots.prior_density(EVERY)
    assert plt.get_fignums() == [made.figure.number]
    plt.close(made.figure)
    with pytest.raises(InputError):
        plots.prior_density({})
