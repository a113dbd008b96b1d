"""Processes are killed at any point, and nothing that was accepted is lost, ends twice or overlaps."""

import random
import sys
from collections import Counter
from contextlib import closing
from functools import partial

import pytest

from purista_serverless.adapters.embedded.host import Host
from tests.embedded.census import Census, watch
from tests.embedded.plant import application, keyed
from tests.embedded.roles import give, task_of
from tests.embedded.yard import Yard, opened

SERVERS = 3
SUPPLIERS = 2


@pytest.fixture
def yard(tmp_path, monkeypatch):
    """Open a yard whose file notes what happens in it."""
    monkeypatch.setenv("PLANT_LOG", str(tmp_path / "log"))
    with opened(tmp_path) as opened_yard:
        watch(opened_yard.file)
        yield opened_yard


def kill_at_random(yard: Yard, kills: int, jobs: int, chance: random.Random) -> None:
    """Serve and supply jobs, and kill one process after another while they work, each time to be replaced.

    Half of the jobs is there from the beginning, so that there is always something to do; suppliers bring the others.
    """
    give_at_once(yard, jobs // 2)
    for _ in range(SERVERS):
        yard.start("serve")
    for number in range(SUPPLIERS):
        yard.start("supply", number, SUPPLIERS, jobs // 2, jobs)
    # A job writes some three lines; killing at any line up to twice the mean spreads the kills over all of them.
    longest = max(2 * 3 * jobs // kills, 2)
    for _ in range(kills):
        wanted = len(yard.lines) + chance.randint(1, longest)
        yard.wait_for(partial(is_there_a_victim, yard, wanted))
        replace(yard, yard.kill(chance.choice(yard.working())))


def give_at_once(yard: Yard, jobs: int) -> None:
    """Enqueue jobs in one commit."""
    with Host(application, yard.file) as host, host.store.transaction():
        for index in range(jobs):
            give(host.client, index)


def is_there_a_victim(yard: Yard, lines: int) -> bool:
    """Say whether so many lines were written, and some process is at work."""
    return len(yard.lines) >= lines and bool(yard.working())


def replace(yard: Yard, arguments: tuple[str, ...]) -> None:
    """Start a process in place of one that was killed; a supplier goes on where the other stopped."""
    if arguments[0] == "supply":
        role, number, suppliers, first, jobs = arguments
        accepted = [line["index"] for line in yard.logged("accepted") if str(line["supplier"]) == number]
        yard.start(role, number, suppliers, max([*accepted, int(first) - 1]) + 1, jobs)
    else:
        yard.start(*arguments)


def killed(yard: Yard, kills: int, jobs: int) -> str:
    """Kill, let the survivors run every job to its end at least once, count, and give the figures."""
    kill_at_random(yard, kills, jobs, random.Random())  # noqa: S311 - chooses victims, protects nothing
    ended = {f"{index}" for index in range(jobs)}
    yard.wait_for(lambda: ended <= yard.ended)
    codes = yard.terminate()
    assert set(codes) == {0}, yard.errors()
    yard.drain()
    with closing(Census(yard)) as census:
        census.check()
        return f"{kills} kills: {census.figures()}"


def test_nothing_is_lost_or_done_twice_when_processes_are_killed(yard, capsys):
    """Ten kills over two hundred jobs: one end per job, one job per key, each end told with one id, no overlap."""
    figures = killed(yard, kills=10, jobs=200)

    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")


@pytest.mark.soak
def test_nothing_is_lost_or_done_twice_in_two_hundred_kills(yard, capsys):
    """Two hundred kills over five thousand jobs keep the same promises."""
    figures = killed(yard, kills=200, jobs=5_000)

    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")


def test_a_termination_under_load_leaves_no_lease_and_runs_nothing_twice(yard):
    """Processes that are asked to end finish what they run, lease no more, exit with 0, and others go on."""
    for _ in range(SERVERS):
        yard.start("serve")
    yard.wait_until_ready()
    give_at_once(yard, 200)
    yard.wait_for(lambda: len(yard.pids("begin")) == SERVERS)

    codes = yard.terminate()

    assert codes == [0] * SERVERS, yard.errors()
    with closing(Census(yard)) as census:
        assert {line["job"] for line in census.runs} == {line["job"] for line in census.ends}
        assert census.left(), "the load was over before the termination; give the test more of it"
        assert [message for message in census.left() if message[2] == 1] == []
        assert [job for job, record in census.records(keyed.name).items() if record["status"] == "running"] == []
    yard.drain()
    with closing(Census(yard)) as census:
        census.check()
        times = Counter((line["job"], line["attempt"]) for line in census.runs)
        again = {line["name"] for line in census.runs if line["attempt"] > 1}
        assert set(times.values()) == {1}
        assert {task_of(int(name)).ending for name in again} == {"fail once"}
