"""What Spark calls the files that this machine sees."""

import pytest

from irclient.cooking.engines.cluster import Cluster


def test_a_file_has_its_scheme_since_sparks_own_may_be_that_of_a_data_lake(tmp_path):
    path = tmp_path / "Reco_Interactions" / "a b.csv"
    assert Cluster(tmp_path).address(path) == f"file://{path}"


@pytest.mark.parametrize("url", ["abfss://box@shop.dfs.core.windows.net/ir", "dbfs:/ir/"])
def test_a_file_is_found_under_the_url_of_its_folder(tmp_path, url):
    path = tmp_path / "Reco_Interactions" / "a.csv"
    found = Cluster(tmp_path, url=url).address(path)
    assert found == f"{url.rstrip('/')}/Reco_Interactions/a.csv"


def test_a_mended_copy_is_on_this_machine(tmp_path):
    copy = tmp_path / "scratch" / "0.csv"
    found = Cluster(tmp_path / "data", url="abfss://box@shop/ir").address(copy)
    assert found == f"file://{copy}"
