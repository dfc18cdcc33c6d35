"""The `irclient` command: it needs the extra ``cli``, and says so in one line without it."""

import errno
import logging
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of this process, then end the process."""
    _open_what_is_closed()
    try:
        # Imported here, so that a missing extra is one line for people and not a traceback.
        from irclient.cli.app import app  # noqa: PLC0415
        from irclient.cli.output import survive_narrow_encodings  # noqa: PLC0415
    except KeyboardInterrupt:
        # As the commands do: on a busy machine this takes seconds.
        raise SystemExit(130) from None
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] not in {"rich", "typer"}:
            raise
        sys.stderr.write(
            f"irclient: the command needs {missing.name}; "
            "install it with: pip install 'irclient[cli]'\n"
        )
        raise SystemExit(2) from None
    survive_narrow_encodings()
    # Its warnings, of fifteen lines each, say less than the errors that follow.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    try:
        app()
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        # What is buffered would fail once more when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stderr.write(f"irclient: the output cannot be written: {problem.strerror}\n")
        raise SystemExit(1) from None


def _open_what_is_closed() -> None:
    """Let a stream that a shell closed (``>&-``) be an empty one: Python has None for it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It stays open for as long as the process lives.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
