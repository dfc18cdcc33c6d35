"""Reading a `server.toml`: paths made absolute, and everything that is wrong said at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from pydantic import BaseModel, ValidationError

from irclient._values.without_login import without_login
from irclient.configuration.source import did_you_mean
from irclient.configuration.toml_file import read_toml
from irclient.errors import ConfigurationError
from irclient.server.configuration import Configuration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

__all__ = ["read_configuration"]

#: Keys that hold a path, which is meant from the file's folder.
_PATHS: Final = frozenset({"keys_file", "output", "certificate", "private_key", "state_folder"})
#: Keys that may hold a secret by mistake: their value is not shown.
_UNSHOWN: Final = frozenset({"url", "keys_env", "url_env", "keys", "key", "token", "secret"})


def read_configuration(path: Path) -> Configuration:
    """Read a configuration file.

    Raises:
        ConfigurationError: It cannot be read, or something in it is wrong; says all of it, each
            with its key, its value and the fix.
    """
    tree = read_toml(path)
    try:
        return Configuration.model_validate(_resolved(tree, path.expanduser().resolve().parent))
    except ValidationError as problem:
        details = problem.errors(include_url=False)
        said = "; ".join(_finding(each) for each in details if not _follows(each, details))
        raise ConfigurationError(f"{path}: {said}") from None


def _resolved(value: object, folder: Path) -> Any:  # noqa: ANN401  (a tree of TOML)
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        return {
            key: str(folder / Path(inner).expanduser())
            if key in _PATHS and isinstance(inner, str)
            else _resolved(inner, folder)
            for key, inner in table.items()
        }
    if isinstance(value, list):
        return [_resolved(inner, folder) for inner in cast("list[object]", value)]
    return value


def _follows(detail: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """Whether a list counts as too short only because what is wrong in it was left out."""
    within = len(detail["loc"])
    return detail["type"] == "too_short" and any(
        len(each["loc"]) > within and each["loc"][:within] == detail["loc"] for each in others
    )


def _finding(detail: ErrorDetails) -> str:
    where = _named(detail["loc"])
    match detail["type"]:
        case "extra_forbidden":
            hint = did_you_mean(str(detail["loc"][-1]), _siblings(detail["loc"]))
            return f"{where} is not a key{hint}"
        case "missing":
            return f"{where} is missing"
        case "value_error":
            words = str(detail.get("ctx", {}).get("error"))
        case _:
            words = detail["msg"].replace("Input should", "must").replace("Tuple should", "must")
    given = detail["input"]
    is_shown = isinstance(given, str | int | float) and detail["loc"][-1] not in _UNSHOWN
    given = without_login(given) if isinstance(given, str) else given
    shown = f", got {given!r}" if is_shown else ""
    return f"{where} {words}{shown}".strip()


def _named(loc: Sequence[str | int]) -> str:
    """A key as people write it: accounts[0].endpoints[0].tps."""
    found = ""
    for part in loc:
        found += f"[{part}]" if isinstance(part, int) else f".{part}" if found else part
    return found


def _siblings(loc: Sequence[str | int]) -> list[str]:
    """The keys that are known where the last one of a path stands."""
    model: type[BaseModel] | None = Configuration
    for part in loc[:-1]:
        if isinstance(part, str) and model is not None:
            field = model.model_fields.get(part)
            model = None if field is None else _model_in(field.annotation)
    return list(model.model_fields) if model is not None else []


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each))), None)
