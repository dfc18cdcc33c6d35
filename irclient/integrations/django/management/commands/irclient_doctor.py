"""``manage.py irclient_doctor``: `irclient doctor`, with the project's configuration."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from irclient.errors import ConfigurationError
from irclient.integrations.django.configured import (
    as_environment,
    comes_from_environment,
    configured,
)

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

__all__ = ["Command"]


class Command(BaseCommand):
    """Says what stands between this machine and its recommendations."""

    help = "Check everything that a call for recommendations needs, and say what to do about it."
    # It says more about a configuration than a check does.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what `irclient doctor` takes, but for the configuration."""
        parser.add_argument("--timeout", type=float, help="Seconds that each check may take.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *_: Any, **options: Any) -> None:  # noqa: ANN401  (Django's protocol)
        """Run the command in a process of its own, and print what it prints.

        Raises:
            CommandError: It is not installed, or something is wrong; with its exit code.
        """
        if find_spec("typer") is None:
            raise CommandError("irclient_doctor needs the command: pip install 'irclient[cli]'")
        command = [sys.executable, "-m", "irclient", "doctor"]
        if options["timeout"] is not None:
            command += ["--timeout", str(options["timeout"])]
        if options["json"]:
            command.append("--json")
        try:
            if not comes_from_environment():
                # Here, where its words are of the settings: the command knows variables only.
                configured()
            environment = as_environment()
        except ConfigurationError as problem:
            raise CommandError(str(problem)) from None
        with subprocess.Popen(  # noqa: S603  (this interpreter, and a command of ours)
            command,
            env=environment | {"PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        ) as running:
            for line in running.stdout or ():
                self.stdout.write(line, ending="")
        if running.returncode:
            raise CommandError("something is wrong; see above", returncode=running.returncode)
