"""Requests taken apart, responses put together."""

import json
from types import MappingProxyType

import pytest

from irclient.contract.messages import json_response, read_request


def test_an_encoded_slash_stays_inside_its_segment():
    request = read_request("get", "/reco/v1.0/similar/a%2F..%2Fb%3Fc%23d%20%C3%A9?x=1", headers={})
    assert request.method == "GET"
    assert request.segments == ("reco", "v1.0", "similar", "a/../b?c#d é")
    assert request.query == (("x", "1"),)


def test_query_pairs_keep_their_order_repeats_and_blanks():
    request = read_request("GET", "/a?Size=M&size=L&b=&c=x%2Cy,z", headers={})
    assert request.query == (("Size", "M"), ("size", "L"), ("b", ""), ("c", "x,y,z"))


def test_a_json_answer_is_utf8_and_takes_read_only_mappings():
    response = json_response(200, {"a": MappingProxyType({"é": 1})}, headers=[("x", "y")])
    assert json.loads(response.body) == {"a": {"é": 1}}
    assert "é".encode() in response.body
    assert response.headers[-1] == ("x", "y")


def test_what_has_no_json_form_is_refused():
    with pytest.raises(TypeError, match="set has no JSON form"):
        json_response(200, {1, 2})
