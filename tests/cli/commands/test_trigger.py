"""The trigger, as a command."""

import pytest

from tests.cli.conftest import LIST, run

ACCEPTED = {"status": "Success", "version": "20230203040506", "environmentId": None}


def test_a_trigger_is_one_post_to_one_account(service):
    service.answers["/control"] = service.answers["/Control"] = (200, ACCEPTED)

    result = run("trigger", "--modeling", "shop", "--json", env=service.environment())

    assert result.code == 0, result.err
    assert (result.json["endpoint"], result.json["status"]) == ("contoso-a/web", "Success")
    [(method, target)] = service.requests
    assert method == "POST"
    assert "modeling=shop" in target


def test_waiting_ends_with_the_list_of_the_new_data_set(service):
    service.answers["/Control"] = (200, ACCEPTED)
    versions = iter(["20230102030405", "20230102030405", "20230203040506"])
    service.answers["/"] = (200, lambda: {**LIST, "interactionsVersion": next(versions)})

    result = run("trigger", "contoso-a", "--wait", "--poll-every", "0.1", env=service.environment())

    assert result.code == 0, result.err
    assert "cooked 20230203040506" in result.out
    assert "at poll 2" in result.err


def test_a_pair_needs_a_name_and_nothing_is_sent_without(service):
    environment = {**service.environment(), "IRCLIENT_SECONDARY": "contoso-b/web"}

    result = run("trigger", env=environment)

    assert result.code == 2
    assert "contoso-a/web, contoso-b/web" in result.err
    assert service.requests == []


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "-1"])
def test_nothing_is_triggered_that_could_not_be_waited_for(service, seconds):
    service.answers["/Control"] = (200, ACCEPTED)

    result = run("trigger", "--wait", "--poll-every", seconds, env=service.environment())

    assert result.code == 2
    assert "--poll-every" in result.err
    assert seconds in result.err
    assert service.requests == []


def test_a_refused_trigger_is_throttled(service):
    service.answers["/"] = (429, {"error": {"code": "TooManyRequests", "message": "no"}})

    assert run("trigger", env=service.environment()).code == 4
