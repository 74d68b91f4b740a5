"""``grade --dask``: the same jobs, done by the workers of a Dask scheduler.

A worker sees neither the submissions nor the reports: a job's files go to it as bytes,
and what is to be written comes back. It needs the same version of the lab, in whose
folder it was started. When a worker is lost, the scheduler gives its jobs to others.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tests.classroom.errors import ClassroomError
from tests.classroom.hand_ins import HandIn
from tests.classroom.jobs import (
    Done,
    Graded,
    Job,
    grade_suites,
    lab_digest,
    not_graded,
)
from tests.classroom.suite import GLANCE
from tests.harness import confinement

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster, as_completed

MISSING = "--dask needs one more package: python -m pip install distributed"
HERE = "local"  # instead of an address: workers on this machine
CONNECTS = 10  # seconds to wait for a scheduler
# Jobs handed out for each thread of the cluster: one to do, and one to go on with.
# With more, a worker that is lost would cast doubt on jobs that it had not begun.
IN_ADVANCE = 2
OTHER_LAB = "another version of the lab or of Python (see: git log, python -V)"
NO_LAB = "start the scheduler and its workers in the lab's folder"
GONE = "is gone. Once it is back, the same command goes on from here."
LOST = "not graded: the workers that tried were lost"

# In a worker: what stops the jobs of a run, and the jobs (threads) that are not done.
stops: dict[str, threading.Event] = {}
at_work: set[tuple[str, int]] = set()


@contextmanager
def cluster_at(address: str, workers: int, place: Path) -> Iterator["Cluster"]:
    """Connect to a scheduler, such as ``tcp://10.0.0.1:8786``, or start one here.

    The latter has that many ``workers``, whose files lie below ``place``. Raises
    ClassroomError when Dask is not installed, or the cluster cannot be used.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClassroomError(MISSING) from None
    with contextlib.ExitStack() as stack:
        is_here = address == HERE
        if is_here:
            address = stack.enter_context(start_here(workers, place)).scheduler_address
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # we say it
        try:
            client = stack.enter_context(Client(address, timeout=CONNECTS))
        except (OSError, ValueError) as error:
            raise ClassroomError(f"--dask {address}: {error}") from None
        if is_here:
            client.run(ignore_interrupts)
        yield Cluster(client, address)


def start_here(workers: int, place: Path) -> "LocalCluster":
    """Start a scheduler and workers on this machine, for as long as the run lasts."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        memory_limit=0,  # programs have limits of their own
        dashboard_address="127.0.0.1:0",  # no fixed port
        local_directory=str(place.absolute()),
        silence_logs=logging.CRITICAL,
    )


def ignore_interrupts() -> None:
    """Let this worker live on after Ctrl+C, which a terminal sends to workers as well.

    By a handler: SIG_IGN would be handed down to the students' programs, execve(2).
    """
    signal.signal(signal.SIGINT, lambda number, frame: None)


class Cluster:
    """The workers of a Dask scheduler. A submission's suites are one job."""

    def __init__(self, client: "Client", address: str) -> None:
        """Look whether there are workers, and whether they have the same lab.

        Raises ClassroomError, in one line, if not.
        """
        self.client, self.address = client, address
        self.run = uuid.uuid4().hex
        self._running: dict[Future, Job] = {}
        if not client.nthreads():
            raise ClassroomError(f"{address} has no workers yet.")
        try:
            client.run_on_scheduler(lab_digest)  # which unpacks jobs, too
            digests = client.run(lab_digest)
        except ImportError as error:
            raise ClassroomError(f"{address}: {NO_LAB} ({error})") from None
        for worker, digest in digests.items():
            if digest != lab_digest():
                raise ClassroomError(f"{worker} has {OTHER_LAB}.")

    def why_no_sandbox(self) -> str:
        """Return why a worker has no sandbox, or '' if all have one."""
        reasons = self.client.run(confinement.why_no_sandbox)
        lacking = [f"{worker}: {why}" for worker, why in reasons.items() if why]
        return lacking[0] if lacking else ""

    def busy_with(self) -> list[str]:
        """Return nobody: only the scheduler knows."""
        return []

    def grade(self, jobs: Sequence[Job], in_sandbox: bool) -> Done:
        """Yield each job as it is done. To close the iterator stops all work."""
        from distributed import KilledWorker

        try:
            for job, future in self._done(iter(jobs), in_sandbox):
                try:
                    yield job, future.result()
                except KilledWorker:
                    yield job, [not_graded(e, LOST, in_sandbox) for e in job.exercises]
        except (OSError, CancelledError):  # both happen, whichever comes first
            raise ClassroomError(f"{self.address} {GONE}") from None
        finally:
            self._stop()

    def _done(
        self, waiting: Iterator[Job], in_sandbox: bool
    ) -> Iterator[tuple[Job, "Future"]]:
        """Yield each job that is done; hand out others as there is room for them."""
        from distributed import as_completed

        done = as_completed()
        self._hand_out(waiting, done, in_sandbox)
        for future in done:
            job = self._running.pop(future)
            self._hand_out(waiting, done, in_sandbox)
            yield job, future

    def _hand_out(
        self, waiting: Iterator[Job], done: "as_completed", in_sandbox: bool
    ) -> None:
        threads = sum(self.client.nthreads().values())
        room = IN_ADVANCE * threads - len(self._running)
        for job in islice(waiting, max(room, 0 if self._running else 1)):
            arguments = (
                job.exercises,
                in_sandbox,
                lab_digest(),
                self.run,
                job.run_blocked,
            )
            # pure=False: equal submissions are graded one by one.
            future = self.client.submit(do, job.read(), *arguments, pure=False)
            self._running[future] = job
            done.add(future)

    def _stop(self) -> None:
        if self._running and self.client.status == "running":
            self.client.cancel(list(self._running))
            self.client.run(stop_jobs, self.run, on_error="ignore")


def do(
    hand_in: HandIn,
    exercises: Sequence[str],
    in_sandbox: bool,
    digest: str,
    run: str,
    run_blocked: bool,
) -> list[Graded]:
    """Do a job: what a worker's thread runs. Raises ClassroomError if it cannot."""
    from distributed import get_worker

    me = run, threading.get_ident()
    stop = stops.setdefault(run, threading.Event())
    at_work.add(me)
    try:
        require(digest, in_sandbox)
        place = Path(get_worker().local_directory)
        where = place, stop, run_blocked
        return grade_suites(hand_in, exercises, in_sandbox, *where)
    finally:
        at_work.discard(me)


def require(digest: str, in_sandbox: bool) -> None:
    """Raise ClassroomError if this worker, perhaps a new one, is unfit."""
    reason = OTHER_LAB if digest != lab_digest() else ""
    if in_sandbox and (no_sandbox := confinement.why_no_sandbox()):
        reason = reason or f"no sandbox: {no_sandbox}"
    if reason:
        raise ClassroomError(f"the worker on {socket.gethostname()} has {reason}.")


async def stop_jobs(run: str) -> None:
    """Stop a run's jobs, on each worker; return when they have cleaned up."""
    stops.setdefault(run, threading.Event()).set()
    while any(owner == run for owner, _ in at_work):
        await asyncio.sleep(GLANCE)
