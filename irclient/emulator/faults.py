"""The ways in which an emulated service can fail, as values, and their spelling as text.

The text is the kind, then the main value, then named options:
``slow:2.5``, ``status:503,retry-after=2``, ``drip:0.05,part=head,share=0.3``, ``reset,limit=2``.
Every kind but `Down` takes ``share``, the part of the requests that it strikes (0 to 1), and
``limit``, how many it strikes before the service works again.
"""

from __future__ import annotations

import random
import re
from dataclasses import field, fields
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

__all__ = [
    "KINDS",
    "BlackHole",
    "Down",
    "Drip",
    "EmptyBody",
    "ExpiredCertificate",
    "Fault",
    "FaultSlot",
    "Garbage",
    "GzipBomb",
    "NotCooked",
    "NotHTTP",
    "Redirect",
    "Reset",
    "Slow",
    "Stage",
    "Status",
    "TooManyRequests",
    "Truncated",
    "WrongJSON",
    "WrongType",
    "parse",
]

Stage: TypeAlias = Literal["listen", "accept", "request", "service"]
"""Where a fault occurs: at the listening socket, a new connection, a request, or in the service's
own decision."""
_BEFORE_A_WORD: Final = re.compile("(?<=[a-z])(?=[A-Z])")
_Seconds: TypeAlias = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What all kinds have in common.

    Attributes:
        kind: Its name in text: the class's name in small letters, with hyphens.
        share: The part of the connections or requests that fail, from 0 to 1.
        limit: How many fail before the service works again; None for all.
    """

    kind: ClassVar[str] = ""
    strikes: ClassVar[Stage] = "request"

    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    limit: Annotated[int, Field(ge=1)] | None = None

    def __init_subclass__(cls) -> None:
        # Without `super`, whose class is replaced by the one with slots.
        cls.kind = _BEFORE_A_WORD.sub("-", cls.__name__).lower()

    @property
    def stage(self) -> Stage:
        """Where this fault occurs."""
        return self.strikes

    def __str__(self) -> str:
        """The fault in the spelling that `parse` reads."""
        changed = [
            f"{each.name.replace('_', '-')}={getattr(self, each.name)}"
            for each in fields(self)
            if getattr(self, each.name) != each.default
        ]
        return f"{self.kind}:{','.join(changed)}" if changed else self.kind


@dataclass(frozen=True, slots=True)
class Down(Fault):
    """Connections are refused; those that were open are broken off."""

    strikes: ClassVar[Stage] = "listen"

    def __post_init__(self) -> None:
        if self.share != 1 or self.limit is not None:
            raise ValueError("down takes neither share nor limit; use reset:accept instead")


@dataclass(frozen=True, slots=True)
class _AtEitherStage(Fault):
    """A fault of new connections or of requests, by choice."""

    at: Literal["accept", "request"] = "request"

    @property
    def stage(self) -> Stage:
        """Where this fault occurs."""
        return self.at


class BlackHole(_AtEitherStage):
    """The service hangs: it answers neither the TLS handshake (``accept``) nor the request.

    Attributes:
        at: ``accept``, or ``request``, after a handshake that succeeds.
    """


class Reset(_AtEitherStage):
    """The connection is reset: before the TLS handshake (``accept``), or after the request.

    Attributes:
        at: ``accept`` or ``request``.
    """


class ExpiredCertificate(Fault):
    """New connections are shown a certificate that ended yesterday."""

    strikes: ClassVar[Stage] = "accept"


@dataclass(frozen=True, slots=True)
class Slow(Fault):
    """The right answer, but late.

    Attributes:
        seconds: How late.
    """

    seconds: _Seconds = 2.0


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """The right answer, a byte at a time: only its body, or its head as well.

    Attributes:
        interval: Seconds between two bytes.
        part: ``body``, or ``head`` for the head and the body.
    """

    interval: _Seconds = 0.05
    part: Literal["body", "head"] = "body"


class Truncated(Fault):
    """Half of the promised body, then the connection ends."""


class NotHTTP(Fault):
    """Bytes that are no HTTP at all, then the connection ends."""


@dataclass(frozen=True, slots=True)
class Status(Fault):
    """An error status with the service's error body, or a gateway's HTML page.

    Attributes:
        code: The status, from 400 to 599.
        retry_after: Seconds for the header ``Retry-After``; None leaves it out.
        body: ``json`` for the service's error body, ``html`` for a gateway's page, or ``empty``.
    """

    code: Annotated[int, Field(ge=400, le=599)] = 503
    retry_after: _Seconds | None = field(default=None, kw_only=True)
    body: Literal["json", "html", "empty"] = field(default="json", kw_only=True)


@dataclass(frozen=True, slots=True)
class TooManyRequests(Fault):
    """429 with the service's error body, with or without ``Retry-After``.

    Attributes:
        retry_after: Seconds for the header; None leaves it out.
    """

    retry_after: _Seconds | None = None


class Garbage(Fault):
    """200 that says JSON and holds random bytes."""


class WrongJSON(Fault):
    """200 with JSON of another shape."""


class EmptyBody(Fault):
    """200 without a body."""


class WrongType(Fault):
    """200 with an HTML page, as a captive portal would answer."""


@dataclass(frozen=True, slots=True)
class GzipBomb(Fault):
    """200 with a small gzip body that unpacks to many mebibytes.

    Attributes:
        mebibytes: To how many, at most 256.
    """

    mebibytes: Annotated[int, Field(ge=1, le=256)] = 64


@dataclass(frozen=True, slots=True)
class Redirect(Fault):
    """302 to another place.

    Attributes:
        location: The header ``Location``.
    """

    location: str = "/moved"


class NotCooked(Fault):
    """Lists answer as before the first cooking. Means nothing to Entra and Key Vault."""

    strikes: ClassVar[Stage] = "service"


#: Every kind, by its name in text.
KINDS: Final[dict[str, type[Fault]]] = {
    kind.kind: kind
    for kind in (
        Down, BlackHole, Reset, ExpiredCertificate, Slow, Drip, Truncated, NotHTTP, Status,
        TooManyRequests, Garbage, WrongJSON, EmptyBody, WrongType, GzipBomb, Redirect, NotCooked,
    )
}  # fmt: skip


def parse(text: str) -> Fault:
    """Read a fault from its text.

    Raises:
        ValueError: No such kind or option, or a value out of range. The message names it and
            lists what there is.
    """
    name, *rest = re.split("[:,]", text.strip(), maxsplit=1)
    kind = KINDS.get(name.strip().lower().replace("_", "-"))
    if kind is None:
        raise ValueError(f"no fault is called {name!r}; there are {', '.join(KINDS)}")
    options = _read_options(kind, "".join(rest))
    try:
        return TypeAdapter(kind).validate_python(options)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or kind.kind
        raise ValueError(f"fault {text!r}: {place}: {first['msg']}") from None


def _read_options(kind: type[Fault], text: str) -> dict[str, str]:
    shared = {each.name for each in fields(Fault)}
    own = [each.name for each in fields(kind) if each.name not in shared]
    names = [*own, *sorted(shared)]
    options: dict[str, str] = {}
    for position, part in enumerate(part.strip() for part in text.split(",") if part.strip()):
        name, equals, value = part.partition("=")
        if not equals:
            if position or not own:
                raise ValueError(f"fault {kind.kind!r}: {part!r} is not like name=value")
            name, value = own[0], part
        name = name.strip().lower().replace("-", "_")
        if name not in names:
            known = ", ".join(each.replace("_", "-") for each in names)
            raise ValueError(f"fault {kind.kind!r} has no option {name!r}; it has {known}")
        options[name] = value.strip()
    return options


class FaultSlot:
    """The fault that a service has just now, and whom it strikes.

    The draws are seeded and start over with each fault, so that a run can be repeated.
    """

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self.put(None)

    @property
    def fault(self) -> Fault | None:
        """The fault in force, or None; None again once its limit is used up."""
        return None if self._left == 0 else self._fault

    def put(self, fault: Fault | None) -> None:
        """Replace the fault, or end it."""
        self._fault = fault
        self._left = fault.limit if fault else None
        self._random = random.Random(self._seed)

    def draw(self, stage: Stage) -> Fault | None:
        """The fault, if it strikes the connection or request that is now at that stage."""
        fault = self.fault
        if fault is None or fault.stage != stage:
            return None
        if fault.share < 1 and self._random.random() >= fault.share:
            return None
        if self._left is not None:
            self._left -= 1
        return fault
