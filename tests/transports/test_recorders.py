"""A recorder that replaces parts of httpx keeps what a client was answered, and no token."""

from __future__ import annotations

import httpx
import vcr
import yaml

from tests.weather import weather
from tests.worlds import TOKEN, in_each_world, options


@in_each_world
def test_what_was_recorded_through_httpx_is_answered_without_a_server(world, tmp_path) -> None:
    cassette = tmp_path / "popular.yaml"
    recorder = vcr.VCR(filter_headers=["authorization"], match_on=["method", "path", "query"])

    async def story(record_mode: str) -> list[str]:
        kind = httpx.HTTPTransport if world.is_sync else httpx.AsyncHTTPTransport
        transport = kind()
        client = world.client(server.endpoint("a"), transport=transport, settings=options())
        with recorder.use_cassette(str(cassette), record_mode=record_mode):
            async with client as ir:
                ids = (await world.ask(ir.popular(count=3))).ids
        await world.ask(transport.close() if world.is_sync else transport.aclose())
        return ids

    with weather() as server:
        recorded = world.play(lambda: story("once"))
        assert recorded == ["popular"]
        assert len(server.seen) == 1
    assert TOKEN not in cassette.read_text("utf-8")
    assert len(yaml.safe_load(cassette.read_text("utf-8"))["interactions"]) == 1
    assert world.play(lambda: story("none")) == recorded
