"""Building: from values that were read to the endpoints, the credential and the settings."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast

from pydantic import ValidationError

from irclient import settings as groups
from irclient.auth import KeyVaultCredential, StaticToken
from irclient.auth.arguments import SCOPE, unquoted
from irclient.configuration.findings import findings
from irclient.configuration.observing import observers_named
from irclient.configuration.schema import KeyVaultTable, TokenTable, schema
from irclient.errors import ConfigurationError
from irclient.settings import Settings
from irclient.topology import Pair, ServiceEndpoint, flatten
from irclient.worker_share import WorkerShare, worker_share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient._core.allowance_protocol import Fleet
    from irclient.auth import Credential, TokenCredential
    from irclient.configuration.schema import (
        ConfigurationTable,
        EndpointTable,
        KeyPath,
        RegionTable,
    )
    from irclient.configuration.source import Source
    from irclient.observe import Observer
    from irclient.topology import Endpoints, Region

__all__ = ["Parts", "build"]

#: What a variable is called, and hardly any secret looks like.
_VARIABLE: Final = re.compile(r"[A-Z]+(_([A-Z]+|\d{1,2}))*")


class Parts(TypedDict):
    """What a `Configuration` is made of."""

    endpoints: Endpoints
    credential: Credential
    settings: Settings
    ca_file: str | None
    fleet: Fleet | None
    observers: tuple[Observer, ...]


def build(source: Source, environ: Mapping[str, str]) -> Parts:
    """Check what was read and build it.

    Args:
        source: The values, and where they came from.
        environ: Where a token is looked up.

    Raises:
        ConfigurationError: A key is missing or wrong; the message names it and the fix.
    """
    _work_out_share(source, environ)
    try:
        table = schema().model_validate(source.tree)
    except ValidationError as problem:
        raise ConfigurationError(*findings(problem, source)) from None
    if table.ca_file is not None and not Path(table.ca_file).is_file():
        raise ConfigurationError(
            f"{source.name_of(('ca_file',))}: there is no file {table.ca_file!r}; "
            "name a PEM file of the authorities to trust"
        )
    credential, settings = _credential(table, source, environ), _settings(table)
    if table.fleet is not None:
        _refuse_a_share_beside_a_fleet(settings.throttling.share, source)
    return Parts(
        endpoints=_endpoints(table, source),
        credential=credential,
        settings=settings,
        ca_file=table.ca_file,
        fleet=_fleet(table, source, credential, environ),
        observers=observers_named(table.observers or "", at=source.name_of(("observers",))),
    )


def _work_out_share(source: Source, environ: Mapping[str, str]) -> None:
    """Put the share in the place of ``auto``, by these variables and no others."""
    groups: Any = source.tree.get("settings", {})
    try:
        throttling = groups["throttling"]
        if throttling["share"] == "auto":
            throttling["share"] = worker_share(environ)
    except (KeyError, TypeError):
        return  # It is not there, or no table: the schema says so.


def _endpoints(table: ConfigurationTable, source: Source) -> Endpoints:
    try:
        regions = [_region(region) for region in table.regions]
        flatten(regions)
    except ConfigurationError as problem:
        where = "" if source.file is None else f"{source.file}: "
        raise ConfigurationError(f"{where}regions: {problem}") from None
    return regions[0] if len(regions) == 1 else tuple(regions)


def _region(table: RegionTable) -> Region:
    primary = _endpoint(table.primary)
    return primary if table.secondary is None else Pair(primary, _endpoint(table.secondary))


def _endpoint(table: EndpointTable) -> ServiceEndpoint:
    return ServiceEndpoint(
        table.account,
        table.name,
        tps=table.tps,
        url=table.url or "",
        modeling=table.modeling,
        region=table.region,
    )


def _settings(table: ConfigurationTable) -> Settings:
    given: dict[str, dict[str, object] | None] = (
        {} if table.settings is None else table.settings.model_dump(exclude_unset=True)
    )
    made = {
        name: cast("Any", groups.Settings.model_fields[name].annotation)(**values)
        for name, values in given.items()
        if values is not None
    }
    return Settings(**made)


def _refuse_a_share_beside_a_fleet(share: float, source: Source) -> None:
    if share != 1.0:
        name = source.name_of(("settings", "throttling", "share"))
        given = f"auto, which is {share:.3g}" if isinstance(share, WorkerShare) else f"{share:g}"
        raise ConfigurationError(
            f"{name} is {given}, and a fleet shares the whole TPS by itself; leave it out"
        )


def _fleet(
    table: ConfigurationTable,
    source: Source,
    credential: Credential,
    environ: Mapping[str, str],
) -> Fleet | None:
    given = table.fleet
    if given is None:
        return None
    # Loaded here: few programs have one.
    from irclient.fleet import RedisFleet  # noqa: PLC0415

    try:
        return RedisFleet(
            given.url,
            name=given.name,
            workers=given.workers,
            credential=_for_redis(credential) if given.login == "entra" else None,
            secret=None if given.secret_env is None else environ.get(given.secret_env, ""),
        )
    except ConfigurationError as problem:
        field = str(problem).partition(" ")[0]
        if field == "secret":
            name = source.name_of(("fleet", "secret_env"))
            raise ConfigurationError(f"the variable that {name} names: {problem}") from None
        path: KeyPath = ("fleet", field) if field in type(given).model_fields else ("fleet",)
        raise ConfigurationError(f"{source.name_of(path)}: {problem}") from None


def _for_redis(credential: Credential) -> Credential:
    # The scope that is configured is the service's.
    if isinstance(credential, KeyVaultCredential):
        return replace(credential, scope=SCOPE)
    return credential.unscoped if isinstance(credential, _Scoped) else credential


def _credential(
    table: ConfigurationTable, source: Source, environ: Mapping[str, str]
) -> Credential:
    given = table.credential
    try:
        if isinstance(given, KeyVaultTable):
            return _key_vault(given, table.ca_file)
        if isinstance(given, TokenTable):
            return _token(given, environ)
    except ConfigurationError as problem:
        words = str(problem)
        if words.startswith("StaticToken"):
            # The variable that holds the token is at fault, not the key that names it.
            raise ConfigurationError(f"{_holder(source)}: {words}") from None
        fields = [name for name in type(given).model_fields if re.search(rf"\b{name}\b", words)]
        path: KeyPath = ("credential", *fields[:1])
        raise ConfigurationError(f"{source.name_of(path)}: {words}") from None
    return _azure(given.scope)


def _key_vault(given: KeyVaultTable, ca_file: str | None) -> KeyVaultCredential:
    values = given.model_dump(exclude_none=True, exclude={"kind"})
    if ca_file is not None:
        values.setdefault("ca_file", ca_file)
    return cast("KeyVaultCredential", cast("Any", KeyVaultCredential)(**values))


def _token(given: TokenTable, environ: Mapping[str, str]) -> StaticToken:
    token = environ.get(given.token_env, "").strip()
    if not token:
        named = given.token_env
        is_name = _VARIABLE.fullmatch(named)
        # It may be the token itself.
        if not is_name:
            raise ConfigurationError(
                f"token_env must name a variable with a token in it, got {unquoted(named)}"
            )
        raise ConfigurationError(
            f"the variable {named} is not set; token_env must name a variable with a token in it"
        )
    return StaticToken(token)


def _holder(source: Source) -> str:
    name = source.name_of(("credential", "token_env"))
    return name if name == "IRCLIENT_TOKEN" else f"the variable that {name} names"


def _azure(scope: str | None) -> Credential:
    # Only this kind of credential needs it, and it is slow to import.
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415

    credential = DefaultAzureCredential()
    return credential if scope is None else _Scoped(credential, scope)


class _Scoped:
    """A credential of azure-identity that is asked for one scope only."""

    def __init__(self, credential: TokenCredential, scope: str) -> None:
        self._credential: Any = credential
        self._scope = scope

    @property
    def unscoped(self) -> TokenCredential:
        """The credential, for other scopes."""
        return cast("TokenCredential", self._credential)

    def get_token(self, *_scopes: str) -> Any:  # noqa: ANN401  (azure-core's AccessToken)
        return self._credential.get_token(self._scope)

    def get_token_info(self, *_scopes: str) -> Any:  # noqa: ANN401  (azure-core's AccessTokenInfo)
        return self._credential.get_token_info(self._scope)
