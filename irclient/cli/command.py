"""What every command does alike: an error becomes a message and an exit code."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from irclient.cli.exit_codes import exit_code_of
from irclient.cli.output import print_error
from irclient.errors import IRError

__all__ = ["Command", "Group"]


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


@contextmanager
def _errors_as_exit_codes(ctx: Any) -> Generator[None]:  # noqa: ANN401  (as above)
    try:
        yield
    except IRError as error:
        print_error(error, as_json=bool(ctx.params.get("as_json")))
        raise typer.Exit(exit_code_of(error)) from None
