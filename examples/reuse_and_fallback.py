"""Answers are kept and used again; they, then a fallback, stand in when no account answers."""

import time

from irclient import Caching, Fallback, IRClient, Settings, StaticToken
from irclient.queries import Popular
from irclient.testing import ScriptedService, example_pair

service = ScriptedService(example_pair())
settings = Settings(caching=Caching(fresh_for=0.05, stale_while_refresh_for=0.0))
fallback = Fallback(queries=[Popular(count=3)], items=["70000", "70001"])

with IRClient(
    example_pair(),
    credential=StaticToken("token"),
    settings=settings,
    fallback=fallback,
    transport=service,
) as ir:

    def ask(words: str) -> None:
        """Ask for the same list, and print how it was served."""
        served = ir.similar("64702", count=2).served
        age = f", {served.age * 1000:.0f} ms old" if served.age else ""
        print(f"{words:<28} {served.source}{age}{', degraded' if served.degraded else ''}")

    ask("the first time")
    ask("again, at once")
    time.sleep(0.06)
    ask("when it is not fresh")
    service.on().refuse()
    time.sleep(0.06)
    ask("while no account answers")
    ir.cache.clear()
    ask("and with nothing kept")
    print(ir.stats().by_source)
