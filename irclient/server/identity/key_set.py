"""The public keys of an issuer (JWKS, RFC 7517), and when they are fetched again."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from irclient.topology import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from irclient.server.configuration import Issuer

__all__ = ["IssuerKeys", "KeysUnavailable", "fetch_key_set"]

_log: Final = logging.getLogger(__name__)
_DISCOVERY: Final = "/.well-known/openid-configuration"
#: A token may name a key that is newer than what is known; anybody can name any key.
_LOOK_AGAIN_AFTER: Final = 5.0
#: Keys that an issuer took back stop counting after this long.
_REFRESH_AFTER: Final = 300.0
_FETCH_WITHIN: Final = 10.0
_MOST_BYTES: Final = 1_048_576


class KeysUnavailable(Exception):  # noqa: N818  (a state, turned into an answer)
    """No keys of an issuer could be fetched so far."""


class IssuerKeys:
    """The keys of one issuer, fetched when they are needed; used on one event loop.

    Args:
        issuer: Its table in the configuration.
        fetch: Fetches its key set; runs on a thread.
        clock: An instant in seconds; monotonic.
    """

    def __init__(
        self,
        issuer: Issuer,
        *,
        fetch: Callable[[Issuer], list[dict[str, Any]]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = issuer
        #: Counts up when the keys change, so that what they proved is proved again.
        self.generation = 0
        self._fetch = fetch or fetch_key_set
        self._clock = clock
        self._keys: list[dict[str, Any]] | None = None
        self._fetched_at = -_REFRESH_AFTER
        self._tried_at = -_REFRESH_AFTER
        self._under_way: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether keys are known."""
        return self._keys is not None

    def find(self, key_id: str | None) -> list[dict[str, Any]]:
        """The known keys of an id; every key for a token that names none."""
        keys = self._keys or []
        return keys if key_id is None else [key for key in keys if key.get("kid") == key_id]

    async def look_again(self) -> None:
        """Fetch the keys, unless that was tried a moment ago.

        Raises:
            KeysUnavailable: There are none at all.
        """
        if self._under_way is None and self._clock() - self._tried_at >= _LOOK_AGAIN_AFTER:
            self._begin()
        if self._under_way is not None:
            await asyncio.shield(self._under_way)
        if self._keys is None:
            raise KeysUnavailable(f"no keys of {self.issuer.issuer} could be fetched")

    def refresh_if_old(self) -> None:
        """Fetch the keys in the background when they are old."""
        now = self._clock()
        is_old = now - self._fetched_at >= _REFRESH_AFTER
        if is_old and self._under_way is None and now - self._tried_at >= _LOOK_AGAIN_AFTER:
            self._begin()

    def _begin(self) -> None:
        self._tried_at = self._clock()
        self._under_way = asyncio.create_task(self._update())

    async def _update(self) -> None:
        try:
            async with asyncio.timeout(_FETCH_WITHIN):
                keys = await asyncio.to_thread(self._fetch, self.issuer)
        except Exception as problem:  # noqa: BLE001  (whatever it is, the keys that are known stay)
            reason = str(problem) or type(problem).__name__
            _log.warning("keys of %s cannot be fetched: %s", self.issuer.issuer, reason)
        else:
            if keys != self._keys:
                self.generation += 1
            self._keys, self._fetched_at = keys, self._clock()
        finally:
            self._under_way = None


def fetch_key_set(issuer: Issuer) -> list[dict[str, Any]]:
    """Fetch an issuer's keys; where they are, its OpenID configuration says.

    Raises:
        ValueError: An answer is not what the standards say.
        httpx.HTTPError: The issuer does not answer.
    """
    # Loaded here: a service with static keys alone fetches nothing.
    import httpx  # noqa: PLC0415

    def fetched(url: str) -> Mapping[str, Any]:
        with client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"{url} answered {response.status_code}")
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise ValueError(f"{url} answered more than {_MOST_BYTES} bytes")
        found: object = json.loads(content)
        if not isinstance(found, dict):
            raise ValueError(f"{url} answered something that is no JSON object")  # noqa: TRY004
        return cast("dict[str, Any]", found)

    with httpx.Client(timeout=_FETCH_WITHIN / 2, follow_redirects=False) as client:
        url = str(issuer.jwks_uri) if issuer.jwks_uri else _key_set_url(issuer, fetched)
        keys: object = fetched(url).get("keys")
    if not isinstance(keys, list):
        raise ValueError(f"{url} answered no keys")  # noqa: TRY004
    return [
        key
        for key in cast("list[object]", keys)
        if isinstance(key, dict) and _is_for_signatures(cast("dict[str, Any]", key))
    ]


def _key_set_url(issuer: Issuer, fetched: Callable[[str], Mapping[str, Any]]) -> str:
    about = fetched(issuer.issuer.rstrip("/") + _DISCOVERY)
    if str(about.get("issuer", "")).rstrip("/") != issuer.issuer.rstrip("/"):
        raise ValueError(f"its OpenID configuration is of the issuer {about.get('issuer')!r}")
    url = str(about.get("jwks_uri", ""))
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (
        parts.scheme == "http" and is_loopback(parts.hostname or "")
    )
    if not secure:
        raise ValueError(f"its jwks_uri is {url!r}, which is not https")
    return url


def _is_for_signatures(key: Mapping[str, Any]) -> bool:
    # A symmetric key in a public key set would let anyone sign.
    return key.get("kty") in {"RSA", "EC", "OKP"} and key.get("use", "sig") == "sig"
