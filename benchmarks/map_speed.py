"""Time of our MAP beside other libraries', each at the accuracy that it is asked for.

    ./run --group bench python benchmarks/map_speed.py [--only JOB] [--scale 0.1]

Every peer runs at the loosest tolerance (found beforehand) at which its relative gap, recomputed by one function that
is neither's own, is at most 1e-6; ours is certified at 1e-10, certificate included in the time. All sides alternate in
one process, warm, on one thread; medians. ``--only`` takes a job's number or a part of its name; job 9 is the first fit
of a fresh process.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import first_fit
import numba
from gaps import Fits, Judge
from jobs import JOBS, Job, Task
from peers import Peer
from threadpoolctl import threadpool_limits

ENOUGH = 1e-6
# A search for a tolerance ends after a fit that took so many seconds.
PATIENCE = 90.0


@dataclass
class Side:
    """One of those who are timed: its tolerance, its gap there and its times, or why it is not timed."""

    name: str
    fit: Callable[[], Fits]
    tolerance: float | None
    gap: float
    trial: float
    failed: str = ""
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        """Short fits are timed more often."""
        if self.trial > 60:
            return 1
        return 3 if self.trial > 5 else min(max(5, int(1.0 / self.trial)), 51)

    def time_once(self) -> None:
        """Add one wall and one CPU time."""
        wall, cpu = time.perf_counter(), time.process_time()
        self.fit()
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)


def our_side(task: Task, judge: Judge) -> Side:
    """Ours, whose multipliers the judge keeps."""
    gap, elapsed = _trial(task.ours, judge)
    return Side("bayesreg", task.ours, None, gap, elapsed)


def peer_side(name: str, peer: Peer, judge: Judge) -> Side:
    """A peer at the loosest tolerance that is enough."""
    best, tolerance, elapsed, failed = float("inf"), peer.tolerances[0], 0.0, ""
    for tolerance in peer.tolerances:
        try:
            gap, elapsed = _trial(partial(peer.fit, tolerance), judge)
        except Exception as error:
            failed = f"failed: {error}"[:60]
            break
        best = min(best, gap)
        if gap <= ENOUGH or elapsed > PATIENCE:
            break
    if not failed and best > ENOUGH:
        failed = f"does not reach 1e-6 ({elapsed:.0f} s at tol {tolerance:.0e})"
    return Side(name, partial(peer.fit, tolerance), tolerance, best, elapsed, failed)


def _trial(fit: Callable[[], Fits], judge: Judge) -> tuple[float, float]:
    """Gap and seconds of a fit; a second one where the first may have compiled."""
    for _ in range(2):
        began = time.perf_counter()
        fits = fit()
        elapsed = time.perf_counter() - began
        if elapsed > 5:
            break
    return judge.relative_gap(fits), elapsed


def measure(task: Task) -> list[Side]:
    """Search the tolerances, then time everybody in turn."""
    judge = Judge(task.problem)
    sides = [our_side(task, judge), *(peer_side(name, peer, judge) for name, peer in task.peers.items())]
    timed = [side for side in sides if not side.failed]
    for turn in range(max(side.rounds for side in timed)):
        for side in timed:
            if turn < side.rounds:
                side.time_once()
    return sides


def show(job: Job, sides: list[Side]) -> None:
    """Print the rows of one job; the last column is the peer's time over ours, wall and CPU."""
    ours = sides[0]
    mine, my_cpu = statistics.median(ours.wall), statistics.median(ours.cpu)
    print(f"\n{job.number}  {job.name}")
    for side in sides:
        tolerance = f"{side.tolerance:.0e}" if side.tolerance else ""
        head = f"   {side.name:<24}{tolerance:>7}{side.gap:>9.0e}"
        if side.failed:
            print(f"{head}   {side.failed}")
            continue
        wall, cpu = statistics.median(side.wall), statistics.median(side.cpu)
        ratio = "" if side is ours else f"{wall / mine:>12.2f}{cpu / my_cpu:>8.2f}"
        print(f"{head}{1000 * wall:>12.2f}{1000 * cpu:>12.2f}{ratio}")
    timed = [side for side in sides[1:] if not side.failed]
    if timed:
        # One thread's CPU time does not depend on what else the machine does.
        best = min(timed, key=lambda side: statistics.median(side.cpu))
        wall, cpu = mine / statistics.median(best.wall), my_cpu / statistics.median(best.cpu)
        verdict = "" if cpu <= 1 else "   SLOWER"
        print(f"   ours / best peer ({best.name}): wall {wall:.2f}, CPU {cpu:.2f}{verdict}", flush=True)


def main() -> None:
    """Read the options and run what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a job's number, or a part of its name")
    parser.add_argument("--scale", type=float, default=1.0, help="shrink rows and columns, for a trial")
    options = parser.parse_args()
    numba.set_num_threads(1)
    if options.only.isdigit():
        wanted = [job for job in JOBS if job.number == int(options.only)]
    else:
        wanted = [job for job in JOBS if options.only in job.name]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if wanted:
            print(f"{'':<27}{'tol':>7}{'gap':>9}{'wall, ms':>12}{'CPU, ms':>12}{'wall/ours':>12}{'CPU':>8}")
        for job in wanted:
            show(job, measure(job.make(options.scale)))
    if options.only in ("", "9"):
        first_fit.main()


if __name__ == "__main__":
    main()
