"""Asides: endpoints that are alive, but have nothing for us.

| it answers                     | state     | for which calls      | until               |
|--------------------------------|-----------|----------------------|---------------------|
| `WaitingForData`               | not ready | of the same modeling | it answers otherwise|
| 401 to a renewed token, or 403 | refusing  | all                  | it answers otherwise|

Such an endpoint is passed by, and asked again every few seconds: by a probe in the background
while the call goes elsewhere, or by the call itself where there is no other. A cooking may take
hours and an allow-list is mended by hand, so it comes back at once, with all of its traffic.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from irclient._core.health import Admission
from irclient._core.verdict import SERVED, Meaning, Next
from irclient._runtime.forks import fork_safe_lock
from irclient._values.momentary import value
from irclient.observe import PutAside, Returned

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.verdict import Verdict
    from irclient.observe import Record
    from irclient.topology import ServiceEndpoint

__all__ = ["Aside", "Asides"]

#: Seconds between two questions to an endpoint that was put aside, spread by a fifth.
_ASK_AGAIN_AFTER: Final = 3.0
_JITTER: Final = 0.2
#: Callers name modelings, so only this limit bounds their number.
_MOST: Final = 256

_STATES: Final = {
    Meaning.NOT_READY: "not ready",
    Meaning.DENIED: "refusing",
    Meaning.UNAUTHORIZED: "refusing",
}

_Key: TypeAlias = tuple[str, str | None]
#: The key of what concerns all modelings; no modeling has this name.
_EVERY_MODELING: Final = "\n"


@value
class Aside:
    """An endpoint that was put aside.

    Attributes:
        state: ``"not ready"`` or ``"refusing"``.
        meaning: What its last answer meant.
        reason: That answer, in words.
        ask_again_at: When it is asked again.
        due_at: When it was last due to be.
        since: When it was put aside.
    """

    state: str
    meaning: Meaning
    reason: str
    ask_again_at: float
    due_at: float
    since: float


class Asides:
    """Keeps which endpoints are put aside, for which modeling.

    Args:
        uniform: Draws from 0 to 1; spreads when a fleet asks again.
    """

    def __init__(self, *, uniform: Callable[[], float]) -> None:
        self._uniform = uniform
        self._lock = fork_safe_lock()
        #: By URL and modeling; empty nearly always.
        self.kept: OrderedDict[_Key, Aside] = OrderedDict()

    def find(self, endpoint: ServiceEndpoint, modeling: str | None) -> Aside | None:
        """Return why an endpoint is put aside for the calls of a modeling, or None."""
        refusing = self.kept.get((endpoint.url, _EVERY_MODELING))
        return refusing or self.kept.get((endpoint.url, modeling or endpoint.modeling))

    def any_of(self, endpoint: ServiceEndpoint) -> Aside | None:
        """Return why an endpoint is put aside for any of its calls, or None."""
        with self._lock:
            found = (each for (url, _), each in self.kept.items() if url == endpoint.url)
            return next(found, None)

    def admit(self, endpoint: ServiceEndpoint, modeling: str | None, now: float) -> Admission:
        """Say whether a call may come, or is wanted as the question whether to come back."""
        if not self.kept:
            return Admission.SERVE
        with self._lock:
            aside = self.find(endpoint, modeling)
            if aside is None:
                return Admission.SERVE
            if now < aside.ask_again_at:
                return Admission.PASS_BY
            self._put(self._key(endpoint, modeling, aside.meaning), aside.meaning, aside, now)
            return Admission.PROBE

    def release(self, endpoint: ServiceEndpoint, modeling: str | None) -> None:
        """Give a question back that was not asked: it is due as before."""
        with self._lock:
            aside = self.find(endpoint, modeling)
            if aside is not None:
                key = self._key(endpoint, modeling, aside.meaning)
                self.kept[key] = replace(aside, ask_again_at=aside.due_at)

    def record(
        self, endpoint: ServiceEndpoint, modeling: str | None, verdict: Verdict, now: float
    ) -> Record | None:
        """Take an answer into account, and return what changed by it."""
        meaning = verdict.meaning
        if meaning in _STATES:
            return self._put_aside(endpoint, modeling, verdict, now)
        if not self.kept or (meaning is not SERVED and meaning.then is not Next.END):
            return None  # Only an answer to the question itself shows that it has come back.
        with self._lock:
            url, named = endpoint.url, modeling or endpoint.modeling
            gone = [self.kept.pop((url, key), None) for key in (_EVERY_MODELING, named)]
        return Returned(at=now, endpoint=endpoint.label) if any(gone) else None

    def _put_aside(
        self, endpoint: ServiceEndpoint, modeling: str | None, verdict: Verdict, now: float
    ) -> Record | None:
        key = self._key(endpoint, modeling, verdict.meaning)
        with self._lock:
            is_new = key not in self.kept
            aside = self._put(key, verdict.meaning, verdict, now)
            while len(self.kept) > _MOST:
                self.kept.popitem(last=False)
        if not is_new:
            return None
        wait = aside.ask_again_at - now
        return PutAside(
            at=now,
            endpoint=endpoint.label,
            state=aside.state,
            kind=verdict.meaning.word,
            reason=verdict.reason,
            ask_again_after=wait,
        )

    def _put(self, key: _Key, meaning: Meaning, of: Aside | Verdict, now: float) -> Aside:
        wait = _ASK_AGAIN_AFTER * (1.0 + _JITTER * (2.0 * self._uniform() - 1.0))
        before = self.kept.get(key)
        due_at, since = (now, now) if before is None else (before.ask_again_at, before.since)
        aside = Aside(_STATES[meaning], meaning, of.reason, now + wait, due_at, since)
        self.kept[key] = aside
        return aside

    def _key(self, endpoint: ServiceEndpoint, modeling: str | None, meaning: Meaning) -> _Key:
        concerns_all = meaning is not Meaning.NOT_READY
        named = _EVERY_MODELING if concerns_all else modeling or endpoint.modeling
        return endpoint.url, named

    def __repr__(self) -> str:
        return f"<Asides {len(self.kept)}>"
