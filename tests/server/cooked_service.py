"""`irclient serve` over an output that was cooked for a test, in processes of its own."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from irclient import IRClient, ServiceEndpoint, StaticToken
from irclient.cooking.pipeline import Effort, cook_to

ROOT = Path(__file__).parents[2]
KEY = "a-key-for-tests"
CONFIG = """
port = 0
workers = 2
access_log = "off"
drain_delay = 0.1
[[accounts]]
name = "contoso-a"
keys_file = "keys.txt"
[[accounts.endpoints]]
name = "web"
tps = 100000
"""


def configure(folder):
    """Write what the service of a folder needs beside its output."""
    (folder / "keys.txt").write_text(KEY)
    (folder / "server.toml").write_text(CONFIG)


def cook(folder, out):
    cook_to(out, folder, effort=Effort(), keep=3, smaller="accept", progress=lambda *_: None)


@contextmanager
def running_service(place, *, started=lambda process: None):
    """`irclient serve` over the output of a folder; its URL."""
    command = [sys.executable, "-m", "irclient", "serve", place / "out", "--json"]
    process = subprocess.Popen(
        [*command, "--config", place / "server.toml"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    started(process)
    said = ""
    for line in process.stdout:
        said += line
        if line == "}\n":
            break
    try:
        yield json.loads(said)["url"]
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)
        process.stdout.close()
    assert code == 0


def client_of(url):
    """A client of the service."""
    endpoint = ServiceEndpoint("contoso-a", "web", tps=1_000, url=url)
    return IRClient(endpoint, credential=StaticToken(KEY))
