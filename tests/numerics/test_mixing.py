"""R-hat and effective sizes are those of ArviZ, for chains of every kind and length."""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest
import xarray as xr

from bayesreg.numerics import mixing as module
from bayesreg.numerics.mixing import TAILS, mixing


def autoregressive(phi: float, chains: int, draws: int, k: int, rng: np.random.Generator) -> np.ndarray:
    x = rng.standard_normal((chains, draws, k))
    x[:, 0] /= np.sqrt(1 - phi**2)
    for t in range(1, draws):
        x[:, t] += phi * x[:, t - 1]
    return x


def chains_of_every_kind(chains: int, draws: int) -> np.ndarray:
    rng = np.random.default_rng([chains, draws])
    moving = [autoregressive(phi, chains, draws, 2, rng) for phi in (0.0, 0.4, 0.9, 0.99, -0.6, -0.95)]
    walk = np.cumsum(moving[0], axis=1)
    apart = moving[1] + np.arange(chains)[:, None, None]
    stuck = np.zeros((chains, draws, 1))
    return np.concatenate([*moving, walk, apart, np.round(walk), np.round(moving[0]), moving[0] ** 3, stuck], axis=-1)


@pytest.mark.parametrize("chains", [1, 2, 4])
@pytest.mark.parametrize("draws", [4, 5, 6, 7, 8, 9, 25, 100, 301])
def test_the_numbers_are_those_of_arviz(chains: int, draws: int) -> None:
    x = chains_of_every_kind(chains, draws)
    data = xr.Dataset({"x": (("chain", "draw", "k"), x)})
    found = mixing(x)
    with np.errstate(all="ignore"):
        bulk, tail = az.ess(data, method="bulk")["x"], az.ess(data, method="tail", prob=TAILS)["x"]
        if chains > 1:
            np.testing.assert_allclose(found.rhat, az.rhat(data)["x"], rtol=1e-9)
        else:
            assert np.isnan(found.rhat).all()
    np.testing.assert_allclose(found.ess_bulk, bulk, rtol=1e-9)
    np.testing.assert_allclose(found.ess_tail, tail, rtol=1e-9)


def test_batches_do_not_change_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    x = chains_of_every_kind(2, 60)
    whole = mixing(x)
    monkeypatch.setattr(module, "BATCH", 3 * 2 * 60)
    parts = mixing(x)
    for name in ("rhat", "ess_bulk", "ess_tail"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_what_cannot_be_measured_is_not_a_number() -> None:
    x = np.random.default_rng(0).standard_normal((4, 50, 3))
    x[2, 7, 1] = np.nan
    x[0, 0, 2] = np.inf
    found = mixing(x)
    for values in (found.rhat, found.ess_bulk, found.ess_tail):
        np.testing.assert_array_equal(np.isnan(values), [False, True, True])
    assert np.isnan(mixing(x[:, :3]).ess_bulk).all()


def test_chains_that_each_stay_at_a_place_of_their_own_have_an_infinite_r_hat() -> None:
    x = np.broadcast_to(np.arange(3.0)[:, None, None], (3, 20, 1))
    assert mixing(x).rhat[0] > 1e6
