"""What only Windows needs: consoles for Ctrl+C, and jobs for programs that stay.

``system`` calls this there, and nothing else does. The functions are those of kernel32;
learn.microsoft.com describes them by their names.
"""

import ctypes
import subprocess
import sys
from ctypes import c_int64, c_size_t, c_uint32, c_void_p
from typing import Any

# Ctrl+C reaches a program only through its console. This runs in a process of its own,
# because whoever attaches to a console receives what it sends there.
CTRL_C = """
import ctypes, sys
kernel = ctypes.windll.kernel32
kernel.FreeConsole()
if not kernel.AttachConsole(int(sys.argv[1])):
    sys.exit(1)
kernel.SetConsoleCtrlHandler(None, True)
kernel.GenerateConsoleCtrlEvent(0, 0)
"""
EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
KILL_ON_CLOSE = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE


class Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = [
        ("times", c_int64 * 2),
        ("flags", c_uint32),
        ("working_set", c_size_t * 2),
        ("processes", c_uint32),
        ("affinity", c_size_t),
        ("priority", c_uint32 * 2),
        ("transfers", c_int64 * 6),
        ("memory", c_size_t * 4),
    ]


def kernel() -> Any:
    """Return the functions of kernel32; handles are as wide as pointers."""
    functions = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    functions.CreateJobObjectW.restype = c_void_p
    functions.GetCurrentProcess.restype = c_void_p
    functions.AssignProcessToJobObject.argtypes = [c_void_p, c_void_p]
    of_job = [c_void_p, c_uint32, c_void_p, c_uint32]
    functions.SetInformationJobObject.argtypes = of_job
    return functions


def own_console() -> dict[str, Any]:
    """Return the options for Popen that give a program a console, which is hidden."""
    hidden = subprocess.STARTUPINFO()  # type: ignore[attr-defined,unused-ignore]
    hidden.dwFlags |= subprocess.STARTF_USESHOWWINDOW  # type: ignore[attr-defined,unused-ignore]
    console = subprocess.CREATE_NEW_CONSOLE  # type: ignore[attr-defined,unused-ignore]
    return {"startupinfo": hidden, "creationflags": console}


def press_ctrl_c(pid: int) -> None:
    """Press Ctrl+C in a program's console."""
    subprocess.run([sys.executable, "-c", CTRL_C, str(pid)], check=False)


def kill_tree(pid: int) -> None:
    """End a program, and all that it has started."""
    command = ["taskkill", "/T", "/F", "/PID", str(pid)]
    subprocess.run(command, check=False, capture_output=True)


def let_programs_be_interrupted() -> None:
    """Hear Ctrl+C again: a new process group begins deaf, and passes that on."""
    kernel().SetConsoleCtrlHandler(None, False)


def let_programs_end_with_us() -> None:
    """Put this process into a job that is killed when the last handle to it is closed.

    The only handle is ours, and the system closes it, however we end.
    """
    functions = kernel()
    job = functions.CreateJobObjectW(None, None)
    limits = Limits(flags=KILL_ON_CLOSE)
    size = ctypes.sizeof(limits)
    if job and functions.SetInformationJobObject(
        job, EXTENDED_LIMITS, ctypes.byref(limits), size
    ):
        functions.AssignProcessToJobObject(job, functions.GetCurrentProcess())
