from datetime import timedelta

import pytest

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError
from cytoloop.jobs import claims, ledger, logbook
from cytoloop.jobs.claims import LostClaimError
from cytoloop.jobs.progress import SHARES

from .conftest import Bench


def claim(bench: Bench, owner: str = "me") -> object:
    claimed = bench.database.write(lambda c: claims.claim(c, owner))
    return None if claimed is None else claimed[1]


def finish(bench: Bench, task: object, *, fenced: bool = True) -> None:
    def work(c: object) -> None:
        if fenced:
            claims.check_claim(c, task)
        claims.finish_task(c, task)
        ledger.recount(c, task.job_id)

    bench.database.write(work)


def test_tasks_are_claimed_once_and_jobs_take_turns(bench: Bench) -> None:
    first, second = bench.queue([{"n": 0}, {"n": 1}]), bench.queue([{"n": 2}])
    order = [claim(bench) for _ in range(3)]
    assert [(one.job_id, one.payload["n"]) for one in order] == [(first.id, 0), (second.id, 2), (first.id, 1)]
    assert claim(bench) is None


def test_stages_count_for_the_time_they_take(bench: Bench) -> None:
    payloads = [{}, {}, {}, {"stage": 1}]
    job = bench.queue(payloads, parameters={SHARES: (0.1, 0.9)})
    plain = bench.queue(payloads)
    for _ in range(6):
        finish(bench, claim(bench))
    assert bench.job(job).progress == pytest.approx(0.1)
    assert bench.job(plain).progress == pytest.approx(0.75)
    for _ in range(2):
        finish(bench, claim(bench))
    assert (bench.job(job).progress, bench.job(plain).progress) == (1.0, 1.0)


def test_a_late_result_is_refused_after_the_task_was_taken_over(bench: Bench) -> None:
    job = bench.queue([{}])
    zombie = claim(bench)
    bench.database.write(lambda c: claims.recover(c, "me"))
    heir = claim(bench, "heir")
    with pytest.raises(LostClaimError):
        finish(bench, zombie)
    finish(bench, heir)
    assert bench.job(job).tasks_done == 1


def test_without_the_fence_the_zombie_would_finish_the_task(bench: Bench) -> None:
    """The negative control of the test above: the fence is what refuses."""
    job = bench.queue([{}])
    zombie = claim(bench)
    bench.database.write(lambda c: claims.recover(c, "me"))
    claim(bench, "heir")
    finish(bench, zombie, fenced=False)
    assert bench.job(job).tasks_done == 1


def test_a_task_that_keeps_failing_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BACKOFF_S", 0.0)
    job = bench.queue([{}])
    tries = []
    while (task := claim(bench)) is not None:
        tries.append(bench.database.write(lambda c, task=task: claims.fail_task(c, task, "no", again=True)))
    assert tries == [True] * (claims.MAX_ATTEMPTS - 1) + [False]
    assert bench.database.write(lambda c: ledger.recount(c, job.id))
    with bench.database.read() as c:
        assert ledger.first_error(c, job.id) == "no"


def test_a_failed_task_waits_before_it_is_tried_again(bench: Bench) -> None:
    bench.queue([{}])
    task = claim(bench)
    bench.database.write(lambda c: claims.fail_task(c, task, "no", again=True))
    assert claim(bench) is None


def test_a_cancelled_job_starts_nothing_and_takes_nothing(bench: Bench) -> None:
    job = bench.queue([{}, {}])
    task = claim(bench)
    assert bench.database.write(lambda c: ledger.cancel(c, job.id))
    assert not bench.database.write(lambda c: ledger.cancel(c, job.id))
    assert claim(bench) is None
    with pytest.raises(LostClaimError):
        finish(bench, task)
    assert bench.job(job).state == "cancelled"


