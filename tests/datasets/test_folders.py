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


def test_only_pictures_count_whatever_the_case_of_their_suffix(tmp_path: Path) -> None:
    folder = make(
        tmp_path,
        cats=["a.JPG", "b.png", "notes.txt", "Thumbs.db", "Kätzchen.webp"],
        dogs=["c.jpeg", "d.jfif", "e.JPE"],
    )
    assert [path.name for path in pictures_in(folder / "cats")] == ["Kätzchen.webp", "a.JPG", "b.png"]
    assert labelled_files([folder]).counts() == {"cats": 3, "dogs": 3}


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    folder = make(tmp_path, cats=["a.jpg", "._a.jpg"], dogs=["b.jpg"])
    (folder / ".cache").mkdir()
    files = labelled_files([folder])
    assert files.classes == ("cats", "dogs")
    assert files.counts() == {"cats": 1, "dogs": 1}


def test_a_folder_named_like_a_picture_is_no_picture(tmp_path: Path) -> None:
    folder = make(tmp_path, cats=["a.jpg"], dogs=["b.jpg"])
    (folder / "cats" / "more.jpg").mkdir()
    assert labelled_files([folder]).counts() == {"cats": 1, "dogs": 1}


def test_the_fingerprint_follows_names_sizes_and_classes_not_places(tmp_path: Path) -> None:
    here = labelled_files([make(tmp_path / "here", cats=["a.jpg"], dogs=["b.jpg"])]).fingerprint()
    there = labelled_files([make(tmp_path / "there", cats=["a.jpg"], dogs=["b.jpg"])]).fingerprint()
    swapped = labelled_files([make(tmp_path / "swapped", cats=["b.jpg"], dogs=["a.jpg"])]).fingerprint()
    assert here == there
    assert here != swapped
    (tmp_path / "there" / "cats" / "a.jpg").write_bytes(b"longer than before")
    assert labelled_files([tmp_path / "there"]).fingerprint() != here


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Expected a folder .* Received: .*nowhere, which is no folder"):
        labelled_files([tmp_path / "nowhere"])


def test_no_folder_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="Received: none"):
        labelled_files([])


def test_one_class_is_no_choice(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"at least two class folders in .*Received: one, cats\."):
        labelled_files([make(tmp_path, cats=["a.jpg"])])


def test_folders_that_disagree_are_refused(tmp_path: Path) -> None:
    one = make(tmp_path / "one", cats=["a.jpg"], dogs=["b.jpg"])
    other = make(tmp_path / "other", cats=["a.jpg"], hounds=["b.jpg"])
    with pytest.raises(DataError, match="hounds"):
        labelled_files([one, other])


def test_a_class_without_any_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none of dogs"):
        labelled_files([make(tmp_path, cats=["a.jpg"], dogs=[])])


def test_a_file_that_has_gone_changes_the_fingerprint_and_is_no_error(tmp_path: Path) -> None:
    files = labelled_files([make(tmp_path, dogs=["b.jpg"], cats=["a.jpg"])])
    before = files.fingerprint()
    files.paths[0].unlink()
    assert files.fingerprint() != before


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


def test_litter_of_operating_systems_is_no_class(tmp_path: Path) -> None:
    folder = make(tmp_path, dogs=["b.jpg"], cats=["a.jpg"], __MACOSX=["a.jpg"])
    assert labelled_files([folder]).classes == ("cats", "dogs")
