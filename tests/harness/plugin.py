"""The pytest plugin: it runs checks, keeps the score, and explains failures."""

import secrets
import signal
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path

import pytest

import tests.harness.python_version  # noqa: F401  before all the others
from tests.harness import command_line, system
from tests.harness.advice import advice_on
from tests.harness.ahead import Ahead, Turn
from tests.harness.checks import Check, checks_of, number_of
from tests.harness.confinement import hold_this_process
from tests.harness.exercises import EXERCISES, ROOT
from tests.harness.failure import CheckFailedError, Failure, Seen
from tests.harness.hints import READ_IT
from tests.harness.html_report import write_html
from tests.harness.janitor import Janitor
from tests.harness.json_report import write_json
from tests.harness.lab import Lab
from tests.harness.last_run import remember
from tests.harness.plain import write_plainly
from tests.harness.process import MARK
from tests.harness.results import BLOCKED, ERROR, FAILED, PASSED, Result, Run
from tests.harness.shown import made_harmless
from tests.harness.submission import Submission
from tests.harness.text_report import (
    message_of,
    print_advice,
    print_check,
    print_score,
)
from tests.harness.watch import watch
from tests.harness.words import _

CHECK_LIMIT = 240  # seconds: a last resort, far above a check's own limits
CHECK = pytest.StashKey[Check]()
LAB_OF = pytest.StashKey[Lab]()
TURN = pytest.StashKey[Turn | None]()
STATE = pytest.StashKey["State"]()


