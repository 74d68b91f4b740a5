"""The words that students read, in their language where there is a translation.

English is the source. Everything that the harness and the suites say goes through ``_``
or ``ngettext``, as whole sentences with named gaps: ``_("{who} connects").format(…)``.
What programs send to each other, names and code are not words. See gettext in the
standard library; CONTRIBUTING.md says how a translation is made.
"""

import gettext
from pathlib import Path

DOMAIN = "socket_lab"
LOCALE = Path(__file__).with_name("locale")

_translation = gettext.translation(DOMAIN, LOCALE, fallback=True)
_ = _translation.gettext
ngettext = _translation.ngettext
LANGUAGE = _translation.info().get("language") or "en"  # of the words, as HTML names it
