"""What users need to test code that uses irclient: no network, no waiting, no secrets.

`ScriptedService` is a transport for both clients that answers from scripts and records what was
sent; `recommendation_list` makes an answer for code that takes one; `ManualClock` is a clock
that only moves when told; `override` puts a scripted service behind a web application.
`irclient.testing.plugin` has the fixtures for pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from irclient.testing.bodies import error_body, list_body, recommendation_list
    from irclient.testing.clock import ManualClock
    from irclient.testing.examples import example_pair, quick_settings
    from irclient.testing.overriding import override
    from irclient.testing.script import Script
    from irclient.testing.scripted import ScriptedService
    from irclient.testing.sent import SentRequest

__all__ = [
    "ManualClock",
    "Script",
    "ScriptedService",
    "SentRequest",
    "error_body",
    "example_pair",
    "list_body",
    "override",
    "quick_settings",
    "recommendation_list",
]

# Loaded on first use: pytest imports this package for the plugin in every run of every project.
_HOMES = {
    "ManualClock": "clock",
    "Script": "script",
    "ScriptedService": "scripted",
    "SentRequest": "sent",
    "error_body": "bodies",
    "example_pair": "examples",
    "list_body": "bodies",
    "override": "overriding",
    "quick_settings": "examples",
    "recommendation_list": "bodies",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  (whatever the name stands for)
    if name in _HOMES:
        return getattr(import_module(f"irclient.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'irclient.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
