"""From a folder in the data contract to answers: cooked, served, asked by a client."""

import json
import os
import subprocess
import sys
import time

import httpx
import pytest

from irclient.emulator.shop.written_shop import user_id, write_shop
from irclient.queries import Popular
from tests.server.cooked_service import CONFIG, KEY, ROOT, configure, cook


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a shop, its output, and a configuration."""
    folder = tmp_path_factory.mktemp("service")
    write_shop(folder / "shop", items=300, users=400, interactions=8_000)
    cook(folder / "shop", folder / "out")
    configure(folder)
    return folder


def test_every_list_of_the_client_is_answered(ir):
    popular = ir.popular(count=5)
    seed = popular.ids[0]
    assert len(popular) == 5
    assert len(ir.new(count=3)) == len(ir.trending(count=3)) == 3
    assert seed not in ir.similar(seed).ids
    for algo_type in ("Visual", "Textual", "MF", "CompleteSimilarStyles"):
        assert ir.similar(seed, algo_type=algo_type).status == "Success"
    assert ir.cart(popular.ids[:3]).status == "Success"
    assert ir.bought_together(seed).status == "Success"
    assert len(ir.picks(user_id(1), count=5)) == 5
    ranked = ir.personalize(user_id(1), popular.ids)
    assert sorted(ranked.ids) == sorted(popular.ids)
    assert ir.selectors(seed) is not None
    assert set(ir.popular(filters={"Category": "Clothing"}).ids) <= set(ir.popular(count=300).ids)


def test_pages_join_to_the_whole_list(ir):
    whole = ir.popular(count=200).ids
    assert [each.id for each in ir.items(Popular(), page_size=60)][:200] == whole


def test_a_session_is_known_to_every_worker(url, ir):
    seeds = ir.popular(count=3).ids
    headers = {"authorization": f"Bearer {KEY}"}
    found = set()
    for number in range(12):  # each on a connection of its own, so on one worker or the other
        session = f"session-{number}"
        for seed in seeds:
            httpx.get(f"{url}/reco/v1.0/similar/{seed}?SessionId={session}", headers=headers)
        answer = httpx.get(
            f"{url}/reco/v1.0/picks?AlgoType=RecentViews&SessionId={session}", headers=headers
        )
        found.add(json.dumps(answer.json()["items"]))
    assert len(found) == 1
    assert json.loads(found.pop())


def test_a_new_cooking_is_taken_up(place, ir):
    before = ir.popular(count=1).interactions_version
    with (next((place / "shop" / "Reco_Interactions").glob("*.csv"))).open("ab") as file:
        file.write(b"B9999999,70000,,1,Transaction,2026-01-01T00:00:00.000Z,,1,,,,True\r\n")
    cook(place / "shop", place / "out")
    until = time.monotonic() + 20.0
    while ir.cache.clear() or ir.popular(count=1).interactions_version == before:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert ir.popular(count=1).interactions_version > before


def test_the_command_says_what_is_wrong_before_it_starts(tmp_path):
    (tmp_path / "server.toml").write_text(CONFIG.replace("tps", "tsp"))
    command = [sys.executable, "-m", "irclient", "serve", tmp_path, "--config"]
    done = subprocess.run(
        [*command, tmp_path / "server.toml", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "300"},
    )
    assert done.returncode == 2
    assert "accounts[0].endpoints[0].tsp is not a key" in done.stderr


def test_a_check_opens_what_the_configuration_names(tmp_path):
    (tmp_path / "server.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "irclient", "serve", tmp_path / "none", "--config"]

    def checked():
        return subprocess.run(
            [*command, tmp_path / "server.toml", "--check"],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "COLUMNS": "300"},
        )  # fmt: skip

    refused = checked()
    assert refused.returncode == 2
    assert "cannot be read" in refused.stderr
    (tmp_path / "keys.txt").write_text("a-key\n")
    passed = checked()
    assert passed.returncode == 0, passed.stderr
    assert "Not ready: " in passed.stderr
    assert "is in order" in passed.stderr


def test_it_says_at_its_start_what_it_cannot_serve_yet(tmp_path):
    (tmp_path / "server.toml").write_text(CONFIG)
    (tmp_path / "keys.txt").write_text("a-key\n")
    command = [sys.executable, "-m", "irclient", "serve", tmp_path / "none"]
    with subprocess.Popen(
        [*command, "--config", tmp_path / "server.toml", "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "COLUMNS": "400"},
    ) as server:  # fmt: skip
        try:
            told = next(line for line in server.stderr if "Not ready: " in line)
        finally:
            server.terminate()
            server.communicate(timeout=60)
    assert f"{tmp_path / 'none'} holds no output yet: irclient cook FOLDER" in told
