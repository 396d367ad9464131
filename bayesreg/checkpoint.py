"""The file of a long run: its draws so far, where every chain stands, and which run it belongs to.

An .npz archive of plain numeric arrays and one JSON text (nothing in it is ever executed). It is written beside its
place, brought to the disk, and only then moved there: whenever the machine stops, a whole file remains.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.problem import Problem

Array = NDArray[np.float64]

FORMAT = "bayesreg checkpoint 1"
WORDS = {
    "model": "the model",
    "X": "X",
    "names": "the column names",
    "y": "y",
    "sample_weight": "sample_weight",
    "offset": "offset",
    "seed": "seed",
    "chains": "chains",
    "tune": "tune",
    "engine": "the engine",
    "versions": "the versions of the libraries",
}


@dataclass(frozen=True, eq=False)
class Saved:
    """Where a run stands after all chains have made the same number of draws.

    Parameters
    ----------
    values : dict of str to array, shape (chains, draws, ...)
        The draws so far; empty after the warm-up.
    states : tuple of dict
        ``Chain.state()`` of every chain.
    generators : tuple of dict
        State of the bit generator of every chain.
    """

    values: dict[str, Array]
    states: tuple[dict[str, Array], ...]
    generators: tuple[dict[str, Any], ...]

    @property
    def length(self) -> int:
        """Draws of each chain."""
        return next((value.shape[1] for value in self.values.values()), 0)


@dataclass(frozen=True)
class Checkpoint:
    """A file, and the run that it may hold.

    Parameters
    ----------
    path : Path
    every : int or None
        Write after every so many draws a chain; None: now and then, by the clock.
    run : dict of str to str
        What makes the run what it is; see `fingerprint`.
    """

    path: Path
    every: int | None
    run: dict[str, str]

    def read(self) -> Saved | None:
        """Return what the file holds, None where there is none yet.

        Raises
        ------
        InputError
            If the file cannot be read, or belongs to another run: the message names what differs.
        """
        if not self.path.exists():
            return None
        meta, arrays = _load(self.path)
        stored = meta["run"]
        differing = [
            f"{words} ({stored.get(key)} there, {self.run[key]} now)" if key in SHORT else words
            for key, words in WORDS.items()
            if stored.get(key) != self.run[key]
        ]
        if differing:
            raise InputError(
                f"checkpoint={str(self.path)!r} is the file of another run: it differs in {', '.join(differing)}. It "
                "is never overwritten: give another path, or delete it first."
            )
        states = tuple(_below(arrays, f"state/{chain}/") for chain in range(len(meta["generators"])))
        return Saved(_below(arrays, "draws/"), states, tuple(meta["generators"]))

    def write(self, saved: Saved) -> None:
        """Replace the file by one of where the run stands now; the old one stays whole until the new one is.

        Raises
        ------
        OSError
            If there is no room or no permission.
        """
        arrays = {f"draws/{name}": value for name, value in saved.values.items()}
        for chain, state in enumerate(saved.states):
            arrays |= {f"state/{chain}/{name}": np.asarray(value) for name, value in state.items()}
        meta = json.dumps({"format": FORMAT, "run": self.run, "generators": saved.generators})
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            with part.open("wb") as file:
                np.savez(file, allow_pickle=False, meta=np.array(meta), **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)
        _settle(self.path.parent)


# What is short enough to be told in a message.
SHORT = {"seed", "chains", "tune", "engine", "versions"}


def fingerprint(problem: Problem, engine: str, chains: int, tune: int, seed: np.random.SeedSequence) -> dict[str, str]:
    """Everything that the draws depend on, each as a text: what is large as its SHA-256."""
    design = problem.design
    return {
        "model": problem.spec,
        "X": _digest(design.X),
        "names": _digest("\n".join(design.names)),
        "y": _digest(design.y),
        "sample_weight": _digest(design.weight),
        "offset": _digest(design.offset),
        "seed": str(seed.entropy),
        "chains": str(chains),
        "tune": str(tune),
        "engine": engine,
        "versions": ", ".join(f"{name} {version(name)}" for name in ("bayesreg", "numpy", "scipy", "numba")),
    }


def checked_path(path: Any, every: Any = None) -> Path | None:
    """Return the path of a checkpoint; raise where no file could be written before hours are spent on it."""
    if every is not None and (not isinstance(every, int | np.integer) or isinstance(every, bool) or every < 1):
        raise InputError(f"checkpoint_every must be an integer of at least 1, got {every!r}.")
    if path is None:
        if every is not None:
            raise InputError("checkpoint_every= needs the file to write: give checkpoint= too.")
        return None
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"checkpoint must be a path, got {type(path).__name__}.")
    found = Path(path)
    if found.is_dir():
        raise InputError(f"checkpoint={str(path)!r} is a folder; give the path of a file in it.")
    if not found.parent.is_dir() or not os.access(found.parent, os.W_OK):
        raise InputError(f"checkpoint={str(path)!r}: there is no folder {str(found.parent)!r} that can be written to.")
    return found


def stored_seed(path: Path) -> int | None:
    """Entropy of the run in a file, for a call that gives no seed; None where there is no file."""
    if not path.exists():
        return None
    seed = _load(path)[0]["run"]["seed"]
    if not seed.isdigit():
        raise InputError(f"checkpoint={str(path)!r} was begun with a numpy.random.Generator as seed: give seed= again.")
    return int(seed)


def _load(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read the whole file, every array of which has a checksum."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        meta = json.loads(str(arrays.pop("meta")))
        if meta["format"] != FORMAT or not isinstance(meta["run"], dict) or not meta["generators"]:
            raise ValueError(f"its format is {meta['format']!r}, not {FORMAT!r}")
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"checkpoint={str(path)!r} cannot be read ({error}): it is damaged, or no checkpoint of this package. "
            "Give another path, or delete it to start anew."
        ) from error
    return meta, arrays


def _below(arrays: dict[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def _digest(value: Any) -> str:
    if isinstance(value, str):
        return hashlib.sha256(value.encode()).hexdigest()
    array = np.ascontiguousarray(value)
    return f"{array.shape} {hashlib.sha256(array.tobytes()).hexdigest()}"


def _settle(folder: Path) -> None:
    """Bring the new name to the disk too, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
