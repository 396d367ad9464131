"""Reference fits of celer, skglm, glum and statsmodels, converged as far as each of them goes.

Run from the root of the repository, where the four are installed (the dependency group ``bench``):

    python benchmarks/reference/python_peers.py tests/reference/peer_fits

Writes ``data.json`` (X, responses, weights) and ``fits.json``: versions, and for each fit the row of the table of
conventions, its parameters, and the attributes of the fitted object that tell what it minimised and where it stopped.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

LIBRARIES = ("celer", "skglm", "glum", "statsmodels")


def make_data() -> dict[str, np.ndarray]:
    """Correlated columns of differing scales, some without an effect; four responses; weights and an offset."""
    rng = np.random.default_rng(20250301)
    n = 60
    X = (rng.standard_normal((n, 5)) + 0.6 * rng.standard_normal((n, 1))) * [2.0, 0.5, 1.0, 1.5, 0.8] + [1, -1, 0, 2, 0]
    eta = X @ [0.9, 0.0, -1.1, 0.0, 0.7]
    eta = eta - eta.mean()
    data = {
        "X": X,
        "real": 3.0 + eta + rng.standard_normal(n),
        "labels": (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float),
        "counts": rng.poisson(np.exp(0.5 + 0.35 * eta)).astype(float),
        "weight": rng.integers(1, 4, n).astype(float),
        "offset": 0.3 * rng.standard_normal(n),
    }
    # Few digits, so that the file is short and exact.
    return {name: values.round(3) for name, values in data.items()}


def celer_fits(data: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    import celer

    tight = {"tol": 1e-16, "max_iter": 1000}
    weights = np.array([0.5, 1.0, 2.0, 1.0, 3.0])
    groups = [[0, 1], [2, 3, 4]]
    fits = [
        ("celer.Lasso", celer.Lasso(alpha=0.2, **tight), "real", {"alpha": 0.2}),
        ("celer.Lasso", celer.Lasso(alpha=0.1, fit_intercept=False, **tight), "real", {"alpha": 0.1}),
        ("celer.Lasso", celer.Lasso(alpha=0.1, weights=weights, **tight), "real", {"alpha": 0.1, "weights": weights}),
        ("celer.Lasso", celer.Lasso(alpha=0.1, positive=True, **tight), "real", {"alpha": 0.1, "positive": True}),
        (
            "celer.ElasticNet",
            celer.ElasticNet(alpha=0.3, l1_ratio=0.4, weights=weights, **tight),
            "real",
            {"alpha": 0.3, "l1_ratio": 0.4, "weights": weights},
        ),
        ("celer.LogisticRegression", celer.LogisticRegression(C=0.4, **tight), "labels", {"C": 0.4}),
        (
            "celer.GroupLasso",
            celer.GroupLasso(groups=groups, alpha=0.2, **tight),
            "real",
            {"groups": groups, "alpha": 0.2},
        ),
        (
            "celer.GroupLasso",
            celer.GroupLasso(groups=[2, 1, 2], alpha=0.3, weights=np.array([1.0, 0.5, 2.0]), **tight),
            "real",
            {"groups": [2, 1, 2], "alpha": 0.3, "weights": [1.0, 0.5, 2.0]},
        ),
    ]
    names = ("alpha", "l1_ratio", "weights", "positive", "groups", "C", "fit_intercept", "classes_")
    return [record(row, est.fit(data["X"], data[of]), of, given, names) for row, est, of, given in fits]


def skglm_fits(data: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    import skglm
    from skglm import GeneralizedLinearEstimator as General
    from skglm import datafits, penalties, solvers
    from skglm.experimental.pdcd_ws import PDCD_WS
    from skglm.experimental.quantile_regression import Pinball

    tight = {"tol": 1e-14, "max_iter": 500}
    weights = np.array([0.5, 0.0, 2.0, 1.0, 3.0])
    descent, newton = solvers.AndersonCD(**tight), solvers.ProxNewton(**tight)
    groups = [[0, 1], [2, 3, 4]]
    fits = [
        ("skglm.Lasso", skglm.Lasso(alpha=0.2, **tight), "real", {"alpha": 0.2}),
        ("skglm.Lasso", skglm.Lasso(alpha=0.1, positive=True, **tight), "real", {"alpha": 0.1, "positive": True}),
        (
            "skglm.WeightedLasso",
            skglm.WeightedLasso(alpha=0.1, weights=weights, **tight),
            "real",
            {"alpha": 0.1, "weights": weights},
        ),
        (
            "skglm.ElasticNet",
            skglm.ElasticNet(alpha=0.3, l1_ratio=0.4, **tight),
            "real",
            {"alpha": 0.3, "l1_ratio": 0.4},
        ),
        (
            "skglm.SparseLogisticRegression",
            skglm.SparseLogisticRegression(alpha=0.04, **tight),
            "labels",
            {"alpha": 0.04},
        ),
        (
            "skglm.SparseLogisticRegression",
            skglm.SparseLogisticRegression(alpha=0.08, l1_ratio=0.5, **tight),
            "labels",
            {"alpha": 0.08, "l1_ratio": 0.5},
        ),
        (
            "skglm.GroupLasso",
            skglm.GroupLasso(groups=groups, alpha=0.2, weights=np.array([1.0, 2.0]), **tight),
            "real",
            {"groups": groups, "alpha": 0.2, "weights": [1.0, 2.0]},
        ),
        (
            "skglm.Quadratic",
            General(datafits.Quadratic(), penalties.L1_plus_L2(0.3, 0.4), descent),
            "real",
            {"alpha": 0.3, "l1_ratio": 0.4},
        ),
        (
            "skglm.Huber",
            General(datafits.Huber(0.8), penalties.L1(0.1), descent),
            "real",
            {"delta": 0.8, "alpha": 0.1},
        ),
        (
            "skglm.Logistic",
            General(datafits.Logistic(), penalties.WeightedL1(0.04, weights), descent),
            "labels",
            {"alpha": 0.04, "weights": weights},
        ),
        ("skglm.Poisson", General(datafits.Poisson(), penalties.L1(0.1), newton), "counts", {"alpha": 0.1}),
        (
            "skglm.Pinball",
            General(Pinball(0.3), penalties.L1(4.0), PDCD_WS(tol=1e-13, max_iter=5000, max_epochs=100_000)),
            "real",
            {"quantile_level": 0.3, "alpha": 4.0},
        ),
    ]
    names = ("alpha", "l1_ratio", "weights", "positive", "groups", "fit_intercept", "classes_")
    parts = ("alpha", "l1_ratio", "weights", "positive", "delta", "quantile_level", "fit_intercept")
    records = []
    for row, estimator, of, given in fits:
        fitted = estimator.fit(data["X"], data[of])
        found = record(row, fitted, of, given, names)
        if isinstance(estimator, General):
            for part in ("datafit", "penalty", "solver"):
                found["object"]["attributes"][part] = described(getattr(fitted, part), parts)
        records.append(found)
    return records


def glum_fits(data: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    from glum import GeneralizedLinearRegressor as Glm

    tight = {"gradient_tol": 1e-14, "max_iter": 1000, "solver": "irls-cd"}
    first, second = np.array([1.0, 0.5, 2.0, 1.0, 3.0]), np.array([2.0, 1.0, 0.5, 0.0, 1.0])
    records = []
    for family, of, alpha in (("normal", "real", 0.3), ("binomial", "labels", 0.06), ("poisson", "counts", 0.2)):
        for options, rows in (
            ({"alpha": alpha}, ()),
            ({"alpha": alpha, "l1_ratio": 0.5}, ("sample_weight",)),
            ({"alpha": alpha, "l1_ratio": 1.0, "fit_intercept": False}, ("offset",)),
            ({"alpha": alpha, "l1_ratio": 0.5, "P1": first, "P2": second}, ("sample_weight", "offset")),
            ({"alpha": alpha, "l1_ratio": 0.5, "scale_predictors": True}, ("sample_weight",)),
        ):
            given = {"sample_weight": data["weight"], "offset": data["offset"]}
            fitted = Glm(family=family, **options, **tight).fit(
                data["X"], data[of], **{name: given[name] for name in rows}
            )
            names = ("alpha", "l1_ratio", "P1", "P2", "scale_predictors", "family", "link", "fit_intercept")
            found = record(f"glum.{family}", fitted, of, without(options, "fit_intercept"), names)
            records.append(found | {"rows": list(rows)})
    return records


def statsmodels_fits(data: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    import statsmodels.api as sm

    X = sm.add_constant(data["X"])
    free = np.array([0.0, 0.2, 0.2, 0.1, 0.2, 0.3])
    # The descent never revisits a coefficient that was 0: the first lasso below ends above its minimum.
    descent = {"cnvrg_tol": 1e-15, "zero_tol": 1e-12, "maxiter": 100_000}
    slsqp = {"disp": 0, "acc": 1e-15, "maxiter": 100_000, "trim_mode": "auto"}
    ridge = {"cnvrg_tol": 1e-15}
    models = {
        "OLS": lambda: sm.OLS(data["real"], X),
        "WLS": lambda: sm.WLS(data["real"], X, weights=data["weight"]),
        "GLM.Binomial": lambda: sm.GLM(data["labels"], X, family=sm.families.Binomial()),
        "GLM.Poisson": lambda: sm.GLM(data["counts"], X, family=sm.families.Poisson()),
        "Logit": lambda: sm.Logit(data["labels"], X),
        "Poisson": lambda: sm.Poisson(data["counts"], X),
    }
    response = {"OLS": "real", "WLS": "real", "GLM.Poisson": "counts", "Poisson": "counts"}
    records = []
    for name, parameters, options in (
        ("OLS", {"alpha": 0.2, "L1_wt": 0.0}, {}),
        ("OLS", {"alpha": free, "L1_wt": 0.0}, {}),
        ("OLS", {"alpha": free, "L1_wt": 1.0}, descent),
        ("OLS", {"alpha": 2.0, "L1_wt": 0.5}, descent),
        ("WLS", {"alpha": free, "L1_wt": 1.0}, descent),
        ("GLM.Binomial", {"alpha": 0.3 * free, "L1_wt": 0.0}, ridge),
        ("GLM.Binomial", {"alpha": 0.3 * free, "L1_wt": 1.0}, descent),
        ("GLM.Poisson", {"alpha": free, "L1_wt": 0.0}, ridge),
        ("GLM.Poisson", {"alpha": free, "L1_wt": 1.0}, {"method": "l1_slsqp", "acc": 1e-15, "maxiter": 100_000}),
        ("Logit", {"alpha": 10 * free}, slsqp),
        ("Poisson", {"alpha": 30 * free}, slsqp),
    ):
        fitted = models[name]().fit_regularized(**parameters, **options)
        inner = getattr(fitted, "_results", fitted)
        model = described(fitted.model, ("k_constant", "freq_weights", "var_weights"))
        attributes: dict[str, Any] = {"params": fitted.params, "model": model}
        if name.startswith("GLM"):
            model["attributes"]["family"] = described(fitted.model.family, ())
            model["attributes"]["family"]["attributes"]["link"] = described(fitted.model.family.link, ())
        if hasattr(inner, "mle_settings"):
            attributes["mle_settings"] = {key: inner.mle_settings[key] for key in ("optimizer", "alpha")}
        records.append(
            {
                "convention": f"statsmodels.{'OLS' if name == 'WLS' else name}",
                "parameters": parameters,
                "response": response.get(name, "labels"),
                "rows": ["sample_weight"] if name == "WLS" else [],
                "fit_intercept": False,
                "object": {"module": type(fitted).__module__, "class": type(fitted).__name__, "attributes": attributes},
            }
        )
    return records


def record(row: str, fitted: Any, response: str, parameters: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """One fit as JSON holds it."""
    known = vars(fitted)
    return {
        "convention": row,
        "parameters": parameters,
        "response": response,
        "rows": [],
        "fit_intercept": known.get("fit_intercept", getattr(known.get("solver"), "fit_intercept", True)),
        "object": described(fitted, (*names, "coef_", "intercept_")),
    }


def described(thing: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Class of an object and those of the named attributes that it has."""
    return {
        "module": type(thing).__module__,
        "class": type(thing).__name__,
        "attributes": {name: getattr(thing, name) for name in names if hasattr(thing, name)},
    }


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """All but some entries."""
    return {key: value for key, value in values.items() if key not in names}


def plain(value: Any) -> Any:
    """What JSON cannot hold itself: arrays and NumPy numbers."""
    return value.tolist()


def main(folder: Path) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    data = make_data()
    with warnings.catch_warnings():
        # Solvers that stop at rounding error say that they did not converge.
        warnings.simplefilter("ignore")
        fits = [*celer_fits(data), *skglm_fits(data), *glum_fits(data), *statsmodels_fits(data)]
    (folder / "data.json").write_text(
        "{\n" + ",\n".join(f'"{key}": {json.dumps(value.tolist())}' for key, value in data.items()) + "\n}\n"
    )
    versions = json.dumps({name: version(name) for name in LIBRARIES})
    lines = ",\n".join(json.dumps(fit, default=plain) for fit in fits)
    (folder / "fits.json").write_text(f'{{\n"versions": {versions},\n"fits": [\n{lines}\n]\n}}\n')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
