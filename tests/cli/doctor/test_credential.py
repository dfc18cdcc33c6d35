"""What the doctor says about tokens and secrets."""

import base64
import json

import pytest

from irclient import StaticToken
from irclient.cli.doctor.finding import Verdict
from irclient.cli.doctor.credential import describe_token, examine_identity


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


def test_an_expired_token_is_wrong_and_is_not_shown():
    token = jwt(aud="x", exp=1_000)

    [finding] = examine_identity(StaticToken(token), timeout=1.0)

    assert (finding.verdict, finding.advice) == (Verdict.WRONG, "fetch a new token")
    assert token not in repr(finding)
    assert "the-signature" not in repr(finding)
