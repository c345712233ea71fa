"""A folder per class becomes labelled files, or one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnn_core.datasets.folders import labelled_files, not_read_in, not_utf8_in, pictures_in
from cnn_core.errors import DataError


def make(folder: Path, **classes: list[str]) -> Path:
    """A folder with sub-folders that hold files of the given names."""
    for name, files in classes.items():
        (folder / name).mkdir(parents=True)
        for file in files:
            (folder / name / file).write_bytes(file.encode("utf-8", "surrogateescape"))
    return folder


def test_classes_are_alphabetical_and_their_index_is_the_label(tmp_path: Path) -> None:
    files = labelled_files([make(tmp_path, dogs=["b.jpg", "a.jpg"], cats=["c.jpg"])])
    assert files.classes == ("cats", "dogs")
    assert [path.name for path in files.paths] == ["c.jpg", "a.jpg", "b.jpg"]
    assert files.labels == (0, 1, 1)
    assert files.counts() == {"cats": 1, "dogs": 2}


def test_folders_are_joined_class_by_class(tmp_path: Path) -> None:
    small = make(tmp_path / "small", cats=["1.jpg"], dogs=["2.jpg"])
    large = make(tmp_path / "large", cats=["3.jpg"], dogs=["4.jpg"])
    files = labelled_files([small, large])
    assert [path.name for path in files.paths] == ["1.jpg", "3.jpg", "2.jpg", "4.jpg"]
    assert files.labels == (0, 0, 1, 1)


def test_only_pictures_count_whatever_the_case_of_their_suffix_and_nothing_hidden(tmp_path: Path) -> None:
    folder = make(
        tmp_path,
        cats=["a.JPG", "b.png", "notes.txt", "Thumbs.db", "Kätzchen.webp", "._a.jpg"],
        dogs=["c.jpeg", "d.jfif", "e.JPE"],
        __MACOSX=["a.jpg"],
    )
    (folder / ".cache").mkdir()
    (folder / "cats" / "more.jpg").mkdir()
    assert [path.name for path in pictures_in(folder / "cats")] == ["Kätzchen.webp", "a.JPG", "b.png"]
    assert labelled_files([folder]).counts() == {"cats": 3, "dogs": 3}


def test_the_fingerprint_follows_names_sizes_and_classes_not_places(tmp_path: Path) -> None:
    here = labelled_files([make(tmp_path / "here", cats=["a.jpg"], dogs=["b.jpg"])]).fingerprint()
    there = labelled_files([make(tmp_path / "there", cats=["a.jpg"], dogs=["b.jpg"])]).fingerprint()
    swapped = labelled_files([make(tmp_path / "swapped", cats=["b.jpg"], dogs=["a.jpg"])]).fingerprint()
    assert here == there
    assert here != swapped
    (tmp_path / "there" / "cats" / "a.jpg").write_bytes(b"longer than before")
    longer = labelled_files([tmp_path / "there"])
    with_it = longer.fingerprint()
    longer.paths[0].unlink()
    assert len({here, with_it, longer.fingerprint()}) == 3


@pytest.mark.parametrize(
    ("names", "refused"),
    [
        (["nowhere"], r"Expected a folder .* Received: .*nowhere, which is no folder"),
        ([], "Received: none"),
        (["one", "other"], "hounds"),
    ],
    ids=["a missing one", "none at all", "those that disagree"],
)
def test_folders_that_are_no_data_set_are_refused(tmp_path: Path, names: list[str], refused: str) -> None:
    make(tmp_path / "one", cats=["a.jpg"], dogs=["b.jpg"])
    make(tmp_path / "other", cats=["a.jpg"], hounds=["b.jpg"])
    with pytest.raises(DataError, match=refused):
        labelled_files([tmp_path / name for name in names])


def test_chosen_files_keep_classes_and_labels(tmp_path: Path) -> None:
    files = labelled_files([make(tmp_path, dogs=["b.jpg", "c.jpg"], cats=["a.jpg"])])
    chosen = files.chosen([2, 0])
    assert [path.name for path in chosen.paths] == ["c.jpg", "a.jpg"]
    assert chosen.labels == (1, 0)
    assert chosen.classes == ("cats", "dogs")


def test_a_picture_whose_name_is_not_utf8_is_passed_over(tmp_path: Path) -> None:
    folder = make(tmp_path, dogs=["b.jpg"], cats=["a.jpg", "p\udcff.jpg"])
    assert labelled_files([folder]).counts() == {"cats": 1, "dogs": 1}
    assert [path.name for path in not_utf8_in(folder / "cats")] == ["p\udcff.jpg"]
    assert not_read_in(folder / "cats") == []


@pytest.mark.parametrize(
    "classes",
    [{"caf\udce9": ["a.jpg"], "dogs": ["b.jpg"]}, {"cats": ["caf\udce9.jpg"], "dogs": ["b.jpg"]}],
)
def test_a_class_that_cannot_be_named_is_refused_in_words_that_can_be_shown(
    tmp_path: Path, classes: dict[str, list[str]]
) -> None:
    with pytest.raises(DataError, match=r"in UTF-8\. Received: .*caf\\xe9.*Rename it") as refused:
        labelled_files([make(tmp_path, **classes)])
    str(refused.value).encode()
