"""A hundred thousand damaged bodies through the wire reader and the verdict.

Another seed or number: ``HOSTILE_SEED=2 HOSTILE_BODIES=1000000 pytest tests/hostile``.
"""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irclient._core import call_errors
from irclient._core.verdict import Meaning, judge
from irclient._wire.malformed import Malformed
from irclient._wire.reading import read_answer
from irclient._wire.responses import Response, error_message
from irclient.attempts import Attempt
from irclient.errors import IRError
from irclient.queries import ItemSelectors, Personalize, Popular, Similar
from irclient.results import RecommendationList, Selectors
from tests.hostile.mutations import SEEDS, mutated

SEED = int(os.environ.get("HOSTILE_SEED", "1"))
BODIES = int(os.environ.get("HOSTILE_BODIES", "100000"))
#: Each part is a test of its own, so that a failure names a short stretch of seeds.
PARTS = 20
QUERIES = (Popular(), Similar("1"), Personalize("u", ["1"]), ItemSelectors("1"))
STATUSES = (*[200] * 18, 201, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503, 599)
#: Seconds of the processor that one body may cost, hundreds of times what an honest one does.
MOST_SECONDS = 0.1
#: The longest quotation, with the words around it.
LONGEST_WORDS = 240


def check_words(words: str) -> None:
    assert len(words) <= LONGEST_WORDS
    assert words.isprintable()


def check_answer(query: object, answer: object) -> None:
    """What a caller may rely on, whatever the body was."""
    if isinstance(query, ItemSelectors):
        assert isinstance(answer, Selectors)
        assert all(isinstance(each.name, str) for each in answer)
        assert all(isinstance(value, str) for each in answer for value in each.values)
    else:
        assert isinstance(answer, RecommendationList)
        assert all(isinstance(each, str) and each for each in answer.ids)
        for text in (answer.title, answer.status, answer.details, answer.interactions_version):
            assert text is None or isinstance(text, str)
        assert answer.total_items is None or isinstance(answer.total_items, int)
        assert isinstance(repr(answer), str)
    assert isinstance(answer.raw, dict)


def check_body(query: object, status: int, body: bytes) -> Meaning:
    """Nothing but an answer, `Malformed`, a verdict and words fit to print comes of a body."""
    try:
        check_answer(query, read_answer(query, body))
    except Malformed as finding:
        check_words(str(finding))
    words = error_message(body)
    if words is not None:
        check_words(words)
    verdict = judge(query, Response(status, {}, body, 0.0))
    check_words(verdict.reason)
    assert (verdict.status, verdict.cause) == (status, None)
    assert (verdict.answer is not None) == (verdict.meaning is Meaning.SERVED)
    if verdict.meaning is Meaning.SERVED:
        assert status == 200
        check_answer(query, verdict.answer)
    return verdict.meaning


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_body_gives_an_answer_a_finding_or_words_in_bounded_time(part) -> None:
    meanings: Counter[Meaning] = Counter()
    for number in range(part, BODIES, PARTS):
        random = Random(f"{SEED}-{number}")
        query, status = random.choice(QUERIES), random.choice(STATUSES)
        body = mutated(random)
        began_at = time.thread_time()
        try:
            meanings[check_body(query, status, body)] += 1
        except Exception as problem:
            problem.add_note(f"seed {SEED}, body {number}: {query!r}, {status}, {body[:2000]!r}")
            raise
        took = time.thread_time() - began_at
        assert took < MOST_SECONDS, f"seed {SEED}, body {number}: {len(body)} bytes in {took} s"
    # A mutator that damages all, or nothing, would prove nothing.
    assert 0.04 < meanings[Meaning.SERVED] / meanings.total() < 0.6
    assert meanings[Meaning.UNEXPECTED] / meanings.total() > 0.1
    assert {Meaning.NOT_READY, Meaning.THROTTLED, Meaning.REFUSED, Meaning.FAILED} <= set(meanings)


def test_a_damaged_body_is_read_in_bounded_memory() -> None:
    bodies = [mutated(Random(f"{SEED}-{number}")) for number in range(400)]
    for query in QUERIES:
        for body in SEEDS:
            check_body(query, 200, body)  # what is made once is made before the measurement
    tracemalloc.start()
    try:
        for body in bodies:
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            check_body(Popular(), 200, body)
            _, peak = tracemalloc.get_traced_memory()
            assert peak - before < 300_000 + 60 * len(body)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("seed", SEEDS)
def test_errors_made_of_damaged_answers_stay_short_and_printable(seed) -> None:
    for status in STATUSES[18:]:
        body = seed.replace(b"a", b"\x1b\x00\n").replace(b'"', b"'" * 50)
        verdict = judge(Popular(), Response(status, {}, body * 40, 0.0))
        attempt = Attempt(
            endpoint="contoso-a/web",
            outcome=verdict.meaning.word,
            status=status,
            reason=verdict.reason,
            started_after=0.0,
            elapsed=0.1,
        )
        for error in (
            call_errors.no_endpoint_answered([verdict], [attempt]),
            call_errors.refused(verdict, [attempt]),
            call_errors.unauthorized([attempt]),
        ):
            assert isinstance(error, IRError)
            assert str(error).isprintable()
            assert len(str(error)) < 700


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(
                ("items", "value", "id", "keyName", "values", "error", "code", "status")
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@settings(max_examples=400)
@given(
    query=st.sampled_from(QUERIES),
    status=st.sampled_from(STATUSES),
    tree=_JSON | st.fixed_dictionaries({"items": _JSON}) | st.fixed_dictionaries({"value": _JSON}),
)
def test_any_json_gives_an_answer_a_finding_or_words(query, status, tree) -> None:

    check_body(query, status, json.dumps(tree).encode())


@settings(max_examples=400)
@given(query=st.sampled_from(QUERIES), status=st.sampled_from(STATUSES), body=st.binary())
def test_any_bytes_give_an_answer_a_finding_or_words(query, status, body) -> None:
    check_body(query, status, body)
