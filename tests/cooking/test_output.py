import json
from datetime import UTC, datetime

import numpy as np
import pytest

from irclient.cooking.output import (
    Cooked,
    OutputError,
    current_name,
    open_output,
    output_names,
)
from irclient.cooking.publishing import Shelf, next_version, write_folder
from irclient.cooking.strings import Strings

COOKED_AT = datetime(2026, 11, 27, 7, 0, tzinfo=UTC)


def cooked(*ids, version="20261127070000", data="a"):
    return Cooked(
        arrays={"new": np.arange(len(ids), dtype=np.int32), "factors": np.ones((len(ids), 2))},
        texts={"ids": Strings.of(ids)},
        interactions_version=version,
        cooked_at=COOKED_AT,
        personalization_enabled=True,
        notes=("a note",),
        about={"data": data},
    )


def publish(out, *ids, keep=3, **changes):
    shelf = Shelf(out)
    with shelf.locked(), shelf.unfinished() as folder:
        write_folder(folder, cooked(*ids, **changes), report={"dropped": 0})
        return shelf.publish(folder, keep=keep)


def test_what_is_written_is_what_is_read(tmp_path):
    publish(tmp_path, "pot", "żółty", "")

    found = open_output(tmp_path).cooked

    assert list(found.texts["ids"]) == ["pot", "żółty", ""]
    assert found.arrays["new"].tolist() == [0, 1, 2]
    assert found.arrays["factors"].shape == (3, 2)
    assert found.interactions_version == "20261127070000"
    assert found.cooked_at == COOKED_AT
    assert found.personalization_enabled
    assert found.notes == ("a note",)
    assert set(found.arrays) == {"new", "factors"}


def test_arrays_of_an_output_cannot_be_written(tmp_path):
    publish(tmp_path, "pot")

    with pytest.raises(ValueError, match="read-only"):
        open_output(tmp_path).cooked.arrays["new"][0] = 3


def test_an_empty_output_can_be_read(tmp_path):
    publish(tmp_path)

    assert list(open_output(tmp_path).cooked.texts["ids"]) == []


def test_the_latest_output_is_the_current_one_and_old_ones_are_kept(tmp_path):
    for number in range(5):
        publish(tmp_path, f"item {number}", keep=3)

    assert output_names(tmp_path) == ("0000003", "0000004", "0000005")
    assert current_name(tmp_path) == "0000005"
    assert list(open_output(tmp_path, "0000003").cooked.texts["ids"]) == ["item 2"]


def test_an_output_that_was_removed_can_still_be_read_by_those_who_have_it_open(tmp_path):
    publish(tmp_path, "pot", keep=1)
    old = open_output(tmp_path).cooked

    publish(tmp_path, "pan", keep=1)

    assert output_names(tmp_path) == ("0000002",)
    assert list(old.texts["ids"]) == ["pot"]
    assert old.arrays["factors"].sum() == 2.0


def test_rolling_back_serves_the_earlier_data_under_a_greater_version(tmp_path):
    publish(tmp_path, "pot", version="20261127070000")
    publish(tmp_path, "pan", version="20261127080000")

    shelf = Shelf(tmp_path)
    with shelf.locked():
        shelf.roll_back(None, keep=3)

    now = open_output(tmp_path)
    assert list(now.cooked.texts["ids"]) == ["pot"]
    assert now.cooked.interactions_version == "20261127080001"
    assert now.manifest["rolled_back_to"] == "0000001"
    assert (now.folder / "report.json").is_file()


def test_rolling_back_to_what_is_not_kept_says_what_is(tmp_path):
    publish(tmp_path, "pot")

    with pytest.raises(OutputError, match="keeps no output 0000009; it keeps 0000001"):
        Shelf(tmp_path).roll_back("0000009", keep=3)
    with pytest.raises(OutputError, match="no output before 0000001"):
        Shelf(tmp_path).roll_back(None, keep=3)


def test_two_writers_are_kept_apart(tmp_path):
    with (
        Shelf(tmp_path).locked(),
        pytest.raises(OutputError, match="another cooking writes to"),
        Shelf(tmp_path).locked(),
    ):
        pass


def test_what_a_killed_cooking_left_is_removed_by_the_next(tmp_path):
    left = tmp_path / ".unfinished-abc"
    left.mkdir()
    (left / "new.npy").write_bytes(b"half")
    (tmp_path / ".unfinished-current").write_text("half")

    with Shelf(tmp_path).locked():
        pass

    assert not list(tmp_path.glob(".unfinished-*"))


def test_a_cooking_that_fails_leaves_nothing_behind(tmp_path):
    publish(tmp_path, "pot")

    with pytest.raises(TypeError):
        publish(tmp_path, "pan", data={1, 2})

    assert list(open_output(tmp_path).cooked.texts["ids"]) == ["pot"]
    assert not list(tmp_path.glob(".unfinished-*"))


def test_without_an_output_the_error_says_how_to_make_one(tmp_path):
    with pytest.raises(OutputError, match="irclient cook FOLDER --to"):
        open_output(tmp_path)


def cut(path):
    path.write_bytes(path.read_bytes()[:-4])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "does not exist"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "is not the manifest"),
        (lambda folder: (folder / "manifest.json").write_text('{"format": 99}'), "format 99"),
        (lambda folder: (folder / "new.npy").unlink(), "new.npy cannot be read"),
        (lambda folder: cut(folder / "new.npy"), "new.npy cannot be read"),
        (lambda folder: np.save(folder / "new.npy", np.zeros(9)), "not what the manifest says"),
        (lambda folder: (folder / "new.npy").write_bytes(b"\x80\x04."), "new.npy cannot be read"),
    ],
)
def test_a_damaged_output_is_told_from_a_good_one(tmp_path, damage, words):
    folder = publish(tmp_path, "pot").folder
    damage(folder)

    with pytest.raises(OutputError, match=words):
        open_output(tmp_path)


@pytest.mark.parametrize("content", ["", "../../etc\n", "a/b"])
def test_a_strange_current_is_refused(tmp_path, content):
    (tmp_path / "current").write_text(content)

    with pytest.raises(OutputError, match="not the name of an output"):
        current_name(tmp_path)


def test_a_manifest_without_a_part_is_damaged(tmp_path):
    path = publish(tmp_path, "pot").folder / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["interactions_version"]
    path.write_text(json.dumps(manifest))

    with pytest.raises(OutputError, match="is damaged: KeyError"):
        open_output(tmp_path)


def test_the_version_stays_with_the_data_and_grows_with_every_change(tmp_path):
    first = next_version(None, data="a", cooked_at=COOKED_AT)
    output = publish(tmp_path, "pot", version=first, data="a")
    later = COOKED_AT.replace(hour=9)

    assert first == "20261127070000"
    assert next_version(output, data="a", cooked_at=later) == first
    assert next_version(output, data="b", cooked_at=later) == "20261127090000"
    assert next_version(output, data="b", cooked_at=COOKED_AT) == "20261127070001"
