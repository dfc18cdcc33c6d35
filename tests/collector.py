"""The garbage collector of a long run of tests."""

from __future__ import annotations

import gc

__all__ = ["take_out_of_sight"]


def take_out_of_sight() -> None:
    """Let the collector look no more at what is there now: libraries, and nine thousand tests.

    Else each of its full rounds stops the whole process for half a second, in the midst of a call
    that some test holds to a tenth of one. What code under test took out of sight is taken back.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
