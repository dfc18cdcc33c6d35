"""The scripted service does what its scripts say, for both clients, under asyncio and trio."""

import doctest
import threading
import time

import anyio
import httpx
import pytest

from irclient import (
    AsyncIRClient,
    ConfigurationError,
    IRClient,
    NotReady,
    Pair,
    QueryError,
    ServiceEndpoint,
    StaticToken,
    TrafficSplit,
    Unavailable,
)
from irclient.observe import AttemptEnded
from irclient.queries import Popular
from irclient.testing import ScriptedService, example_pair, quick_settings, scripted
from irclient.testing.bodies import DEFAULT_IDS

HOME = example_pair()
ALONE = HOME.primary


def client(service, endpoints=ALONE, observer=repr):
    return IRClient(
        endpoints,
        credential=StaticToken("hush"),
        settings=quick_settings(),
        transport=service,
        observers=[observer],
    )


@pytest.fixture(params=["threads", "asyncio", "trio"])
def ask(request):
    """Call one method of a client, whichever client it is."""

    def blocking(service, endpoints, method, *arguments, observer=repr, **keywords):
        with client(service, endpoints, observer) as ir:
            return getattr(ir, method)(*arguments, **keywords)

    def on_tasks(service, endpoints, method, *arguments, observer=repr, **keywords):
        async def main():
            async with AsyncIRClient(
                endpoints,
                credential=StaticToken("hush"),
                settings=quick_settings(),
                transport=service,
                observers=[observer],
            ) as ir:
                return await getattr(ir, method)(*arguments, **keywords)

        return anyio.run(main, backend=request.param)

    return blocking if request.param == "threads" else on_tasks


def test_the_example_in_the_docstring_runs():
    assert doctest.testmod(scripted).failed == 0


# -- answering


@pytest.mark.parametrize(
    ("method", "arguments", "title"),
    [
        ("new", (), "New"),
        ("popular", (), "Popular"),
        ("trending", (), "Trending"),
        ("similar", ("1",), "Similar"),
        ("cart", (["1", "2"],), "Cart"),
        ("bought_together", ("1",), "Frequently bought together"),
        ("picks", ("u",), "Picks for you"),
    ],
)
def test_without_a_script_every_list_is_answered_with_its_title(ask, method, arguments, title):
    reco = ask(ScriptedService(ALONE), ALONE, method, *arguments)
    assert (reco.ids, reco.title, reco.total_items) == (list(DEFAULT_IDS), title, 10)
    assert reco.served.endpoint == "contoso-a/web"


def test_personalize_answers_the_candidates_and_selectors_a_selector(ask):
    assert ask(ScriptedService(), ALONE, "personalize", "u", ["3", "1"]).ids == ["3", "1"]
    assert ask(ScriptedService(), ALONE, "selectors", "1")[0].values == ("red",)


def test_an_answer_is_paged_as_the_request_asks(ask):
    service = ScriptedService(ALONE)
    service.on().answer(ids=[str(n) for n in range(100)])
    assert ask(service, ALONE, "popular").ids == [str(n) for n in range(25)]
    page = ask(service, ALONE, "popular", count=3, skip=98)
    assert (page.ids, page.total_items) == (["98", "99"], 100)


def test_pages_read_a_scripted_list_to_its_end():
    service = ScriptedService(ALONE)
    service.on().answer(ids=[str(n) for n in range(7)])
    with client(service) as ir:
        pages = [page.ids for page in ir.pages(Popular(), page_size=3)]
    assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


# -- whom a script is for


def test_the_closest_script_wins():
    service = ScriptedService(HOME)
    service.on().answer(ids=["anybody"])
    service.on(operation="similar").answer(ids=["similar"])
    service.on("contoso-a").answer(ids=["a"])
    service.on("contoso-a/web", operation="similar").answer(ids=["a's similar"])
    with client(service, HOME.primary) as a, client(service, HOME.secondary) as b:
        assert a.similar("1").ids == ["a's similar"]
        assert a.popular().ids == ["a"]
        assert b.similar("1").ids == ["similar"]
        assert b.popular().ids == ["anybody"]


