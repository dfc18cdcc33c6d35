"""What the doctor says about tokens and secrets."""

import base64
import json
import time

import pytest

from irclient import StaticToken
from irclient.cli.doctor.credential import describe_token, examine_credential
from irclient.cli.doctor.finding import Verdict


def jwt(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}.the-signature"


def test_a_token_is_described_by_audience_app_and_end():
    token = jwt(aud="c5b731db", appid="app-1", exp=1_700_000_000)

    assert describe_token(token, now=1_699_999_700.0) == (
        "audience c5b731db, App ID app-1, until 2023-11-14 22:13:20 UTC (300 s left)"
    )
    assert "(expired)" in describe_token(token, now=1_700_000_001.0)


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.!!.c", "a.Ww.c", "a.WzFd.c", "a.bnVsbA.c"])
def test_a_token_that_is_no_jwt_is_opaque(token):
    assert describe_token(token, now=0.0).startswith("opaque")


def test_a_token_that_ends_within_the_hour_is_a_warning():
    [finding] = examine_credential(StaticToken(jwt(exp=time.time() + 600)), timeout=1.0)

    assert finding.verdict is Verdict.WARNING
    assert "fetch a new token before that" in finding.advice


@pytest.mark.parametrize("end", [1e300, -1e300, float("nan")])
def test_an_end_that_is_no_date_does_not_matter(end):
    [finding] = examine_credential(StaticToken(jwt(exp=end)), timeout=1.0)

    assert finding.saw


def test_an_expired_token_is_wrong_and_is_not_shown():
    token = jwt(aud="x", exp=1_000)

    [finding] = examine_credential(StaticToken(token), timeout=1.0)

    assert (finding.verdict, finding.advice) == (Verdict.WRONG, "fetch a new token")
    assert token not in repr(finding)
    assert "the-signature" not in repr(finding)
