"""The other end of the control API: changing a local service that runs in another process."""

from typing import Any, cast
from urllib.parse import quote, urlsplit

import httpx

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
        ConfigurationError: The URL is not on loopback.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
            raise ConfigurationError(f"--control must be like {CONTROL_URL!r}, got {url!r}")
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
        content = {} if modeling is None else {"modeling": modeling}
        return self._send("POST", f"{_path(account)}/cook", content)

    def rotate_secret(self, *, vault: str) -> dict[str, Any]:
        """Give the application a new secret; the vault is ``updated`` or stays ``stale``."""
        return self._send("POST", "/entra/rotate", {"vault": vault})

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


def _path(target: str) -> str:
    name = target.replace("_", "-")
    return f"/{name}" if name in _OTHERS else f"/accounts/{quote(target, safe='')}"
