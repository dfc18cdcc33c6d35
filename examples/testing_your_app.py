"""An application's own tests, on a service without a network; run it, or give it to pytest."""

from irclient import IRClient, IRError, StaticToken
from irclient.testing import ScriptedService, example_pair, quick_settings

BESTSELLER = "70000"


def front_page(ir: IRClient, user_id: str | None) -> list[str]:
    """The code under test: picks for a known user, else what is popular, else the bestseller."""
    try:
        return (ir.picks(user_id, count=3) if user_id else ir.popular(count=3)).ids
    except IRError:
        return [BESTSELLER]


def client(service: ScriptedService) -> IRClient:
    """With pytest, the fixture `irclient_client` is this."""
    return IRClient(
        example_pair(),
        credential=StaticToken("token"),
        settings=quick_settings(),
        transport=service,
    )


def test_a_known_user_gets_picks() -> None:
    service = ScriptedService(example_pair())
    service.on(operation="picks").answer(ids=["1", "2", "3", "4"])
    assert front_page(client(service), "user-1") == ["1", "2", "3"]
    assert service.requests[-1].user_id == "user-1"


def test_a_down_primary_is_not_noticed() -> None:
    service = ScriptedService(example_pair())
    service.on("contoso-a").refuse()
    service.on("contoso-b").answer(ids=["7"])
    assert front_page(client(service), None) == ["7"]


def test_an_outage_leaves_the_bestseller() -> None:
    service = ScriptedService(example_pair())
    service.on().time_out()
    assert front_page(client(service), None) == [BESTSELLER]


if __name__ == "__main__":
    for test in (
        test_a_known_user_gets_picks,
        test_a_down_primary_is_not_noticed,
        test_an_outage_leaves_the_bestseller,
    ):
        test()
        print(f"passed: {test.__name__}")
