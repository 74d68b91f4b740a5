"""The run as JSON, for other programs: every declared check, whether it ran or not."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.harness.failure import Failure, Part
from tests.harness.results import Result, Run
from tests.harness.shown import show
from tests.harness.steps import Kind, Step
from tests.harness.text_report import message_of

LONGEST = 4096  # bytes of data that a step shows


def write_json(run: Run, file: Path) -> None:
    """Write a run as JSON."""
    text = json.dumps(as_json(run), indent=1, ensure_ascii=False)
    file.write_text(text, encoding="utf-8")


def as_json(run: Run) -> dict[str, Any]:
    """Return a run as plain values.

    ``message`` is a failure as the terminal shows it; its parts are in ``sentence``,
    ``expected``, ``got``, ``remark``, ``where``, ``symptom`` and ``hint``.
    """
    return {
        "points": run.points,
        "max_points": run.max_points,
        "seed": run.seed,
        "checks": [_check(result) for result in run.results.values()],
    }


def _check(result: Result) -> dict[str, Any]:
    failure = result.failure or Failure()
    return {
        "id": result.check.id,
        "exercise": result.exercise,
        "title": result.check.title,
        "points": result.points,
        "max_points": result.check.points,
        "outcome": result.outcome,
        "message": message_of(result),
        "sentence": failure.message,
        "expected": _part(failure.expected),
        "got": _part(failure.got),
        "remark": failure.remark,
        "where": asdict(failure.where) if failure.where else None,
        "symptom": failure.seen,
        "hint": result.hint,
        "steps": [_step(step) for step in result.steps],
        "output": result.output,
        "traceback": result.traceback,
        "seconds": round(result.seconds, 3),
    }


def _part(part: Part | None) -> dict[str, str] | None:
    """Return what was expected, or came: "Expected bob to receive", "'hello'"."""
    return {"lead": part[0], "text": part[1]} if part else None


def _step(step: Step) -> dict[str, Any]:
    is_message = step.kind is Kind.MESSAGE
    return {
        "kind": step.kind.value,
        "from": step.who,
        "to": step.to,
        "event": step.what,
        "data": show(step.data, LONGEST) if is_message else "",
        "bytes": len(step.data),
        "note": step.notes(),
        "wrong": step.wrong,
        "seconds": round(step.seconds, 6),
    }
