"""Where values come from: a TOML file, environment variables, or both, as one tree.

The tree remembers where each value came from, so that whatever is wrong with it can be said in
the words of its author.
"""

from __future__ import annotations

import difflib
import re
import warnings
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from irclient._values.without_login import without_login
from irclient.auth.exchange import redacted
from irclient.configuration.schema import KeyPath, key_name, leaves, pattern_of, variable_name
from irclient.configuration.toml_file import read_toml
from irclient.errors import ConfigurationError
from irclient.worker_share import REPLICAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "NO_PLACE_FOR_SECRETS",
    "SECRETS",
    "SHORT_FORMS",
    "ShortForm",
    "Source",
    "did_you_mean",
    "from_environment",
    "from_toml",
]

Tree: TypeAlias = dict[str, Any]

_PREFIX: Final = "IRCLIENT_"
#: The variable that names a file to read before the variables.
CONFIG: Final = "IRCLIENT_CONFIG"
#: What people call the key of a secret that they try to write here.
SECRETS: Final = frozenset(
    {"token", "secret", "client_secret", "password", "access_token", "api_key", "key"}
)
NO_PLACE_FOR_SECRETS: Final = (
    "a secret does not belong here: keep it in Key Vault and name it with secret_name, or name a "
    "variable that holds a token with token_env"
)
#: How alike a variable's name must be to one of ours to be a misspelling of it.
_NEAR: Final = 0.7
_PRIMARY: Final[KeyPath] = ("regions", 0, "primary")
_SECONDARY: Final[KeyPath] = ("regions", 0, "secondary")
_OF_THE_PAIR: Final = (("primary", _PRIMARY), ("secondary", _SECONDARY))


@dataclass(frozen=True, slots=True)
class ShortForm:
    """A variable that stands for keys of the common case: one pair, one credential.

    Attributes:
        variable: Its name.
        paths: The keys that it sets; those of a secondary that was not named are left out.
        meaning: What it holds, for the documentation.
        kind: The kind of credential that it goes with.
    """

    variable: str
    paths: tuple[KeyPath, ...]
    meaning: str
    kind: str | None = None


SHORT_FORMS: Final = (
    *(
        ShortForm(
            f"IRCLIENT_{which.upper()}",
            ((*place, "account"), (*place, "name")),
            f"The {which} service endpoint, as account/name.",
        )
        for which, place in _OF_THE_PAIR
    ),
    *(
        ShortForm(f"IRCLIENT_{which.upper()}_URL", ((*place, "url"),), f"The {which}'s base URL.")
        for which, place in _OF_THE_PAIR
    ),
    *(
        ShortForm(
            f"IRCLIENT_{key.upper()}",
            tuple((*place, key) for _, place in _OF_THE_PAIR),
            f"The {what} of each endpoint of the pair.",
        )
        for key, what in (("tps", "TPS"), ("modeling", "modeling component"))
    ),
    *(
        ShortForm(f"IRCLIENT_{name.upper()}", (("credential", name),), meaning, "key_vault")
        for name, meaning in (
            ("vault_url", "The Key Vault; makes credential.kind key_vault."),
            ("secret_name", "The secret's name in the vault."),
            ("tenant_id", "The Microsoft Entra tenant."),
            ("client_id", "The App ID that the secret belongs to."),
        )
    ),
    ShortForm(
        "IRCLIENT_TOKEN",
        (("credential", "token_env"),),
        "A token that something else obtained; makes credential.kind token.",
        "token",
    ),
    ShortForm(
        "IRCLIENT_DEADLINE", (("settings", "timeouts", "deadline"),), "Seconds for a whole call."
    ),
    ShortForm(
        "IRCLIENT_SHARE",
        (("settings", "throttling", "share"),),
        "This process's part of each endpoint's TPS: 1/4, 0.25, or auto.",
    ),
)
_SHORT: Final = {form.variable: form for form in SHORT_FORMS}


