"""What every command does alike: an error becomes a message and an exit code."""

from typing import Any

import typer
from typer.core import TyperCommand

from irclient.cli.exit_codes import exit_code_of
from irclient.cli.output import print_error
from irclient.errors import IRError

__all__ = ["Command"]


class Command(TyperCommand):
    """A command whose errors end it with their exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (typer's context has two homes)
        """Run the command."""
        try:
            return super().invoke(ctx)
        except IRError as error:
            print_error(error, as_json=bool(ctx.params.get("as_json")))
            raise typer.Exit(exit_code_of(error)) from None
