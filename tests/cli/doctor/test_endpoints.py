"""What the doctor says about service endpoints."""

import time

import pytest
from azure.core.credentials import AccessToken

from irclient import ServiceEndpoint, StaticToken
from irclient.cli.doctor.endpoints import examine_endpoint
from irclient.cli.doctor.finding import Verdict
from tests.cli.conftest import LIST, TOKEN


def examined(service):
    endpoint = ServiceEndpoint("contoso-a", "web", tps=5, url=service.url)
    return examine_endpoint(endpoint, StaticToken(TOKEN), ca_file=None, timeout=2.0)


def test_an_endpoint_that_answers_is_asked_once_for_one_item(service):
    finding = examined(service)

    assert finding.verdict is Verdict.GOOD
    assert finding.saw == "answered, status Success, 431 popular items, cooked 20230102030405"
    assert 0 < finding.elapsed < 2.0
    [(_, target)] = service.requests
    assert "count=1" in target.lower()


@pytest.mark.parametrize(
    ("status", "body", "saw", "advice"),
    [
        (401, None, "AuthenticationError", "a line of the keys_file"),
        (403, None, "AccessDenied", "add the App ID"),
        (404, None, "QueryError", "modeling"),
        (429, None, "Throttled", "TPS"),
        (503, None, "Unavailable", "the service runs"),
        (200, {**LIST, "items": [], "status": "WaitingForData"}, "NotReady", "irclient cook"),
        (200, ["no list"], "", "url"),
    ],
)
def test_each_refusal_has_its_advice(service, status, body, saw, advice):
    service.answers["/"] = (status, body)

    finding = examined(service)

    assert finding.verdict is Verdict.WRONG
    assert finding.saw.startswith(saw)
    assert advice in finding.advice


def test_a_token_that_takes_longer_than_a_check_keeps_no_endpoint_from_being_asked(service):
    class Slow:
        def get_token(self, *_scopes):
            time.sleep(2.0)
            return AccessToken(TOKEN, int(time.time()) + 3600)

    endpoint = ServiceEndpoint("contoso-a", "web", tps=5, url=service.url)

    assert examine_endpoint(endpoint, Slow(), ca_file=None, timeout=1.5).verdict is Verdict.GOOD
