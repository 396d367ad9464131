"""Files of a report: written whole or not at all, never over somebody else's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesreg.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def new_folder(wanted: str | None, default: str) -> Path:
    """Make and return a folder for results.

    Parameters
    ----------
    wanted : str or None
        The user's choice; it must not exist, or be empty.
    default : str
        Name in the current directory otherwise; a number is added when it is taken.
    """
    if wanted is not None:
        folder = Path(wanted)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"--out {wanted} exists and is not empty; nothing is overwritten, so name a new folder.")
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    number = 1
    while True:
        folder = Path(default if number == 1 else f"{default}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to, and move it there when that has gone well."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def save_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV."""
    with written(path) as temporary:
        frame.to_csv(temporary)


def save_posterior(post: xr.DataTree, path: Path) -> None:
    """Write a posterior as netCDF; ``arviz.from_netcdf`` reads it."""
    with written(path) as temporary:
        post.to_netcdf(temporary, engine="h5netcdf")


def save_figure(axes: Any, path: Path) -> None:
    """Write the figure of some matplotlib axes and close it."""
    import matplotlib.pyplot as plt

    figure = axes.figure
    with written(path) as temporary:
        figure.savefig(temporary, dpi=150, bbox_inches="tight")
    plt.close(figure)
