"""What the tests need besides pytest: programs and packages that may be missing.

One rule for all of them: a test whose peer is missing is skipped, with the reason.
Where CI is true, every peer must be there, and the test fails.
"""

import importlib
import os
import shutil
from types import ModuleType
from typing import NoReturn

import pytest

SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    for name in names:
        if found := shutil.which(name, path=SEARCHED):
            return found
    return missing(names[0])


def package(name: str) -> ModuleType:
    """Import a package that is for maintainers and instructors only."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return missing(f"the package {name}")


def missing(what: str) -> NoReturn:
    """Skip the test that needs this, or fail it where every peer must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not installed, and CI is true")
    pytest.skip(f"{what} is not installed")
