"""TLS: one context for the process, and whom it trusts."""

from __future__ import annotations

import time

import pytest

from irclient import Pair, ServiceEndpoint, errors
from irclient.transports import AsyncTransport, BlockingTransport, ssl_context
from tests.certificates import Authority
from tests.weather import weather
from tests.worlds import WORLDS, in_each_world


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.made_in(tmp_path_factory.mktemp("tls"))


def trusting(world, ca_file):
    return BlockingTransport(ca_file=ca_file) if world.is_sync else AsyncTransport(ca_file=ca_file)


async def closed(world, transport) -> None:
    await world.ask(transport.close() if world.is_sync else transport.aclose())


def test_the_process_has_one_context_for_each_set_of_authorities(authority) -> None:
    assert ssl_context() is ssl_context()
    ours = ssl_context(ca_file=authority.ca_file)
    assert ours is ssl_context(ca_file=str(authority.ca_file))
    assert ours is not ssl_context()


def test_the_environment_says_whom_to_trust(authority, monkeypatch) -> None:
    usual = ssl_context()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    assert ssl_context() is not usual
    assert ssl_context().cert_store_stats()["x509_ca"] == 1


def test_a_ca_file_that_is_written_anew_is_read_anew(authority, tmp_path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.ca_file.read_bytes())
    first = ssl_context(ca_file=path)
    time.sleep(0.01)
    path.write_bytes(authority.ca_file.read_bytes())
    assert ssl_context(ca_file=path) is not first


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_ca_file_that_cannot_be_used_is_named(content, tmp_path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(errors.ConfigurationError, match=r"ca\.pem.*PEM file"):
        ssl_context(ca_file=path)


def test_a_variable_that_names_no_certificates_is_told_with_what_to_do(
    tmp_path, monkeypatch
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(b"no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(errors.ConfigurationError, match=r"SSL_CERT_FILE=.*ca\.pem.*; name a PEM"):
        ssl_context()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_client_is_not_made_with_a_variable_that_names_authorities_that_are_not_there(
    world, variable, monkeypatch, tmp_path
) -> None:
    endpoint = ServiceEndpoint("a", "web", tps=1, url="https://a.test")
    monkeypatch.setenv(variable, str(tmp_path / "nothing"))
    with pytest.raises(errors.ConfigurationError, match=f"{variable}=.*nothing.* is not there"):
        world.make(endpoint)


@pytest.mark.timing
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_second_client_costs_next_to_nothing(world) -> None:
    endpoint_of = weather()
    with endpoint_of as server:
        world.make(server.endpoint("a"))
        took = []
        for _ in range(10):
            began_at = time.perf_counter()
            world.make(server.endpoint("a"))
            took.append(time.perf_counter() - began_at)
    assert min(took) < 0.004


@in_each_world
def test_a_certificate_of_the_given_authority_is_accepted_and_the_connection_used_again(
    world, authority
) -> None:
    async def story() -> None:
        transport = trusting(world, authority.ca_file)
        async with world.client(server.endpoint("a"), transport=transport) as ir:
            for n in ("1", "2", "3"):
                assert (await world.ask(ir.similar(n))).ids == [n]
        await closed(world, transport)

    with weather(tls=authority.server()) as server:
        world.play(story)
    assert server.connections == 1


@in_each_world
@pytest.mark.parametrize("trouble", ["expired", "untrusted"])
def test_a_primary_with_a_bad_certificate_is_unreachable_and_the_pair_answers(
    world, trouble, authority
) -> None:
    tls = authority.server(days=(-3, -1) if trouble == "expired" else (-1, 2))
    transport = trusting(world, authority.ca_file if trouble == "expired" else None)

    async def story() -> None:
        pair = Pair(bad.endpoint("a"), good.endpoint("b"))
        async with world.client(pair, transport=transport) as ir:
            assert (await world.ask(ir.popular())).served.account == "b"
        async with world.client(bad.endpoint("a"), transport=transport) as ir:
            error = await world.error(ir.popular)
            assert {each.outcome for each in error.attempts} == {"unreachable"}
            assert "certificate" in str(error)
        await closed(world, transport)

    with weather(tls=tls) as bad, weather() as good:
        world.play(story)
    assert bad.seen == []
