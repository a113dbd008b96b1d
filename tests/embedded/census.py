"""Counting what happened: from the file, whose triggers note every change that must happen once, and from the log."""

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from purista_serverless.message import Job
from tests.embedded.plant import keyed, plain, rounds, waiting
from tests.embedded.yard import Yard

STATUS = {"succeed": "success", "fail once": "success", "reject": "dead-lettered", "cancel": "cancelled"}
WITH_RESULTS = (keyed.name, waiting.name)
TOLD = {"success": "success", "dead-lettered": "failed", "cancelled": "cancelled"}

# The notes are written in the transaction that they are about: what was not committed is not noted.
_TRIGGERS = """
CREATE TABLE noted_sent (edge, id, body);
CREATE TABLE noted_gone (edge, id);
CREATE TABLE noted_end (key, status);
CREATE TRIGGER note_sent AFTER INSERT ON message BEGIN
    INSERT INTO noted_sent VALUES (new.edge, new.id, new.body);
END;
CREATE TRIGGER note_gone AFTER DELETE ON message BEGIN
    INSERT INTO noted_gone VALUES (old.edge, old.id);
END;
CREATE TRIGGER note_first_end AFTER INSERT ON record WHEN new.key LIKE 'queue:%'
    AND new.fields ->> 'status' IN ('success', 'dead-lettered', 'cancelled') BEGIN
    INSERT INTO noted_end VALUES (new.key, new.fields ->> 'status');
END;
CREATE TRIGGER note_end AFTER UPDATE ON record WHEN new.key LIKE 'queue:%'
    AND new.fields ->> 'status' IN ('success', 'dead-lettered', 'cancelled')
    AND new.fields IS NOT old.fields BEGIN
    INSERT INTO noted_end VALUES (new.key, new.fields ->> 'status');
END;
"""


def watch(file: Path) -> None:
    """Have a file note what happens in it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(_TRIGGERS)


class Census:
    """What a file and a log say when everything has come to rest."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        self._connection = sqlite3.connect(yard.file)
        self.accepted = yard.logged("accepted")
        self.runs = yard.logged("begin")
        self.ends = yard.logged("end")
        self.tales = yard.logged("told")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Give the rows of a query."""
        return self._connection.execute(query, values).fetchall()

    def left(self) -> list[tuple[Any, ...]]:
        """Give the messages that are still there."""
        return self.rows("SELECT edge, id, state FROM message")

    def records(self, queue: str) -> dict[str, dict[str, Any]]:
        """Give the records of a queue's jobs, by job."""
        found = self.rows("SELECT fields FROM record WHERE key LIKE ?", f"queue:{queue}/%")
        return {fields["job_id"]: fields for fields in (json.loads(text) for (text,) in found)}

    def jobs_by_key(self) -> dict[str | None, set[str]]:
        """Give the jobs that were ever sent, by idempotency key."""
        jobs: dict[str | None, set[str]] = defaultdict(set)
        for (body,) in self.rows("SELECT body FROM noted_sent WHERE edge = ?", f"queue:{keyed.name}"):
            job = Job.decode(body)
            jobs[job.idempotency_key].add(job.id)
        return jobs

    def check(self) -> None:
        """Hold the file and the log against what is promised."""
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        assert self.left() == []
        self.check_ends()
        self.check_keys()
        self.check_results()
        self.check_rounds()

    def check_ends(self) -> None:
        """Every job has one end, and everything that was sent is gone; the dead letters are those of the ends.

        Two copies with one id are allowed where two may send: schedulers that start one slot, and a run whose message
        went to somebody else before it ended.
        """
        sent = Counter(self.rows("SELECT edge, id FROM noted_sent WHERE edge NOT LIKE 'gate:%'"))
        assert sent == Counter(self.rows("SELECT edge, id FROM noted_gone WHERE edge NOT LIKE 'gate:%'"))
        once = {f"queue:{queue}" for queue in (plain.name, keyed.name, waiting.name)}
        assert [message for message, times in sent.items() if times > 1 and message[0] in once] == []
        jobs = {f"{edge}/{job}" for edge, job in sent if edge.startswith("queue:")}
        endings = {f"queue:{line['queue']}/{line['job']}": line["ending"] for line in self.runs}
        assert set(endings) == jobs
        assert {f"queue:{line['queue']}/{line['job']}" for line in self.accepted if "job" in line} <= jobs
        expected = {key: STATUS[end] for key, end in endings.items() if not key.startswith(f"queue:{plain.name}/")}
        assert sorted(self.rows("SELECT key, status FROM noted_end")) == sorted(expected.items())
        letters = [key for (key,) in self.rows("SELECT edge || '/' || id FROM letter")]
        assert sorted(letters) == sorted(key for key, ending in endings.items() if ending == "reject")

    def check_keys(self) -> None:
        """A key has one job, whoever asked for it and how, and that job had one run that counts."""
        by_key = self.jobs_by_key()
        assert {line["name"] for line in self.accepted if line["queue"] == keyed.name} <= set(by_key)
        assert [key for key, jobs in by_key.items() if len(jobs) != 1] == []
        claimed = {line["job"]: line["name"] for line in self.accepted if line["queue"] == keyed.name and "job" in line}
        assert all(by_key[name] == {job} for job, name in claimed.items())

    def check_results(self) -> None:
        """The end of a job is told; all that is told of it has one id and one content: the result that was kept."""
        told = defaultdict(set)
        for tale in self.tales:
            told[tale["job"]].add((tale["event"], tale["status"], tale["ticket"]))
        jobs = {job: record for queue in WITH_RESULTS for job, record in self.records(queue).items()}
        for job, record in jobs.items():
            status = TOLD[record["status"]]
            ticket = record["result"]["ticket"] if status == "success" else None
            assert told[job] == {(f"{job}:{status}:0", status, ticket)}, record
        assert set(told) == set(jobs)

    def check_rounds(self) -> None:
        """No round began before the one in front of it had come to its end, whatever was killed meanwhile."""
        turns = [job for job, _ in groupby(line["job"] for line in self.runs if line["queue"] == rounds.name)]
        assert len(turns) == len(set(turns)), turns
        assert set(turns) == set(self.records(rounds.name))

    def figures(self) -> str:
        """Say in numbers what happened."""
        jobs = Counter(edge for edge, _ in set(self.rows("SELECT edge, id FROM noted_sent WHERE edge LIKE 'queue:%'")))
        statuses = Counter(status for _, status in self.rows("SELECT key, status FROM noted_end"))
        events = len({tale["event"] for tale in self.tales})
        interrupted = len(self.runs) - len(self.ends)
        return (
            f"{sum(jobs.values())} jobs ({', '.join(f'{count} {edge}' for edge, count in sorted(jobs.items()))}), "
            f"{len(self.runs)} runs of which {interrupted} were killed, "
            f"ends of tracked jobs: {dict(statuses)}, {len(self.tales)} deliveries of {events} result events"
        )
