"""The control API: seeing the emulator's state and changing it while it runs.

Plain HTTP and JSON, on loopback. A request that changes something must carry the header
``X-Emulator-Control`` with any value, which keeps web pages out.

| request | body | does |
| --- | --- | --- |
| ``GET /state`` | | what listens where, faults, counted requests, cookings |
| ``POST /accounts/{account}/fault`` | ``{"fault": "slow:2.5"}`` | lets the account fail |
| ``DELETE /accounts/{account}/fault`` | | heals it |
| ``POST /accounts/{account}/cook`` | ``{"modeling": "shop"}`` or none | starts a cooking |
| ``POST /accounts/{account}/uncook`` | as above | back to the state before the first cooking |
| ``POST /accounts/{account}/deny`` | ``{"app_id": "…"}`` or none | forbids an App ID the account |
| ``POST /accounts/{account}/allow`` | as above | allows it again |
| ``POST /entra/fault``, ``DELETE /entra/fault`` | as above | the same for Entra |
| ``POST /key-vault/fault``, ``DELETE /key-vault/fault`` | as above | the same for Key Vault |
| ``POST /entra/rotate`` | ``{"vault": "stale"}`` or none | a new secret, told to the vault or not |
| ``POST /entra/expire`` | | the present secret expires |
| ``POST /entra/revoke`` | | the service refuses every token issued so far |
| ``POST /key-vault/update`` | | the vault gets the present secret |
| ``POST /key-vault/disable`` | | the vault refuses to give the secret out |

Each answers the new state, or 400 or 404 with ``{"error": "…"}``.
"""

from __future__ import annotations

import ipaddress
import json
import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from irclient.contract.messages import json_response
from irclient.emulator import faults

if TYPE_CHECKING:
    from irclient.contract.messages import Handler, Request, Response
    from irclient.emulator.accounts.account import Account
    from irclient.emulator.cloud import LocalCloud
    from irclient.emulator.http.listener import Listener

__all__ = ["Control", "control_of"]

_HEADER = "x-emulator-control"


def control_of(cloud: LocalCloud) -> Handler:
    """The control API of a running emulator, as a service."""
    return Control(cloud).handle


class Control:
    """The control API of one running emulator."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        if not _is_local(request.headers.get("host", "")):
            # A page whose name was rebound to this address must read nothing either.
            return _error(403, "the Host header must name this machine")
        if request.method == "GET" and request.segments == ("state",):
            return json_response(200, self.state())
        if _HEADER not in request.headers:
            return _error(403, "changes need the header X-Emulator-Control, with any value")
        try:
            content = _content(request.body)
            found = await self._change(request.method, request.segments, content)
        except ValueError as problem:
            return _error(400, str(problem))
        return json_response(200, self.state()) if found else _error(404, "see the control API")

    def state(self) -> dict[str, Any]:
        """Everything worth knowing that is not secret."""
        cloud = self._cloud
        return {
            "accounts": {name: _account_state(each) for name, each in cloud.accounts.items()},
            "entra": {
                **_listener_state(cloud.entra_listener),
                "tenant_id": cloud.entra.tenant_id,
                "client_id": cloud.application.client_id,
                "token_lifetime": cloud.entra.token_lifetime,
                "secret": cloud.application.standing,
            },
            "key_vault": {
                **_listener_state(cloud.vault_listener),
                "secret_name": cloud.secret_name,
                "secret": cloud.vault.standing(cloud.secret_name, cloud.application.secret),
            },
            "ca_file": str(cloud.ca_file),
        }

    async def _change(
        self, method: str, segments: tuple[str, ...], content: dict[str, object]
    ) -> bool:
        match (method, *segments):
            case ("POST" | "DELETE", "accounts", name, "fault"):
                await _put_fault(self._cloud.account(name).listener, method, content)
            case ("POST", "accounts", name, "cook" | "uncook" as what):
                self._cook(self._cloud.account(name), what, content)
            case ("POST", "accounts", name, "allow" | "deny" as what):
                self._allow(self._cloud.account(name), what, content)
            case ("POST" | "DELETE", "entra", "fault"):
                await _put_fault(self._cloud.entra_listener, method, content)
            case ("POST" | "DELETE", "key-vault", "fault"):
                await _put_fault(self._cloud.vault_listener, method, content)
            case ("POST", "entra", "rotate"):
                stale = content.get("vault", "updated")
                if stale not in {"updated", "stale"}:
                    raise ValueError(f"vault must be 'updated' or 'stale', got {stale!r}")
                self._cloud.rotate_secret(vault="stale" if stale == "stale" else "updated")
            case ("POST", "entra" | "key-vault", what):
                return self._change_secret(segments[0], what)
            case _:
                return False
        return True

    def _change_secret(self, where: str, what: str) -> bool:
        cloud = self._cloud
        match (where, what):
            case ("entra", "expire"):
                cloud.application.standing = "expired"
            case ("entra", "revoke"):
                cloud.entra.signer.revoke()
            case ("key-vault", "update"):
                cloud.update_vault()
            case ("key-vault", "disable"):
                cloud.vault.disable(cloud.secret_name)
            case _:
                return False
        return True

    def _cook(self, account: Account, what: str, content: dict[str, object]) -> None:
        modeling = content.get("modeling")
        cycle = account.cycle(str(modeling) if modeling is not None else None)
        if what == "cook":
            cycle.start(self._cloud.options.clock())
        else:
            cycle.serve(None)

    def _allow(self, account: Account, what: str, content: dict[str, object]) -> None:
        own = self._cloud.application.client_id
        given = str(content.get("app_id", own))
        try:
            # In the spelling in which Entra writes it into tokens.
            app_id = str(uuid.UUID(given))
        except ValueError:
            raise ValueError(f"app_id must be an App ID such as {own}, got {given!r}") from None
        if what == "allow":
            account.service.allowed.add(app_id)
        else:
            account.service.allowed.discard(app_id)


async def _put_fault(listener: Listener, method: str, content: dict[str, object]) -> None:
    if method == "DELETE":
        await listener.put_fault(None)
        return
    if "fault" not in content:
        raise ValueError('the body must be like {"fault": "slow:2.5"}')
    await listener.put_fault(faults.parse(str(content["fault"])))


def _account_state(account: Account) -> dict[str, Any]:
    return {
        **_listener_state(account.listener),
        "endpoint": account.endpoint_name,
        "tps": account.tps,
        "allowed": sorted(account.service.allowed),
        "cooking": [asdict(report) for report in account.cooking()],
    }


def _listener_state(listener: Listener) -> dict[str, Any]:
    requests = listener.requests()
    fault = listener.faults.fault
    return {
        "url": listener.url,
        "fault": str(fault) if fault else None,
        "requests": {
            "total": requests.total,
            "by_status": {str(key): count for key, count in requests.by_status.items()},
            "last_second": requests.last_second,
            "peak": requests.peak,
        },
    }


def _content(body: bytes) -> dict[str, object]:
    try:
        content: Any = json.loads(body) if body.strip() else {}
    except ValueError:
        raise ValueError("the body is not JSON") from None
    if isinstance(content, dict):
        return cast("dict[str, object]", content)
    raise ValueError("the body must be a JSON object")


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] or host
    try:
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _error(status: int, words: str) -> Response:
    return json_response(status, {"error": words})
