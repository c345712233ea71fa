"""A folder stands for the class that it is called like, and for no other."""

from __future__ import annotations

import unicodedata

import pytest

from cnn_core.evaluation.class_matching import matched_classes


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("dogs", "dogs"),
        ("Dogs", "dogs"),
        ("STRASSE", "straße"),
        (unicodedata.normalize("NFD", "Käfer"), "käfer"),
    ],
)
def test_case_and_the_way_accents_are_written_make_no_difference(folder: str, name: str) -> None:
    assert matched_classes((folder,), ("cats", name)) == {folder: 1}


@pytest.mark.parametrize("folder", ["dog", "dogs ", "hounds", ""])
def test_nothing_is_guessed_beyond_equal_names(folder: str) -> None:
    assert matched_classes((folder,), ("cats", "dogs")) == {}


def test_the_order_of_the_network_counts_and_not_that_of_the_folders() -> None:
    assert matched_classes(("ants", "bees", "cats"), ("cats", "ants")) == {"ants": 1, "cats": 0}


def test_a_name_that_two_classes_have_stands_for_neither() -> None:
    assert matched_classes(("crane", "owl"), ("crane", "crane", "owl")) == {"owl": 2}
