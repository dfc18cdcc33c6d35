"""Both clients in the cells of one kernel, whose loop runs all the while."""

from __future__ import annotations

import pytest

from tests.analysis.kernel import run_cells

pytestmark = [
    pytest.mark.timeout(200),
    # What nbclient and the kernel's client leave open is theirs.
    pytest.mark.filterwarnings("ignore"),
]

SETUP = """
from irclient import AsyncIRClient, IRClient, ServiceEndpoint, StaticToken
from irclient.analysis import Lists, acollect, collect
from irclient.queries import Similar
from irclient.testing import ScriptedService

endpoint = ServiceEndpoint("contoso-a", "web", tps=100)
service = ScriptedService(endpoint)
service.on("contoso-a").answer(ids=["70000", "70001", "70002"])
ir = IRClient(endpoint, credential=StaticToken("t"), transport=service)
air = AsyncIRClient(endpoint, credential=StaticToken("t"), transport=service)
queries = [Similar(str(item), count=3) for item in range(20)]
"""
TOLD = "print(len(lists), len(lists.errors), len(lists.missing), len(lists.frame()))"


def test_both_ways_of_collecting_work_in_the_cells_of_one_kernel(tmp_path) -> None:
    shown = run_cells(
        SETUP,
        f"lists = collect(ir, queries, progress=False)\n{TOLD}",
        f"lists = await acollect(air, queries, progress=False)\n{TOLD}",
        f"lists = collect(ir, queries, progress=False)\n{TOLD}",
        "await air.aclose()\nir.close()",
        folder=tmp_path,
    )
    assert [each.strip() for each in shown] == ["", *["20 0 0 60"] * 3, ""]


@pytest.mark.parametrize("call", ["ir.similar(64702)", "await air.similar(64702)"])
def test_a_wrong_argument_is_one_short_traceback(call, tmp_path) -> None:
    _, shown = run_cells(SETUP, call, folder=tmp_path, errors="show")
    assert "64702" in shown.splitlines()[-1]
    assert "QueryError" in shown
    assert "KeyError" not in shown
    assert shown.count("Traceback (most recent call last)") == 1
    assert len(shown.splitlines()) < 20, shown