def test_a_cancelled_job_can_be_retried_and_a_running_one_not(bench: Bench) -> None:
    job = bench.queue([{}])
    with pytest.raises(ConflictError):
        bench.database.write(lambda c: ledger.retry(c, job.id))
    bench.database.write(lambda c: ledger.cancel(c, job.id))
    bench.database.write(lambda c: ledger.retry(c, job.id))
    assert claim(bench) is not None


def test_leases_that_ran_out_are_taken_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.queue([{}])
    monkeypatch.setattr(claims, "LEASE_S", -1.0)
    claim(bench)
    assert bench.database.write(claims.recover) == 1
    assert claim(bench) is not None


def test_the_log_is_read_on_from_a_line(bench: Bench) -> None:
    job = bench.queue([{}])
    lines = [bench.database.write(lambda c, n=n: logbook.add_log(c, job.id, "info", f"line {n}")) for n in range(3)]
    with bench.database.read() as c:
        assert [one.text for one in logbook.log_of(c, job.id, after=lines[0].id)] == ["line 1", "line 2"]


@pytest.mark.parametrize("fenced", [True, False])
def test_what_a_zombie_and_its_heir_write_is_there_once_because_of_the_fence(bench: Bench, fenced: bool) -> None:
    """Without the fence (the negative control) both write."""
    job = bench.queue([{}])
    zombie = claim(bench)
    bench.database.write(lambda c: claims.recover(c, "me"))
    heir = claim(bench, "heir")

    def finish_with_result(c: object, task: object) -> None:
        if fenced:
            claims.check_claim(c, task)
        logbook.add_log(c, job.id, "info", "a result")
        claims.finish_task(c, task)

    for one in (zombie, heir):
        try:
            bench.database.write(lambda c, one=one: finish_with_result(c, one))
        except LostClaimError:
            assert one is zombie
    with bench.database.read() as c:
        assert len(logbook.log_of(c, job.id, after=0)) == (1 if fenced else 2)


def test_later_stages_wait_for_all_of_the_earlier_ones(bench: Bench) -> None:
    job = bench.queue([{"n": 0, "stage": 1}, {"n": 1}, {"n": 2}, {"n": 3, "stage": 1}])
    first, second = claim(bench), claim(bench)
    assert [first.payload["n"], second.payload["n"]] == [1, 2]
    assert claim(bench) is None
    finish(bench, first)
    assert claim(bench) is None, "one of the first stage still runs"
    finish(bench, second)
    assert claim(bench).payload["n"] == 0
    bench.database.write(lambda c: ledger.skip_tasks(c, job.id, [3]))
    assert claim(bench) is None, "what is skipped is not done"


def test_tasks_added_by_a_task_are_done_before_the_job_ends(bench: Bench) -> None:
    job = bench.queue([{"n": 0}])
    task = claim(bench)
    bench.database.write(lambda c: ledger.add_tasks(c, job.id, [{"n": 1, "stage": 2}, {"n": 2, "stage": 2}]))
    finish(bench, task)
    assert (bench.job(job).tasks_total, bench.job(job).tasks_done) == (3, 1)
    numbers = []
    while (task := claim(bench)) is not None:
        numbers.append(task.payload["n"])
        finish(bench, task)
    assert numbers == [1, 2]
    assert bench.job(job).tasks_done == 3


def test_files_are_kept_for_jobs_that_can_be_taken_up(bench: Bench) -> None:
    waiting, done, failed = bench.queue([{}]), bench.queue([]), bench.queue([{}])

    def end(c: object) -> None:
        ledger.end_job(c, done.id, state="done", message="", error=None)
        ledger.end_job(c, failed.id, state="failed", message="", error="no")

    bench.database.write(end)
    now = utc_now()
    with bench.database.read() as c:
        assert ledger.unfinished(c, ended_after=now - timedelta(days=1)) == {waiting.uuid, failed.uuid}
        assert ledger.unfinished(c, ended_after=now + timedelta(days=1)) == {waiting.uuid}
