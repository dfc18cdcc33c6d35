"""`irclient doctor`: says what stands between this machine and its recommendations."""

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from irclient.cli.doctor.examination import examine
from irclient.cli.doctor.finding import Verdict
from irclient.cli.doctor.report import show_finding, show_verdict
from irclient.cli.exit_codes import ExitCode
from irclient.cli.options import AsJSON, Config, not_nan
from irclient.cli.output import data_console, print_json

if TYPE_CHECKING:
    from irclient.cli.doctor.finding import Finding

__all__ = ["doctor"]


Timeout: TypeAlias = Annotated[
    float,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        min=0.1,
        max=3600,
        callback=not_nan,
        help="How long each check may take.",
    ),
]


def doctor(*, config: Config = None, timeout: Timeout = 5.0, as_json: AsJSON = False) -> None:
    """Check everything that a call needs, and say what to do about what is wrong.

    The configuration, each host's name and certificate, this machine's clock,
    the secret in Key Vault, the token, and each service endpoint, by the way
    that a call takes. A check that fails does not keep the others from being
    made; what ends soon is a warning. Exits with 0 when nothing is wrong, else
    with 1.

    \b
    Examples:
    $ irclient doctor
    $ irclient doctor --config irclient.toml --json
    """
    # What a client logs about the doctor's requests is in the findings.
    logging.getLogger("irclient").addHandler(logging.NullHandler())
    console = data_console()
    findings: list[Finding] = []
    for finding in examine(config, timeout=timeout):
        findings.append(finding)
        if not as_json:
            show_finding(finding, console)
    is_well = all(each.verdict in {Verdict.GOOD, Verdict.WARNING} for each in findings)
    if as_json:
        print_json({"ok": is_well, "findings": [asdict(each) for each in findings]})
    else:
        show_verdict(findings, console)
    if not is_well:
        raise typer.Exit(ExitCode.FAILED)
