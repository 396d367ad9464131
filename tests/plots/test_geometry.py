"""The picture of a penalty and a loss in the plane."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

import bayesreg as br
from bayesreg import likelihoods, plots, priors
from bayesreg.errors import InputError

Data = tuple[np.ndarray, np.ndarray]
PRIORS = {
    "l1": priors.Laplace(0.02),
    "l2": priors.Gaussian(0.15),
    "elastic-net": priors.ElasticNet(30.0, 20.0),
    "shifted": priors.Laplace([0.02, 0.05], loc=[0.5, -1.0]),
}
SIGMA = 0.8


@pytest.fixture(scope="module")
def plane() -> Data:
    """Return 40 rows of two correlated columns with means far from 0."""
    rng = np.random.default_rng(31)
    X = rng.standard_normal((40, 2)) @ [[1.0, 0.5], [0.0, 0.8]] + [3.0, -2.0]
    return X, 1.0 + X @ [1.3, 0.4] + SIGMA * rng.standard_normal(40)


def model(name: str) -> br.Model:
    return br.Model(likelihoods.Gaussian(SIGMA), PRIORS[name])


def rss(beta: np.ndarray, data: Data) -> np.ndarray:
    """Residual sums of squares with the best intercept for coefficients (m, 2), from the rows."""
    X, y = data
    residual = y - beta @ X.T
    return np.sum((residual - residual.mean(axis=1, keepdims=True)) ** 2, axis=1)


def penalty(beta: np.ndarray, name: str) -> np.ndarray:
    if name == "l1":
        return np.abs(beta).sum(axis=1) / 0.02
    if name == "l2":
        return 0.5 * np.sum(beta**2, axis=1) / 0.15**2
    if name == "elastic-net":
        return 30 * np.abs(beta).sum(axis=1) + 10 * np.sum(beta**2, axis=1)
    return np.abs(beta - [0.5, -1.0]) @ [1 / 0.02, 1 / 0.05]


@pytest.mark.parametrize("name", PRIORS)
def test_the_boundary_and_the_map_spend_the_same_penalty(name: str, plane: Data) -> None:
    picture = plots.geometry_data(model(name), *plane)
    np.testing.assert_allclose(penalty(picture.boundary, name), picture.budget, rtol=1e-12)
    np.testing.assert_allclose(penalty(picture.map[None], name), picture.budget, rtol=1e-12)
    np.testing.assert_allclose(picture.boundary[0], picture.boundary[-1], rtol=1e-12)


@pytest.mark.parametrize("name", PRIORS)
def test_ellipses_are_level_sets_of_the_rss_and_the_touching_one_has_the_map(name: str, plane: Data) -> None:
    X, y = plane
    picture = plots.geometry_data(model(name), *plane)
    fitted = np.linalg.lstsq(np.column_stack([np.ones(40), X]), y)[0]
    np.testing.assert_allclose(picture.least_squares, fitted[1:], rtol=1e-10)
    least = rss(picture.least_squares[None], plane)[0]
    for level, ellipse in zip(picture.level, picture.ellipses, strict=True):
        np.testing.assert_allclose(rss(ellipse, plane), least + level, rtol=1e-10)
    at_map = rss(picture.map[None], plane)[0]
    assert least + picture.level[picture.touching] == pytest.approx(at_map, rel=1e-10)


@pytest.mark.parametrize("name", PRIORS)
def test_the_region_and_the_touching_ellipse_meet_without_crossing(name: str, plane: Data) -> None:
    picture = plots.geometry_data(model(name), *plane, n_points=2000)
    at_map = rss(picture.map[None], plane)[0]
    # No point that spends as much as the MAP fits better, and no point that fits as well spends less.
    assert rss(picture.boundary, plane).min() >= at_map * (1 - 1e-12)
    assert penalty(picture.ellipses[picture.touching], name).min() >= picture.budget * (1 - 1e-12)
    assert rss(picture.boundary, plane).min() == pytest.approx(at_map, rel=1e-3)


def test_the_diamond_has_its_corners_and_the_lasso_sits_on_one(plane: Data) -> None:
    picture = plots.geometry_data(model("l1"), *plane, n_points=6)
    assert picture.boundary.shape == (9, 2)
    side = picture.budget * 0.02
    corners = picture.boundary[::2][:4]
    np.testing.assert_allclose(corners, side * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]), atol=1e-15)
    assert np.count_nonzero(picture.map) == 1
    assert np.min(np.linalg.norm(corners - picture.map, axis=1)) < 1e-12


def test_a_learned_sigma_counts_at_its_mode(plane: Data) -> None:
    learned = br.Model(likelihoods.Gaussian(), priors.Laplace(0.02, relative_to="penalty"))
    picture = plots.geometry_data(learned, *plane)
    known = plots.geometry_data(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(0.02)), *plane)
    np.testing.assert_allclose(picture.map, known.map, rtol=1e-8)
    np.testing.assert_allclose(picture.boundary, known.boundary, rtol=1e-8, atol=1e-12)


def test_a_map_at_the_location_shrinks_the_region_to_a_point(plane: Data, ax: Axes) -> None:
    tight = br.Model(likelihoods.Gaussian(SIGMA), priors.Laplace(1e-4))
    picture = plots.geometry_data(tight, *plane)
    assert picture.budget == 0
    assert np.all(picture.boundary == 0)
    plots.geometry(tight, *plane, ax=ax)
    assert "MAP: x0 = x1 = 0" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("l1", "l1 penalty (Laplace prior)"),
        ("l2", "l2 penalty (Gaussian prior)"),
        ("elastic-net", "elastic-net penalty (ElasticNet prior)"),
    ],
)
def test_the_drawing_has_region_ellipses_and_both_estimates(name: str, heading: str, plane: Data, ax: Axes) -> None:
    picture = plots.geometry_data(model(name), *plane)
    assert plots.geometry(model(name), *plane, ax=ax) is ax
    assert len(ax.patches) == 1
    curves = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert len(curves) == 1 + len(picture.level)
    np.testing.assert_array_equal(curves[0].get_xydata(), picture.boundary)
    points = {line.get_marker(): line.get_xydata()[0] for line in ax.lines if len(line.get_xdata()) == 1}
    np.testing.assert_array_equal(points["o"], picture.map)
    np.testing.assert_array_equal(points["+"], picture.least_squares)
    assert ax.get_aspect() == 1.0
    assert ax.get_title(loc="left") == heading
    inside = np.vstack([picture.boundary, picture.least_squares, np.zeros(2)])
    assert np.all((inside > [ax.get_xlim()[0], ax.get_ylim()[0]]) & (inside < [ax.get_xlim()[1], ax.get_ylim()[1]]))


def test_names_come_from_the_frame_and_units_apart_are_not_squashed(plane: Data) -> None:
    import pandas as pd

    X, y = plane
    frame = pd.DataFrame({"age": X[:, 0], "pay": 1000 * X[:, 1]})
    made = plots.geometry(br.Model(likelihoods.Gaussian(SIGMA), priors.Gaussian([0.15, 1.5e-4])), frame, y)
    assert made.get_xlabel() == "coefficient of age"
    assert made.get_ylabel() == "coefficient of pay"
    assert made.get_aspect() == "auto"
    plt.close(made.figure)


@pytest.mark.parametrize(
    ("prior", "columns", "message"),
    [
        (priors.Laplace(1.0), [0], "X must have 2 columns; it has 1"),
        (priors.Laplace(1.0), [0, 0], "columns of X are collinear"),
        (priors.Flat(), [0, 1], "penalises both coefficients"),
        (priors.Gaussian([1.0, np.inf]), [0, 1], "penalises both coefficients"),
    ],
)
def test_what_has_no_picture_is_refused_before_a_figure_is_made(
    prior: priors.Laplace, columns: list[int], message: str, plane: Data
) -> None:
    with pytest.raises(InputError, match=message):
        plots.geometry(br.Model(likelihoods.Gaussian(SIGMA), prior), plane[0][:, columns], plane[1])


def test_a_binary_response_has_no_ellipses(plane: Data) -> None:
    classes = (plane[1] > np.median(plane[1])).astype(float)
    with pytest.raises(InputError, match="needs a Gaussian likelihood, got Bernoulli"):
        plots.geometry(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), plane[0], classes)
    with pytest.raises(InputError, match="n_points must be an integer of at least 4"):
        plots.geometry_data(model("l1"), *plane, n_points=3)


def test_a_response_that_nothing_explains_has_limits_all_the_same(plane: Data, ax: Axes) -> None:
    model = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0))
    plots.geometry(model, plane[0], np.zeros(len(plane[0])), ax=ax)
    assert ax.get_xlim()[0] < 0 < ax.get_xlim()[1]
