"""The list commands: what each asks the service, and how the answer looks."""

import pytest

from tests.cli.conftest import LIST, run, run_process

COMMON = [
    "--count=3", "--skip=2", "--filter=Category=Shoes", "--channel=c", "--catalog=k",
    "--modeling=m", "--refine=RemoveUserHistory", "--param=ClientType=web",
]  # fmt: skip
COMMON_SENT = (
    "count=3", "skipItems=2", "Category=Shoes", "userId=u-1", "channelId=c", "catalogId=k",
    "modeling=m", "refinements=RemoveUserHistory", "ClientType=web",
)  # fmt: skip


def sent_by(service, *arguments, stdin=None):
    result = run(*arguments, env=service.environment(), stdin=stdin)
    assert result.code == 0, result.err
    [(_method, target)] = service.requests
    return target


@pytest.mark.parametrize("command", ["new", "popular", "trending", "similar", "cart",
                                     "bought-together", "picks"])  # fmt: skip
def test_every_option_of_a_list_reaches_the_service(service, command):
    seed = {"similar": ["64702"], "cart": ["64702"], "bought-together": ["64702"]}.get(command, [])
    user = ["u-1"] if command == "picks" else ["--user=u-1"]

    target = sent_by(service, command, *seed, *user, *COMMON).lower()

    assert [each for each in COMMON_SENT if each.lower() not in target] == []


@pytest.mark.parametrize("command", ["similar", "picks", "selectors"])
def test_the_algorithm_reaches_the_service(service, command):
    service.answers["/"] = (200, {**LIST, "value": []})

    assert "algotype=textual" in sent_by(service, command, "64702", "--algo", "Textual").lower()


@pytest.mark.parametrize("command", [["similar", "64702"], ["picks"]])
def test_the_session_reaches_the_service(service, command):
    assert "sessionid=s-1" in sent_by(service, *command, "--session", "s-1").lower()


def test_a_list_is_shown_ranked_with_how_it_was_served(service):
    shown = run("similar", "64702", env=service.environment()).out

    assert "People also like" in shown
    assert [line.split() for line in shown.splitlines() if "t-1" in line] == [
        ["1", "64703", "t-1"],
        ["2", "a/../b?c#d", "é", "t-1"],
    ]
    assert "2 items of 431, cooked 20230102030405" in shown
    assert "served by contoso-a/web from service, 1 attempt" in shown


def test_json_is_the_service_s_own_answer_and_how_it_was_served(service):
    shown = run("similar", "64702", "--json", env=service.environment()).json

    assert shown["answer"] == LIST
    assert shown["served"]["endpoint"] == "contoso-a/web"
    assert shown["served"]["source"] == "service"


def test_ids_can_come_from_stdin(service):
    target = sent_by(service, "cart", "1", "-", stdin="2\n\n 3 \n")

    assert "1,2,3" in target.replace("%2C", ",")


def test_personalize_ranks_candidates_from_stdin(service):
    sent_by(service, "personalize", "u-1", "-", stdin="64702\n64718\n")

    assert b"64718" in service.bodies[0]
    assert service.requests[0][0] == "POST"


def test_selectors_show_filters_and_their_values(service):
    service.answers["/"] = (
        200,
        {"value": [{"keyName": "Color", "values": [{"valueString": "Red"}]}]},
    )

    shown = run("selectors", "64702", env=service.environment()).out

    assert ["Color", "Red"] in [line.split() for line in shown.splitlines()]


def test_an_empty_list_says_so(service):
    service.answers["/"] = (200, {**LIST, "items": []})

    assert "No items (Success)." in run("popular", env=service.environment()).out


def test_what_the_service_says_cannot_steer_the_terminal(service):
    service.answers["/"] = (200, {**LIST, "title": "[red]\x1b[2J", "items": [{"id": "[b]\x1b"}]})

    shown = run("popular", env=service.environment()).out

    assert "\x1b" not in shown
    assert "[red]" in shown
    assert "[b]" in shown


@pytest.mark.parametrize(("status", "code"), [(401, 3), (403, 3), (404, 2), (429, 4), (500, 5)])
def test_a_refusal_of_the_service_is_an_exit_code_and_a_message(service, status, code):
    service.answers["/"] = (status, {"error": {"code": "X", "message": "no"}})

    result = run("popular", "--json", "--deadline", "1", env=service.environment())

    assert result.code == code
    assert result.err.strip()
    assert result.json["error"]["message"]
    assert result.json["error"]["attempts"][0]["status"] == status


def test_waiting_for_the_first_cooking_has_its_own_code(service):
    service.answers["/"] = (200, {**LIST, "items": [], "status": "WaitingForData"})

    assert run("popular", env=service.environment()).code == 6


@pytest.mark.parametrize("arguments", [["cart", "-"], ["popular", "--filter", "x"], ["picks"],
                                       ["similar", " "], ["popular", "--count", "0"],
                                       ["popular", "--filter", "count=1"]])  # fmt: skip
def test_a_wrong_query_is_refused_before_anything_is_sent(service, arguments):
    result = run(*arguments, env=service.environment(), stdin="")

    assert result.code == 2
    assert service.requests == []


def test_a_missing_configuration_names_what_to_set():
    result = run("popular")

    assert result.code == 2
    assert "IRCLIENT_" in result.err
    assert "Traceback" not in result.err


def test_a_process_of_its_own_does_the_same(service):
    result = run_process("similar", "64702", "--json", env=service.environment())

    assert result.code == 0
    assert result.json["answer"] == LIST


def test_a_file_serves_as_configuration(service, tmp_path):
    file = tmp_path / "irclient.toml"
    file.write_text(
        f"""
        [[regions]]
        primary = {{ account = "contoso-a", name = "web", tps = 10, url = "{service.url}" }}
        [credential]
        kind = "token"
        token_env = "TEST_TOKEN"
        """
    )

    result = run("popular", "--config", str(file), env={"TEST_TOKEN": "t"})

    assert result.code == 0, result.err
