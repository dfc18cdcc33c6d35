"""What is said of a server, a user or a URL that a fleet cannot use."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

import irclient.fleet
from irclient import IRClient, ServiceEndpoint, StaticToken
from irclient.cli.doctor.fleet import examine_fleet
from irclient.errors import ConfigurationError
from irclient.fleet import RedisFleet
from irclient.fleet.obstacles import obstacle_in
from irclient.fleet.trial import TRIAL
from irclient.observe import FleetLost, LoggingObserver
from irclient.testing import ScriptedService
from tests.certificates import Authority
from tests.fleet.processes import until
from tests.fleet.servers import Server, free_port

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from irclient.observe import Record

ROOT = Path(irclient.fleet.__file__).parents[2]
ACL = re.compile(r"ACL SETUSER shop on >PASSWORD (.+)")


def acl_rules() -> str:
    """What the page says, which has it twice: as a command and for Azure."""
    page = (ROOT / "docs/how-to/fleets.md").read_text()
    found = ACL.search(page)
    assert found is not None
    rules = found[1].strip()
    commands = rules.removeprefix("~irclient:* -@all ")
    assert commands in page[found.end() :].replace("`", ""), "the rights for Azure differ"
    return rules


@contextmanager
def client_of(fleet: RedisFleet, records: list[Record]) -> Iterator[IRClient]:
    with (
        fleet,
        IRClient(
            ServiceEndpoint("a", "web", tps=100),
            credential=StaticToken("t"),
            fleet=fleet,
            transport=ScriptedService(),
            observers=[records.append],
        ) as client,
    ):
        yield client


def test_the_rights_of_the_page_are_enough_and_the_advice_has_them(server: Server) -> None:
    rules = acl_rules()
    server.client().execute_command("ACL", "SETUSER", "shop", "on", ">p", *rules.split())
    url = f"redis://shop:p@127.0.0.1:{server.port}/0"
    records: list[Record] = []
    fleet = RedisFleet(url, name="shop", workers=1)
    with client_of(fleet, records) as client:
        client.warm_up()
        client.similar("1")
        client.picks("4711")
        until(lambda: fleet.stats().memory_kept == 2)
        client.cache.forget_user("4711")
        client.cache.forget_item("1")
        until(lambda: not fleet.shared_memory({"": "x"})._fleet.has_to_send)
        client.similar("2")
        assert fleet.stats().lost == 0
        assert fleet.examine().trouble is None
    server.client().execute_command("ACL", "SETUSER", "shop", "-@all")
    [finding] = examine_fleet(RedisFleet(url, name="shop", workers=1))
    assert rules in (finding.advice or "")


@pytest.mark.parametrize("command", ["xadd", "hsetnx", "unlink", "zremrangebyscore"])
def test_a_right_that_one_script_lacks_is_found_and_named(server: Server, command: str) -> None:
    rules = [*acl_rules().split(), f"-{command}"]
    server.client().execute_command("ACL", "SETUSER", "shop", "on", ">p", *rules)
    report = RedisFleet(
        f"redis://shop:p@127.0.0.1:{server.port}/0", name="shop", workers=1
    ).examine()
    assert report.obstacle == "rights"
    assert command.upper() in (report.trouble or "")


def test_the_trial_has_each_command_of_the_scripts() -> None:
    called = re.compile(r"redis\.p?call\('([A-Z]+)'")
    folder = ROOT / "irclient/fleet"
    used = {name for file in folder.glob("*.py") for name in called.findall(file.read_text())}
    tried = set(re.findall(r"\{'([A-Z]+)'", TRIAL.text))
    # INFO may be missing; TIME begins every script.
    assert used - {"INFO", "TIME"} == tried


def test_what_is_lost_while_no_connection_is_tried_says_why(server: Server) -> None:
    port = server.port
    server.client().execute_command("ACL", "SETUSER", "shop", "on", ">p", "~*", "+@all")
    records: list[Record] = []
    fleet = RedisFleet(f"redis://shop:wrong@127.0.0.1:{port}/0", name="shop", workers=2)
    with client_of(fleet, records) as client:
        client.cache.forget_user("4711")
        for number in range(4):
            client.similar(str(number))
            time.sleep(0.05)
        client.similar("last")
    lost = next(each for each in records if isinstance(each, FleetLost))
    assert "AuthenticationError" in lost.reason
    assert "wrong" not in lost.reason
    assert (lost.fleet, lost.server) == ("shop", f"127.0.0.1:{port}")


def test_a_link_that_waits_tells_the_last_error() -> None:
    fleet = RedisFleet(f"redis://127.0.0.1:{free_port()}/0", name="shop", workers=2)
    link, told = fleet._link, list[str]()
    with fleet:
        for _ in range(2):
            request = fleet._memory._forgetting(link, 1)
            heard = threading.Event()
            object.__setattr__(request, "lost", lambda why, _, heard=heard: _hear(told, why, heard))
            link.send(request)
            assert heard.wait(5)
    assert "Connection refused" in told[0]
    assert told[0] == told[1]


def _hear(told: list[str], why: str, heard: threading.Event) -> None:
    told.append(why)
    heard.set()


def test_the_line_of_a_loss_says_that_calls_go_on(caplog: pytest.LogCaptureFixture) -> None:
    lost = FleetLost(
        at=0, endpoint="a/web", reason="no answer", limit=5, fleet="shop", server="cache:6379"
    )
    with caplog.at_level(logging.WARNING, logger="irclient"):
        LoggingObserver()(lost)
    for said in ("fleet=shop", "server=cache:6379", "calls go on with this process's part"):
        assert said in caplog.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("?ssl_cacerts=/etc/ca.pem", "'ssl_cacerts' is no option"),
        ("?decode_responses=true", "must not have decode_responses"),
        ("?ssl_ca_certs=/nowhere/ca.pem", "'/nowhere/ca.pem', which is not there"),
    ],
)
def test_an_option_of_the_url_that_cannot_be_used_is_refused_at_once(
    options: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        RedisFleet(f"rediss://:secret@cache.example:6380/0{options}", name="shop", workers=2)
    assert "secret" not in str(caught.value)


def advice_for(fleet: RedisFleet) -> tuple[str, str]:
    """What is in the way, and what the doctor says to that."""
    obstacle = fleet.examine().obstacle
    [finding] = examine_fleet(fleet)
    return obstacle or "", finding.advice or ""


def test_a_database_that_is_not_there_is_told(server: Server) -> None:
    fleet = RedisFleet(server.url.replace("/0", "/99"), name="shop", workers=1)
    obstacle, advice = advice_for(fleet)
    assert obstacle == "database"
    assert "number at the end of the URL" in advice


def test_a_full_server_is_told(server: Server) -> None:
    server.client().config_set("maxmemory", "1")
    obstacle, advice = advice_for(RedisFleet(server.url, name="shop", workers=1))
    assert obstacle == "memory"
    assert "volatile-lru" in advice


def test_a_node_of_a_cluster_is_told_with_the_slot_and_without() -> None:
    with Server("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as node:
        fleet = RedisFleet(node.url, name="shop", workers=1)
        admin = node.client()
        slot = admin.execute_command("CLUSTER", "KEYSLOT", fleet._link.key("a"))
        admin.execute_command("CLUSTER", "ADDSLOTS", slot)
        admin.execute_command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        until(lambda: fleet.examine().trouble is None)
        assert fleet.examine().is_node
        speed, _ = examine_fleet(fleet)
        assert "connect=lambda: RedisCluster" in (speed.advice or "")
    moved = redis.exceptions.MovedError("1 127.0.0.1:1")
    assert obstacle_in(moved) == "cluster"


@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        lambda: 1 / 0,
        lambda: redis.asyncio.Redis(port=1),
        lambda: redis.Redis(decode_responses=True),
    ],
)
def test_a_function_that_makes_no_usable_client_is_told(make) -> None:
    obstacle, advice = advice_for(RedisFleet(connect=make, name="shop", workers=1))
    assert obstacle == "client"
    assert "connect=" in advice


def test_a_cluster_of_which_no_node_answers_is_told() -> None:
    port = free_port()
    fleet = RedisFleet(
        connect=lambda: redis.RedisCluster(host="127.0.0.1", port=port, socket_timeout=0.1),
        name="shop",
        workers=1,
    )
    assert advice_for(fleet)[0] == "unreachable"


class TLSPort:
    """Does no more than the handshake, and closes where that fails, as Redis does."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                with accepted, suppress(OSError):
                    accepted.settimeout(1.0)
                    with self._context.wrap_socket(accepted, server_side=True) as secured:
                        secured.recv(100)

    def close(self) -> None:
        self._listener.close()


