"""What all workers have alike, made before they are forked so that they share it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, cast

from irclient._values.secret import Secret
from irclient.errors import ConfigurationError
from irclient.server.certificates import Certificate
from irclient.server.identity.static_keys import StaticKeys
from irclient.server.local_state import LocalCapacity, LocalSessions
from irclient.server.outputs import ServedOutput, open_current
from irclient.server.served import served_endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from irclient.server.configuration import Configuration
    from irclient.server.endpoint_service import Capacity, Sessions
    from irclient.server.outputs import Edition
    from irclient.server.served import ServedEndpoint

__all__ = ["Plan", "make_plan"]

_LONGEST_HASH_KEY: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to serve, and what is shared.

    Attributes:
        configuration: What the file says.
        endpoints: The endpoints.
        outputs: The outputs by folder, each opened once.
        capacity: Counts requests against the TPS.
        sessions: Remembers views.
        certificate: The TLS context.
        keys: Each account's static keys.
        state_folder: Where the trigger's limits are noted.
        hash_key: With what the access log hashes ids.
        redis_url: Where several machines count together; None for one machine.
    """

    configuration: Configuration
    endpoints: tuple[ServedEndpoint, ...]
    outputs: Mapping[Path, ServedOutput]
    capacity: Capacity
    sessions: Sessions
    certificate: Certificate
    keys: Mapping[str, StaticKeys]
    state_folder: Path
    hash_key: bytes
    redis_url: Secret | None


def make_plan(
    configuration: Configuration,
    *,
    out: Path | None,
    scratch: Path,
    open_edition: Callable[[Path], Edition] = open_current,
) -> Plan:
    """Open everything that a configuration names.

    Args:
        configuration: What the file says.
        out: The folder of outputs for those that name none; None if all name theirs.
        scratch: A folder for what may be forgotten at the end.
        open_edition: Opens what is current in a folder of outputs.

    Raises:
        ConfigurationError: A key file, a certificate, a variable or the state folder is not what
            it must be, or an endpoint has no output.
    """
    endpoints = served_endpoints(configuration, out)
    folders = {modeling.output for endpoint in endpoints for modeling in endpoint.modelings}
    outputs = {folder: ServedOutput(folder, open_edition) for folder in sorted(folders)}
    for output in outputs.values():
        output.look()
    return Plan(
        configuration=configuration,
        endpoints=endpoints,
        outputs=outputs,
        capacity=LocalCapacity(endpoints),
        sessions=LocalSessions(
            (account.name for account in configuration.accounts), configuration.limits
        ),
        certificate=Certificate(configuration),
        keys={account.name: StaticKeys(account) for account in configuration.accounts},
        state_folder=_state_folder(configuration, scratch),
        hash_key=_hash_key(configuration),
        redis_url=_redis_url(configuration),
    )


def _state_folder(configuration: Configuration, scratch: Path) -> Path:
    folder = configuration.state_folder or scratch
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise ConfigurationError(
            f"state_folder {str(folder)!r} cannot be made: {problem.strerror}"
        ) from None
    if not os.access(folder, os.W_OK):
        raise ConfigurationError(f"state_folder {str(folder)!r} cannot be written")
    return folder


def _hash_key(configuration: Configuration) -> bytes:
    name = configuration.hash_key_env
    if name is None:
        return secrets.token_bytes(32)
    value = os.environ.get(name, "").encode()
    if not value:
        raise ConfigurationError(f"hash_key_env names the variable {name!r}, which is not set")
    return value[:_LONGEST_HASH_KEY]


def _redis_url(configuration: Configuration) -> Secret | None:
    redis = configuration.redis
    if redis is None:
        return None
    url = redis.url or os.environ.get(redis.url_env or "", "")
    if not url:
        raise ConfigurationError(
            f"redis.url_env names the variable {redis.url_env!r}, which is not set"
        )
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigurationError("redis: the URL must begin with redis://, rediss:// or unix://")
    if find_spec("redis") is None:
        raise ConfigurationError("redis needs redis-py: pip install 'irclient[server,redis]'")
    from redis import ConnectionPool  # noqa: PLC0415  (an extra)

    try:
        cast("Any", ConnectionPool).from_url(url)
    except ValueError:
        # Not its words, which may hold a part of the password.
        raise ConfigurationError(
            "redis: the URL cannot be read; percent-encode its user and password"
        ) from None
    return Secret(url)
