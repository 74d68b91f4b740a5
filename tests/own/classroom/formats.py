"""What other systems accept: the fields of their files, and the values allowed."""

import re
from typing import Any

# gradescope-autograders.readthedocs.io/en/latest/specs, "Output format": what may be in
# results.json, and of which kind or which of a few words it is.
SEEN_BY = {"hidden", "after_due_date", "after_published", "visible"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
OF_RESULTS: dict[str, Any] = {
    "score": (int, float),
    "execution_time": (int, float),
    "output": str,
    "output_format": FORMATS,
    "test_output_format": FORMATS,
    "test_name_format": FORMATS,
    "visibility": SEEN_BY,
    "stdout_visibility": SEEN_BY,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
OF_TEST: dict[str, Any] = {
    "score": (int, float),
    "max_score": (int, float),
    "status": {"passed", "failed"},
    "name": str,
    "name_format": FORMATS,
    "number": str,
    "output": str,
    "output_format": FORMATS,
    "tags": list,
    "visibility": SEEN_BY,
    "extra_data": dict,
}
# schemas/result-v1.schema.json of Classroom 50: all of this, and no more.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ")
LINK = re.compile(".+")
OF_RESULT50: dict[str, Any] = {
    "schema": {"classroom50/result/v1"},
    "classroom": LINK,
    "assignment": LINK,
    "assignment_type": {"individual", "group", "team"},
    "owner": LINK,
    "submission": re.compile("submit/.+"),
    "commit": LINK,
    "release": LINK,
    "review": LINK,
    "datetime": INSTANT,
    "graded_at": INSTANT,
    "score": int,
    "max-score": int,
    "tests": list,
}
OF_TEST50 = {"test-name": LINK, "passed": bool, "score": int, "max-score": int}


def is_like(content: dict[str, Any], fields: dict[str, Any]) -> bool:
    """Return whether each field is one of these, and of its kind."""
    return all(fits(value, fields[name]) for name, value in content.items())


def fits(value: Any, kind: Any) -> bool:
    """Return whether a value is of a type, one of a set, or matches a pattern."""
    if isinstance(kind, set):
        return value in kind
    if isinstance(kind, re.Pattern):
        return isinstance(value, str) and bool(kind.fullmatch(value))
    # True is an int for Python, but for nobody else.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
