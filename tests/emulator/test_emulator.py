"""The emulator as a program uses it: addresses, credentials, start and stop."""

import asyncio
import gc
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import pytest

from irclient import AsyncIRClient, IRClient, Pair
from irclient.configuration import Configuration
from irclient.cooking.data.problems import DataContractError
from irclient.emulator import Emulator, Switches, cloud, faults
from irclient.emulator.http.certificates import make_contexts
from irclient.emulator.shop.written_shop import write_shop
from irclient.topology import flatten
from tests.emulator.fake_data import ITEMS, Clock, FakeCooked


def threads_besides(before):
    # Clients keep idle threads for their tokens a while longer; of those that were there before,
    # one may have ended meanwhile.
    return [
        each
        for each in threading.enumerate()
        if each not in before and not each.name.startswith("irclient-token")
    ]


def test_its_addresses_are_what_a_client_takes(emulator):
    home = emulator.home
    assert isinstance(home, Pair)
    assert (home.primary.label, home.secondary.label) == ("contoso-a/web", "contoso-b/web")
    assert [endpoint.region for endpoint in flatten(emulator.regions)] == ["home", "home", "dr"]
    assert all(endpoint.url.startswith("https://localhost:") for endpoint in flatten(home))
    assert emulator.scope == "c5b731db-1b0a-43f6-bcf6-757667d9cdc6/.default"


def test_a_client_walks_the_whole_chain():
    with (
        Emulator(cook=FakeCooked) as emulator,
        IRClient(
            emulator.home, credential=emulator.credential(), transport=emulator.transport()
        ) as ir,
    ):
        assert list(ir.popular(count=3).ids) == ITEMS[:3]
        emulator.account("contoso-a").fail(faults.Down())
        served = ir.new(count=1).served
    assert served.account == "contoso-b"


def test_an_async_client_walks_it_too(emulator):
    async def ask():
        async with (
            emulator.async_transport() as transport,
            AsyncIRClient(
                emulator.home, credential=emulator.credential(), transport=transport
            ) as ir,
        ):
            return await ir.similar("item-4", count=5)

    assert list(asyncio.run(ask()).ids) == ["item-0", "item-1", "item-2", "item-3", "item-5"]


def test_its_environment_is_a_whole_configuration(emulator):
    environment = emulator.environment()
    configuration = Configuration.from_env(environment)
    assert [
        (endpoint.label, endpoint.tps, endpoint.url)
        for endpoint in flatten(configuration.endpoints)
    ] == [(endpoint.label, endpoint.tps, endpoint.url) for endpoint in flatten(emulator.regions)]
    assert configuration.ca_file == emulator.ca_file
    assert emulator._running.application.secret not in str(environment)


def test_titles_are_those_of_the_data(emulator):
    assert emulator.title("item-1") == "Title of item-1"
    assert emulator.title("unknown") is None


def test_nothing_is_left_when_it_stops():
    before = threading.enumerate()
    for _ in range(2):
        with Emulator(cook=FakeCooked) as emulator:
            folder = Path(emulator.ca_file).parent
            url, context = emulator.home.primary.url, _trust(emulator)
            held = httpx.Client(verify=context, trust_env=False)
            assert held.get(url).status_code == 401
            emulator.account("contoso-b").fail("down")
        with pytest.raises(httpx.TransportError):
            held.get(url)
        held.close()
        assert not folder.exists()
    gc.collect()  # what was not closed would warn here, and warnings are errors
    assert threads_besides(before) == []