def test_a_certificate_of_an_unknown_authority_and_a_port_without_tls_are_told(
    tmp_path: Path, server: Server
) -> None:
    authority = Authority.made_in(tmp_path)
    port = TLSPort(authority.server())
    try:
        address = f"127.0.0.1:{port.port}/0"
        obstacle, advice = advice_for(RedisFleet(f"rediss://{address}", name="shop", workers=1))
        assert obstacle == "certificate"
        assert "ssl_ca_certs=/path/ca.pem" in advice
        trusted = f"rediss://{address}?ssl_ca_certs={authority.ca_file}"
        assert RedisFleet(trusted, name="shop", workers=1).examine().obstacle != "certificate"
        obstacle, advice = advice_for(RedisFleet(f"redis://{address}", name="shop", workers=1))
        assert obstacle == "tls"
        assert "speaks TLS" in advice
    finally:
        port.close()
    plain = RedisFleet(server.url.replace("redis:", "rediss:"), name="shop", workers=1)
    # Redis waits for the rest of what it takes for a command.
    assert "speaks TLS" in advice_for(plain)[1]


def test_a_file_of_authorities_that_is_gone_is_told(tmp_path: Path, server: Server) -> None:
    fleet = RedisFleet(
        connect=lambda: redis.Redis(
            port=server.port, ssl=True, ssl_ca_certs=str(tmp_path / "ca.pem")
        ),
        name="shop",
        workers=1,
    )
    obstacle, advice = advice_for(fleet)
    assert obstacle == "ca file"
    assert "a file of authorities that is there" in advice
