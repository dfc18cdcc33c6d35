"""The `irclient` command: it needs the extra ``cli``, and says so in one line without it."""

import errno
import logging
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of this process, then end the process."""
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
