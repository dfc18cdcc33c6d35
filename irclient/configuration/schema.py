"""The schema: every key that a configuration may hold, with its type and its meaning.

One schema serves the file and the environment. The keys below ``settings`` are those of
`irclient.settings`, read from there, so that neither can drift from the other.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator

from irclient import settings
from irclient.errors import ConfigurationError
from irclient.topology import ServiceEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationInfo
    from pydantic.fields import FieldInfo

__all__ = [
    "AzureTable",
    "ConfigurationTable",
    "CredentialTable",
    "FleetTable",
    "Key",
    "KeyPath",
    "KeyVaultTable",
    "Leaf",
    "RegionTable",
    "TokenTable",
    "describe",
    "key_name",
    "leaves",
    "pattern_of",
    "schema",
    "variable_name",
]

KeyPath: TypeAlias = tuple[str | int, ...]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class _TableOfNumbers(_Table):
    @field_validator("*", mode="before")
    @classmethod
    def _refuse_true_for_a_number(cls, given: object, info: ValidationInfo) -> object:
        # pydantic would read `tps = true` as 1.0.
        wanted = cls.model_fields[cast("str", info.field_name)].annotation
        if isinstance(given, bool) and wanted is not bool:
            raise ValueError(f"must not be {str(given).lower()}")
        return given


class EndpointTable(_TableOfNumbers):
    """One service endpoint; see `irclient.ServiceEndpoint`."""

    account: str = Field(description="The IR account's name.")
    name: str = Field(description="The service endpoint's name within the account.")
    tps: float = Field(
        description="Transactions per second that the endpoint is provisioned with.",
        gt=0,
        allow_inf_nan=False,
    )
    url: str | None = Field(
        default=None,
        description="The base URL. Without it the client asks the host that Microsoft retired.",
    )
    modeling: str | None = Field(
        default=None, description="The modeling component to read if a query names none."
    )
    region: str | None = Field(
        default=None, description="The region's name, as shown in health and logs."
    )

    @field_validator("*", mode="after")
    @classmethod
    def _ask_the_endpoint(cls, given: object, info: ValidationInfo) -> object:
        # The rules are ServiceEndpoint's; asking for one field at a time tells which it is.
        if given is not None:
            sample: dict[str, Any] = {"account": "account", "name": "name", "tps": 1.0}
            # Not the one that account and name make: each may be as long as the other allows.
            sample["url"] = "https://host"
            sample[cast("str", info.field_name)] = given
            try:
                ServiceEndpoint(**sample)
            except ConfigurationError as problem:
                raise ValueError(str(problem).partition(": ")[2]) from None
        return given


class RegionTable(_Table):
    """One region: an endpoint, or the pair that acts as one."""

    primary: EndpointTable
    secondary: EndpointTable | None = None


class KeyVaultTable(_Table):
    """`irclient.KeyVaultCredential`; Key Vault is read as azure-identity finds it can be."""

    kind: Literal["key_vault"] = Field(description="How the client gets its tokens.")
    vault_url: str = Field(description="The Key Vault, for example https://NAME.vault.azure.net.")
    secret_name: str = Field(description="The name of the secret in the vault.")
    tenant_id: str = Field(description="The Microsoft Entra tenant.")
    client_id: str = Field(description="The App ID that the secret belongs to.")
    authority: str | None = Field(
        default=None, description="The identity provider, if it is not the public one."
    )
    scope: str | None = Field(
        default=None, description="The scope to ask for, where it is not the service's own."
    )
    ca_file: str | None = Field(
        default=None,
        description="A PEM file of the authorities to trust for Key Vault and Entra; without "
        "it, the top-level ca_file.",
    )


class AzureTable(_Table):
    """azure-identity's `DefaultAzureCredential`."""

    kind: Literal["azure"]
    scope: str | None = Field(
        default=None, description="The scope to ask for, where it is not the service's own."
    )


class TokenTable(_Table):
    """A token that something else obtained; it stays in the environment."""

    kind: Literal["token"]
    token_env: str = Field(description="The name of the environment variable with the token.")


CredentialTable: TypeAlias = Annotated[
    KeyVaultTable | AzureTable | TokenTable, Field(discriminator="kind")
]


class FleetTable(_TableOfNumbers):
    """`irclient.fleet.RedisFleet`: the processes that share one TPS."""

    url: str = Field(
        description="The Redis or Valkey server that they share: redis://, rediss:// or unix://. "
        "Keep a URL with a password in the environment."
    )
    name: str = Field(description="The fleet's name, the same for all its processes.")
    workers: int = Field(description="How many processes make calls.", ge=1)
    login: Literal["password", "entra"] = Field(
        default="password",
        description="How to log in: `password`, with the URL's password if it has one; or "
        "`entra`, for Azure's Redis, with tokens of the client's credential.",
    )
    secret_env: str | None = Field(
        default=None,
        description="The name of the environment variable with the secret that keys the digests "
        "of users, items and queries on the server.",
    )


class ConfigurationTable(_Table):
    """The whole."""

    regions: list[RegionTable] = Field(min_length=1)
    credential: CredentialTable
    settings: Any = None
    fleet: FleetTable | None = None
    ca_file: str | None = Field(
        default=None,
        description="A PEM file of the only authorities to trust for the accounts, Entra and Key "
        "Vault; relative to the file that names it. That of a fleet's server goes into fleet.url: "
        "?ssl_ca_certs=/path/ca.pem.",
    )
    observers: str | None = Field(
        default=None,
        description="The observers: `opentelemetry`, `prometheus` or `logging`, with commas "
        "between them.",
    )


