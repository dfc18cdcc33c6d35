"""The simulation simulates: its accounts, its clock, its measures and its page can be trusted."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from benchmarks import simulate
from benchmarks.simulation import canary, naive, policies
from benchmarks.simulation.accounts import Account
from benchmarks.simulation.measures import measure, percentile
from benchmarks.simulation.page import fill
from benchmarks.simulation.plots import draw
from benchmarks.simulation.running import Ended, Run, run
from benchmarks.simulation.scenarios import FULL, QUICK, SCENARIOS, Plan
from benchmarks.simulation.tables import Table, as_markdown, print_table
from benchmarks.simulation.virtual_time import VirtualTime
from benchmarks.simulation.weather import Condition, Reach, Spell
from irclient._core.protocol import Failure, Trouble
from irclient.errors import IRError
from irclient.queries import Popular
from irclient.results import RecommendationList
from irclient.topology import ServiceEndpoint

PAGE = Path(simulate.DOCS) / "simulation.md"
SMALL = Plan(calls_per_second=80.0, warm_up_for=3.0, weather_for=4.0, after_for=10.0)
BY_NAME = {each.name: each for each in SCENARIOS}


def account(*spells: Spell, tps: float = 100.0, name: str = "a") -> Account:
    endpoint = ServiceEndpoint(name, "web", tps=tps)
    cookings = ((0.0, "20260101000000"), (50.0, "20260102000000"))
    return Account(endpoint, Random(1), spells, 0.05, cookings)


def always(condition: Condition) -> Spell:
    return Spell(("a",), condition, 0.0, 1e9)


def through(name: str, policy: policies.Policy, *, clients: int = 4) -> Run:
    return run(BY_NAME[name], policy, SMALL, clients=clients, seed=1)


def test_an_account_serves_its_tps_in_any_second_and_refuses_the_rest() -> None:
    one = account(tps=10)
    assert [one.answer(10.0)[0].status for _ in range(12)] == [200] * 10 + [429] * 2


def test_an_account_takes_requests_again_when_a_second_has_passed() -> None:
    one = account(tps=1)
    assert [one.answer(at)[0].status for at in (10.0, 10.99, 11.0)] == [200, 429, 200]


def test_a_real_limit_may_be_lower_than_the_configured_one() -> None:
    one = account(always(Condition(tps_factor=0.5)), tps=10)
    statuses = Counter(one.answer(10.0)[0].status for _ in range(10))
    assert statuses == {200: 5, 429: 5}


def test_a_black_hole_answers_nothing_and_a_refusal_is_known_at_once() -> None:
    swallowed, after = account(always(Condition(reach=Reach.SWALLOWED))).answer(1.0)
    assert isinstance(swallowed, Failure)
    assert after == float("inf")
    refused, after = account(always(Condition(reach=Reach.REFUSED))).answer(1.0)
    assert refused == Failure(Trouble.UNREACHABLE, "connection refused")
    assert after < 0.01


def test_work_beyond_the_capacity_makes_everybody_wait() -> None:
    cold = account(always(Condition(capacity_factor=0.1)))
    takes = [cold.answer(10.0)[1] for _ in range(20)]
    assert takes[19] - takes[0] == pytest.approx(1.9, abs=0.2)


def test_an_account_that_is_far_behind_sheds_load() -> None:
    cold = account(always(Condition(capacity_factor=0.1)))
    assert [cold.answer(10.0)[0].status for _ in range(40)][-1] == 503


def test_an_account_serves_its_new_data_set_from_its_cooking_on() -> None:
    one = account()
    assert b"20260101000000" in one.answer(49.9)[0].body
    assert b"20260102000000" in one.answer(50.0)[0].body


def came_of(call, *accounts: Account, until: float = 100.0):
    world, ends = VirtualTime({each.endpoint: each for each in accounts}), []
    world.begin(call, ended=lambda end: ends.append((end, world.now)))
    world.run_until(until)
    return ends


def test_an_attempt_that_takes_too_long_ends_with_its_time() -> None:
    hole = account(always(Condition(reach=Reach.SWALLOWED)))
    [(error, ended_at)] = came_of(naive.fail_over(Popular(), [hole.endpoint]), hole)
    assert isinstance(error, IRError)
    assert ended_at == 1.0


def test_retrying_three_times_asks_four_times_at_the_same_place() -> None:
    down = account(always(Condition(reach=Reach.REFUSED)))
    other = account(name="b")
    call = naive.retry_three_times(Popular(), [down.endpoint, other.endpoint])
    [(error, ended_at)] = came_of(call, down, other)
    assert isinstance(error, IRError)
    assert sum(each.came for each in down.by_second.values()) == 4
    assert not other.by_second
    assert ended_at == pytest.approx(1.5, abs=0.05)


def test_failing_over_asks_each_host_once() -> None:
    down, other = account(always(Condition(reach=Reach.REFUSED))), account(name="b")
    [(answer, _)] = came_of(
        naive.fail_over(Popular(), [down.endpoint, other.endpoint]), down, other
    )
    assert isinstance(answer, RecommendationList)


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    def figures(seed: int) -> object:
        return measure(run(BY_NAME["brownout"], policies.OURS, SMALL, clients=4, seed=seed))

    assert figures(1) == figures(1)
    assert figures(1) != figures(2)


def test_every_policy_meets_the_same_callers() -> None:
    ours, theirs = through("black hole", policies.OURS), through("black hole", policies.RETRY)
    began = sorted(each.began_at for each in ours.calls)
    assert began == sorted(each.began_at for each in theirs.calls)


def test_every_call_of_a_run_comes_to_its_end() -> None:
    seen = through("regional loss", policies.WITHOUT_MEMORY)
    assert len(seen.calls) == pytest.approx(80 * SMALL.ends_at, rel=0.1)
    assert seen.calls[-1].began_at > SMALL.ends_at - 1.5


def test_the_pair_answers_through_a_black_hole_where_retrying_does_not() -> None:
    ours = measure(through("black hole", policies.WITHOUT_MEMORY))
    theirs = measure(through("black hole", policies.RETRY))
    assert ours.success == 1.0
    assert theirs.success < 0.9
    assert ours.p99 < 1.5 < theirs.p99


def test_before_many_calls_in_flight_could_not_fail_over() -> None:
    before = measure(through("calls in flight", policies.BEFORE, clients=1))
    naive_too = measure(through("calls in flight", policies.FAIL_OVER, clients=1))
    assert before.success < 0.9
    assert naive_too.success == 1.0


def test_a_rush_is_made_at_the_moment_in_which_the_weather_begins() -> None:
    seen = through("calls in flight", policies.FAIL_OVER, clients=1)
    assert sum(each.began_at == SMALL.warm_up_for for each in seen.calls) == 300


def test_an_account_that_is_not_cooked_says_so() -> None:
    outcome, _ = account(always(Condition(is_cooked=False))).answer(1.0)
    assert b"WaitingForData" in outcome.body


def test_a_scenario_may_last_longer_and_be_busier_than_others() -> None:
    whole = BY_NAME["uncooked primary"].plan_within(FULL)
    assert whole.weather_for == 3_600.0
    assert whole.calls_per_second > FULL.calls_per_second
    assert BY_NAME["uncooked primary"].plan_within(QUICK).weather_for == QUICK.weather_for


def test_no_paced_client_goes_over_the_tps_of_an_account() -> None:
    seen = through("fair weather", policies.WITHOUT_MEMORY)
    assert 0.5 < measure(seen).busiest <= 1.0
    assert measure(seen).refused == 0.0


def test_a_hedge_is_a_race_that_the_pair_can_win() -> None:
    plan = Plan(calls_per_second=80.0, warm_up_for=6.0, weather_for=12.0, after_for=1.0)
    rows = [
        measure(run(BY_NAME["slow tail"], policy, plan, clients=2, seed=1))
        for policy in (policies.WITHOUT_MEMORY, policies.HEDGED_WITHOUT_MEMORY)
    ]
    assert rows[1].p98 < rows[0].p98 / 2
    assert 0.0 < rows[1].hedges <= 0.1


def test_lists_of_the_last_cooking_are_seen_after_a_roll_over() -> None:
    assert measure(through("cooking roll-over", policies.RETRY)).outdated < 0.01
    assert 0.0 < measure(through("cooking roll-over", policies.OURS)).outdated < 0.5


@pytest.mark.parametrize(("part", "value"), [(0.0, 4), (0.5, 2), (0.51, 3), (1.0, 4)])
def test_a_percentile_is_a_value_that_was_seen(part: float, value: float) -> None:
    assert percentile([1, 2, 3, 4], part) == value
    assert percentile([], part) == 0.0


def seen_with(failing_until: float) -> Run:
    accounts = {name: account(name=name) for name in ("a", "b", "dr")}
    seen = Run(BY_NAME["black hole"], policies.OURS, SMALL, 1, accounts)
    for tenth in range(int(SMALL.ends_at * 10)):
        at = tenth / 10
        fails = SMALL.warm_up_for <= at < failing_until
        seen.calls.append(Ended(at, 0.1, None if fails else "service", is_outdated=False))
        accounts["b" if fails else "a"].answer(at)
    return seen


@pytest.mark.parametrize(
    ("failing_until", "recovered_after"), [(7.0, 0.0), (9.0, 2.0), (17.0, None)]
)
def test_recovery_counts_from_the_end_of_the_weather(failing_until, recovered_after) -> None:
    row = measure(seen_with(failing_until))
    assert row.success == 0.0
    assert row.recovered_after == recovered_after
    assert (row.home_after is None) is (recovered_after is None)


def test_the_guard_leaves_an_equal_candidate_and_sends_a_bad_one_back() -> None:
    named = {case.name: case for case in canary.CASES}
    equal = canary.try_guard(named["equal, 2 % fail"], runs=2, seed=1)
    worse = canary.try_guard(named["worse: 50 % fail, not 1 %"], runs=4, seed=1)
    assert (equal.sent_back, equal.after_calls) == (0, None)
    assert (worse.sent_back, worse.after_calls) == (4, 200)


def test_a_page_and_its_tables_must_match() -> None:
    page = "words\n<!-- simulated: x -->\nold\n<!-- end -->\nmore\n"
    table = Table("x", ("policy", "p50"), (("ours", "1 ms"),))
    filled = fill(page, {"x": table})
    assert as_markdown(table) == "| policy | p50 |\n| --- | ---: |\n| ours | 1 ms |"
    assert as_markdown(table) in filled
    assert "old" not in filled
    assert fill(filled, {"x": table}) == filled
    with pytest.raises(ValueError, match="but see: y"):
        fill(page, {"x": table, "y": table})


def test_the_page_of_the_documentation_shows_every_table_and_picture() -> None:
    page = PAGE.read_text("utf-8")
    for name in [*BY_NAME, "fleets", "guard"]:
        assert page.count(f"<!-- simulated: {name} -->\n\n| ") == 1
    for name in BY_NAME:
        picture = f"simulation/{name.replace(' ', '-')}.svg"
        assert f"]({picture})" in page
        assert (PAGE.parent / picture).exists()


def test_drawing_the_same_runs_twice_gives_the_same_file(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    runs = [through("black hole", policies.RETRY)]
    for name in ("one.svg", "two.svg"):
        draw(runs, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert b"<svg" in (tmp_path / "one.svg").read_bytes()


def test_the_command_prints_a_table(monkeypatch, capsys) -> None:
    monkeypatch.setattr(simulate, "_SMALL", simulate.Extent(SMALL, 2, (), 0))
    assert simulate.main(["--quick", "--only", "black hole"]) == 0
    printed = capsys.readouterr().out
    assert "retry three times" in printed
    assert "brownout" not in printed


def test_the_command_prints_figures_for_programs(monkeypatch, capsys) -> None:
    monkeypatch.setattr(simulate, "_SMALL", simulate.Extent(SMALL, 2, (), 0))
    assert simulate.main(["--quick", "--json", "--only", "brownout"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert {row["policy"] for row in figures["rows"]} >= {"irclient", "fail over, no memory"}
    assert all(0.0 <= row["success"] <= 1.0 for row in figures["rows"])


@pytest.mark.parametrize("other", [["--quick"], ["--only", "brownout"]])
def test_a_part_of_a_run_is_not_written_into_the_documentation(other, capsys) -> None:
    assert simulate.main(["--write-docs", *other]) == 2
    assert "whole run" in capsys.readouterr().err


def test_a_table_prints_without_rich(monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    print_table(Table("x", ("policy", "p50"), (("ours", "1 ms"),)))
    assert capsys.readouterr().out == "\nx\npolicy  p50 \nours    1 ms\n"