def test_accounts_are_told_apart_by_host_when_no_endpoints_are_given():
    both = Pair(ServiceEndpoint("shop", "web", tps=9), ServiceEndpoint("shop-b", "web", tps=9))
    service = ScriptedService()
    service.on("shop").answer(ids=["a"])
    service.on("shop-b").answer(ids=["b"])
    with client(service, both.primary) as a, client(service, both.secondary) as b:
        assert (a.popular().ids, b.popular().ids) == (["a"], ["b"])
    assert [sent.account for sent in service.requests] == ["shop", "shop-b"]


def test_an_endpoint_with_a_url_of_its_own_is_known_by_it():
    endpoint = ServiceEndpoint("x", "web", tps=9, url="https://localhost:8443/ir")
    service = ScriptedService(endpoint)
    service.on("x").answer(ids=["1"])
    with client(service, endpoint) as ir:
        assert ir.popular().ids == ["1"]
    assert service.requests_to("x", operation="popular")
    assert not service.requests_to("x", operation="new")


def test_nobody_listens_where_no_endpoint_is(ask):
    with pytest.raises(Unavailable, match="nobody listens at contoso-a-web"):
        ask(ScriptedService(HOME.secondary), ALONE, "popular")


def test_a_new_script_takes_the_place_of_the_older():
    service = ScriptedService(ALONE)
    service.on("contoso-a").fail(400)
    with client(service) as ir:
        with pytest.raises(QueryError):
            ir.popular()
        service.on("contoso-a").answer(ids=["well"])
        assert ir.popular().ids == ["well"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"account": "contoso-c"}, "no endpoint has the account 'contoso-c'; known are contoso-a"),
        ({"operation": "similiar"}, "'similiar' is not an operation; known are new"),
    ],
)
def test_a_script_for_nobody_is_refused(arguments, words):
    with pytest.raises(ConfigurationError, match=words):
        ScriptedService(HOME).on(**arguments)


def test_the_endpoints_of_a_traffic_split_are_known():
    green = ServiceEndpoint("green", "web", tps=9)
    split = TrafficSplit({"blue": HOME, "green": green}, weights={"blue": 1, "green": 1})
    service = ScriptedService(split)
    service.on("green").answer(ids=["g"])
    service.on("contoso-b").answer(ids=["b"])
    with client(service, green) as g, client(service, HOME.secondary) as b:
        assert (g.popular().ids, b.popular().ids) == (["g"], ["b"])


# -- step by step


def test_steps_follow_each_other_and_the_last_goes_on():
    service = ScriptedService(ALONE)
    service.on().answer(ids=["1"]).answer(ids=["2"], times=2).answer(ids=["3"])
    with client(service) as ir:
        assert [ir.popular().ids[0] for _ in range(6)] == ["1", "2", "2", "3", "3", "3"]


def test_a_last_step_with_a_number_of_times_ends_in_health():
    service = ScriptedService(HOME)
    service.on("contoso-a").fail(503, times=1)
    with client(service, HOME) as ir:
        accounts = [ir.popular().served.account for _ in range(3)]
    assert accounts == ["contoso-b", "contoso-a", "contoso-a"]


def test_a_step_happens_at_least_once():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        ScriptedService().on().fail(times=0)


# -- failing


