"""What every command does alike: an error becomes a message, an exit code and, if asked, JSON."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, Final, cast

import typer
from pydantic import ValidationError
from typer.core import TyperCommand, TyperGroup

from irclient.cli.exit_codes import exit_code_of
from irclient.cli.output import print_error, print_json
from irclient.errors import IRError

__all__ = ["Command", "Group", "RootGroup"]

#: The kind of all errors in the use of a command: typer has no public name for it.
_UsageError: Final = cast("type[Exception]", typer.BadParameter.__base__)
_WANTS_JSON: Final = "irclient.wants_json"
#: How much of a wrong value is shown.
_SHOWN: Final = 80


class Command(TyperCommand):
    """A command whose errors end it with their exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (typer's context has had two homes)
        """Run the command."""
        with _errors_as_exit_codes(ctx):
            return super().invoke(ctx)


class Group(TyperGroup):
    """The same for a command that has commands below it and does something by itself."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (as above)
        """Run the command, or the one below it."""
        with _errors_as_exit_codes(ctx):
            return super().invoke(ctx)


class RootGroup(TyperGroup):
    """The command above all others: what is wrong in its use is told as JSON where that is asked.

    typer tells it in words, on stderr, when it has left this command.
    """

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401  (as above)
        **extra: Any,  # noqa: ANN401  (as above)
    ) -> Any:  # noqa: ANN401  (as above)
        """Read the words up to the command's name."""
        # Looked for in the words: they are wrong, so no command has read them.
        wants_json = "--json" in takewhile(lambda word: word != "--", args)
        with _wrong_use_told(wants_json):
            context = super().make_context(info_name, args, parent, **extra)
        context.meta[_WANTS_JSON] = wants_json
        return context

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (as above)
        """Run the command that is named."""
        with _wrong_use_told(ctx.meta[_WANTS_JSON]):
            return super().invoke(ctx)


@contextmanager
def _errors_as_exit_codes(ctx: Any) -> Generator[None]:  # noqa: ANN401  (as above)
    try:
        yield
    except IRError as error:
        print_error(error, as_json=bool(ctx.params.get("as_json")))
        raise typer.Exit(exit_code_of(error)) from None


@contextmanager
def _wrong_use_told(wants_json: bool) -> Generator[None]:  # noqa: FBT001  (as it was given)
    try:
        yield
    except _UsageError as error:
        wrong = cast("Any", error)
        wrong.message = _with_the_value(wrong)
        if wants_json:
            words = wrong.format_message()
            print_json({"error": {"kind": "UsageError", "message": words, "attempts": []}})
        raise


def _with_the_value(wrong: Any) -> str:  # noqa: ANN401  (as above)
    """What is wrong, with the value that is: newer versions of typer leave it out."""
    message, cause = str(wrong.message).removeprefix("Value error, "), wrong.__cause__
    if not isinstance(cause, ValidationError):
        # Older versions of typer name the value, however long it is.
        return re.sub(rf"(\S{{{_SHOWN}}})\S{{{_SHOWN},}}", r"\1…", message)
    value = repr(cause.errors(include_url=False)[0]["input"])
    if value in message:
        return message
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    return message.replace("Input", shown, 1) if "Input" in message else f"{shown}: {message}"
