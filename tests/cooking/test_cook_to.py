"""Cooking a folder into an output: whole or not at all, and told."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from irclient.cooking.cooked_data import CookedData
from irclient.cooking.evaluation import evaluate_folder
from irclient.cooking.list_request import ListRequest
from irclient.cooking.output import open_output
from irclient.cooking.pipeline import Effort, SmallerData, cook_to
from irclient.emulator.shop.written_shop import ENDS_AT, FAMOUS_ITEM, write_shop
from tests.cooking.folders import write_folder

ITEMS = ["1,,Hat,,", "2,,Shoe,,"]


def cook(out, folder, *, smaller="refuse", progress=lambda _step, _share: None):
    return cook_to(out, folder, effort=Effort(), keep=3, smaller=smaller, progress=progress)


def rows(count):
    return [f"b{at},{1 + at % 2},,u{at},,2024-05-01,,,,,," for at in range(count)]


def test_the_output_answers_and_the_report_says_what_was_dropped(tmp_path):
    folder = write_folder(
        tmp_path / "data",
        ItemsAndVariants=ITEMS,
        Interactions=[*rows(4), "b,1,,u,,05/13/2024,,,,,,"],
    )
    steps = []

    output, report = cook(tmp_path / "out", folder, progress=lambda step, _: steps.append(step))

    data = CookedData(open_output(tmp_path / "out").cooked)
    assert data.ranking(ListRequest(operation="popular", now=ENDS_AT))[:2] == ["1", "2"]
    assert (steps[0], steps[-1]) == ("reading", "writing")
    assert output.manifest["counts"] == {"items": 2, "users": 4, "interactions": 4}
    assert len(report.dropped) == 1
    with (output.folder / "dropped.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert row["entity"] == "Reco_Interactions"
    assert row["file"].endswith("part.csv")
    assert row["line"] == "5"
    assert row["reason"].startswith("Timestamp is '05/13/2024'; write it like")
    assert "1 of 5 rows dropped" in data.notes[0]


def test_the_same_data_keep_their_version_and_other_data_have_a_greater_one(tmp_path):
    folder, out = tmp_path / "data", tmp_path / "out"
    write_folder(folder, ItemsAndVariants=ITEMS, Interactions=rows(4))
    first, _ = cook(out, folder)
    again, _ = cook(out, folder)
    write_folder(folder, ItemsAndVariants=ITEMS, Interactions=rows(5))
    other, _ = cook(out, folder)

    assert first.cooked.interactions_version == again.cooked.interactions_version
    assert other.cooked.interactions_version > first.cooked.interactions_version
    assert first.name < again.name < other.name
    for name, array in first.cooked.arrays.items():
        assert array.tobytes() == again.cooked.arrays[name].tobytes(), name


def test_data_that_shrank_are_refused_unless_that_is_accepted(tmp_path):
    folder, out = tmp_path / "data", tmp_path / "out"
    write_folder(folder, ItemsAndVariants=ITEMS, Interactions=rows(10))
    cook(out, folder)
    write_folder(folder, ItemsAndVariants=ITEMS, Interactions=rows(4))

    with pytest.raises(SmallerData, match=r"users fell from 10 to 4; .*--accept-smaller"):
        cook(out, folder)
    assert open_output(out).name == "0000001"
    assert not list(out.glob(".unfinished-*"))

    cook(out, folder, smaller="accept")
    assert open_output(out).name == "0000002"


#: Cooks once for each line that it is sent, in a process that is ready at once; tells its number.
KITCHEN = """
import os, sys
from pathlib import Path
import irclient.cooking.engines.duckdb_engine, irclient.cooking.recipes
from irclient.cooking.pipeline import Effort, cook_to

while sys.stdin.readline():
    child = os.fork()
    if not child:
        cook_to(Path(sys.argv[1]), Path(sys.argv[2]), effort=Effort(), keep=3, smaller="refuse",
                progress=lambda step, share: print(step, flush=True))
        print("done", flush=True)
        os._exit(0)
    print(child, flush=True)
    sys.stdin.readline()  # until then the number is no other process's
    print("\\nended", os.waitpid(child, 0)[1], flush=True)
"""


@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_fifty_random_instants_it_leaves_the_previous_output_whole(tmp_path):
    folder, out = tmp_path / "data", tmp_path / "out"
    write_shop(folder, items=60, users=40, interactions=800)
    before, _ = cook(out, folder)
    chance, killed = random.Random(15), 0
    with subprocess.Popen(
        [sys.executable, "-c", KITCHEN, str(out), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as cooking:
        for _ in range(50):
            cooking.stdin.write("\n")
            child = int(cooking.stdout.readline())
            for _ in range(chance.randrange(26)):
                if cooking.stdout.readline() == "done\n":
                    break
            time.sleep(chance.random() * 0.05)
            os.kill(child, signal.SIGKILL)
            cooking.stdin.write("ended\n")
            while not (ended := cooking.stdout.readline()).startswith("ended "):
                pass
            killed += ended == f"ended {int(signal.SIGKILL)}\n"
            found = open_output(out)
            assert found.name >= before.name
            before = found
            data = CookedData(found.cooked)
            request = ListRequest(operation="similar", seeds=(FAMOUS_ITEM,), now=ENDS_AT)
            assert list(data.ranking(request))
        cooking.stdin.close()
    assert killed > 25
    cook(out, folder)
    assert not list(out.glob(".unfinished-*"))


@pytest.mark.timeout(120)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_user_with_very_many_items_is_cooked_like_any_other_in_little_memory(tmp_path):
    folder, out = tmp_path / "data", tmp_path / "out"
    items = [f"i{at},,,," for at in range(4000)]
    guest = [f"g{at},i{at},,guest,,2024-05-01,,,,,," for at in range(4000)]
    pairs = [f"p{at // 2},i{at},,u{at // 2},,2024-05-01,,,,,," for at in range(200)]
    write_folder(folder, ItemsAndVariants=items, Interactions=[*guest, *pairs])
    # In a process of its own, whose memory is nobody else's.
    program = (
        "import sys; from pathlib import Path; from irclient.cooking.pipeline import *\n"
        "cook_to(Path(sys.argv[1]), Path(sys.argv[2]), effort=Effort(), keep=3, smaller='refuse',"
        " progress=lambda step, share: None)\n"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    said = subprocess.check_output([sys.executable, "-c", program, str(out), str(folder)])
    assert int(said) < 600_000, "kB"  # every pair of the guest's items at once takes more
    assert open_output(out).cooked.arrays["people_also_items"][0, 0] == 1


def test_an_evaluation_says_how_each_list_does_beside_popular(tmp_path):
    folder = tmp_path / "data"
    write_shop(folder, items=120, users=150, interactions=4000)
    found = evaluate_folder(folder, tmp_path, effort=Effort(), progress=lambda _step, _share: None)
    by_name = {each.name: each for each in found}
    assert by_name["picks, for users"].asked > 50
    assert by_name["picks, for users"].coverage > by_name["popular, for users"].coverage > 0
    assert all(0 <= each.hit_rate <= 1 and 0 <= each.ndcg <= 1 for each in found)
    assert by_name["cart, for baskets"].hit_rate > by_name["popular, for baskets"].hit_rate
