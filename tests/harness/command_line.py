"""What is asked for on the command line: which suites, which checks, which reports.

What cannot be done gets one line that says what to write instead.
"""

import re
import socket
from pathlib import Path

import pytest

from tests.harness.checks import checks_of
from tests.harness.exercises import EXERCISES, ROOT, is_check_id
from tests.harness.words import _


def add_options(parser: pytest.Parser) -> None:
    """Add the lab's options."""
    group = parser.getgroup("the socket lab")
    folder = _("grade this folder's files")
    group.addoption("--submission", metavar="DIR", help=folder)
    group.addoption(
        "--report",
        metavar="FILE",
        action="append",
        default=[],
        help=_("write the results to FILE.json or FILE.html"),
    )
    group.addoption(
        "--confine",
        choices=["limits", "sandbox"],
        help=_(
            "confine programs by limits, or in a sandbox as well: for untrusted code"
        ),
    )
    group.addoption("--seed", type=int, help=_("repeat a run's random choices"))
    blocked = _("run also the checks of which a needed one has failed")
    group.addoption("--run-blocked", action="store_true", help=blocked)
    watch = _("run again when a file has changed")
    group.addoption("--watch", action="store_true", help=watch)


def suites_asked(config: pytest.Config) -> list[str]:
    """Return the exercises that the command line names, if it names nothing else."""
    folders = [path if path.is_dir() else path.parent for path in _paths(config)]
    are_suites = all(folder.parent == ROOT for folder in folders)
    names = [folder.name for folder in folders]
    return names if are_suites and set(names) <= set(EXERCISES) else []


def _paths(config: pytest.Config) -> list[Path]:
    """Return the files and folders that the command line names."""
    here = config.invocation_params.dir
    return [Path(here, arg.split("::")[0]).resolve() for arg in config.args]


def check_paths(config: pytest.Config) -> None:
    """Say what to write instead of a path that leads to no suite."""
    for arg, path in zip(config.args, _paths(config), strict=True):
        if not path.exists():
            name = arg.split("::")[0].rstrip("/\\")
            _suggest_folder(name, config.invocation_params.dir)
        elif path.name in EXERCISES and path.parent != ROOT and path.is_dir():
            text = _("{folder} holds no suite: write {command}")
            command = f"pytest {path.name} --submission={path.parent}"
            raise pytest.UsageError(text.format(folder=arg, command=command))
        elif path.parent.name in EXERCISES and not path.name.startswith("test_"):
            text = _("{file} is not a suite: write pytest {folder}")
            text = text.format(file=path.name, folder=path.parent.name)
            raise pytest.UsageError(text)


def _suggest_folder(name: str, here: Path) -> None:
    if here != ROOT and ROOT in here.parents and (ROOT / name).exists():
        text = _("there is no {name} here: go to the lab's top folder, {folder}")
        raise pytest.UsageError(text.format(name=name, folder=ROOT))
    there = [folder for folder in EXERCISES if (ROOT / folder).is_dir()]
    meant = [folder for folder in there if name and folder.startswith(name)]
    if meant:
        text = _("there is no {name}: write pytest {folder}")
        raise pytest.UsageError(text.format(name=name, folder=meant[0]))


def checks_asked(config: pytest.Config, exercises: list[str]) -> set[str]:
    """Return the ids in ``-k 4.5``, which are taken from pytest: it would find 14.51.

    Other words are left to pytest, which looks for them in names and titles.
    """
    keyword: str = config.option.keyword
    ids = [word for word in re.split(r"[\s,]+", keyword) if word != "or"]
    if not exercises or not any(map(is_check_id, ids)):
        return set()
    if not all(map(is_check_id, ids)):
        text = _("-k {words}: numbers of checks go with nothing but or, words without")
        raise pytest.UsageError(text.format(words=keyword))
    if keyword.split(" or ") != ids:
        text = _('-k {words}: write -k "{better}"')
        better = " or ".join(ids)
        raise pytest.UsageError(text.format(words=keyword, better=better))
    known = {check_id for exercise in exercises for check_id in checks_of(exercise)}
    for check_id in ids:
        if check_id not in known:
            text = _("there is no check {id} in {exercises}")
            text = text.format(id=check_id, exercises=", ".join(exercises))
            raise pytest.UsageError(text)
    config.option.keyword = ""
    return set(ids)


def refuse_empty_run(config: pytest.Config, selected: set[str]) -> None:
    """Refuse words behind -k that no title holds, and numbers from another suite."""
    if selected:
        text = _("{files} does not hold {ids}: write pytest {folder}")
        paths = _paths(config)
        files = ", ".join(path.name for path in paths)
        folder = paths[0] if paths[0].is_dir() else paths[0].parent
        ids = ", ".join(sorted(selected))
        text = text.format(files=files, ids=ids, folder=f"{folder.name} -k {ids}")
        raise pytest.UsageError(text)
    if config.option.keyword:
        text = _("no check has {words} in its title; a check's number will do: -k 4.5")
        raise pytest.UsageError(text.format(words=repr(config.option.keyword)))


def check_reports(files: list[Path]) -> None:
    """Refuse a report that cannot be written."""
    for file in files:
        if file.suffix not in (".json", ".html"):
            text = _("--report {file}: it must end in .json or .html")
            raise pytest.UsageError(text.format(file=file))
        if not file.absolute().parent.is_dir():
            text = _("--report {file}: there is no such folder")
            raise pytest.UsageError(text.format(file=file))


def require_safe_order(config: pytest.Config) -> None:
    """Refuse ``--submission DIR`` before a suite, in every case.

    pytest looks for its settings in the first folder on the command line, before it
    knows the option: a pytest.ini there would have run already. With ``=``, or after a
    suite, DIR isn't taken for a folder of tests. So nobody gets used to the other way.
    """
    words = list(config.invocation_params.args)
    option = "--submission"
    suites = [words.index(arg) for arg in config.args if arg in words]
    if option in words and words.index(option) < min(suites, default=len(words)):
        text = _("write {option}=DIR, with the =, or put it after the suite")
        raise pytest.UsageError(text.format(option=option))


def require_own_network(config: pytest.Config) -> None:
    """Refuse the sandbox without the network and the disk that are a part of it."""
    others = {name for _number, name in socket.if_nameindex()} - {"lo"}
    if config.getoption("--confine") == "sandbox" and others:
        command = "python -m tests.classroom grade"
        text = _("--confine=sandbox is not all of the sandbox: write {command}")
        raise pytest.UsageError(text.format(command=command))


def require_own_settings(config: pytest.Config) -> None:
    """Refuse to run by another pytest.ini, such as one that a submission brings.

    pytest looks for settings before it knows the option --submission: it takes the
    folder after it for one of tests.
    """
    settings = ROOT / "pyproject.toml"
    if config.inipath and settings.samefile(config.inipath):
        return
    text = _("pytest does not use the settings in {file}").format(file=settings)
    if folder := config.getoption("--submission"):
        instead = _("write {option}, with the =")
        text += ": " + instead.format(option=f"--submission={folder}")
    raise pytest.UsageError(text)
