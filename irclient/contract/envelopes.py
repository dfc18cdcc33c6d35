"""The bodies of the service's answers: lists, selectors, trigger answers and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from irclient.contract.error_words import ERROR_WORDS
from irclient.contract.messages import json_answer, json_of, json_response, json_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from irclient.contract.messages import Response
    from irclient.cooking.cooked_data import Operation

__all__ = ["TriggerForm", "refusal", "selectors", "served_list", "trigger_accepted", "waiting_list"]

#: The bodies that an accepted trigger was documented or seen to have (D, C, C).
TriggerForm: TypeAlias = Literal["documented", "seen in 2022", "seen in 2023"]

#: Title and titleId. New is 3 (D) and Popular is 5 (C); the others are the emulator's choice.
_TITLES: Final[Mapping[str, tuple[str, int]]] = {
    "new": ("New", 3),
    "popular": ("Popular", 5),
    "trending": ("Trending", 6),
    "similar": ("People also", 7),
    "cart": ("Frequently bought together", 8),
    "bought_together": ("Frequently bought together", 8),
    "picks": ("Picks for you", 9),
    "personalize": ("Personalized", 10),
}
#: The same on every item of every list that was seen (D, C).
_TRACKING_ID: Final = "00000000-0000-0000-0000-000000000003"
_TRACKED: Final = f'"trackingId":"{_TRACKING_ID}"'
_LISTS: Final = '{"id":"Lists","name":"Lists","version":"v1.0","items":['
#: The emulator's own words; the field was seen with this status alone (C).
_WAITING: Final[Mapping[str, str]] = {
    "status": "WaitingForData",
    "details": "The data of this list has not been cooked yet. Try again later.",
}
_SUCCESS: Final[Mapping[str, str]] = {"status": "Success"}
_STATUS_AND_WORDS: Final = {code: (status, words) for status, (code, words) in ERROR_WORDS.items()}


def served_list(
    operation: Operation,
    item_ids: Sequence[str],
    *,
    total_items: int,
    interactions_version: str | None,
) -> Response:
    """A page of a list (contract section 4)."""
    version = {} if interactions_version is None else {"interactionsVersion": interactions_version}
    return _list(operation, item_ids, total_items=total_items, known={**version, **_SUCCESS})


def waiting_list(operation: Operation) -> Response:
    """A list whose data was not cooked yet (contract section 4.1)."""
    return _list(operation, (), total_items=0, known=_WAITING)


def _list(
    operation: Operation,
    item_ids: Sequence[str],
    *,
    total_items: int,
    known: Mapping[str, str],
) -> Response:
    title, title_id = _TITLES[operation]
    rest = {
        "title": title,
        "longTitle": title,
        "titleId": title_id,
        "pagingInfo": {"totalItems": total_items},
        **known,
    }
    # Written by hand, since a list is most of what a service does: a third of the time.
    items = ",".join([f'{{"id":{json_text(each)},{_TRACKED}}}' for each in item_ids])
    return json_answer(200, f"{_LISTS}{items}],{json_of(rest)[1:]}")


def selectors(found: Mapping[str, Sequence[str]]) -> Response:
    """Filter names with their values (contract section 6.9)."""
    value = [
        {"keyName": name, "values": [{"valueString": each} for each in values]}
        for name, values in found.items()
    ]
    return json_response(200, {"value": value})


def trigger_accepted(*, environment_id: str, version: str, form: TriggerForm) -> Response:
    """The answer to an accepted trigger (contract section 13)."""
    content: dict[str, str | None]
    match form:
        case "documented":
            content = {"status": "Success", "environmentId": environment_id, "version": version}
        case "seen in 2022":
            content = {"status": "Success", "version": None}
        case "seen in 2023":
            content = {"status": "Success"}
    return json_response(200, content)


def refusal(
    code: str, message: str | None = None, *, headers: Sequence[tuple[str, str]] = ()
) -> Response:
    """An error body (contract section 14); its code is the name of its HTTP status."""
    status, words = _STATUS_AND_WORDS[code]
    return json_response(
        status, {"error": {"code": code, "message": message or words}}, headers=headers
    )
