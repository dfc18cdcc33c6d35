"""Work in the background: what becomes of its errors."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from irclient.errors import IRError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["unobserved_errors"]

_logger = logging.getLogger("irclient")


@contextmanager
def unobserved_errors() -> Generator[None]:
    """End quietly on an `IRError`, which the observers were told; log whatever else goes wrong.

    Nothing may come out: under trio an error in the background ends the whole program.
    """
    try:
        yield
    except IRError:
        pass
    except Exception:
        _logger.exception("a call in the background failed")