class State:
    """What the plugin knows of the run."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the options; UsageError where they make no sense."""
        submission = config.getoption("--submission")
        root = Path(submission).absolute() if submission else ROOT
        confined = config.getoption("--confine")
        self.submission = Submission(root, in_sandbox=confined == "sandbox")
        self.given = f" --submission {submission}" if submission else ""
        self.reports = [Path(file) for file in config.getoption("--report")]
        seed = config.getoption("--seed")
        self.run = Run(secrets.randbits(64) if seed is None else seed)
        self.everything = config.option.verbose > 0
        suites = command_line.suites_asked(config)
        # An editor that only collects reads pytest's own list.
        self.only_checks = bool(suites) and not config.option.collectonly
        self.selected = command_line.checks_asked(config, suites)
        self.ahead = Ahead(self.may_run_ahead)
        # The classroom grades several at a time, and a debugger wants only one.
        self.one_by_one = bool(confined or config.option.usepdb)

    def may_run_ahead(self, item: pytest.Item, ahead: list[pytest.Item]) -> bool:
        """Return whether all that a check needs has passed, maybe ``ahead`` of it."""
        if CHECK not in item.stash:
            return False
        check = item.stash[CHECK]
        passed = {result.check.id for result in self.run.with_outcome(PASSED)}
        passed |= {other.stash[CHECK].id for other in ahead}
        return bool(check.needs) and passed.issuperset(check.needs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the lab's options."""
    command_line.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """With --watch, let other processes do the runs."""
    if not config.getoption("--watch"):
        return None
    root = Path(config.getoption("--submission") or ROOT).absolute()
    asked = command_line.suites_asked(config)
    arguments = [arg for arg in config.invocation_params.args if arg != "--watch"]
    return watch(root, asked, arguments)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run; with nothing but suites to run, print the score alone."""
    config.addinivalue_line("markers", "check(check): a graded check of the lab")
    command_line.require_own_settings(config)
    command_line.require_safe_order(config)
    command_line.require_own_network(config)
    command_line.check_paths(config)
    state = config.stash[STATE] = State(config)
    command_line.check_reports(state.reports)
    system.let_programs_be_interrupted()
    config.add_cleanup(Janitor().dismiss)
    system.let_programs_end_with_us()
    if config.getoption("--confine"):
        hold_this_process()
    if state.only_checks:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # and so clean up
        config.option.verbose = -2  # pytest's own lines would only be in the way
        config.option.tbstyle = "no"
        config.option.reportchars = "N"
        write_plainly()


# -- which checks there are ------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Find the checks among the tests, and put those of a suite in order."""
    state = config.stash[STATE]
    if state.only_checks:
        items.sort(key=_number)
    declared: set[str] = set()
    for item in items:
        if marker := item.get_closest_marker("check"):
            check = item.stash[CHECK] = marker.args[0]
            if check.id in declared:
                text = _("two checks have the number {id}").format(id=check.id)
                raise pytest.UsageError(text)
            declared.add(check.id)
            _declare(state.run, item, check)
            item.add_marker(pytest.mark.timeout(CHECK_LIMIT))
            item.extra_keyword_matches.add(check.title)  # so -k finds its words
    if state.selected:
        _select(config, items, state.selected)


def _number(item: pytest.Item) -> tuple[int, ...]:
    marker = item.get_closest_marker("check")
    return number_of(marker.args[0].id) if marker else (0,)


def _declare(run: Run, item: pytest.Item, check: Check) -> None:
    """Note a check and all others of its exercise: in a report none is missing."""
    exercise = item.path.parent.name
    if exercise in EXERCISES and exercise not in run.exercises:
        for other in checks_of(exercise).values():
            run.results[other.id] = Result(other, exercise)
    run.results.setdefault(check.id, Result(check, exercise))


def _select(
    config: pytest.Config, items: list[pytest.Item], selected: set[str]
) -> None:
    wanted = [i for i in items if CHECK in i.stash and i.stash[CHECK].id in selected]
    config.hook.pytest_deselected(items=[i for i in items if i not in wanted])
    items[:] = wanted


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which checks will not run, and say so when -k leaves none."""
    state = session.config.stash[STATE]
    asked = {item.stash[CHECK].id for item in session.items if CHECK in item.stash}
    for check_id, result in state.run.results.items():
        if check_id not in asked:
            result.reason = _("The check was not selected.")
    if state.only_checks and not session.items and not session.testsfailed:
        command_line.refuse_empty_run(session.config, state.selected)


def _result_of(item: pytest.Item) -> Result:
    return item.config.stash[STATE].run.results[item.stash[CHECK].id]


# -- what becomes of a check -----------------------------------------------------------


def _new_lab(state: State, folders: pytest.TempPathFactory, item: pytest.Item) -> Lab:
    """Return the laboratory of a check."""
    # What a program sees in one check must say nothing of what comes in the next.
    name = item.stash[CHECK].id if CHECK in item.stash else ""
    folder, seed = folders.mktemp(f"{name or 'lab'}-"), f"{state.run.seed} {name}"
    return Lab(state.submission, item.path.parent.name, folder, seed)


@pytest.fixture
def lab(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """Hand a check its laboratory, and clean up after it."""
    item, state = request.node, request.config.stash[STATE]
    new_lab = partial(_new_lab, state, tmp_path_factory)
    turn = item.stash[TURN] = state.ahead.take(item)
    if CHECK in item.stash and not state.one_by_one:
        state.ahead.go_on(request.session.items, new_lab)
    laboratory = turn.lab if turn and turn.lab else new_lab(item)
    item.stash[LAB_OF] = laboratory
    yield laboratory
    if not turn:
        laboratory.clean_up()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a check, or say what became of it ahead; leave other tests to pytest."""
    stash = pyfuncitem.stash
    if CHECK not in stash or LAB_OF not in stash:
        return None
    if not (turn := stash[TURN]):
        stash[LAB_OF].run(pyfuncitem.obj)
    elif turn.error:
        raise turn.error
    return True


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a check as blocked when one that it needs has failed."""
    if CHECK not in item.stash or item.config.getoption("--run-blocked"):
        return
    result = _result_of(item)
    result.blocked_by = item.config.stash[STATE].run.blocks(result.check)
    if result.blocked_by:
        result.outcome = BLOCKED
        pytest.skip(result.why_not_run())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn what happened to a check into its result, and the failure into its text."""
    report = yield
    if CHECK not in item.stash:
        return report
    result = _result_of(item)
    turn = item.stash.get(TURN, None)
    result.seconds = turn.seconds if turn else result.seconds + call.duration
    if call.when == "call" and report.passed:
        result.outcome = PASSED
        result.traceback = (
            item.stash[LAB_OF].traceback() if LAB_OF in item.stash else ""
        )
    elif report.failed and call.excinfo:
        _explain(item, result, call.excinfo.value)
        report.longrepr = message_of(result)
    return report


def _explain(item: pytest.Item, result: Result, error: BaseException) -> None:
    """Fill in a failed check's result; an error of the lab itself is not a failure."""
    result.outcome = FAILED
    if isinstance(error, pytest.fail.Exception):  # pytest-timeout's
        text = _("The check was given up: {reason}").format(reason=error)
        error = CheckFailedError(text)
    if not isinstance(error, CheckFailedError):
        result.outcome = ERROR
        error = _fault_of_the_lab(error)
    result.failure = made_harmless(error.failure)
    result.hint = made_harmless(_hint_for(result, error.failure))
    result.again = f"pytest {result.exercise} -k {result.check.id}"
    state = item.config.stash[STATE]
    result.again += state.given
    if lab := item.stash.get(LAB_OF, None):
        result.steps = made_harmless(lab.history.steps)
        result.output = lab.errors()
        if lab.made_choices():
            result.again += f" --seed {state.run.seed}"


def _hint_for(result: Result, failure: Failure) -> str:
    """Return the hint that follows from what was seen, else the check's own."""
    check, hint = result.check, failure.advice
    if result.outcome == ERROR:
        return hint
    if not hint:
        unknown = Seen.TRACEBACK.value in failure.seen
        hint = f"{READ_IT} {check.hint}" if unknown else check.hint
    section = _("See “{section}” in the handout.").format(section=check.read)
    return f"{hint} {section}"


def _fault_of_the_lab(error: BaseException) -> CheckFailedError:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    text = _("The lab itself failed: {error}. This is not your mistake.")
    message = f"{text.format(error=repr(error))}\n{place}"
    return CheckFailedError(message, hint=_("Please report it."))


# -- what is printed and written -------------------------------------------------------


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
    if item.config.stash[STATE].only_checks and CHECK in item.stash:
        print_check(item.config.get_terminal_writer(), _result_of(item))
    return answer


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(exitstatus: int, config: pytest.Config) -> None:
    """Close the run with the score."""
    state = config.stash[STATE]
    is_refused = exitstatus == pytest.ExitCode.USAGE_ERROR
    if is_refused or not state.run.results or not state.only_checks:
        return
    cache = getattr(config, "cache", None)  # absent after -p no:cacheprovider
    root = state.submission.root
    news = remember(cache, root, state.run) if cache else ""
    writer = config.get_terminal_writer()
    print_score(writer, state.run, news, state.everything, state.given)
    print_advice(writer, advice_on(state.run, root))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the reports, and leave nothing behind.

    What was refused has nothing to report, and an older report stays as it is.
    """
    state = session.config.stash[STATE]
    is_refused = exitstatus == pytest.ExitCode.USAGE_ERROR
    for file in [] if is_refused else state.reports:
        write = write_html if file.suffix == ".html" else write_json
        write(state.run, file)
    state.ahead.stop()
    state.submission.remove_folder()
    system.kill_marked(f"LAB_RUN={MARK}")
