"""A client of the two services of compose.yaml: says who answers, ten times a second."""

import os
import sys
import time

from irclient import Caching, IRClient, Pair, ServiceEndpoint, Settings, StaticToken
from irclient.errors import IRError

home = Pair(
    primary=ServiceEndpoint("contoso-a", "web", tps=100, url="http://127.0.0.1:8081"),
    secondary=ServiceEndpoint("contoso-b", "web", tps=100, url="http://127.0.0.1:8082"),
)
with IRClient(
    home,
    credential=StaticToken(os.environ["IR_KEYS"]),
    settings=Settings(caching=Caching(enabled=False)),
) as ir:
    answered_by = None
    until = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else "inf")
    while time.monotonic() < until:
        try:
            served = ir.popular(count=5).served
            now_by = served.account
        except IRError as error:
            now_by = f"nobody: {type(error).__name__}"
        if now_by != answered_by:
            print(f"{time.strftime('%H:%M:%S')} answered by {now_by}", flush=True)
            answered_by = now_by
        time.sleep(0.1)
