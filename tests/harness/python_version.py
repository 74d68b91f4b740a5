"""Says in one line which Python the lab needs; imported before all that needs it."""

import sys

OLDEST = (3, 10)  # macOS comes with 3.9

if sys.version_info[:2] < OLDEST:
    needed = "{}.{}".format(*OLDEST)
    ours = "{}.{}".format(*sys.version_info)
    sys.exit(f"error: the lab needs Python {needed} or newer, and this is {ours}")
