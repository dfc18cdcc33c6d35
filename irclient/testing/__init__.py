"""What users need to test code that uses irclient: no network, no waiting, no secrets.

`ScriptedService` is a transport for both clients that answers from scripts and records what was
sent; `recommendation_list` makes an answer for code that takes one; `ManualClock` is a clock
that only moves when told; `override` puts a scripted service behind a web application.
`irclient.testing.plugin` has the fixtures for pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._runtime.late_names import late_names

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
    "ManualClock": "irclient.testing.clock",
    "Script": "irclient.testing.script",
    "ScriptedService": "irclient.testing.scripted",
    "SentRequest": "irclient.testing.sent",
    "error_body": "irclient.testing.bodies",
    "example_pair": "irclient.testing.examples",
    "list_body": "irclient.testing.bodies",
    "override": "irclient.testing.overriding",
    "quick_settings": "irclient.testing.examples",
    "recommendation_list": "irclient.testing.bodies",
}

__getattr__ = late_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
