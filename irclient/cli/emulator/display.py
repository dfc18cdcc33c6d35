"""How a local service looks on a terminal: where it listens, how it fails, what it was asked."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from irclient.cli.emulator.environment_file import printable
from irclient.topology import ServiceEndpoint, flatten

if TYPE_CHECKING:
    from irclient.emulator import Emulator

__all__ = ["describe_start", "show_start", "show_state"]


def describe_start(emulator: "Emulator", environment_file: Path) -> dict[str, Any]:
    """Return what a program needs to know about a service that has just started."""
    endpoints = _endpoints(emulator)
    return {
        "accounts": {each.account: {"url": each.url, "tps": each.tps} for each in endpoints},
        "entra": {"url": emulator.authority, "tenant_id": emulator.tenant_id},
        "key_vault": {"url": emulator.vault_url, "secret_name": emulator.secret_name},
        "control": {"url": emulator.control_url},
        "client_id": emulator.client_id,
        "ca_file": emulator.ca_file,
        "environment": printable(emulator.environment()),
        "environment_file": str(environment_file),
    }


def show_start(emulator: "Emulator", environment_file: Path, console: Console) -> None:
    """Print where it listens, and what to do in another shell."""
    table = Table(title="Listening on this machine alone", box=box.SIMPLE_HEAD)
    for name in ("what", "url"):
        table.add_column(name, no_wrap=True)
    table.add_column("notes")
    for each in _endpoints(emulator):
        table.add_row(each.label, Text(each.url, style="cyan"), f"{each.tps:g} TPS, {each.region}")
    table.add_row("Entra", Text(emulator.authority, style="cyan"), "tenant: see below")
    table.add_row(
        "Key Vault", Text(emulator.vault_url, style="cyan"), f"secret {emulator.secret_name}"
    )
    table.add_row("control", Text(emulator.control_url, style="cyan"), "see the commands below")
    console.print(table)
    console.print(f"The CA that clients must trust is in {emulator.ca_file}", soft_wrap=True)
    first = emulator.home.primary.account
    console.print("In another shell:", style="bold")
    for line in (
        f". {environment_file}",
        "irclient doctor",
        "irclient popular --count 5",
        f"irclient emulator fault {first} down",
    ):
        console.print(Text(f"  {line}", style="green"), soft_wrap=True)
    console.print("Its environment, but for the header that guards the managed identity:")
    for name, value in printable(emulator.environment()).items():
        console.print(Text(f"  {name}={value}", style="dim"), soft_wrap=True)
    console.print("Ctrl-C stops it.", style="bold")


def show_state(state: Mapping[str, Any], console: Console) -> None:
    """Print a running service's state."""
    table = Table(title="The local service", box=box.SIMPLE_HEAD)
    for name in ("what", "url", "fault"):
        table.add_column(name, no_wrap=True)
    table.add_column("requests", justify="right")
    table.add_column("answers")
    listeners = {**state["accounts"], "entra": state["entra"], "key-vault": state["key_vault"]}
    for name, listener in listeners.items():
        requests = listener["requests"]
        fault = ", ".join(_troubles(listener, state["entra"]["client_id"]))
        answers = ", ".join(f"{key}: {number}" for key, number in requests["by_status"].items())
        table.add_row(
            name,
            Text(listener["url"], style="cyan"),
            Text(fault or "none", style="bold red" if fault else "green"),
            str(requests["total"]),
            answers,
        )
    console.print(table)


def _troubles(listener: Mapping[str, Any], client_id: str) -> Iterator[str]:
    """What keeps a part of the service from answering as it should."""
    if listener["fault"]:
        yield listener["fault"]
    if listener.get("secret") in {"expired", "stale", "disabled"}:
        yield f"secret {listener['secret']}"
    if client_id not in listener.get("allowed", [client_id]):
        yield "application denied"
    for each in listener.get("cooking", ()):
        if each["interactions_version"] is None:
            yield f"{each['modeling']} {each['phase']}"


def _endpoints(emulator: "Emulator") -> tuple[ServiceEndpoint, ...]:
    return flatten(emulator.regions)
