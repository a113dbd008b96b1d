"""The check: one report of all promises, and the problems that stop a build."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from purista_serverless.adapter import Adapter
from purista_serverless.errors import CheckFailed, Problem
from purista_serverless.model import Application
from purista_serverless.synth.blueprint import Blueprint, draw
from purista_serverless.synth.honour import honour
from purista_serverless.synth.ledger_writes import LedgerWrites, ledger_writes
from purista_serverless.synth.verdicts import Degraded, Emulated, Finding, Native, Refused, Verdict, name_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The honour matrix of an application on an adapter, and what tracking costs there.

    Attributes:
        application: Name of the application.
        adapter: Name of the adapter.
        findings: One per promise, grouped by declaration.
        writes: Ledger writes per job, one per queue.
    """

    application: str
    adapter: str
    findings: tuple[Finding, ...]
    writes: tuple[LedgerWrites, ...]

    def problems(self, *, strict: bool = False) -> tuple[Problem, ...]:
        """Give what is refused and, if strict, what is degraded."""
        failing = (Refused, Degraded) if strict else (Refused,)
        return tuple(_problem(finding) for finding in self.findings if isinstance(finding.verdict, failing))

    def failed(self, *, strict: bool = False) -> bool:
        """Say whether the application must not be deployed like this."""
        return bool(self.problems(strict=strict))

    def text(self) -> str:
        """Give the matrix for people: one block per declaration, then the ledger's writes."""
        return "\n".join([self._headline(), "", *self._matrix(), *_cost_lines(self.writes)]) + "\n"

    def to_json(self) -> str:
        """Give the matrix for programs; keys are sorted."""
        shape = {
            "application": self.application,
            "adapter": self.adapter,
            "findings": [_finding_shape(finding) for finding in self.findings],
            "ledgerWrites": [_writes_shape(writes) for writes in self.writes],
        }
        return json.dumps(shape, indent=2, sort_keys=True) + "\n"

    def _headline(self) -> str:
        names = [name_of(finding.verdict) for finding in self.findings]
        counts = ", ".join(f"{names.count(name)} {name}" for name in ("native", "emulated", "degraded", "refused"))
        return f"{self.application} on {self.adapter}: {counts}"

    def _matrix(self) -> Iterator[str]:
        width = max((len(finding.promise) for finding in self.findings if not _is_plain(finding)), default=0)
        for declaration, findings in groupby(self.findings, key=lambda finding: finding.declaration):
            rows = list(findings)
            yield f"{declaration} ({rows[0].origin})"
            for row in rows:
                if not _is_plain(row):
                    yield from _row_lines(row, width)
            if plain := ", ".join(row.promise for row in rows if _is_plain(row)):
                yield f"  native: {plain}"
            yield ""


def check(application: Application, adapter: Adapter) -> Report:
    """Judge every promise of an application on a provider.

    Example:
        >>> from purista_serverless.adapters import load_adapter
        >>> from purista_serverless.model import Origin
        >>> empty = Application(name="empty", origin=Origin(file="app.py", line=1))
        >>> check(empty, load_adapter("purista_serverless.testing.descriptors:IDEAL")).failed()
        False
    """
    return report_on(draw(application, adapter))


def report_on(blueprint: Blueprint) -> Report:
    """Judge every promise of an application that was drawn for a provider."""
    return Report(
        application=blueprint.application.name,
        adapter=blueprint.adapter.name,
        findings=honour(blueprint),
        writes=ledger_writes(blueprint.application),
    )


def verify(application: Application, adapter: Adapter, *, strict: bool = False) -> Report:
    """Check, and raise if a promise cannot be kept.

    Args:
        application: The compiled application.
        adapter: The adapter's descriptor.
        strict: Whether a promise that is kept in part only is a failure as well.

    Raises:
        CheckFailed: At least one promise is refused (or, if strict, degraded); holds all of them.
    """
    return verified(draw(application, adapter), strict=strict)


def verified(blueprint: Blueprint, *, strict: bool) -> Report:
    """Do the same with an application that was drawn for a provider.

    Raises:
        CheckFailed: As above.
    """
    report = report_on(blueprint)
    if problems := report.problems(strict=strict):
        raise CheckFailed(blueprint.adapter.name, problems)
    return report


def _problem(finding: Finding) -> Problem:
    verdict = finding.verdict
    fix = verdict.fix if isinstance(verdict, Degraded | Refused) else ""
    where = f"{finding.declaration} ({finding.origin})"
    return Problem(finding.code, where=where, what=f"{finding.promise}: {text_of(verdict)}", fix=fix)


def _is_plain(finding: Finding) -> bool:
    """Say whether a promise is kept and there is nothing to tell about it."""
    return finding.verdict == Native()


def _row_lines(finding: Finding, width: int) -> Iterator[str]:
    text = text_of(finding.verdict)
    yield f"  {finding.promise:<{width}}  {name_of(finding.verdict):<8}  {text}".rstrip()
    if isinstance(finding.verdict, Degraded | Refused):
        yield f"  {'':<{width}}  {'':<8}  fix: {finding.verdict.fix}"


def _cost_lines(writes: tuple[LedgerWrites, ...]) -> Iterator[str]:
    if not writes:
        return
    yield "ledger writes per job"
    name, tracking = (
        max(map(len, column)) for column in zip(*((row.queue, row.tracking) for row in writes), strict=True)
    )
    for row in writes:
        yield f"  {row.queue:<{name}}  {row.tracking:<{tracking}}  {_cost_text(row)}"


def _cost_text(writes: LedgerWrites) -> str:
    cost = str(writes.per_job)
    if writes.per_retry:
        cost += f", {writes.per_retry} more for each further attempt, {writes.per_extension} for each heartbeat"
    return f"{cost} ({'; '.join(writes.reasons)})" if writes.reasons else cost


def _finding_shape(finding: Finding) -> dict[str, Any]:
    return {
        "promise": finding.promise,
        "code": finding.code,
        "declaration": finding.declaration,
        "file": finding.origin.file,
        "line": finding.origin.line,
        "verdict": name_of(finding.verdict),
        **_verdict_shape(finding.verdict),
    }


def _verdict_shape(verdict: Verdict) -> dict[str, str]:
    match verdict:
        case Native(how=how) | Emulated(how=how):
            return {"how": how} if how else {}
        case Degraded(why=why, fix=fix) | Refused(why=why, fix=fix):
            return {"why": why, "fix": fix}


def _writes_shape(writes: LedgerWrites) -> dict[str, Any]:
    return {
        "queue": writes.queue,
        "tracking": writes.tracking,
        "reasons": list(writes.reasons),
        "perJob": writes.per_job,
        "perRetry": writes.per_retry,
        "perExtension": writes.per_extension,
    }
