"""Whether gevent has replaced parts of the standard library that were in use by then."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["patched_too_late"]

#: Modules that keep a class of `ssl`, and under which name: ours, and what fetches tokens.
_KEEPERS: Final = (("irclient._runtime.tls", "LOADED_WITH"), ("urllib3.util.ssl_", "SSLContext"))
_FIX: Final = (
    "gevent has replaced the ssl module after it was in use, so no TLS connection can be opened; "
    "call gevent.monkey.patch_all() before anything else is imported, under gunicorn in the first "
    "lines of gunicorn.conf.py"
)


def patched_too_late() -> str | None:
    """Return what happened and what to do, or None where gevent did not patch, or did in time."""
    monkey, ssl = sys.modules.get("gevent.monkey"), sys.modules.get("ssl")
    if monkey is None or ssl is None or not monkey.is_module_patched("ssl"):
        return None
    now = ssl.SSLContext
    kept = (getattr(sys.modules.get(module), name, now) for module, name in _KEEPERS)
    return _FIX if any(each is not now for each in kept) else None