@pytest.mark.parametrize(
    ("fail", "outcome"),
    [
        (lambda script: script.fail(500), "failed"),
        (lambda script: script.fail(503, retry_after=0.01), "failed"),
        (lambda script: script.throttle(), "throttled"),
        (lambda script: script.not_cooked(), "not ready"),
        (lambda script: script.respond(502, text="<html>"), "failed"),
        (lambda script: script.respond(200, text="<html>"), "unexpected"),
        (lambda script: script.hang(), "timed out"),
        (lambda script: script.time_out(), "timed out"),
        (lambda script: script.drip(every=0.02), "timed out"),
        (lambda script: script.answer(after=30), "timed out"),
        (lambda script: script.refuse(), "unreachable"),
        (lambda script: script.reset(), "broken"),
    ],
)
def test_each_way_to_fail_sends_the_call_to_the_pair(ask, fail, outcome):
    service = ScriptedService(HOME)
    fail(service.on("contoso-a"))
    service.on("contoso-b").answer(ids=["b"])
    attempts = []

    def note(record):
        if isinstance(record, AttemptEnded):
            attempts.append(record.attempt.outcome)

    reco = ask(service, HOME, "popular", observer=note)
    assert (reco.ids, reco.served.account) == (["b"], "contoso-b")
    assert [sent.account for sent in service.requests] == ["contoso-a", "contoso-b"]
    assert attempts == [outcome, "served"]


def test_not_cooked_on_every_account_is_not_ready(ask):
    service = ScriptedService(HOME)
    service.on().not_cooked()
    with pytest.raises(NotReady):
        ask(service, HOME, "popular")


def test_a_401_comes_with_an_empty_body():
    service = ScriptedService()
    service.on().fail(401)
    response = httpx.Client(transport=service).get("https://a-web.example/reco/v1.0/new")
    assert (response.status_code, response.content) == (401, b"")


def test_a_slow_answer_takes_its_time(ask):
    service = ScriptedService(ALONE)
    service.on().answer(after=0.05)
    began_at = time.monotonic()
    assert ask(service, ALONE, "popular").ids
    assert time.monotonic() - began_at >= 0.05


def test_a_drip_is_complete_for_whoever_waits():
    service = ScriptedService()
    service.on().drip(ids=["1"], every=0.00001)
    response = httpx.Client(transport=service).get("https://a-web.example/reco/v1.0/new")
    assert response.json()["items"][0]["id"] == "1"


# -- what was sent


def test_requests_are_kept_in_the_words_of_the_query_without_the_token(ask):
    service = ScriptedService(ALONE)
    ask(service, ALONE, "cart", ["16", "37"], count=4, filters={"Size": ["M", "L"]}, user_id="u")
    (sent,) = service.requests
    assert (sent.account, sent.operation, sent.item_ids) == ("contoso-a", "cart", ("16", "37"))
    assert (sent.count, sent.filters, sent.user_id) == (4, {"Size": ("M", "L")}, "u")
    assert "hush" not in repr(service.requests)


def test_clear_forgets_scripts_and_requests(ask):
    service = ScriptedService(ALONE)
    service.on().fail(400)
    service.clear()
    assert ask(service, ALONE, "popular").ids == list(DEFAULT_IDS)
    service.clear()
    assert service.requests == ()


def test_many_threads_may_use_it():
    service = ScriptedService(ALONE)
    service.on().answer(ids=["1"], times=30).answer(ids=["2"])
    with client(service) as ir:
        answers = ir.fetch_many([Popular()] * 50, concurrency=8)
    assert sorted(answer.ids[0] for answer in answers) == ["1"] * 30 + ["2"] * 20
    assert len(service.requests) == 50
    assert repr(service) == "<ScriptedService: 50 requests>"


def test_a_request_without_any_timeout_is_answered_too():
    service = ScriptedService()
    response = service.handle_request(httpx.Request("GET", "https://a-web.example/reco/v1.0/new"))
    assert response.json()["title"] == "New"


def test_a_signal_handler_may_ask_while_a_request_is_being_noted(monkeypatch) -> None:
    service, note = ScriptedService(), scripted.read_request

    def interrupted(request, account):
        monkeypatch.setattr(scripted, "read_request", note)
        with client(service) as ir:  # What a handler does, on the same thread.
            ir.popular(count=2)
        return note(request, account)

    monkeypatch.setattr(scripted, "read_request", interrupted)
    answers = []

    def ask() -> None:
        with client(service) as ir:
            answers.append(ir.popular(count=1))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(10.0)
    assert len(answers) == 1
    assert len(service.requests) == 2
