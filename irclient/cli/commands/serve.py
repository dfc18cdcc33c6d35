"""`irclient serve`: the service itself, from what `irclient cook` made."""

import logging
import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from irclient.cli.options import AsJSON
from irclient.cli.output import message_console, print_json
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from irclient.server.configuration import Configuration
    from irclient.server.plan import Plan

__all__ = ["serve"]


def serve(
    out: Annotated[
        Path | None,
        typer.Argument(
            metavar="OUT",
            help="The folder that irclient cook --to fills; not needed where FILE names "
            "the output of every endpoint.",
            show_default=False,
        ),
    ] = None,
    *,
    config: Annotated[
        Path,
        typer.Option(
            "--config", metavar="FILE", help="The server.toml to follow.", show_default=False
        ),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Only check the configuration, and end.")
    ] = False,
    as_json: AsJSON = False,
) -> None:
    """Serve cooked lists over the contract of a service endpoint, until SIGTERM or Ctrl-C.

    A new output in OUT is taken up without a lost request. Each request is
    noted on standard output, unless access_log = "off".

    \b
    Examples:
    $ irclient serve ./out --config server.toml
    $ irclient serve ./out --config server.toml --check
    $ irclient serve --config server.toml
    """
    require_server()
    # Imported here: an extra, of which the line above made sure.
    from irclient.server.configuration_file import read_configuration  # noqa: PLC0415
    from irclient.server.supervisor import serve as run  # noqa: PLC0415

    configuration = read_configuration(config)
    if check:
        _check(configuration, out)
        if as_json:
            print_json(configuration.model_dump(mode="json"))
        message_console().print(f"{config} is in order.")
        return
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    run(configuration, out=out, on_ready=lambda url, plan: _announce(url, plan, as_json=as_json))
    message_console().print("Stopped.", style="dim")


def _check(configuration: "Configuration", out: Path | None) -> None:
    """Open all that the configuration names, as a start would, and say what cannot be served yet.

    Raises:
        ConfigurationError: Something that it names is not what it must be.
    """
    from irclient.server.plan import make_plan  # noqa: PLC0415  (as above)

    with TemporaryDirectory() as scratch:
        _tell_what_is_missing(make_plan(configuration, out=out, scratch=Path(scratch)))


def _tell_what_is_missing(plan: "Plan") -> None:
    for output in plan.outputs.values():
        if output.edition is None:
            why = output.problem or (
                f"{output.folder} holds no output yet: irclient cook FOLDER --to {output.folder}"
            )
            message_console().print(f"Not ready: {why}", style="yellow")


def require_server() -> None:
    """Make sure that the server can be imported.

    Raises:
        ConfigurationError: What it needs is not installed.
    """
    # Each worker is one thread; the library of linear algebra would start one for each core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        import_module("irclient.server.worker")
        if find_spec("prometheus_client") is None:
            raise ModuleNotFoundError("no prometheus_client", name="prometheus_client")
    except ModuleNotFoundError as missing:
        if (missing.name or "irclient").partition(".")[0] == "irclient":
            raise
        raise ConfigurationError(
            f"irclient serve needs {missing.name}, which is not installed: "
            "pip install 'irclient[server]'"
        ) from None


def _announce(url: str, plan: "Plan", *, as_json: bool) -> None:
    _tell_what_is_missing(plan)
    served = [
        {
            "endpoint": endpoint.label,
            "tps": endpoint.endpoint.tps,
            "modelings": {
                each.name: plan.outputs[each.output].served for each in endpoint.modelings
            },
        }
        for endpoint in plan.endpoints
    ]
    if as_json:
        print_json({"url": url, "endpoints": served})
        return
    console = message_console()
    console.print(f"Serving on {url}", style="bold")
    for endpoint in plan.endpoints:
        for each in endpoint.modelings:
            what = plan.outputs[each.output].served
            console.print(
                f"  {endpoint.label} ({each.name}), {endpoint.endpoint.tps:g} TPS: {what}"
            )
