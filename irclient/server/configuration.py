"""What a `server.toml` may say: frozen values with one place for each default."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003  (pydantic reads it at run time)
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from irclient.topology import is_loopback

__all__ = [
    "Account",
    "Configuration",
    "Endpoint",
    "Issuer",
    "Limits",
    "Modeling",
    "Redis",
]

#: A part of a host's first label, which is {account}-{endpoint}.
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_LONGEST_LABEL: Final = 63


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be letters, digits and '-', since it is a part of a host's name")
    return value


def _host(value: str) -> str:
    if not value or re.search(r"[\s/:@]", value):
        raise ValueError("must be a host's name without scheme, port and path")
    return value.casefold()


def _secure_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("must be like 'https://issuer.example'")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must use https; plain http is for loopback hosts alone")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("must have no credentials and no fragment")
    return value


Name = Annotated[str, AfterValidator(_name)]
HostName = Annotated[str, AfterValidator(_host)]
SecureURL = Annotated[str, AfterValidator(_secure_url)]
Words = Annotated[str, Field(min_length=1)]
Command = Annotated[tuple[Words, ...], Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Modeling(_Table):
    """A modeling component: a cooked output, and the name by which callers ask for it."""

    name: Words
    """What callers send as `modeling`; upper and lower case are the same."""

    output: Path
    """The folder that `irclient cook --to` fills."""

    cook: Command | None = None
    """The command that the contract's trigger starts; without one the trigger is refused."""


class _Serving(_Table):
    """What is served; an endpoint's values override its account's."""

    output: Path | None = None
    """The cooked output: the endpoint's, else the account's, else that of the command line."""

    cook: Command | None = None
    """The command that the contract's trigger starts; without one the trigger is refused."""

    modelings: tuple[Modeling, ...] = ()
    """Several modelings, each on its own output; the first is the default one."""


class Endpoint(_Serving):
    """A service endpoint of an account."""

    name: Name
    """The second half of the host's first label: `{account}-{name}`."""

    tps: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
    """Requests a second that it answers; more are refused with 429."""

    hosts: tuple[HostName, ...] = ()
    """Further host names of the endpoint, beside `{account}-{name}.anything`."""


class Account(_Serving):
    """An account: who may call it, and its endpoints."""

    name: Name
    """The first half of the host's first label."""

    endpoints: Annotated[tuple[Endpoint, ...], Field(min_length=1)]
    """Its service endpoints."""

    keys_file: Path | None = None
    """A file of static keys, one a line; a caller sends one as `Authorization: Bearer KEY`."""

    keys_env: Words | None = None
    """An environment variable that holds static keys, separated by spaces or commas."""

    allowed: tuple[Words, ...] = ()
    """The allow-list for tokens of issuers: application ids (`appid`, `azp`) or object ids."""

    callers: Literal["anyone"] | None = None
    """`"anyone"` lets every caller in, without a key or token."""


class Issuer(_Table):
    """An issuer of OpenID Connect whose tokens are accepted."""

    issuer: SecureURL
    """The exact `iss` of its tokens; http is allowed for loopback only."""

    audiences: Annotated[tuple[Words, ...], Field(min_length=1)]
    """The `aud` that a token must have, exactly: one of these."""

    tenants: tuple[Words, ...] = ()
    """The `tid` that a token must have: one of these; without any, `tid` is not checked."""

    roles: tuple[Words, ...] = ()
    """Roles of which a token must have one; without any, `roles` are not checked."""

    jwks_uri: SecureURL | None = None
    """Where its keys are; without it, where the issuer's OpenID configuration says."""

    leeway: Annotated[float, Field(ge=0, le=300)] = 0.0
    """Seconds by which its clock and ours may differ."""