@pytest.mark.parametrize("package", ["numpy", "cryptography", "jwt", "platformdirs"])
def test_without_its_extra_it_says_what_to_install(package):
    code = f"""
import sys
sys.modules[{package!r}] = None
try:
    from irclient.emulator import Emulator
    Emulator(starts="never cooked").start()
except ModuleNotFoundError as missing:
    print(missing)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True
    )
    assert done.stdout == f"irclient.emulator needs {package}: pip install 'irclient[emulator]'\n"


def test_it_runs_beside_another_and_inside_a_running_loop():
    async def use():
        with Emulator(cook=FakeCooked) as one, Emulator(cook=FakeCooked) as other:
            return {one.vault_url, other.vault_url, one.authority, other.authority}

    assert len(asyncio.run(use())) == 4


def test_it_says_when_it_does_not_run():
    emulator = Emulator(cook=FakeCooked)
    assert repr(emulator) == "<Emulator contoso-a, contoso-b: stopped>"
    for use in (lambda: emulator.home, lambda: emulator.entra, lambda: emulator.title("a")):
        with pytest.raises(RuntimeError, match="does not run; use it in a with block"):
            use()
    emulator.stop()
    with emulator:
        assert "running" in repr(emulator)
        with pytest.raises(RuntimeError, match="runs already"):
            emulator.start()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"accounts": ("one",)}, "two names"),
        ({"accounts": ("a", "A")}, "a name of its own"),
        ({"dr_accounts": ("c", "d", "e")}, "at most two"),
        ({"host": "0.0.0.0"}, "loopback"),
        ({"host": "127.evil.test"}, "loopback"),
        ({"ports": {"vault": 1}}, r"\['vault'\]; there are"),
        ({"tps": 0}, "tps must be above 0"),
        ({"tps": float("inf")}, "tps must be above 0, and 1,000,000,000 at most, got inf"),
        ({"token_lifetime": -1}, "token_lifetime must be above 0"),
        ({"modelings": ()}, "at least one"),
    ],
)
def test_a_bad_argument_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        Emulator(**options)


def test_a_port_that_is_taken_ends_the_start_cleanly(emulator):
    taken = int(emulator.authority.rpartition(":")[2])
    before = threading.enumerate()
    with pytest.raises(OSError, match="entra cannot take"):
        Emulator(cook=FakeCooked, ports={"entra": taken}).start()
    assert threads_besides(before) == []


def test_data_that_cannot_be_read_ends_the_start_cleanly(tmp_path):
    before = threading.enumerate()
    with pytest.raises(DataContractError, match=r"model\.json"):
        Emulator(data=tmp_path, cache_folder=tmp_path).start()
    assert threads_besides(before) == []


def test_a_state_folder_keeps_the_ca_and_ports_stay(tmp_path):
    with Emulator(cook=FakeCooked, state_folder=tmp_path) as emulator:
        first = Path(emulator.ca_file).read_bytes()
        ports = {"contoso-a": int(emulator.home.primary.url.rpartition(":")[2])}
    with Emulator(cook=FakeCooked, state_folder=tmp_path, ports=ports) as emulator:
        assert Path(emulator.ca_file).read_bytes() == first
        assert emulator.home.primary.url.endswith(f":{ports['contoso-a']}")


def test_tokens_and_cookings_follow_the_clock():
    clock = Clock()
    with Emulator(
        cook=FakeCooked, clock=clock, token_lifetime=60.0, cooking_takes=100.0
    ) as emulator:
        token = emulator.vault_credential().get_token("https://vault.azure.net/.default").token
        client = httpx.Client(verify=_trust(emulator), trust_env=False)
        url = f"{emulator.vault_url}/secrets/{emulator.secret_name}?api-version=7.5"
        headers = {"authorization": f"Bearer {token}"}
        assert client.get(url, headers=headers).status_code == 200
        clock.now += 61
        assert client.get(url, headers=headers).status_code == 401
        client.close()
        before = emulator.account("contoso-a").cooking.interactions_version
        emulator.account("contoso-a").cook()
        clock.now += 100
        while emulator.account("contoso-a").cooking.phase == "cooking":
            pass
        assert emulator.account("contoso-a").cooking.interactions_version > before


def test_it_can_start_before_the_first_cooking():
    switches = Switches(not_cooked="ServiceUnavailable")
    with Emulator(cook=FakeCooked, starts="never cooked", switches=switches) as emulator:
        assert emulator.account("contoso-a").cooking.phase == "never cooked"
        assert emulator.title("item-1") is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_at_a_signal_and_cleans_up(number):
    program = """
from irclient.emulator import Emulator, serve
from tests.emulator.fake_data import FakeCooked
serve(Emulator(cook=FakeCooked), on_ready=lambda emulator: print(emulator.ca_file, flush=True))
print("ended")
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True
    ) as serving:
        ca_file = Path(serving.stdout.readline().strip())
        assert ca_file.exists()
        serving.send_signal(number)
        rest, _ = serving.communicate(timeout=20)
    assert (rest.strip(), serving.returncode) == ("ended", 0)
    assert not ca_file.exists()


def test_a_start_that_is_interrupted_while_it_makes_its_keys_leaves_nothing(monkeypatch, tmp_path):
    def interrupted_and_slow(folder):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.3)
        return make_contexts(folder)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cloud, "make_contexts", interrupted_and_slow)
    emulator, before = Emulator(cook=FakeCooked), threading.enumerate()

    with pytest.raises(KeyboardInterrupt):
        emulator.start()

    assert list(tmp_path.iterdir()) == []
    assert threads_besides(before) == []


@pytest.mark.timing
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_at_a_signal_while_it_cooks(number, tmp_path):
    write_shop(tmp_path, items=5_000, users=20_000, interactions=400_000)
    program = f"""
import logging, tempfile
tempfile.tempdir = {str(tmp_path)!r}
from pathlib import Path
from irclient.emulator import Emulator, serve
print("started", flush=True)
serve(Emulator(data={str(tmp_path)!r}, cache_folder={str(tmp_path / "cache")!r}))
print("ended", list(Path({str(tmp_path)!r}).glob("irclient-emulator-*")))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout.readline() == "started\n"
        while not list(tmp_path.glob("irclient-emulator-*/cooking-*")):
            time.sleep(0.01)
            assert serving.poll() is None
        signalled_at = time.monotonic()
        serving.send_signal(number)
        rest, _ = serving.communicate(timeout=20)
    # It would cook for longer than that.
    assert time.monotonic() - signalled_at < 3.0
    assert (rest.strip(), serving.returncode) == ("ended []", 0)


def test_its_environment_keeps_proxies_and_other_emulators_out(emulator, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "intranet.test")
    monkeypatch.delenv("no_proxy", raising=False)
    environment = emulator.environment()
    assert environment["NO_PROXY"] == "intranet.test,localhost,127.0.0.1,::1"
    assert environment["no_proxy"] == environment["NO_PROXY"]
    assert environment["IR_EMULATOR_CONTROL"] == emulator.control_url


def test_it_works_on_a_loop_that_cannot_watch_sockets():
    # As the loop of Windows.
    program = """
import asyncio
def refuse(*_): raise NotImplementedError
asyncio.SelectorEventLoop.add_reader = asyncio.SelectorEventLoop.remove_reader = refuse
from irclient import IRClient
from irclient.emulator import Emulator
from tests.emulator.fake_data import FakeCooked
with Emulator(cook=FakeCooked) as emulator, IRClient(
    emulator.home, credential=emulator.credential(), transport=emulator.transport()
) as ir:
    print(len(ir.popular(count=3)))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == ("3", 0), done.stderr


def _trust(emulator):
    return ssl.create_default_context(cafile=emulator.ca_file)
