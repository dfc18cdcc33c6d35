"""Every error message of the package, read from its source, for the page on troubleshooting."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import Final

__all__ = ["messages"]

_ROOT: Final = Path(__file__).parent.parent / "irclient"
#: What a newcomer meets first; the order of the page.
_KINDS: Final = (
    "Unavailable", "Throttled", "DeadlineExceeded", "AuthenticationError", "AccessDenied",
    "NotReady", "UnexpectedAnswer", "QueryError", "ClientClosed", "ConfigurationError",
)  # fmt: skip
_ELSEWHERE: Final = {"cli", "emulator", "testing"}
#: What more there is to say, by how the message begins.
_MORE: Final = {
    "every endpoint failed": "Each attempt is in the message. `irclient doctor` asks each account "
    "by itself; a [fallback](how-to/fall-back.md) is what to answer meanwhile.",
    "no endpoint answered, ": "Some were not asked, because they were known to fail: "
    "`client.health()` says since when, and when they are asked again.",
    "every endpoint is at its TPS": "[Stay under the TPS](how-to/tps.md) says how slots are "
    "handed out, and [fleets](how-to/fleets.md) how several processes share one TPS.",
    "the deadline of": "The attempts in the message say where the time went; "
    "[set deadlines](how-to/deadlines.md) says how they share it.",
    "no token could be fetched": "`irclient doctor` walks the same way, from the vault to Entra, "
    "and says which step fails ([authenticate](how-to/authenticate.md)).",
    "the service does not accept the token": "`irclient doctor` prints what the token says of "
    "itself ([authenticate](how-to/authenticate.md)).",
    "every endpoint is waiting for its first cooking": "A new account has no lists yet: "
    "[trigger a cooking](how-to/cooking.md), or name a [fallback](how-to/fall-back.md).",
    "no endpoint answered as the contract says": "Something else answers at that address, a proxy "
    "or another service: compare with [the contract](reference/contract.md).",
    "the list changed while it was read": "[Pages](how-to/many.md) are pinned to one data set.",
}


def messages() -> str:
    """Return the messages below their kinds of error, each with a heading of its own."""
    found: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for path in sorted(_ROOT.rglob("*.py")):
        place = path.relative_to(_ROOT)
        if place.parts[0] in _ELSEWHERE:
            continue
        for kind, template in _raised_in(ast.parse(path.read_text("utf-8"))):
            heading = _heading(template)
            if len(re.sub(r"[\W…]", "", heading)) > 12:
                found[kind].setdefault(heading, (template, f"irclient/{place.as_posix()}"))
    parts = []
    for kind in _KINDS:
        parts.append(f"## {kind}\n\nAll of [`irclient.{kind}`](reference/errors.md).\n")
        parts += [_entry(heading, *said) for heading, said in sorted(found[kind].items())]
    return "\n".join(parts)


def _entry(heading: str, template: str, place: str) -> str:
    more = next((words for start, words in _MORE.items() if heading.startswith(start)), "")
    whole = "" if template == heading else f"> {_plain(template)}\n\n"
    title = _plain(heading.removesuffix(", …"))
    return f"### {title}\n\n{whole}{more}{' ' if more else ''}Raised in `{place}`.\n"


def _plain(text: str) -> str:
    return re.sub(r"([\[\]*_<>])", r"\\\1", text)


def _heading(template: str) -> str:
    return re.split(r"; |\. |: …|, got …", template, maxsplit=1)[0].strip()


def _raised_in(tree: ast.Module) -> list[tuple[str, str]]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    named = ((_name(call.func), _template(call.args[0])) for call in calls)
    return [(name, template) for name, template in named if name in _KINDS and template]


def _name(function: ast.expr) -> str:
    return getattr(function, "id", None) or getattr(function, "attr", "")


def _template(argument: ast.expr) -> str:
    match argument:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            said = (str(each.value) if isinstance(each, ast.Constant) else "…" for each in values)
            return re.sub(r"…+", "…", "".join(said))
        case _:
            return ""
