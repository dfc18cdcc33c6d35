"""The other end of the control API: changing a local service that runs in another process."""

from typing import Any, cast
from urllib.parse import quote, urlsplit

import httpx

from irclient._values.without_login import without_login
from irclient.errors import ConfigurationError, QueryError, Unavailable, UnexpectedAnswer
from irclient.topology import is_loopback

__all__ = ["CONTROL_PORT", "CONTROL_URL", "RemoteControl"]

CONTROL_PORT = 8410
CONTROL_URL = f"http://127.0.0.1:{CONTROL_PORT}"

_OTHERS = ("entra", "key-vault")


class RemoteControl:
    """Speaks to the control API of one running emulator.

    Every method returns the emulator's state as it is afterwards.

    Args:
        url: The control API's URL, on loopback.

    Raises:
        ConfigurationError: The URL is not on loopback, or holds a user or a password.
    """

    def __init__(self, url: str) -> None:
        if not _is_local(url):
            shown = without_login(url)
            raise ConfigurationError(f"--control must be like {CONTROL_URL!r}, got {shown!r}")
        self._url = url.rstrip("/")

    def state(self) -> dict[str, Any]:
        """Ask for the state."""
        return self._send("GET", "/state")

    def fail(self, target: str, fault: str) -> dict[str, Any]:
        """Let an account, ``entra`` or ``key-vault`` fail."""
        return self._send("POST", f"{_path(target)}/fault", {"fault": fault})

    def heal(self, target: str) -> dict[str, Any]:
        """End what makes it fail."""
        return self._send("DELETE", f"{_path(target)}/fault")

    def cook(self, account: str, modeling: str | None) -> dict[str, Any]:
        """Start a cooking, whatever the trigger's limits say."""
        return self._send("POST", f"{_account(account)}/cook", _given(modeling=modeling))

    def uncook(self, account: str, modeling: str | None) -> dict[str, Any]:
        """Go back to the state before the first cooking."""
        return self._send("POST", f"{_account(account)}/uncook", _given(modeling=modeling))

    def allow(self, account: str, app_id: str | None) -> dict[str, Any]:
        """Put an App ID, the application's if none is given, on an account's allow-list."""
        return self._send("POST", f"{_account(account)}/allow", _given(app_id=app_id))

    def deny(self, account: str, app_id: str | None) -> dict[str, Any]:
        """Take an App ID, the application's if none is given, off an account's allow-list."""
        return self._send("POST", f"{_account(account)}/deny", _given(app_id=app_id))

    def rotate_secret(self, *, vault: str) -> dict[str, Any]:
        """Give the application a new secret; the vault is ``updated`` or stays ``stale``."""
        return self._send("POST", "/entra/rotate", {"vault": vault})

    def expire_secret(self) -> dict[str, Any]:
        """Let the application's present secret expire."""
        return self._send("POST", "/entra/expire")

    def revoke_tokens(self) -> dict[str, Any]:
        """Let the accounts refuse every token issued so far."""
        return self._send("POST", "/entra/revoke")

    def disable_secret(self) -> dict[str, Any]:
        """Let the vault refuse to give the secret out."""
        return self._send("POST", "/key-vault/disable")

    def update_vault(self) -> dict[str, Any]:
        """Store the application's present secret in the vault."""
        return self._send("POST", "/key-vault/update")

    def _send(
        self, method: str, path: str, content: dict[str, str] | None = None
    ) -> dict[str, Any]:
        # trust_env: a proxy of the environment has no business on loopback.
        with httpx.Client(base_url=self._url, timeout=10.0, trust_env=False) as client:
            try:
                answer = client.request(
                    method, path, json=content, headers={"X-Emulator-Control": "irclient"}
                )
            except httpx.TransportError as problem:
                raise Unavailable(
                    f"nothing answers at {self._url} ({problem}); start one with "
                    "`irclient emulator`, or name its control URL with --control"
                ) from None
        return self._state_in(answer)

    def _state_in(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            content: object = answer.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise UnexpectedAnswer(f"{self._url} is no control API: it answers without JSON")
        values = cast("dict[str, Any]", content)
        if answer.is_error:
            words = str(values.get("error", f"status {answer.status_code}"))
            raise QueryError(words, status=answer.status_code)
        return values


def _is_local(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # Reading the port fails where it is none.
        has_address = parts.port is None or bool(parts.hostname)
    except ValueError:
        return False
    is_plain = url.isprintable() and parts.scheme == "http" and "@" not in url
    return has_address and is_plain and is_loopback(parts.hostname or "")


def _path(target: str) -> str:
    name = target.replace("_", "-")
    return f"/{name}" if name in _OTHERS else _account(target)


def _account(name: str) -> str:
    return f"/accounts/{quote(name, safe='')}"


def _given(**content: str | None) -> dict[str, str]:
    return {name: value for name, value in content.items() if value is not None}
