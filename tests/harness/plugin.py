"""The pytest plugin: it runs checks, keeps the score, and explains failures."""

import random
import re
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import system
from tests.harness.checks import Check, CheckFailedError, number_of
from tests.harness.confinement import set_limits
from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.html_report import write_html
from tests.harness.lab import Lab
from tests.harness.last_run import remember
from tests.harness.program import MARK
from tests.harness.results import Result, Run, write_json
from tests.harness.submission import Submission
from tests.harness.text_report import failure_text, print_check, print_score
from tests.harness.watch import watch

CHECK = pytest.StashKey[Check]()
SLOW = 5.0  # seconds: of a check that took longer, the terminal says how long
LAB_OF = pytest.StashKey[Lab]()
STATE = pytest.StashKey["State"]()


class State:
    """What the plugin knows of the run."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the options."""
        submission = config.getoption("--submission")
        root = Path(submission).absolute() if submission else ROOT
        confined = config.getoption("--confine")
        self.submission = Submission(root, in_sandbox=confined == "sandbox")
        self.given = f" --submission {submission}" if submission else ""
        self.reports = [Path(file) for file in config.getoption("--report")]
        seed = config.getoption("--seed")
        self.results = Run(random.randrange(10**6) if seed is None else seed)
        self.everything = config.option.verbose > 0
        self.only_checks = _asks_for_suites(config)
        self.selected = _asked_ids(config)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the lab's options."""
    group = parser.getgroup("the socket lab")
    group.addoption("--submission", metavar="DIR", help="grade this folder's files")
    group.addoption(
        "--report",
        metavar="FILE",
        action="append",
        default=[],
        help="write the results to FILE.json or FILE.html",
    )
    group.addoption(
        "--confine",
        choices=["limits", "sandbox"],
        help="hold the programs by limits, or in a sandbox, too: for strangers' ones",
    )
    group.addoption("--seed", type=int, help="repeat a run's random choices")
    group.addoption(
        "--watch", action="store_true", help="run again when a file has changed"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """With --watch, let other processes do the runs."""
    if not config.getoption("--watch"):
        return None
    root = Path(config.getoption("--submission") or ROOT).absolute()
    asked = [folder.name for folder in _folders(config)]
    arguments = [arg for arg in config.invocation_params.args if arg != "--watch"]
    return watch(root, asked, arguments)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run; with nothing but suites to run, print the score alone."""
    config.addinivalue_line("markers", "check(check): a graded check of the lab")
    state = config.stash[STATE] = State(config)
    system.let_programs_be_interrupted()
    if config.getoption("--confine"):
        set_limits()
    _require_own_settings(config)
    for file in state.reports:
        if file.suffix not in (".json", ".html"):
            raise pytest.UsageError(f"--report {file}: it must end in .json or .html")
        if not file.absolute().parent.is_dir():
            raise pytest.UsageError(f"--report {file}: there is no such folder")
    if state.only_checks:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # and so clean up
        config.option.verbose = -2  # pytest's own lines would only be in the way
        config.option.tbstyle = "no"
        config.option.reportchars = "N"
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")  # a terminal may lack ✓


def _require_own_settings(config: pytest.Config) -> None:
    """Refuse to run by another pytest.ini, such as one that a submission brings.

    pytest looks for settings before it knows the option --submission: it takes the
    folder behind it for one of tests.
    """
    settings = ROOT / "pyproject.toml"
    if not (config.inipath and settings.samefile(config.inipath)):
        text = f"pytest does not use the settings in {settings}"
        if folder := config.getoption("--submission"):
            text += f": write --submission={folder}, with the ="
        raise pytest.UsageError(text)


def _folders(config: pytest.Config) -> list[Path]:
    """Return the folders of the tests that the command line names."""
    here = config.invocation_params.dir
    paths = [Path(here, arg.split("::")[0]) for arg in config.args]
    return [(path if path.is_dir() else path.parent).resolve() for path in paths]


def _asks_for_suites(config: pytest.Config) -> bool:
    folders = _folders(config)
    return bool(folders) and all(folder.name in EXERCISES for folder in folders)


def _asked_ids(config: pytest.Config) -> set[str]:
    """Return the ids in ``-k 4.5``: pytest itself would find 4.5 in 14.51 too."""
    ids = set(config.option.keyword.split(" or "))
    if not all(re.fullmatch(r"\d\.\d+", id) for id in ids):
        return set()
    config.option.keyword = ""
    return ids


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Find the checks among the tests, and put those of a suite in order."""
    state = config.stash[STATE]
    if state.only_checks:
        items.sort(key=_number)
    for item in items:
        if marker := item.get_closest_marker("check"):
            declared = item.stash[CHECK] = marker.args[0]
            if declared.id in state.results.all:
                raise pytest.UsageError(f"two checks have the number {declared.id}")
            state.results.all[declared.id] = Result(declared, item.path.parent.name)
            item.add_marker(pytest.mark.timeout(90))
    if state.selected:
        _deselect(config, items, state)


def _number(item: pytest.Item) -> tuple[int, ...]:
    marker = item.get_closest_marker("check")
    return number_of(marker.args[0].id) if marker else (0,)


def _deselect(config: pytest.Config, items: list[pytest.Item], state: State) -> None:
    ids = [item.stash[CHECK].id if CHECK in item.stash else "" for item in items]
    left = [i for i, id in zip(items, ids, strict=True) if id in state.selected]
    config.hook.pytest_deselected(items=[item for item in items if item not in left])
    items[:] = left
    for id, result in state.results.all.items():
        if id not in state.selected:
            result.selected = False
            result.outcome, result.message = "blocked", "The check was not selected."


@pytest.fixture
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """Hand a check its laboratory, and clean up after it."""
    state = request.config.stash[STATE]
    exercise = request.path.parent.name
    seed = state.results.seed
    laboratory = Lab(state.submission, exercise, tmp_path, seed)
    request.node.stash[LAB_OF] = laboratory
    yield laboratory
    laboratory.clean_up()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a check as blocked when one that it needs has failed."""
    if CHECK not in item.stash:
        return
    results = item.config.stash[STATE].results
    check = item.stash[CHECK]
    if blocked_by := results.blocks(check):
        result = results.all[check.id]
        result.outcome = "blocked"
        result.message = f"Blocked: {blocked_by} must pass first."
        pytest.skip(result.message)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn what happened to a check into its result, and the failure into its text."""
    report = yield
    if CHECK not in item.stash:
        return report
    result = item.config.stash[STATE].results.all[item.stash[CHECK].id]
    result.seconds += call.duration
    if call.when == "call" and report.passed:
        result.outcome, result.message = "passed", ""
    elif report.failed and call.excinfo:
        _explain(item, result, call.excinfo.value)
        report.longrepr = result.message
    return report


def _explain(item: pytest.Item, result: Result, error: BaseException) -> None:
    """Fill in a failed check's result; an error of the lab itself is no failure."""
    result.outcome = "failed"
    if isinstance(error, pytest.fail.Exception):  # pytest-timeout's
        error = CheckFailedError(f"The check was given up: {error}")
    if not isinstance(error, CheckFailedError):
        result.outcome = "error"
        text = f"The lab itself failed: {error!r}. This is not your mistake."
        error = CheckFailedError(f"{text}\n{_place(error)}", hint="Please report it.")
    lab = item.stash.get(LAB_OF, None)
    section = f"See “{result.check.read}” in the handout."
    result.hint = " ".join(filter(None, [error.hint, result.check.hint, section]))
    history = []
    if lab:
        result.steps = lab.history.steps
        result.output = lab.errors()
        history = lab.history.lines()
    result.again = f"pytest {result.exercise} -k {result.check.id}"
    result.again += item.config.stash[STATE].given
    if lab and lab.made_choices():
        result.again += f" --seed {item.config.stash[STATE].results.seed}"
    result.explanation = "\n".join(error.lines())
    result.message = failure_text(result, error, history)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""


def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Keep pytest's own dots away where the score has its lines."""
    if config.stash[STATE].only_checks and hasattr(report, "when"):
        return report.outcome, "", ""
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Print a check's line when it is done."""
    answer = yield
    state = item.config.stash[STATE]
    if state.only_checks and CHECK in item.stash:
        result = state.results.all[item.stash[CHECK].id]
        blocked_by = state.results.blocks(result.check)
        writer = item.config.get_terminal_writer()
        remark = f"needs {blocked_by}" if result.outcome == "blocked" else ""
        if result.seconds >= SLOW:
            remark = f"after {result.seconds:.0f} s"
        print_check(writer, result, remark)
    return answer


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Close the run with the score."""
    state = config.stash[STATE]
    if state.results.all and state.only_checks:
        cache = getattr(config, "cache", None)  # absent after -p no:cacheprovider
        root = state.submission.root
        news = remember(cache, root, state.results) if cache else ""
        writer = config.get_terminal_writer()
        print_score(writer, state.results, news, state.everything)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports, and leave nothing behind."""
    state = session.config.stash[STATE]
    for file in state.reports:
        write = write_html if file.suffix == ".html" else write_json
        write(state.results, file)
    state.submission.remove_folder()
    system.kill_marked(f"LAB_RUN={MARK}")
