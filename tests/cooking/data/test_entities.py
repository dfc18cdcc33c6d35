"""The vocabulary of the data contract."""

import json

import pytest

from irclient.cooking.data.entities import ENTITIES, model_json


def test_the_contract_has_sixteen_entities():
    assert len(ENTITIES) == 16
    assert all(name == entity.name for name, entity in ENTITIES.items())


def test_a_column_is_found_in_any_case():
    entity = ENTITIES["Reco_Interactions"]
    assert entity.column("TimeStamp") is entity.column("Timestamp")
    with pytest.raises(KeyError):
        entity.column("Price")


def test_interactions_have_the_columns_of_the_published_model_in_order():
    names = [column.name for column in ENTITIES["Reco_Interactions"].columns]
    assert names == [
        "InteractionGroupingId",
        "ItemId",
        "ItemVariantId",
        "UserId",
        "InteractionType",
        "Timestamp",
        "RealtimeEventId",
        "PaidPrice",
        "Channel",
        "Catalog",
        "Strength",
        "IsPositive",
    ]


def test_the_model_names_the_version_and_every_entity():
    model = json.loads(json.dumps(model_json("mine")))
    assert model["annotations"] == [{"name": "DRSDataContractsVersion", "value": "1.4"}]
    assert [entity["name"] for entity in model["entities"]] == list(ENTITIES)
