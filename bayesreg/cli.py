"""The command line: ``bayesreg demo`` and ``bayesreg compare``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import bayesreg


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="bayesreg", description="Regularised regression and its Bayesian posterior as one model."
    )
    parser.add_argument("--version", action="version", version=f"bayesreg {bayesreg.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="the main job on data that ship with scikit-learn")
    compare = commands.add_parser("compare", help="the same on your own CSV file")
    compare.add_argument("file", help="CSV file with a header line")
    compare.add_argument("--target", required=True, help="column to predict (two values: logistic regression)")
    compare.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="columns to leave out")
    for command in (demo, compare):
        command.add_argument("--out", metavar="FOLDER", help="folder for the results; must not hold anything yet")
        # Leave-one-out needs 25 draws to fit the tail of its weights.
        command.add_argument("--draws", type=_whole(25), default=1000, help="posterior draws a chain (default 1000)")
        command.add_argument("--chains", type=_whole(1), default=4, help="chains (default 4)")
        command.add_argument("--seed", type=_whole(0), default=1, help="seed of everything random (default 1)")
    return parser


def _whole(least: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from ``least`` to 2^32 - 1 (the largest seed that every library takes)."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value < 2**32:
            raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, got {text!r}")
        return value

    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = build_parser().parse_args(arguments)
    from rich.console import Console

    from bayesreg import report
    from bayesreg.errors import BayesregError

    console = Console()
    try:
        if given.command == "demo":
            report.run_demo(console, given.out, given.draws, given.chains, given.seed)
        else:
            report.run_compare(
                console,
                given.file,
                given.target,
                out=given.out,
                drop=tuple(given.drop),
                draws=given.draws,
                chains=given.chains,
                seed=given.seed,
            )
    except BayesregError as error:
        print(f"bayesreg: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bayesreg: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
