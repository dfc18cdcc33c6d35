"""Every message of the package, read from its source, for the page on troubleshooting.

A message is put together of words that stand in many places: where an error is made, where what
was found is put into words for one, in the checks of a setting. Each place that makes such words
is known here by the name of what it calls, or by the module that it stands in.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from irclient._core.protocol import Trouble
from irclient.auth.entra import _FIXES as ENTRAS_CODES
from irclient.configuration import Configuration, describe
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["messages"]

_ROOT: Final = Path(__file__).parent.parent / "irclient"
_ATTEMPTS, _WARNINGS, _MISSING = "In an attempt", "Warnings and the log", "ModuleNotFoundError"
#: What a newcomer meets first; the order of the page.
_KINDS: Final = {
    "Unavailable": "", "Throttled": "", "DeadlineExceeded": "", "AuthenticationError": "",
    "AccessDenied": "", "NotReady": "", "UnexpectedAnswer": "", "QueryError": "",
    "ClientClosed": "", "ConfigurationError": "",
    _ATTEMPTS: "Each attempt in a message, and in `error.attempts`, has a reason. These are "
    "irclient's own words; after them come those of the network, the operating system or the "
    "service, such as `Connection refused`.",
    _WARNINGS: "What is warned of, or logged, while calls are answered.",
    _MISSING: "An extra is not installed. In a clone of the repository, write a dot in place of "
    "the package's name: `pip install '.[cli]'` for `pip install 'irclient[cli]'`.",
}  # fmt: skip
#: What is made with a message that ends in an error of another name.
_MADE_AS: Final = {
    "TokenRefused": "AuthenticationError", "TokenUnanswered": "AuthenticationError",
    "SecretRejected": "AuthenticationError",
    "OutputError": "ConfigurationError", "DataContractError": "ConfigurationError",
    "SmallerData": "ConfigurationError",
    "Unreachable": _ATTEMPTS, "Late": _ATTEMPTS, "Unsendable": _ATTEMPTS,
    "BodyTooLarge": _ATTEMPTS, "UndecodableBody": _ATTEMPTS, "Malformed": _ATTEMPTS,
    "warn": _WARNINGS, "warning": _WARNINGS, "error": _WARNINGS, "exception": _WARNINGS,
}  # fmt: skip
#: Modules whose plain words, wherever they stand, end in a `ConfigurationError`: what a check of a
#: value raises for pydantic, and what is returned for the message.
_CHECKS: Final = ("settings.py", "configuration/", "server/configuration.py")
_FINDINGS: Final = {
    "configuration/findings.py": "ConfigurationError", "configuration/source.py":
    "ConfigurationError", "settings.py": "ConfigurationError", "_runtime/extras.py": _MISSING,
}  # fmt: skip
#: They say themselves what to do (doctor), or are met in tests and demos alone.
_ELSEWHERE: Final = ("cli/demo/", "cli/doctor/", "emulator/", "testing/")
#: What more there is to say, by how the message begins.
_MORE: Final = {
    "every endpoint failed": "Each attempt is in the message. `irclient doctor` asks each account "
    "by itself; a [fallback](how-to/fall-back.md) is what to answer meanwhile.",
    "no endpoint answered, ": "Some were not asked, because they were known to fail: "
    "`client.health()` says why, and when they are asked again.",
    "every endpoint is at its TPS": "[Stay under the TPS](how-to/tps.md) says how slots are "
    "handed out, and [fleets](how-to/fleets.md) how several processes share one TPS. "
    "What counts is the `tps` that is configured for each endpoint (`IRCLIENT_TPS`), and this "
    "process's share of it.",
    "the deadline of": "The attempts in the message say where the time went; "
    "[set deadlines](how-to/deadlines.md) says how they share it. Without any, it went into what "
    "the call was waiting for: of a token, `irclient doctor` says whether the vault or Entra "
    "hangs.",
    "no token could be fetched": "`irclient doctor` walks the same way, from the vault to Entra, "
    "and says which step fails ([authenticate](how-to/authenticate.md)).",
    "Entra refused a token": "After a colon come Entra's own words, with its code:\n\n"
    + "\n".join(f"- `{code}`: {fix}" for code, fix in ENTRAS_CODES.items()),
    "access denied by": "`irclient doctor` prints the App ID of your token; the account's owner "
    "puts it on the allow-list.",
    "reading the secret": "`irclient doctor` reads it too, and says what to change "
    "([authenticate](how-to/authenticate.md)). `SecretNotFound`: the name or the vault is another "
    "one; `Forbidden`: the identity lacks the role 'Key Vault Secrets User', or the vault's "
    "firewall stops it.",
    "the service does not accept the token": "`irclient doctor` prints what the token says of "
    "itself ([authenticate](how-to/authenticate.md)).",
    "every endpoint is waiting for its first cooking": "The service says "
    "`WaitingForData`. A new account has no lists yet: [trigger a cooking](how-to/cooking.md), or "
    "name a [fallback](how-to/fall-back.md).",
    "no endpoint answered as the contract says": "Something else answers at that address, a proxy "
    "or another service: compare with [the contract](reference/contract.md).",
    "the list changed while it was read": "[Pages](how-to/many.md) are pinned to one data set.",
    "is not a key": "The message ends with a guess, or with the keys that there are: "
    "[every key](reference/configuration.md).",
    "unreachable": "No connection. `Connection refused`: nothing listens at the host and port of "
    "the endpoint's `url`. `CERTIFICATE_VERIFY_FAILED`, `unable to get local issuer "
    "certificate`: name its authority with `ca_file`. `Name or service not known`: the host is "
    "misspelt; one that ends in `mir.prod.reco.microsoft.com` is gone, for the hosted service was "
    "retired: set the endpoint's `url` to your own. `irclient doctor` says how far it comes.",
    "timed out": "[Set deadlines](how-to/deadlines.md) says how much time an attempt has.",
    "stale connection": "A kept connection had been closed; the request was sent again over a new "
    "one.",
}
#: What modules keep of words, by name; read before the messages are.
_constants: dict[str, list[str]] = {}
#: Values of the wrong kind, which have every check of a setting say its words.
_WRONG: Final = (-1, 0, 7, "x", "-1", [], {}, "nan")


def messages() -> str:
    """Return the messages below their kinds of error, each with a heading of its own."""
    _constants.update(_read_constants())
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for kind, template in [*_in_source(), *_of_checks(), *_of_attempts()]:
        heading = _heading(template)
        letters = len(re.sub(r"[\W…]", "", heading))
        if letters > (4 if kind == _ATTEMPTS else 8):
            found[kind].setdefault(heading, template)
    parts = []
    for kind, words in _KINDS.items():
        about = words or f"All of [`irclient.{kind}`](reference/errors.md)."
        parts.append(f"## {kind}\n\n{about}\n")
        parts += [_entry(heading, whole) for heading, whole in _sorted(found[kind])]
    return "\n".join(parts)


def _sorted(found: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(found.items(), key=lambda each: re.sub(r"[^\w ]", "", each[0]).strip().lower())


def _entry(heading: str, template: str) -> str:
    more = next((words for start, words in _MORE.items() if heading.startswith(start)), "")
    says_no_more = template in {heading, f"{heading}, got …", f"{heading}: …"}
    whole = "" if says_no_more else f"> {_plain(template)}\n\n"
    return f"### {_plain(heading.removesuffix(', …'))}\n\n{whole}{more}{more and chr(10)}"


def _plain(text: str) -> str:
    return re.sub(r"([\[\]*_<>`])", r"\\\1", " ".join(text.split()))


def _heading(template: str) -> str:
    return re.split(r"; |\. |: …|, got …", " ".join(template.split()), maxsplit=1)[0].strip()


def _in_source() -> Iterator[tuple[str, str]]:
    for path in sorted(_ROOT.rglob("*.py")):
        place = path.relative_to(_ROOT).as_posix()
        if place.startswith(_ELSEWHERE):
            continue
        tree = _spelt_out(ast.parse(path.read_text("utf-8")))
        yield from _made_in(tree, is_check=place.startswith(_CHECKS))
        if place in _FINDINGS:
            yield from ((_FINDINGS[place], words) for words in _sentences_in(tree))


def _spelt_out(tree: ast.Module) -> ast.Module:
    """Put what a class says of itself in place of `self` in its messages."""
    for kind in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        said = next((each for each in kind.body if getattr(each, "name", "") == "__str__"), None)
        returned = said.body[-1] if isinstance(said, ast.FunctionDef) else None
        if isinstance(returned, ast.Return) and isinstance(returned.value, ast.JoinedStr):
            for node in ast.walk(kind):
                if isinstance(node, ast.JoinedStr):
                    node.values = [
                        part
                        for each in node.values
                        for part in (returned.value.values if _is_self(each) else [each])
                    ]
    return tree


def _is_self(part: ast.expr) -> bool:
    return isinstance(part, ast.FormattedValue) and getattr(part.value, "id", "") == "self"


def _made_in(tree: ast.Module, *, is_check: bool) -> Iterator[tuple[str, str]]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
        kind = _MADE_AS.get(name, name if name in _KINDS else "")
        if name == "ValueError" and is_check:
            kind = "ConfigurationError"
        if name == "finding_of":
            doing = next(each.value for each in call.keywords if each.arg == "doing")
            yield from (("AuthenticationError", f"{each} failed: …") for each in _all(doing, tree))
        if kind and call.args:
            yield from ((kind, each + _fix_of(call, tree)) for each in _all(call.args[0], tree))


def _fix_of(call: ast.Call, tree: ast.Module) -> str:
    fixes = [each.value for each in call.keywords if each.arg == "fix"]
    words = [each for fix in fixes for each in _all(fix, tree)]
    return f"; {words[0]}" if len(words) == 1 else "; …" if fixes else ""


def _sentences_in(tree: ast.Module) -> Iterator[str]:
    """What functions that put a finding into words return, or append to what they return."""
    for node in ast.walk(tree):
        given = node.value if isinstance(node, ast.Return) else None
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "append":
            given = node.args[0]
        for words in _texts(given) if given else ():
            if len(words.replace("…", "").split()) > 2:
                yield words.removeprefix("; ")


def _of_checks() -> Iterator[tuple[str, str]]:
    """What is said of wrong values of each key, by giving each some."""
    for key in describe():
        for wrong in _WRONG:
            path = re.sub(r"\[N\]", ".0", key.key).split(".")
            try:
                Configuration.from_mapping(_with(path, wrong), name="…")
            except ConfigurationError as problem:
                for words in str(problem).split("; …: "):
                    yield from _generalised(words.removeprefix("…: "), key.key)


def _with(path: list[str], wrong: object) -> dict[str, object]:
    value: object = wrong
    for part in reversed(path):
        value = [value] if part == "0" else {part: value}
    return value if isinstance(value, dict) else {}


def _generalised(words: str, key: str) -> Iterator[tuple[str, str]]:
    where = key.replace("[N]", "[0]")
    if words.startswith(where):
        said = words.removeprefix(where).removeprefix(":").strip()
        said = re.sub(r"got .*", "got …", said)
        yield "ConfigurationError", re.sub(r"^('\w+'|\d+ (?=characters))", "… ", said)


def _of_attempts() -> Iterator[tuple[str, str]]:
    yield from ((_ATTEMPTS, each.value) for each in Trouble)


def _all(argument: ast.expr, tree: ast.Module) -> list[str]:
    """The templates of an argument, also where it is a name, of here or of another module."""
    found = _texts(argument)
    name = getattr(argument, "id", None) or getattr(argument, "attr", None)
    if not found and name:
        found = _assigned(tree).get(name) or _constants.get(name, [])
    return found


def _assigned(tree: ast.AST) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            name = getattr(target, "id", None) or getattr(target, "attr", None)
            if name and getattr(node, "value", None) is not None:
                found.setdefault(name, []).extend(_texts(node.value))
        if isinstance(node, ast.FunctionDef):
            # A property stands for the words that it returns.
            said = [each.value for each in node.body if isinstance(each, ast.Return) and each.value]
            found.setdefault(node.name, []).extend(text for each in said for text in _texts(each))
    return found


def _read_constants() -> dict[str, list[str]]:
    """The words that modules keep for others, by their names."""
    found: dict[str, list[str]] = {}
    for path in sorted(_ROOT.rglob("*.py")):
        found |= {
            name: words
            for name, words in _assigned(ast.parse(path.read_text("utf-8"))).items()
            if name.isupper() and words
        }
    return found


def _texts(argument: ast.expr) -> list[str]:
    match argument:
        case ast.Constant(value=str(text)):
            return [re.sub(r"%[a-z.0-9]*[a-z]", "…", text)]
        case ast.JoinedStr(values=values):
            return [re.sub(r"…+", "…", "".join(_part(each) for each in values))]
        case ast.IfExp(body=body, orelse=orelse):
            return [*_texts(body), *_texts(orelse)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a in _texts(left) or ["…"] for b in _texts(right) or ["…"]]
        case _:
            return []


def _part(each: ast.expr) -> str:
    if isinstance(each, ast.Constant):
        return str(each.value)
    name = getattr(getattr(each, "value", None), "id", "")
    kept = _constants.get(name, [])
    return kept[0] if len(kept) == 1 else "…"
