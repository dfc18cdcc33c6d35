"""The words of the made-up shop."""

from irclient.emulator.shop.vocabulary import KINDS


def test_complements_are_kinds_of_the_shop():
    nouns = {kind.noun for kind in KINDS}
    missing = {noun for kind in KINDS for noun in kind.goes_with} - nouns
    assert not missing


def test_every_kind_has_its_own_name():
    nouns = [kind.noun for kind in KINDS]
    assert len(set(nouns)) == len(nouns)
