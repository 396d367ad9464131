"""Running the chains of a sampler of our own: in threads, in rounds, until there is enough.

All chains make the same number of draws in a round, which lasts about `ROUND` seconds; between rounds the run can be
interrupted, saved and looked at. A chain's draws depend on its own generator alone and not on how they are cut into
rounds, so that the same seed gives the same draws on any number of cores, in one go or in many.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.checkpoint import Checkpoint, Saved
from bayesreg.diagnostics import NOT_JUDGED, smallest_ess
from bayesreg.engines.base import Chain, ChainEngine, Options, SampleEngine
from bayesreg.errors import InputError, SamplingWarning, warn
from bayesreg.numerics.mixing import SMALLEST
from bayesreg.numerics.threads import one_blas_thread
from bayesreg.outcomes import Draws
from bayesreg.problem import Problem
from bayesreg.progress import Progress

Array = NDArray[np.float64]

ROUND = 0.2
FIRST_ROUND = 1
# Without `checkpoint_every`, writing takes at most a twentieth of the time.
PAUSE, SHARE = 30.0, 20
# Of the parameters whose effective size is shown while chains run.
WATCHED = 8
# Where max_draws is not given: so many times draws.
LONGEST = 20


@dataclass(frozen=True)
class Request:
    """How much to draw, and how.

    Parameters
    ----------
    draws, chains, tune : int
        ``tune`` is the warm-up.
    cores : int or None
        Threads; None: all that this process may use.
    target_ess : float or None
        Go on until every parameter has this bulk and tail ESS, but not beyond ``max_draws``.
    max_draws : int or None
        None: 20 times ``draws``.
    progressbar : bool
    block : int or None
        Draws a round; None: by the clock.
    """

    draws: int
    chains: int
    tune: int
    cores: int | None = None
    target_ess: float | None = None
    max_draws: int | None = None
    progressbar: bool = False
    block: int | None = None

    def __post_init__(self) -> None:
        for name in ("draws", "chains", "tune", "cores", "max_draws", "block"):
            value = getattr(self, name)
            if value is not None:
                _check_count(name, value, 0 if name == "tune" else 1)
        if self.target_ess is None:
            if self.max_draws is not None:
                raise InputError("max_draws limits target_ess, which is not given; draws says how many to draw.")
        elif not (isinstance(self.target_ess, int | float | np.number) and 0 < self.target_ess < math.inf):
            raise InputError(f"target_ess must be a positive number, got {self.target_ess!r}.")
        elif self.limit < self.draws:
            raise InputError(f"max_draws must be at least draws={self.draws}, got {self.max_draws}.")

    @property
    def limit(self) -> int:
        """The most draws a chain."""
        return self.draws if self.target_ess is None else (self.max_draws or LONGEST * self.draws)

    @property
    def threads(self) -> int:
        """Chains that run at the same time."""
        return min(self.chains, self.cores or available_cores())

    def after(self, stop: int, ess: float) -> int | None:
        """How many draws to have next, when ``stop`` of them gave so large a smallest ESS; None if that is enough."""
        if self.target_ess is None or ess >= self.target_ess or stop >= self.limit:
            return None
        # A tenth more than proportionally; early estimates are too poor to plan far ahead with.
        factor = min(max(1.1 * self.target_ess / max(ess, 1.0), 1.2), 4.0)
        return min(math.ceil(stop * factor), self.limit)


def _check_count(name: str, value: Any, least: int) -> None:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise InputError(f"{name} must be an integer of at least {least}, got {value!r}.")


def available_cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    engine: ChainEngine,
    problem: Problem,
    request: Request,
    seed: np.random.SeedSequence,
    checkpoint: Checkpoint | None = None,
) -> Draws:
    """Warm up and advance every chain.

    Parameters
    ----------
    engine : ChainEngine
    problem : Problem
    request : Request
    seed : numpy.random.SeedSequence
        One child a chain.
    checkpoint : Checkpoint, optional

    Returns
    -------
    Draws
        ``attrs["interrupted"]`` is 1 where Ctrl-C ended it early.

    Raises
    ------
    InputError
        If the checkpoint is damaged or belongs to another run.
    KeyboardInterrupt
        If there are not even four draws to return.
    """
    found = checkpoint.read() if checkpoint is not None else None
    generators = [np.random.Generator(np.random.PCG64(child)) for child in seed.spawn(request.chains)]
    chains = [engine.start(problem, rng) for rng in generators]
    return _Run(engine.name, chains, generators, request, checkpoint, found).go()


def repeat(
    engine: SampleEngine, problem: Problem, request: Request, seed: np.random.SeedSequence, target_accept: float
) -> Draws:
    """Draw with an engine that cannot go on from where it was: for a target, again with more draws.

    Parameters
    ----------
    engine : SampleEngine
    problem : Problem
    request : Request
    seed : numpy.random.SeedSequence
    target_accept : float
        For NUTS.

    Returns
    -------
    Draws
    """
    options = Options(
        tune=request.tune,
        cores=request.cores or available_cores(),
        progressbar=request.progressbar,
        target_accept=target_accept,
    )
    more: int | None = request.draws
    while more is not None:
        draws = more
        # Spawning from a sequence changes it: every attempt gets the same one.
        again = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
        drawn = engine.sample(problem, draws, request.chains, again, options)
        if request.target_ess is not None and drawn.exactness == "independent":
            # Every draw counts in full, whatever an estimate of that says.
            enough = min(math.ceil(request.target_ess / request.chains), request.limit)
            more = enough if enough > draws else None
        elif drawn.attrs.get("interrupted"):
            more = None
        else:
            more = request.after(draws, 0.0 if request.target_ess is None else smallest_ess(drawn.values))
    return drawn


class _Run:
    """The chains of one run, what they have drawn, and where all of them last stood together."""

    def __init__(
        self,
        title: str,
        chains: list[Chain],
        generators: list[np.random.Generator],
        request: Request,
        checkpoint: Checkpoint | None,
        found: Saved | None,
    ) -> None:
        self.title = title
        self.chains = chains
        self.generators = generators
        self.request = request
        self.checkpoint = checkpoint
        self.values: dict[str, Array] = {}
        self.length = 0
        self.saved = found
        self.written = time.monotonic()
        self.writing = 0.0
        if found is not None:
            self.values, self.length = dict(found.values), found.length
            for chain, rng, state, bits in zip(chains, generators, found.states, found.generators, strict=True):
                chain.restore(state)
                rng.bit_generator.state = bits
        self.before = self.length

    def go(self) -> Draws:
        pool = ThreadPoolExecutor(self.request.threads, thread_name_prefix="bayesreg-chain")
        stop, interrupted = self.request.draws, False
        with one_blas_thread(), Progress(self.title, self.request.progressbar) as shown:
            try:
                if self.saved is None:
                    _results([pool.submit(chain.warm_up, self.request.tune) for chain in self.chains])
                    self.note_where()
                    self.write()
                shown.warmed_up()
                ahead: int | None = stop
                while ahead is not None:
                    stop = ahead
                    interrupted = self.draw_until(stop, pool, shown)
                    ahead = None if interrupted else self.request.after(stop, self.ess(stop))
            except KeyboardInterrupt:
                interrupted = True
            finally:
                # A second Ctrl-C leaves at once; threads end with what they are at.
                pool.shutdown(wait=False, cancel_futures=True)
            if interrupted or self.length > self.before:
                self.write()
        if interrupted:
            stop = min(stop, self.length)
            if stop < SMALLEST:
                raise KeyboardInterrupt
        kept = {name: value[:, :stop] for name, value in self.values.items()}
        stats = {name.removeprefix("stats/"): kept.pop(name) for name in list(kept) if name.startswith("stats/")}
        return Draws(kept, stats, "mcmc", {}, attrs={"interrupted": 1} if interrupted else {})

    def draw_until(self, stop: int, pool: ThreadPoolExecutor, shown: Progress) -> bool:
        """Advance all chains to so many draws; return whether that was interrupted."""
        every = self.checkpoint.every if self.checkpoint is not None else None
        size = self.request.block or FIRST_ROUND
        while self.length < stop:
            count = min(size, stop - self.length)
            if every is not None:
                count = min(count, every - self.length % every)
            began = time.monotonic()
            jobs = [pool.submit(chain.advance, count) for chain in self.chains]
            parts, interrupted = _finished(jobs)
            if parts is None:
                return True
            self.append(parts, stop)
            self.note_where()
            if interrupted:
                return True
            if self.request.block is None:
                spent = max(time.monotonic() - began, 1e-6)
                size = max(1, min(4 * size, int(count * ROUND / spent)))
            if every is not None and self.length % every == 0:
                self.write()
            elif every is None and time.monotonic() - self.written > max(PAUSE, SHARE * self.writing):
                self.write()
            shown.draws(self.length, self.length - self.before, stop, self.watched_ess)
        return False

    def append(self, parts: list[dict[str, Array]], capacity: int) -> None:
        """Put one more part behind the draws of every chain."""
        new = len(next(iter(parts[0].values())))
        end = self.length + new
        for name in parts[0]:
            shape = np.shape(parts[0][name])[1:]
            held = self.values.get(name)
            if held is None or held.shape[1] < end:
                grown = np.empty((len(parts), max(capacity, end), *shape))
                if held is not None:
                    grown[:, : self.length] = held[:, : self.length]
                self.values[name] = grown
            for chain, part in enumerate(parts):
                self.values[name][chain, self.length : end] = part[name]
        self.length = end

    def note_where(self) -> None:
        """Remember where the chains stand, for the file: they are never asked while they move."""
        if self.checkpoint is not None:
            states = tuple({k: np.array(v) for k, v in chain.state().items()} for chain in self.chains)
            bits = tuple(dict(rng.bit_generator.state) for rng in self.generators)
            self.saved = Saved({name: value[:, : self.length] for name, value in self.values.items()}, states, bits)

    def write(self) -> None:
        """Write the file, if one is wanted; a disk that is full does not end the run."""
        if self.checkpoint is None or self.saved is None:
            return
        began = time.monotonic()
        try:
            self.checkpoint.write(self.saved)
        except OSError as error:
            warn(
                f"the checkpoint could not be written ({error}); sampling goes on, and tries again later.",
                SamplingWarning,
            )
        self.written = time.monotonic()
        self.writing = self.written - began

    def ess(self, stop: int) -> float:
        """Smallest ESS of the first draws; only a target asks for it."""
        if self.request.target_ess is None:
            return math.inf
        return smallest_ess(_judged({name: value[:, :stop] for name, value in self.values.items()}))

    def watched_ess(self) -> float:
        """Smallest ESS of a few parameters."""
        few = {}
        for name, value in _judged(self.values).items():
            few[name] = value[:, : self.length].reshape(len(self.chains), self.length, -1)[..., :WATCHED]
        return smallest_ess(few)


def _judged(values: dict[str, Array]) -> dict[str, Array]:
    return {name: v for name, v in values.items() if name != NOT_JUDGED and not name.startswith("stats/")}


def _results(jobs: Iterable[Future[Any]]) -> list[Any]:
    """Wait so that Ctrl-C is heard on every system."""
    waiting = set(jobs := list(jobs))
    while waiting:
        waiting = wait(waiting, timeout=0.1).not_done
    return [job.result() for job in jobs]


def _finished(jobs: list[Future[dict[str, Array]]]) -> tuple[list[dict[str, Array]] | None, bool]:
    """Parts of all chains, None if one of them was interrupted itself; and whether Ctrl-C came meanwhile."""
    interrupted = False
    try:
        wait_for = _results(jobs)
    except KeyboardInterrupt:
        interrupted = True
        if any(job.done() and isinstance(job.exception(), KeyboardInterrupt) for job in jobs):
            return None, True
        # The round is nearly over: let all chains end it, so that they stay together.
        wait_for = _results(jobs)
    return wait_for, interrupted
