"""What an exception of the Azure SDK means."""

from __future__ import annotations

import json

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from irclient.auth.exchange import TokenRefused, TokenUnanswered
from irclient.auth.failures import finding_of


class Response:
    reason = "Reason"

    def __init__(self, status_code, body="", **headers):
        self.status_code = status_code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._body = body

    def text(self):
        return self._body


def find(error):
    return finding_of(error, doing="asking", fix="mend it")


@pytest.mark.parametrize(
    "error",
    [
        ServiceRequestError("no route"),
        ServiceResponseError("gone"),
        TimeoutError("slow"),
        HttpResponseError(response=Response(503)),
        HttpResponseError(response=Response(429)),
    ],
)
def test_no_answer_is_worth_another_try(error):
    assert isinstance(find(error), TokenUnanswered)


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (HttpResponseError(response=Response(429)), "asked too often"),
        (HttpResponseError(response=Response(503)), "status of Azure"),
        (ServiceRequestError("no route"), "firewall"),
        (ServiceRequestError("Unable to connect to proxy"), "NO_PROXY"),
        (ServiceRequestError("Missing dependencies for SOCKS support."), "NO_PROXY"),
        (ServiceRequestError("Proxy URL had unsupported scheme ftp"), "NO_PROXY"),
        (ServiceRequestError("Failed to resolve 'socks-shop.vault.azure.net'"), "firewall"),
        (ServiceRequestError("Connection to proxy.vault.azure.net timed out"), "firewall"),
        (ServiceRequestError("CERTIFICATE_VERIFY_FAILED"), "REQUESTS_CA_BUNDLE"),
        (HttpResponseError(response=Response(403)), "mend it"),
    ],
)
def test_each_kind_has_its_own_fix_apart_from_what_happened(error, fix):
    finding = find(error)
    assert fix in finding.fix
    assert finding.fix not in finding.what
    assert str(finding) == f"{finding.what}; {finding.fix}"


def test_a_retry_after_is_passed_on():
    assert find(HttpResponseError(response=Response(429, Retry_After="3"))).retry_after == 3.0


@pytest.mark.parametrize(
    "error",
    [HttpResponseError(response=Response(403)), ClientAuthenticationError("no"), ValueError("odd")],
)
def test_everything_else_is_a_refusal_with_the_fix(error):
    finding = find(error)
    assert isinstance(finding, TokenRefused)
    assert str(finding).startswith("asking failed: ")
    assert str(finding).endswith("mend it")


def test_a_refusal_caused_by_silence_is_silence():
    # DefaultAzureCredential wraps what its parts ran into.
    wrapped = ClientAuthenticationError("failed to retrieve a token")
    wrapped.__cause__ = ServiceRequestError("no route")
    assert isinstance(find(wrapped), TokenUnanswered)


def test_a_circle_of_causes_comes_to_an_end():
    error, other = ValueError("a"), ValueError("b")
    error.__cause__, other.__cause__ = other, error
    assert isinstance(find(error), TokenRefused)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"code": "Forbidden", "message": "No."}, "Forbidden: No"),
        (
            {"code": "Forbidden", "message": "No", "innererror": {"code": "By"}},
            "Forbidden (By): No",
        ),
        ({"code": "Forbidden", "message": "No", "innererror": "By"}, "Forbidden: No"),
        ({"code": "Forbidden", "message": "No", "innererror": [7]}, "Forbidden: No"),
        ({"message": "No", "innererror": {}}, "No"),
    ],
)
def test_what_a_refusal_says_is_told_once_whatever_its_shape(said, words):
    finding = find(HttpResponseError(response=Response(403, json.dumps({"error": said}))))
    assert isinstance(finding, TokenRefused)
    assert finding.what == f"asking failed: {words}"
