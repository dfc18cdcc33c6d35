"""Mutations of bodies: recorded answers, damaged as networks, bugs and attackers damage them.

All chance comes from the `random.Random` that is passed in, so a seed gives the same bodies.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.scenarios.scenario import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

__all__ = ["SEEDS", "mutated"]

_SELECTORS = {
    "value": [
        {"keyName": "color", "values": [{"valueString": "red"}, {"valueString": "blue"}]},
        {"keyName": "size", "values": [{"valueString": "M"}]},
    ],
    "testInfo": {"variant": "a"},
}

#: What mutations start from: every recorded body, and one of selectors, of which none is.
SEEDS: tuple[bytes, ...] = (
    *(each.read_bytes() for each in sorted(SAMPLES.glob("*.json")) if each.name != "index.json"),
    json.dumps(_SELECTORS).encode(),
)

#: Values of every type, with what is at the edge of each.
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 1.5, -0.0, 5e-324,
    1.7976931348623157e308, float("inf"), float("-inf"), float("nan"), "", " ", "0", "1e999",
    "WaitingForData", "Success", "20990101000000", "é\u0000\u202e", "\U0010ffff", "x" * 5_000,
    "'\"\\" * 60, "\x1b[31m" * 30, "__class__", "_body", "\ufeff", [], {}, [None], [[]], [{}],
    [{"id": None}], [{"id": "1"}, 7], {"id": "1"}, {"totalItems": "many"}, {"error": {"code": 5}},
    {"code": ["x"], "message": {}}, {"code": "A" * 300, "message": "\n\r\t" * 100},
)  # fmt: skip
_NAMES = (
    "items", "value", "id", "keyName", "values", "valueString", "status", "details", "error",
    "code", "message", "pagingInfo", "totalItems", "title", "titleId", "interactionsVersion",
    "trackingId", "_served", "__init__", "model_config", "Items", "",
)  # fmt: skip
_JUNK = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"\\udfff\\ud800", b"\\u12",
    b"NaN", b"Infinity", b"-", b"1e99999", b"9" * 5_000, b"[" * 3_000, b'{"a":' * 1_000, b'"',
    b"\\", b"}", b"]", b",", b":", b"\r\n\r\n", b"<html>", b"/*", b"\x1f\x8b\x08", b"\x1b[2J",
    "\u2028\u202e\U000e0001".encode(), b"\xc0\xaf",
)  # fmt: skip


#: Lists and selectors are what there is to get wrong; other bodies fail at once.
_ANSWERS = tuple(each for each in SEEDS if b'"items"' in each or b'"keyName"' in each)


def mutated(random: Random) -> bytes:
    """A recorded body with one to four things wrong; now and then with none."""
    body = random.choice(_ANSWERS if random.random() < 0.85 else SEEDS)
    if random.random() < 0.5:
        body = _in_its_tree(body, random)
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        body = random.choice(_OF_BYTES)(body, random)
    return body


def _in_its_tree(body: bytes, random: Random) -> bytes:
    """Still JSON, or what Python holds to be JSON: infinities, and names that appear twice."""
    tree = json.loads(body)
    for _ in range(random.choice((1, 1, 2, 3))):
        tree = _changed_somewhere(tree, random)
    text = json.dumps(tree, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.2:
        text = text.replace(f'"{random.choice(_NAMES)}":', f'"{random.choice(_NAMES)}":')
    return text.encode("utf-8", "surrogatepass")


def _changed_somewhere(node: Any, random: Random) -> Any:
    if random.random() < 0.8:
        if isinstance(node, dict) and node:
            return _changed_object(dict(node), random)
        if isinstance(node, list) and node:
            return _changed_array(node, random)
    match random.randrange(4):
        case 0:
            return [node]
        case 1:
            return {random.choice(_NAMES): node}
        case _:
            return random.choice(_VALUES)


def _changed_object(node: dict[str, Any], random: Random) -> Any:
    name = random.choice(list(node))
    match random.randrange(6):
        case 0:
            del node[name]
        case 1:
            node[random.choice(_NAMES)] = node.pop(name)
        case 2:
            node[random.choice(_NAMES)] = random.choice(_VALUES)
        case _:
            node[name] = _changed_somewhere(node[name], random)
    return node


def _changed_array(node: list[Any], random: Random) -> Any:
    at = random.randrange(len(node))
    match random.randrange(5):
        case 0:
            return node[:at]
        case 1:
            return node * random.choice((2, 20))
        case 2:
            return [*node[:at], random.choice(_VALUES), *node[at:]]
        case _:
            return [*node[:at], _changed_somewhere(node[at], random), *node[at + 1 :]]


def _flip_bits(body: bytes, random: Random) -> bytes:
    changed = bytearray(body)
    for _ in range(random.choice((1, 1, 2, 8)) if changed else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _truncate(body: bytes, random: Random) -> bytes:
    return body[: random.randrange(len(body) + 1)]


def _cut_out(body: bytes, random: Random) -> bytes:
    begin, end = _span(body, random)
    return body[:begin] + body[end:]


def _repeat(body: bytes, random: Random) -> bytes:
    begin, end = _span(body, random)
    return body[:end] + body[begin:end] * random.choice((1, 2, 10)) + body[end:]


def _insert_junk(body: bytes, random: Random) -> bytes:
    at = random.randrange(len(body) + 1)
    return body[:at] + random.choice(_JUNK) + body[at:]


def _insert_noise(body: bytes, random: Random) -> bytes:
    at = random.randrange(len(body) + 1)
    return body[:at] + random.randbytes(random.choice((1, 4, 64))) + body[at:]


def _wrap_deeply(body: bytes, random: Random) -> bytes:
    depth = random.choice((1, 10, 150, 300, 10_000))
    return b"[" * depth + body + b"]" * depth


def _join(body: bytes, random: Random) -> bytes:
    other = random.choice(SEEDS)
    return body[: random.randrange(len(body) + 1)] + other[random.randrange(len(other)) :]


def _recode(body: bytes, random: Random) -> bytes:
    encoding = random.choice(("utf-16", "utf-32", "latin-1"))
    return body.decode("utf-8", "replace").encode(encoding, "replace")


def _span(body: bytes, random: Random) -> tuple[int, int]:
    begin = random.randrange(len(body) + 1)
    return begin, min(begin + random.choice((1, 5, 40, 400)), len(body))


_OF_BYTES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip_bits, _flip_bits, _truncate, _cut_out, _cut_out, _repeat, _insert_junk, _insert_junk,
    _insert_noise, _wrap_deeply, _join, _recode,
)  # fmt: skip
