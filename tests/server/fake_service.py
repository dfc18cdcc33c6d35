"""The real server over lists that a test can predict: `python -m tests.server.fake_service`."""

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from irclient.errors import ConfigurationError
from irclient.server.configuration_file import read_configuration
from irclient.server.outputs import Edition
from irclient.server.supervisor import serve
from tests.emulator.fake_data import FakeCooked


class Quiet(FakeCooked):
    """Keeps no memory of what it was asked."""

    def __init__(self, number):
        super().__init__(datetime(2026, 1, 2, 3, 4, number, tzinfo=UTC))
        self.cooked_at = datetime(2026, 1, 2, 3, 4, number, tzinfo=UTC)

    def ranking(self, request):
        ranking = super().ranking(request)
        self.requests.clear()
        return ranking


def open_edition(folder):
    name = (folder / "current").read_text().strip()
    return Edition(name, Quiet(int(name)), lambda now: now + 60.0)


def announce(url, _plan):
    print(json.dumps({"url": url}), flush=True)  # noqa: T201


def main():
    logging.basicConfig(level=logging.INFO)
    out, config = map(Path, sys.argv[1:])
    try:
        serve(read_configuration(config), out=out, on_ready=announce, open_edition=open_edition)
    except ConfigurationError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