@dataclass(slots=True)
class Source:
    """A tree of values, and who wrote each of them.

    Attributes:
        tree: The values, nested as in the schema.
        file: The file that was read, as it was named, or None.
        variables: The variable that set a key, for keys that one did.
    """

    tree: Tree = field(default_factory=dict[str, Any])
    file: str | None = None
    variables: dict[KeyPath, str] = field(default_factory=dict[KeyPath, str])

    def name_of(self, path: KeyPath) -> str:
        """Name a key, present or missing, as its writer did or would."""
        if path in self.variables:
            return self.variables[path]
        came_in_part_from_variables = any(
            known[: len(path) - 1] == path[:-1] for known in self.variables if len(path) > 1
        )
        if self.file is not None and not came_in_part_from_variables:
            return f"{self.file}: {key_name(path)}"
        long = variable_name(path)
        short = [form.variable for form in SHORT_FORMS if path in form.paths]
        return f"{short[0]} (or {long})" if short else long


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that names the closest known word, or all few of them."""
    words = list(dict.fromkeys(known))
    close = difflib.get_close_matches(given, words, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(words)}" if 0 < len(words) <= 12 else "; check its spelling"


def from_toml(path: str | Path) -> Source:
    """Read a TOML file.

    Raises:
        ConfigurationError: There is no such file, or it is not TOML.
    """
    tree = read_toml(path)
    folder = Path(path).expanduser().parent
    for table in (tree, tree.get("credential")):
        ca_file = cast("Tree", table).get("ca_file") if isinstance(table, dict) else None
        if isinstance(ca_file, str):
            cast("Tree", table)["ca_file"] = str(folder / Path(ca_file).expanduser())
    return Source(tree, str(path))


def from_environment(environ: Mapping[str, str]) -> Source:
    """Read the variables, over the file that ``IRCLIENT_CONFIG`` names if it is set.

    A variable that only shares our prefix is left alone: Kubernetes makes such of a Service's
    name, and a platform may have its own. A misspelling of one of ours is refused.

    Raises:
        ConfigurationError: A variable is nearly one of ours, or two set the same key.
    """
    # Empty means not set: composing tools have no other way to leave a variable out.
    ours = {
        name: value
        for name, value in environ.items()
        if name.startswith(_PREFIX) and value.strip() and not _is_foreign(name, value)
    }
    file = ours.pop(CONFIG, None)
    source = Source() if file is None else from_toml(file)
    values = _by_path(ours)
    _drop_urls_of_other_endpoints(source.tree, values)
    kind = _kind_named(ours, values)
    if kind is not None:
        _choose_kind(source, kind)
    # In the order of their positions, so that lists grow from their beginning.
    for path in sorted(values, key=_position):
        variable, value = values[path]
        if _is_of_absent_secondary(path, source.tree, ours):
            continue
        _put(source.tree, path, value, variable)
        source.variables[path] = variable
    return source


def _position(path: KeyPath) -> list[str]:
    return [f"{part:09}" if isinstance(part, int) else part for part in path]


def _by_path(ours: Mapping[str, str]) -> dict[KeyPath, tuple[str, str]]:
    values: dict[KeyPath, tuple[str, str]] = {}
    for variable, value in ours.items():
        for path, part in _settings_of(variable, value):
            if path in values:
                other = values[path][0]
                raise ConfigurationError(
                    f"{other} and {variable} both set {key_name(path)}; keep one of them"
                )
            values[path] = variable, part
    return values


def _settings_of(variable: str, value: str) -> Iterator[tuple[KeyPath, str]]:
    short = _SHORT.get(variable)
    if short is None:
        yield cast("KeyPath", _path_of(variable)), value
    elif variable in {"IRCLIENT_PRIMARY", "IRCLIENT_SECONDARY"}:
        account, slash, name = value.strip().partition("/")
        if not (account and slash and name):
            raise ConfigurationError(
                f"{variable} must be 'account/name', got {redacted(repr(without_login(value)))}"
            )
        yield from zip(short.paths, (account, name), strict=True)
    elif variable == "IRCLIENT_TOKEN":
        # The token itself stays where it is: only the variable's name travels on.
        yield short.paths[0], variable
    else:
        for path in short.paths:
            yield path, value


def _path_of(variable: str) -> KeyPath | None:
    """The key that a variable sets by its long name, or None."""
    path = _path_in(variable)
    is_key = pattern_of(path) in {leaf.pattern for leaf in leaves()}
    return path if is_key and variable == variable_name(path) else None


def _path_in(variable: str) -> KeyPath:
    parts = variable.removeprefix(_PREFIX).split("__")
    return tuple(int(p) if p.isascii() and p.isdigit() else p.lower() for p in parts)


#: What Kubernetes and Docker make of a service whose name begins with ours (Kubernetes:
#: "Discovering services", environment variables).
_MADE_OF_A_SERVICE: Final = re.compile(
    r"IRCLIENT_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)"
)
_SERVICE_ADDRESS: Final = re.compile(r"(tcp|udp|sctp)://")


def _is_foreign(variable: str, value: str) -> bool:
    """Whether a variable is not ours; warns of those that no platform is known to make.

    Raises:
        ConfigurationError: It is nearly one of ours, or a secret's.
    """
    if variable in _SHORT or variable == CONFIG or _path_of(variable) is not None:
        return False
    if variable == REPLICAS:
        return True  # It is read where a share is worked out of it.
    is_port = variable.endswith("_PORT") and _SERVICE_ADDRESS.match(value)
    if is_port or _MADE_OF_A_SERVICE.fullmatch(variable):
        return True
    # The value is shown nowhere: what was meant to be a secret's variable may hold the secret.
    path = _path_in(variable)
    if path[-1] in SECRETS:
        raise ConfigurationError(
            f"{variable} is not a variable of irclient, and {NO_PLACE_FOR_SECRETS}"
        )
    position = next((part for part in path if isinstance(part, int)), 0)
    long = [variable_name(leaf.pattern).replace("__N__", f"__{position}__") for leaf in leaves()]
    ours = {name.removeprefix(_PREFIX): name for name in (*_SHORT, CONFIG, REPLICAS, *long)}
    near = difflib.get_close_matches(variable.removeprefix(_PREFIX), ours, n=1, cutoff=_NEAR)
    if near:
        raise ConfigurationError(
            f"{variable} is not a variable of irclient; did you mean {ours[near[0]]!r}?"
        )
    alike = [name for name in ours.values() if _has_the_words_of(variable, name)]
    meant = (
        f"was {' or '.join(alike[:3])} meant?"
        if alike
        else "irclient.configuration.describe() and the reference's page Configuration list them"
    )
    warnings.warn(
        f"{variable} is not a variable of irclient and is not used; {meant}", stacklevel=6
    )
    return True


def _has_the_words_of(variable: str, other: str) -> bool:
    """Whether every word of the one is a word of the other, but for an s at the end."""
    words = [
        {word.rstrip("S") for word in name.removeprefix(_PREFIX).split("_") if word}
        for name in (variable, other)
    ]
    return words[0] <= words[1]


def _drop_urls_of_other_endpoints(tree: Tree, values: Mapping[KeyPath, tuple[str, str]]) -> None:
    """Forget a file's url where a variable names another endpoint in its place.

    It would send the calls of the one endpoint to the host of the other.
    """
    for path, (_, value) in values.items():
        if path[-1] not in {"account", "name"}:
            continue
        table: Any = tree
        try:
            for part in path[:-1]:
                table = table[part]
            is_another = table[path[-1]] != value.strip()
        except (TypeError, IndexError, KeyError):
            continue  # The file does not name it.
        if is_another:
            table.pop("url", None)


def _kind_named(
    ours: Mapping[str, str], values: Mapping[KeyPath, tuple[str, str]]
) -> tuple[str, str] | None:
    """The kind of credential that the variables ask for, and the variable that does."""
    named = values.get(("credential", "kind"))
    if named is not None:
        return named[1].strip(), named[0]
    implied = [(form.kind, name) for name, form in _SHORT.items() if name in ours and form.kind]
    kinds = {kind for kind, _ in implied}
    if len(kinds) > 1:
        both = " and ".join(name for _, name in implied)
        raise ConfigurationError(f"{both} name two kinds of credential; keep one kind")
    return implied[0] if implied else None


def _choose_kind(source: Source, kind: tuple[str, str]) -> None:
    """Let the variables' kind of credential replace a file's credential of another kind."""
    word, variable = kind
    table = source.tree.get("credential")
    if not isinstance(table, dict) or cast("Tree", table).get("kind") != word:
        source.tree["credential"] = {"kind": word}
    source.variables["credential", "kind"] = variable


def _is_of_absent_secondary(path: KeyPath, tree: Tree, ours: Mapping[str, str]) -> bool:
    """Whether IRCLIENT_TPS or the like speaks of a secondary that there is not."""
    if path[:3] != _SECONDARY or f"{_PREFIX}{path[-1]}".upper() not in ours:
        return False
    has_variable = "IRCLIENT_SECONDARY" in ours or any(
        name.startswith(variable_name(_SECONDARY) + "__") for name in ours
    )
    regions = tree.get("regions")
    try:
        return not has_variable and "secondary" not in cast("Any", regions)[0]
    except (TypeError, IndexError, KeyError):
        return not has_variable


def _put(tree: Tree, path: KeyPath, value: str, variable: str) -> None:
    table: Any = tree
    for part, following in pairwise(path):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(part, int):
            if part > len(table):
                raise ConfigurationError(
                    f"{variable}: number {part} comes without {part - 1}; "
                    "count positions from 0 without a gap"
                )
            if part == len(table):
                table.append(empty)
            table = table[part]
        else:
            table = table.setdefault(part, empty)
        if not isinstance(table, type(empty)):
            raise ConfigurationError(
                f"{variable} cannot be set: the file holds a value in place of the table around it"
            )
    table[path[-1]] = value.strip()
