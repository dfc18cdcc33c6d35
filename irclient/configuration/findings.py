"""What is wrong with a configuration, said in the words of its author."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from irclient._values.without_login import without_login
from irclient.auth.arguments import unquoted
from irclient.configuration.schema import leaves, pattern_of
from irclient.configuration.source import NO_PLACE_FOR_SECRETS, SECRETS, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from irclient.configuration.schema import KeyPath, Leaf
    from irclient.configuration.source import Source

__all__ = ["findings"]

_KINDS: Final = ("key_vault", "azure", "token")
#: What a word looks like that is a kind of credential, or was meant to be one, and no secret.
_WORD: Final = re.compile(r"[a-z]+([_-][a-z]+)?")


def findings(problem: ValidationError, source: Source) -> list[str]:
    """Say of each key that is wrong its value, unless that may be secret, and the fix."""
    return [_finding(detail, source) for detail in problem.errors(include_url=False)]


def _finding(detail: ErrorDetails, source: Source) -> str:
    path = _path_of(detail["loc"])
    what = source.name_of(path)
    match detail["type"]:
        case "extra_forbidden":
            return f"{what} {_unknown(path, source)}"
        case "missing" | "union_tag_not_found" | "too_short":
            return _missing(path, source)
        case "union_tag_invalid":
            given = str(detail.get("ctx", {}).get("tag"))
            hint = did_you_mean(given, _KINDS)
            shown = repr(given) if _WORD.fullmatch(given) else unquoted(given)
            return f"{source.name_of((*path, 'kind'))}: {shown} is not a kind of credential{hint}"
        case "value_error":
            # These words show the value themselves, where it may be shown.
            words = str(detail.get("ctx", {}).get("error"))
            return f"{what} {words.removeprefix(f'{path[-1]} ')}"
        case "list_type" if path == ("regions",):
            return f"{what} must be a list of tables; write [[regions]]"
        case _:
            words = detail["msg"].replace("Input should be", "must be")
            # A table may hold anything, and a credential's value may be a misplaced secret.
            is_shown = isinstance(detail["input"], str | int | float) and path[0] != "credential"
            given = detail["input"]
            given = without_login(given) if isinstance(given, str) else given
            shown = f", got {given!r}" if is_shown else ""
            return f"{what} {words}{shown}"


def _path_of(loc: Sequence[str | int]) -> KeyPath:
    # pydantic names the variant of a union between its key and the keys inside.
    is_credential = len(loc) > 1 and loc[0] == "credential" and loc[1] in _KINDS
    return (loc[0], *loc[2:]) if is_credential else tuple(loc)


def _unknown(path: KeyPath, source: Source) -> str:
    name = str(path[-1])
    if name in SECRETS:
        return f"is not a key, and {NO_PLACE_FOR_SECRETS}"
    if path[0] == "credential":
        leaf = next((leaf for leaf in leaves() if leaf.pattern == path), None)
        if leaf is not None:
            kinds = " or ".join(repr(kind) for kind in leaf.kinds)
            return f"goes with credential.kind {kinds}; remove it, or change the kind"
    siblings = _siblings(path, source)
    return f"is not a key{did_you_mean(name, siblings)}"


def _missing(path: KeyPath, source: Source) -> str:
    if path == ("regions",):
        if source.file is None:
            return (
                "no service endpoint is configured: set IRCLIENT_PRIMARY to 'account/name', "
                "IRCLIENT_PRIMARY_URL to where it answers, and IRCLIENT_TPS; or IRCLIENT_CONFIG "
                "to the path of a TOML file"
            )
        return f"{source.file}: regions is missing; add [[regions]] with a [regions.primary]"
    if path == ("credential",) and source.file is None:
        return (
            "no credential is configured: set IRCLIENT_VAULT_URL, IRCLIENT_SECRET_NAME, "
            "IRCLIENT_TENANT_ID and IRCLIENT_CLIENT_ID; or IRCLIENT_TOKEN to a key of a service "
            "of your own; or IRCLIENT_CREDENTIAL__KIND to 'azure'"
        )
    if path == ("credential", "token_env") and source.file is None:
        return (
            "IRCLIENT_TOKEN is missing; set it to the token, or IRCLIENT_CREDENTIAL__TOKEN_ENV to "
            "the name of the variable that holds it"
        )
    leaf = _first_leaf_in(path)
    path = (*path, *leaf.pattern[len(path) :])
    choice = f" ({', '.join(_KINDS)})" if path == ("credential", "kind") else ""
    meaning = leaf.meaning.rstrip(".")
    return f"{source.name_of(path)} is missing; set it{choice}: {meaning}"


def _first_leaf_in(path: KeyPath) -> Leaf:
    pattern = pattern_of(path)
    return next(leaf for leaf in leaves() if leaf.pattern[: len(pattern)] == pattern)


def _siblings(path: KeyPath, source: Source) -> list[str]:
    above = pattern_of(path)[:-1]
    table = source.tree.get("credential")
    kind = cast("dict[str, Any]", table).get("kind") if isinstance(table, dict) else None
    return [
        re.sub(r"^N$", "0", leaf.pattern[len(above)])
        for leaf in leaves()
        if leaf.pattern[: len(above)] == above
        and (above != ("credential",) or kind in leaf.kinds or leaf.pattern[-1] == "kind")
    ]
