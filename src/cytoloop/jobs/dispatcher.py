"""The dispatcher: one thread that hands tasks from the ledger to an executor and takes results back."""

import logging
import math
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import CytoloopError, UnavailableError
from cytoloop.storage.database import Database
from cytoloop.storage.leadership import Leadership, SoleLeadership
from cytoloop.storage.signals import LocalSignals, Payload, Signals

from . import claims, ledger, logbook, waiting
from .claims import LostClaimError
from .executors.protocol import Executor, Report, failure_of
from .model import Job, JobKind, LogLevel, LogLine, Task
from .progress import SHARES, progress_of

logger = logging.getLogger(__name__)

IDLE_WAIT_S = 1.0
PROGRESS_EVERY_S = 0.3
KEPT_SCRATCH = timedelta(days=7)
"""How long a job that failed in part or was cancelled can be taken up where it was."""
TOPIC = "jobs"
"""The topic of the signals by which every process reaches the dispatcher that is at work."""

LOST_TOO_OFTEN = (
    "The server ended again and again while this part was at work; it may be what ends it, for want of memory say. "
    "Retry tries it again."
)

JobListener = Callable[[Job], None]
LogListener = Callable[[Job, LogLine], None]


@dataclass(slots=True)
class _Running:
    job: Job
    task: Task
    scratch: Path
    fraction: float = 0.0
    text: str = ""