class Limits(_Table):
    """The limits of a request and of a caller."""

    head_bytes: Annotated[int, Field(ge=1_024, le=1_048_576)] = 16_384
    """A request's line and headers together."""

    body_bytes: Annotated[int, Field(ge=1_024, le=67_108_864)] = 1_048_576
    """A request's body."""

    id_length: Annotated[int, Field(ge=16, le=4_096)] = 256
    """Characters of an item, user or session id, and of a filter's name or value."""

    filters: Annotated[int, Field(ge=0, le=10_000)] = 32
    """Pairs of filter names and values in a request."""

    seeds: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Seed items of a cart."""

    candidates: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Candidates of a personalization."""

    count: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Items in an answer; a larger `count` is cut down to it."""

    connections: Annotated[int, Field(ge=1, le=1_000_000)] = 2_000
    """Open connections of one worker; more are closed at once."""

    slow_after: Seconds = 10.0
    """Seconds within which a request must have arrived, and its answer must be read."""

    idle_after: Seconds = 75.0
    """Seconds after which a connection without requests is closed; after 30 if it never had one."""

    sessions: Annotated[int, Field(ge=64, le=10_000_000)] = 20_000
    """Live sessions that are kept for each account; the longest unused ones are removed first."""

    session_for: Seconds = 3_600.0
    """Seconds after which an unused session is forgotten."""


class Redis(_Table):
    """Where several machines share TPS and live sessions."""

    url: str | None = None
    """`redis://…` or `rediss://…`, without a password."""

    url_env: Words | None = None
    """An environment variable that holds the URL, when it has a password."""

    name: Words = "irclient"
    """The beginning of all keys; the same for all machines of a service."""

    timeout: Annotated[float, Field(gt=0, le=5)] = 0.1
    """Seconds to wait for Redis; without an answer, this machine counts alone for a while."""

    @model_validator(mode="after")
    def _one_url(self) -> Redis:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("needs url or url_env, and not both")
        if self.url is not None and "@" in self.url:
            raise ValueError("url must hold no password; put it into a variable, named by url_env")
        return self


class Configuration(_Table):
    """A whole `server.toml`."""

    accounts: Annotated[tuple[Account, ...], Field(min_length=1)]
    """The accounts that are served."""

    host: Words = "127.0.0.1"
    """The address to listen on: `"0.0.0.0"` or `"::"` for all."""

    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    """The port to listen on; 0 takes any free one."""

    workers: Annotated[int, Field(ge=1, le=256)] = 2
    """How many processes answer; one for each core is a good number."""

    certificate: Path | None = None
    """A PEM file with the certificate and its chain; without it the port speaks plain HTTP."""

    private_key: Path | None = None
    """The certificate's key, as PEM, when the certificate's file does not hold it."""

    issuers: tuple[Issuer, ...] = ()
    """Issuers whose tokens are accepted, for the accounts that have an allow-list."""

    limits: Limits = Limits()
    """The limits of a request and of a caller."""

    redis: Redis | None = None
    """Where several machines share TPS and live sessions."""

    state_folder: Path | None = None
    """Where the triggers of the last day are kept; without it a restart forgets them."""

    access_log: Literal["stdout", "off"] = "stdout"
    """Where each request is logged, as a line of JSON."""

    hash_key_env: Words | None = None
    """An environment variable with the key by which the access log hashes user and session ids;
    without it each start makes a new key, and a user's hash changes."""

    drain_delay: Annotated[float, Field(ge=0, le=3_600)] = 1.0
    """Seconds from SIGTERM, when `/health/ready` begins to answer 503, until new connections are
    refused."""

    drain_timeout: Seconds = 30.0
    """Seconds that requests under way then have to end."""

    @model_validator(mode="after")
    def _consistent(self) -> Configuration:
        if self.private_key is not None and self.certificate is None:
            raise ValueError("private_key needs a certificate")
        _check_accounts(self)
        _check_hosts(self)
        return self


def _check_accounts(configuration: Configuration) -> None:
    for account in configuration.accounts:
        where = f"account {account.name!r}"
        has_keys = account.keys_file is not None or account.keys_env is not None
        if account.callers == "anyone":
            if has_keys or account.allowed:
                raise ValueError(
                    f'{where} has callers = "anyone" beside keys or an allow-list; remove one'
                )
        elif account.allowed and not configuration.issuers:
            raise ValueError(f"{where} has an allow-list and no issuer; add [[issuers]]")
        elif not has_keys and not account.allowed:
            raise ValueError(
                f"{where} has nobody who may call it; add keys_file or keys_env, or allowed with "
                '[[issuers]]; if anyone may call it, say so: callers = "anyone"'
            )
        places: tuple[Account | Endpoint, ...] = (account, *account.endpoints)
        for at in places:
            if at.modelings and (at.output is not None or at.cook is not None):
                raise ValueError(f"{where} has modelings beside output or cook; remove one")
            folded = [modeling.name.casefold() for modeling in at.modelings]
            if len(set(folded)) < len(folded):
                raise ValueError(f"{where} has two modelings of the same name")


def _check_hosts(configuration: Configuration) -> None:
    taken: dict[str, str] = {}
    for account in configuration.accounts:
        for endpoint in account.endpoints:
            what = f"{account.name}/{endpoint.name}"
            label = f"{account.name}-{endpoint.name}".casefold()
            if len(label) > _LONGEST_LABEL:
                raise ValueError(f"{what}: {label!r} is too long for a part of a host's name")
            for host in (label, *endpoint.hosts):
                if host in taken:
                    raise ValueError(f"{what} and {taken[host]} are both chosen by {host!r}")
                taken[host] = what
