"""`irclient trigger`: starts a cooking on one account, and waits for it if asked to."""

from contextlib import closing
from dataclasses import asdict
from typing import Annotated, TypeAlias

import httpx
import typer

from irclient.cli.answers import show_list
from irclient.cli.configured import endpoint_named, read_configuration
from irclient.cli.options import AsJSON, Config, Modeling, not_nan
from irclient.cli.output import data_console, message_console, print_json, safe
from irclient.client import IRClient
from irclient.configuration import Configuration
from irclient.errors import NotReady
from irclient.modeling import CookingProgress, ModelingClient
from irclient.queries import Popular
from irclient.topology import ServiceEndpoint
from irclient.transports import default_transport

__all__ = ["trigger"]

Account: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="ACCOUNT",
        help="The account; may be left out where the configuration has only one.",
        show_default=False,
    ),
]
Wait: TypeAlias = Annotated[
    bool, typer.Option("--wait", help="Wait until the new lists are served: minutes to days.")
]
PollEvery: TypeAlias = Annotated[
    float,
    typer.Option(
        "--poll-every",
        metavar="SECONDS",
        min=0.1,
        max=72 * 3600,
        callback=not_nan,
        help="With --wait.",
    ),
]


def trigger(
    account: Account = None,
    *,
    modeling: Modeling = None,
    wait: Wait = False,
    poll_every: PollEvery = 600.0,
    config: Config = None,
    as_json: AsJSON = False,
) -> None:
    """Trigger a cooking on one account, which computes its lists anew.

    The service accepts one call in 30 minutes and 5 in 24 hours. The accounts
    of a pair are cooked on their own, so that one of them always has good
    lists.

    \b
    Examples:
    $ irclient trigger contoso-b
    $ irclient trigger contoso-b --modeling shop --wait
    """
    configuration = read_configuration(config)
    endpoint = endpoint_named(account, configuration)
    with closing(default_transport(ca_file=configuration.ca_file)) as transport:
        before = _version_served(endpoint, modeling, configuration, transport) if wait else None
        with ModelingClient(
            endpoint, credential=configuration.credential, transport=transport
        ) as modeler:
            triggered = modeler.trigger(modeling)
            message_console().print(
                f"{endpoint.label} accepted the trigger: {safe(triggered.status)}", markup=False
            )
            answer = None
            if wait:
                answer = modeler.wait_until_cooked(
                    modeling=modeling, newer_than=before, poll_every=poll_every, progress=_tell
                )
    if as_json:
        served = None if answer is None else answer.interactions_version
        print_json({"endpoint": endpoint.label, **asdict(triggered), "served": served})
    elif answer is not None:
        show_list(answer, data_console())


def _version_served(
    endpoint: ServiceEndpoint,
    modeling: str | None,
    configuration: Configuration,
    transport: httpx.BaseTransport,
) -> str | None:
    """The data set that is to be replaced, or None before the first cooking."""
    credential = configuration.credential
    with IRClient(endpoint, credential=credential, transport=transport) as ir:
        try:
            return ir.fetch(Popular(count=1, modeling=modeling)).interactions_version
        except NotReady:
            return None


def _tell(progress: CookingProgress) -> None:
    message_console().print(safe(str(progress)), style="dim", markup=False)