@cache
def schema() -> type[ConfigurationTable]:
    """Return the whole schema, with the tables of the settings filled in."""
    groups: dict[str, Any] = {
        name: (_table_of(cast("type[BaseModel]", field.annotation)) | None, None)
        for name, field in settings.Settings.model_fields.items()
    }
    table: Any = create_model("SettingsTable", __base__=_Table, **groups)
    fields: dict[str, Any] = {"settings": (table | None, None)}
    return create_model("ConfigurationTable", __base__=ConfigurationTable, **fields)


def _table_of(group: type[BaseModel]) -> Any:  # noqa: ANN401  (a model made here)
    fields: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in group.model_fields.items()
        if _word_of(field.annotation) is not None
    }
    return create_model(group.__name__, __base__=_TableOfNumbers, __doc__=group.__doc__, **fields)


#: What a file and a variable can hold; a setting of any other type can only be set in Python.
_WORDS: Final[dict[Any, str]] = {
    str: "text",
    float: "number",
    int: "whole number",
    bool: "true or false",
}


def _word_of(annotation: object) -> str | None:
    if isinstance(annotation, type) and annotation in _WORDS:
        return _WORDS[annotation]
    literals = get_args(annotation)
    if literals and all(isinstance(each, str) for each in literals):
        return "text"
    # What is left of `Annotated[float, ...] | None`.
    kinds = [getattr(each, "__origin__", each) for each in literals if each is not type(None)]
    return _WORDS.get(kinds[0]) if len(kinds) == 1 else None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One key that holds a value; list positions in `pattern` are the word ``N``."""

    pattern: tuple[str, ...]
    field: FieldInfo
    meaning: str
    kinds: tuple[str, ...]


@cache
def leaves() -> tuple[Leaf, ...]:
    """Every key that holds a value, in the order of the schema."""
    found: dict[tuple[str, ...], Leaf] = {}
    for leaf in _walk(schema(), (), ()):
        before = found.get(leaf.pattern, leaf)
        kinds = tuple(dict.fromkeys(before.kinds + leaf.kinds))
        found[leaf.pattern] = Leaf(leaf.pattern, before.field, before.meaning, kinds)
    return tuple(found.values())


def _walk(table: type[BaseModel], at: tuple[str, ...], kinds: tuple[str, ...]) -> Iterator[Leaf]:
    for name, field in table.model_fields.items():
        inside = list(_tables_in(field.annotation))
        is_list = getattr(field.annotation, "__origin__", None) is list
        for each in inside:
            tag = each.model_fields.get("kind")
            tags = get_args(tag.annotation) if tag is not None else kinds
            yield from _walk(each, (*at, name, "N") if is_list else (*at, name), tags)
        if not inside:
            yield Leaf((*at, name), field, field.description or _meaning(table, name), kinds)


def _meaning(table: type[BaseModel], name: str) -> str:
    """What a setting is for: its docstring is the one place that says it."""
    text = inspect.cleandoc(table.__doc__ or "")
    found = re.search(rf"^    {name}: (.+(?:\n {{8}}.+)*)", text, re.MULTILINE)
    return re.sub(r"\s+", " ", found[1]) if found else ""


def _tables_in(annotation: object) -> Iterator[type[BaseModel]]:
    for each in get_args(annotation) or (annotation,):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield each


def pattern_of(path: KeyPath) -> tuple[str, ...]:
    """The pattern of a key: list positions become the word ``N``."""
    return tuple("N" if isinstance(part, int) else part for part in path)


def key_name(path: KeyPath) -> str:
    """A key as a file's reader would name it: ``regions[0].primary.tps``."""
    return re.sub(r"\.\[", "[", ".".join(f"[{p}]" if isinstance(p, int) else p for p in path))


def variable_name(path: KeyPath) -> str:
    """A key as an environment variable: ``IRCLIENT_REGIONS__0__PRIMARY__TPS``."""
    return "IRCLIENT_" + "__".join(str(part).upper() for part in path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One row of the documentation's table.

    Attributes:
        key: In a file, with ``N`` for a position in a list.
        variable: In the environment, likewise.
        type: What it holds, in words.
        default: Its default as text; ``required`` without one.
        meaning: What it is for.
        kinds: The kinds of credential that it belongs to; empty for all other keys.
    """

    key: str
    variable: str
    type: str
    default: str
    meaning: str
    kinds: tuple[str, ...] = ()


def describe() -> tuple[Key, ...]:
    """Return the whole schema as rows for the documentation."""
    return tuple(_row(leaf) for leaf in leaves())


def _row(leaf: Leaf) -> Key:
    field, kind = leaf.field, leaf.pattern == ("credential", "kind")
    word = " or ".join(leaf.kinds) if kind else _word_of(field.annotation)
    if field.is_required():
        default = "required"
    elif field.default is None:
        default = "none"
    elif isinstance(field.default, bool | str):
        default = str(field.default).lower()
    else:
        default = f"{field.default:g}"
    return Key(
        key=".".join(leaf.pattern).replace(".N", "[N]"),
        variable=variable_name(leaf.pattern),
        type=word or "text",
        default=default,
        meaning=leaf.meaning,
        kinds=() if kind else leaf.kinds,
    )
