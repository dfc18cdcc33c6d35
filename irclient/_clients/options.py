"""Options: settings that go over others, those of a client's copies and those over a file's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from irclient._values.plain import plain_copy
from irclient.errors import ConfigurationError
from irclient.settings import Settings, Timeouts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from pydantic import BaseModel

__all__ = ["Options", "overlaid"]

#: The most settings that are remembered: a deadline for each request has any number of values.
_MOST: Final = 256


class Options:
    """Makes the settings of a client's copies, the same ones for equal options.

    Args:
        own: The settings that the client was made with, and so what its copies share.
    """

    def __init__(self, own: Settings) -> None:
        self._own = own
        self._known: dict[object, tuple[Settings, Settings]] = {}
        self._plain: dict[int, tuple[Settings, Settings]] = {}

    def applied(
        self,
        base: Settings,
        groups: Mapping[str, object],
        *,
        deadline: float | timedelta | None,
    ) -> Settings:
        """Return settings with those groups replaced that are not None, and the deadline if given.

        Args:
            base: The settings to change: the client's, or those of a copy.
            groups: By their names.
            deadline: Seconds for each whole call.

        Raises:
            ConfigurationError: A group is not one of its kind or sets what all copies share, or
                the deadline is not above 0.
        """
        try:
            # What was left out of a group makes a difference: it is then the client's own.
            given = [
                None if each is None else (each, frozenset(getattr(each, "model_fields_set", ())))
                for each in groups.values()
            ]
            key = (id(base), deadline, *given)
            known = self._known.get(key)
        except TypeError:
            return self._made(base, groups, deadline)  # One of tenacity's waits has no hash.
        if known is not None and known[0] is base:
            return known[1]
        made = self._made(base, groups, deadline)
        if len(self._known) >= _MOST:
            self._known.clear()
        # With the base: as long as it is held, nothing else has its id.
        self._known[key] = base, made
        return made

    def for_calls(self, settings: Settings) -> Settings:
        """Return settings as calls read them: plain, and the same ones for the same settings."""
        known = self._plain.get(id(settings))
        if known is None:
            if len(self._plain) >= _MOST:
                self._plain.clear()
            # With the settings, as above.
            known = self._plain[id(settings)] = settings, plain_copy(settings)
        return known[1]

    def _made(
        self, base: Settings, groups: Mapping[str, object], deadline: float | timedelta | None
    ) -> Settings:
        given: dict[str, Any] = {name: each for name, each in groups.items() if each is not None}
        whole: dict[str, Any] = {**dict(base), **given}
        made = Settings(**whole) if given else base
        changed = {
            name: _sharing(name, getattr(made, name), getattr(self._own, name)) for name in given
        }
        if deadline is not None:
            timeouts: dict[str, Any] = {**dict(made.timeouts), "deadline": deadline}
            changed["timeouts"] = Timeouts(**timeouts)
        # What was checked is not checked again.
        return made.model_copy(update=changed)


def _sharing(name: str, group: Any, own: Any) -> Any:  # noqa: ANN401  (a group of settings)
    """Return a group with the client's own values of what all of its copies share."""
    shared: dict[str, Any] = {each: getattr(own, each) for each in group.shared}
    for each, value in shared.items():
        given = getattr(group, each)
        if given != value and each in group.model_fields_set:
            raise ConfigurationError(
                f"with_options: {name}.{each} must be {value!r}, as the client has it, got "
                f"{given!r}; all copies share one, so leave it out, or make another client"
            )
    if all(getattr(group, each) == value for each, value in shared.items()):
        return group
    return group.model_copy(update=shared)


def overlaid(configured: Settings, given: Settings | None) -> Settings:
    """Return what was configured with each value in its place that was given in the program.

    Args:
        configured: What a file or the environment says.
        given: What goes over it, value by value: what it leaves to its default changes nothing.
    """
    if not isinstance(given, Settings):
        # What is no settings at all is refused by the client, in its own words.
        return configured if given is None else given
    groups: dict[str, Any] = {
        name: _laid_over(getattr(configured, name), getattr(given, name))
        for name in given.model_fields_set
    }
    return configured.model_copy(update=groups)


def _laid_over(configured: BaseModel, given: BaseModel) -> BaseModel:
    values = {name: getattr(given, name) for name in given.model_fields_set}
    return configured.model_copy(update=values)