class Dispatcher:
    """Runs the jobs of a server, unless another process with the same database does so.

    Parameters
    ----------
    scratch
        A folder for the files that tasks exchange; one folder a job, removed when it ends.
    on_job, on_log
        Called after a job or its log changed, from the dispatcher's thread or from that of ``cancel``.
    leadership, signals
        Which of several dispatchers is at work, and how the others reach it.
    """

    def __init__(
        self,
        database: Database,
        executor: Executor,
        kinds: Mapping[str, JobKind],
        scratch: Path,
        *,
        on_job: JobListener,
        on_log: LogListener,
        leadership: Leadership | None = None,
        signals: Signals | None = None,
    ) -> None:
        self._database = database
        self._executor = executor
        self._kinds = kinds
        self._scratch = scratch
        self._on_job = on_job
        self._on_log = on_log
        self._leadership = leadership or SoleLeadership()
        self._signals = signals or LocalSignals()
        self._signals.on(TOPIC, self._hear)
        self._leads = False
        self._owner = f"{os.uname().nodename}:{os.getpid()}:{id(self):x}"[:100]
        self._running: dict[str, _Running] = {}
        self._shown_at: dict[int, float] = {}
        self._inbox: queue.SimpleQueue[Report | str | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._thread.is_alive():
            return
        self._executor.start(self._inbox.put)
        self._thread.start()

    def stop(self) -> None:
        """End; running tasks go back into the queue."""
        self._stopping.set()
        self._inbox.put("")
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        self._executor.stop()
        try:
            self._database.write(lambda connection: claims.recover(connection, self._owner))
        except UnavailableError:
            logger.warning("Running tasks stay marked as such; the next dispatcher takes them back")
        self._leadership.release()

    def wake(self) -> None:
        """There may be new work, for whichever dispatcher is at work."""
        self._signals.send(TOPIC, {})

    def cancel(self, job_id: int) -> Job:
        """Cancel a job: queued tasks never start, running ones are ended now. One that has ended stays as it is."""

        def work(connection: Connection) -> LogLine | None:
            if not ledger.cancel(connection, job_id):
                return None
            job = ledger.job_by_id(connection, job_id)
            self._kinds[job.kind].finish_job(connection, job, self._scratch / str(job.uuid))
            return logbook.add_log(connection, job_id, "warning", "Cancelled")

        line = self._database.write(work)
        job = self._read_job(job_id)
        if line is not None:
            self._signals.send(TOPIC, {"cancelled": job_id})
            self._on_log(job, line)
            self._on_job(job)
        return job

    def _hear(self, _number: int | None, message: Payload) -> None:
        self._inbox.put(f"cancel {message['cancelled']}" if "cancelled" in message else "")

    def _run(self) -> None:
        renewed = time.monotonic()
        while not self._stopping.is_set():
            try:
                if self._is_at_work():
                    self._hand_out()
                self._take_in()
                if self._leads and time.monotonic() - renewed > claims.LEASE_S / 4:
                    renewed = time.monotonic()
                    self._renew()
            except UnavailableError as error:
                logger.warning("The dispatcher waits: %s", error.message)
                self._stopping.wait(IDLE_WAIT_S)
            except Exception:
                logger.exception("The dispatcher met an error and goes on")
                self._stopping.wait(IDLE_WAIT_S)

    def _is_at_work(self) -> bool:
        """Whether this dispatcher leads; what ran under the one before it, or ran here before, begins again."""
        leads = self._leadership.held()
        if leads and not self._leads:
            found = self._database.write(lambda connection: claims.recover(connection, claims.EVERYONE))
            if found:
                logger.info("Resuming %d interrupted tasks", found)
            self._sweep()
        if self._leads and not leads:
            self._end([*self._running])
        self._leads = leads
        return leads

    def _renew(self) -> None:
        tasks = {key: one.task for key, one in self._running.items()}
        lost = self._database.write(lambda connection: claims.renew(connection, list(tasks.values())))
        self._database.write(claims.recover)
        self._end([key for key, one in tasks.items() if one in lost])

    def _end(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._executor.cancel(key)
            self._running.pop(key, None)

    def _take_in(self) -> None:
        try:
            message = self._inbox.get(timeout=IDLE_WAIT_S)
        except queue.Empty:
            return
        while message is not None:
            if isinstance(message, Report):
                self._handle(message)
            elif message.startswith("cancel "):
                self._end_running(int(message.removeprefix("cancel ")))
            try:
                message = self._inbox.get_nowait()
            except queue.Empty:
                return

    def _hand_out(self) -> None:
        while self._executor.free_slots() > 0 and not self._stopping.is_set():
            claimed = self._database.write(lambda connection: claims.claim(connection, self._owner))
            if claimed is None:
                return
            self._begin(*claimed)

    def _begin(self, job: Job, task: Task) -> None:
        key = f"{task.job_id}/{task.index}/{task.epoch}"
        scratch = self._scratch / str(job.uuid)
        self._running[key] = _Running(job, task, scratch)
        if claims.is_lost_too_often(task):
            self._handle(Report(key, "failed", text=LOST_TOO_OFTEN))
            return
        if job.progress == 0 and job.tasks_done == 0:
            self._on_job(job)
        try:
            scratch.mkdir(parents=True, exist_ok=True)
            kind = self._kinds[job.kind]
            call = kind.prepare(job, task, scratch)
        except Exception as error:
            if not isinstance(error, CytoloopError):
                logger.exception("Preparing a task failed")
            self._handle(failure_of(key, error))
        else:
            self._executor.submit(key, kind.function, call)

    def _handle(self, report: Report) -> None:
        running = self._running.get(report.key)
        if running is None:
            return
        match report.kind:
            case "progress":
                running.fraction, running.text = report.value, report.text
                self._show_progress(running.job)
            case "log":
                self._log(
                    running.job,
                    "warning" if report.level == "warning" else "info",
                    report.text,
                )
            case _:
                self._settle(running, report)

    def _settle(self, running: _Running, report: Report) -> None:
        """Write down how a task ended. Where the database does not answer, the report is taken up again later."""
        del self._running[report.key]
        try:
            if report.kind == "done":
                self._finish(running, report)
            elif report.waits:
                self._postpone(running, report)
            else:
                self._fail(running, report)
        except UnavailableError:
            self._running[report.key] = running
            self._inbox.put(report)
            raise

    def _finish(self, running: _Running, report: Report) -> None:
        job, task, receipt = running.job, running.task, report.receipt or {}

        def work(connection: Connection) -> bool:
            claims.check_claim(connection, task)
            self._kinds[job.kind].finish_task(connection, job, task, receipt, running.scratch)
            claims.finish_task(connection, task)
            return self._close_if_complete(connection, job, running.scratch)

        try:
            ended = self._database.write(work)
        except LostClaimError:
            return
        except UnavailableError:
            raise
        except Exception as error:
            logger.exception("Writing the results of a task failed")
            self._fail(running, failure_of(report.key, error))
            return
        self._after_change(job.id, running.scratch, ended=ended)

    def _postpone(self, running: _Running, report: Report) -> None:
        """Something that the task needs does not answer: it waits in the ledger, and says so once."""
        job, task = running.job, running.task
        text = f"Waiting for what does not answer. {report.text}"

        def work(connection: Connection) -> bool:
            claims.check_claim(connection, task)
            is_new = waiting.postpone(connection, task, report.text)
            ledger.set_progress(connection, job.id, ledger.job_by_id(connection, job.id).progress, text)
            return is_new

        try:
            is_new = self._database.write(work)
        except LostClaimError:
            return
        if is_new:
            self._log(job, "warning", text)
        self._on_job(self._read_job(job.id))

    def _fail(self, running: _Running, report: Report) -> None:
        job, task = running.job, running.task

        def work(connection: Connection) -> tuple[bool, bool]:
            claims.check_claim(connection, task)
            again = claims.fail_task(connection, task, report.text, again=report.again)
            if again:
                return again, False
            self._kinds[job.kind].task_failed(connection, job, task, report.text)
            return again, self._close_if_complete(connection, job, running.scratch)

        def give_up(connection: Connection) -> tuple[bool, bool]:
            claims.fail_task(connection, task, report.text, again=False)
            return False, self._close_if_complete(connection, job, running.scratch)

        try:
            again, ended = self._database.write(work)
        except LostClaimError:
            return
        except UnavailableError:
            raise
        except Exception:
            logger.exception("Recording the failure of a task failed")
            again, ended = self._database.write(give_up)
        level: LogLevel = "warning" if again else "error"
        self._log(job, level, f"{report.text}{' Trying again.' if again else ''}")
        self._after_change(job.id, running.scratch, ended=ended)

    def _close_if_complete(self, connection: Connection, job: Job, scratch: Path) -> bool:
        if not ledger.recount(connection, job.id):
            return False
        now = ledger.job_by_id(connection, job.id)
        summary = self._kinds[job.kind].finish_job(connection, now, scratch)
        logbook.add_log(connection, job.id, "info", summary)
        if now.tasks_failed == 0:
            ledger.end_job(connection, job.id, state="done", message=summary, error=None)
        else:
            state = "failed" if now.tasks_done == 0 else "done"
            single = now.tasks_total == 1
            message = "Failed" if single else f"{now.tasks_failed} of {now.tasks_total} parts failed"
            error = ledger.first_error(connection, job.id)
            ledger.end_job(connection, job.id, state=state, message=message, error=error)
        return True

    def _after_change(self, job_id: int, scratch: Path, *, ended: bool) -> None:
        job = self._read_job(job_id)
        if ended:
            if job.tasks_failed == 0:  # else what was done may be needed when the rest is tried again
                shutil.rmtree(scratch, ignore_errors=True)
            self._shown_at.pop(job_id, None)
        self._on_job(job)

    def _end_running(self, job_id: int) -> None:
        self._end([key for key, one in self._running.items() if one.job.id == job_id])
        self._shown_at.pop(job_id, None)

    def _sweep(self) -> None:
        """Remove the files of jobs that need them no more: done, gone, or ended long ago."""
        if not self._scratch.is_dir():
            return
        with self._database.read() as connection:
            kept = ledger.unfinished(connection, ended_after=utc_now() - KEPT_SCRATCH)
        for folder in self._scratch.iterdir():
            if folder.name not in {str(one) for one in kept}:
                shutil.rmtree(folder, ignore_errors=True)

    def _show_progress(self, job: Job) -> None:
        if time.monotonic() - self._shown_at.get(job.id, -math.inf) < PROGRESS_EVERY_S:
            return
        self._shown_at[job.id] = time.monotonic()
        now = self._read_job(job.id)
        mine = [one for one in self._running.values() if one.job.id == job.id]
        progress = self._progress(now, mine)
        message = next((one.text for one in mine if one.text), "Running")
        self._database.write(lambda connection: ledger.set_progress(connection, job.id, progress, message))
        self._on_job(self._read_job(job.id))

    def _progress(self, now: Job, mine: Sequence[_Running]) -> float:
        """With the parts of the tasks that run."""
        shares = now.parameters.get(SHARES, ())
        if not shares:
            ended = now.tasks_done + now.tasks_failed + sum(one.fraction for one in mine)
            return ended / max(now.tasks_total, 1)
        with self._database.read() as connection:
            stages = ledger.stage_counts(connection, now.id)
        for one in mine:
            at = one.task.payload.get("stage", 0)
            stages[at] = replace(stages[at], ended=min(stages[at].ended + one.fraction, stages[at].total))
        return progress_of(stages, shares)

    def _log(self, job: Job, level: LogLevel, text: str) -> None:
        line = self._database.write(lambda connection: logbook.add_log(connection, job.id, level, text))
        self._on_log(job, line)

    def _read_job(self, job_id: int) -> Job:
        with self._database.read() as connection:
            return ledger.job_by_id(connection, job_id)
