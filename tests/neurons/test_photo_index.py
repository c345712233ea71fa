"""An index against what the network does on every single photo, worked out the long way."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from indexed_networks import SIDE, Album, drawn
from keras import layers

from cnn_core.errors import Cancelled, DataError, InvalidRequestError
from cnn_core.neurons.bins import BINS, bin_edges, bin_of
from cnn_core.neurons.indexing import index_photos, known_index
from cnn_core.neurons.photo_index import ChannelFigures, PhotoIndex
from cnn_core.progress import Progress


def maps_of(album: Album) -> tuple[list[str], np.ndarray]:
    """Names of the photos, and the maps ``(n, h, w, 3)`` of ``conv`` by hand."""
    names = sorted(album.photos)
    pixels = np.float64([album.photos[name] for name in names])[..., None]
    return names, np.maximum(pixels * [1, -1, -1] + [0, 100, -1], 0)


def same_content(first: PhotoIndex, second: PhotoIndex) -> None:
    """Both say the same of every channel, and of every photo by its path."""
    for layer in first.layers:
        for field in ChannelFigures.__dataclass_fields__:
            one, other = (getattr(index.channels(layer.name), field) for index in (first, second))
            np.testing.assert_allclose(one, other, rtol=1e-9)
        np.testing.assert_array_equal(first.class_histograms(layer.name), second.class_histograms(layer.name))
        np.testing.assert_allclose(first.correlations(layer.name), second.correlations(layer.name), atol=1e-6)
        for channel in range(layer.channels):
            for end in ("top", "bottom"):
                one, other = (getattr(index, end)(layer.name, channel) for index in (first, second))
                assert [hit.value for hit in one] == [hit.value for hit in other]
    vectors = [dict(zip(i.images().paths, i.vectors().tolist(), strict=True)) for i in (first, second)]
    assert vectors[0] == vectors[1]


@pytest.fixture(scope="module")
def album() -> Album:
    return Album(drawn(330))


@pytest.fixture(scope="module")
def index(album: Album, tmp_path_factory: pytest.TempPathFactory) -> PhotoIndex:
    return index_photos(album.model(), album.as_set(), tmp_path_factory.mktemp("index"))


def test_figures_are_those_of_all_photos_over_all_parts(album: Album, index: PhotoIndex) -> None:
    names, maps = maps_of(album)
    labels = np.array([name.startswith("dark") for name in names], int)
    peaks, means = maps.max(axis=(1, 2)), maps.mean(axis=(1, 2))
    found = index.channels("conv")
    np.testing.assert_allclose(found.mean, means.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.maximum, peaks.max(axis=0))
    np.testing.assert_allclose(found.images_fire, (peaks > 0).mean(axis=0))
    np.testing.assert_allclose(found.positions_fire, (maps > 0).mean(axis=(0, 1, 2)), rtol=1e-5)
    for label in (0, 1):
        own = labels == label
        np.testing.assert_allclose(found.class_mean[:, label], means[own].mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(found.class_peak[:, label], peaks[own].mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(found.class_maximum[:, label], peaks[own].max(axis=0))
        np.testing.assert_allclose(found.class_fires[:, label], (peaks[own] > 0).mean(axis=0))
    assert index.classes == ("bright", "dark")
    assert [layer.name for layer in index.layers] == ["conv", "dense"]


def test_histograms_hold_every_position_of_a_small_map_and_every_image_of_a_class(
    album: Album, index: PhotoIndex
) -> None:
    names, maps = maps_of(album)
    labels = np.array([name.startswith("dark") for name in names], int)
    for channel in range(3):
        bins = np.digitize(maps[..., channel].ravel(), bin_edges()[1:-1])
        expected = np.bincount(bins, minlength=BINS)
        np.testing.assert_array_equal(index.channels("conv").histogram[channel], expected)
        peaks = np.digitize(maps[..., channel].max(axis=(1, 2)), bin_edges()[1:-1])
        for label in (0, 1):
            expected = np.bincount(peaks[labels == label], minlength=BINS)
            np.testing.assert_array_equal(index.class_histograms("conv")[channel, label], expected)


def test_both_ends_of_a_channel_name_each_image_once_with_the_position_of_its_peak(
    album: Album, index: PhotoIndex
) -> None:
    names, maps = maps_of(album)
    for channel in range(3):
        peaks = maps[..., channel].max(axis=(1, 2))
        for hits, expected in (
            (index.top("conv", channel), np.sort(peaks)[::-1][:16]),
            (index.bottom("conv", channel), np.sort(peaks)[:16]),
        ):
            assert [hit.value for hit in hits] == expected.tolist()
            assert len({hit.image for hit in hits}) == 16
            for hit in hits:
                own = maps[names.index(hit.path), ..., channel]
                assert own[hit.y, hit.x] == hit.value
                assert int(own.argmax()) == hit.y * SIDE + hit.x
                assert index.classes[hit.label] == hit.path.split("/")[0]


def test_images_have_the_scores_and_the_vector_that_the_last_layer_decides_by(
    album: Album, index: PhotoIndex
) -> None:
    names, maps = maps_of(album)
    images, means = index.images(), maps.mean(axis=(1, 2))
    rows = [names.index(path) for path in images.paths]
    np.testing.assert_allclose(index.vectors(), means[rows], rtol=1e-5)
    np.testing.assert_allclose(images.scores, means[rows][:, :2], rtol=1e-5)
    np.testing.assert_allclose(index.channels("dense").mean, means.mean(axis=0)[:2], rtol=1e-5)


def test_correlations_are_those_of_the_peaks_and_0_with_a_constant_channel(
    album: Album, index: PhotoIndex
) -> None:
    peaks = maps_of(album)[1].max(axis=(1, 2))
    found = index.correlations("conv")
    assert found is not None
    np.testing.assert_allclose(found[:2, :2], np.corrcoef(peaks[:, :2].T), atol=1e-6)
    np.testing.assert_array_equal(found[2], 0)


def test_the_first_of_several_peaks_is_named_even_where_rows_and_columns_cross(tmp_path: Path) -> None:
    photo = np.zeros((SIDE, SIDE), int)
    photo[0, 2] = photo[2, 0] = 200  # the first row with a peak is 0, the first column too, but not at 0, 0
    album = Album({"a/1": photo, "b/1": photo.T[::-1]})
    hit = next(
        h for h in index_photos(album.model(), album.as_set(), tmp_path).top("conv", 0) if h.label == 0
    )
    assert (hit.y, hit.x) == (0, 2)


def test_a_stopped_index_goes_on_where_it_was_and_ends_up_the_same(
    album: Album, index: PhotoIndex, tmp_path: Path
) -> None:
    own = Album(album.photos)

    def stop(share: float, preview: object) -> None:
        if share > 0.6:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        index_photos(own.model(), own.as_set(), tmp_path, Progress(tell=stop))
    assert known_index(tmp_path, "f" * 64, own.as_set()) is None
    own.read.clear()
    found = index_photos(own.model(), own.as_set(), tmp_path)
    assert len(set(own.read)) == len(own.photos) - 256
    same_content(found, index)
    own.read.clear()
    index_photos(own.model(), own.as_set(), tmp_path)
    assert own.read == []


def test_added_photos_alone_are_shown_and_of_removed_ones_nothing_is_left(tmp_path: Path) -> None:
    album = Album(drawn(300))
    names = sorted(album.photos)
    index_photos(album.model(), album.as_set(names[:520]), tmp_path)
    album.read.clear()
    index_photos(album.model(), album.as_set(names), tmp_path)
    assert sorted(album.read) == names[520:]
    kept = names[1:]
    found = index_photos(album.model(), album.as_set(kept), tmp_path)
    assert sorted(found.images().paths) == kept
    same_content(found, index_photos(album.model(), album.as_set(kept), tmp_path / "fresh"))
    assert len(list((tmp_path / "index").glob("*-parts"))) == 1
    assert len(list((tmp_path / "index").iterdir())) == 2  # the older ones are gone


def test_a_photo_that_is_gone_is_named_with_its_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    album = Album(drawn(20))
    photos = album.as_set()
    del album.photos["dark/00003.png"]
    found = index_photos(album.model(), photos, tmp_path)
    assert list(found.unread) == ["dark/00003.png"]
    assert "No such file" in found.unread["dark/00003.png"]
    assert len(found.images().paths) == 39
    same_content(found, index_photos(album.model(), album.as_set(), tmp_path / "fresh"))


def test_no_readable_photo_at_all_is_refused(tmp_path: Path) -> None:
    album = Album(drawn(2))
    photos = album.as_set()
    album.photos.clear()
    with pytest.raises(DataError, match="none among 4 files"):
        index_photos(album.model(), photos, tmp_path)


@pytest.mark.parametrize("name", ["channels.parquet", "images.parquet", "part.json"])
@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_a_damaged_part_is_computed_anew(name: str, how: str, tmp_path: Path) -> None:
    album = Album(drawn(140))
    photos = album.as_set()
    whole = index_photos(album.model(), photos, tmp_path / "fresh")
    index_photos(album.model(), photos, tmp_path)
    part = next((tmp_path / "index").glob("*-parts/*")) / name
    damage(part, how)
    damage(known_folder(tmp_path) / "layer_000.parquet", "cut")
    album.read.clear()
    same_content(index_photos(album.model(), photos, tmp_path), whole)
    assert 0 < len(album.read) < len(photos.files)


def known_folder(cache: Path) -> Path:
    return next(path for path in (cache / "index").iterdir() if not path.name.endswith("-parts"))


def damage(path: Path, how: str) -> None:
    """Cut a file in the middle, or change bytes of it."""
    content = bytearray(path.read_bytes())
    middle = min(len(content) // 2, 300)
    if how == "cut":
        del content[middle:]
    else:
        content[middle : middle + 8] = bytes(255 - byte for byte in content[middle : middle + 8])
    path.write_bytes(content)


def test_a_damaged_index_and_one_of_another_network_say_what_to_do(tmp_path: Path) -> None:
    album = Album(drawn(3))
    index_photos(album.model(), album.as_set(), tmp_path)
    folder = known_folder(tmp_path)
    with pytest.raises(InvalidRequestError, match="Index the data set with this network"):
        PhotoIndex(folder, model_fingerprint="e" * 64)
    damage(folder / "layer_000.parquet", "cut")
    found = PhotoIndex(folder)
    with pytest.raises(DataError, match="Index the data set again"):
        found.channels("conv")
    assert found.channels("dense").mean.shape == (2,)
    with pytest.raises(DataError, match="Expected an index"):
        PhotoIndex(tmp_path)
    with pytest.raises(InvalidRequestError, match="Expected a layer"):
        found.channels("no layer")
    with pytest.raises(InvalidRequestError, match="Expected a channel"):
        found.top("dense", 2)


def test_a_full_disk_is_told_leaves_nothing_half_written_and_can_be_gone_on_from(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    album = Album(drawn(200))
    model, photos = album.model(), album.as_set()
    model.probe.scores(np.zeros((1, SIDE, SIDE, 1), np.float32))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, hard))
    try:
        with pytest.raises(DataError, match="space that is left"):
            index_photos(model, photos, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not [path for path in tmp_path.rglob(".*")]
    assert len(index_photos(model, photos, tmp_path).images().paths) == 400


def test_a_long_vector_is_projected_and_distances_nearly_stay(tmp_path: Path) -> None:
    network = keras.Sequential(
        [layers.Input((SIDE, SIDE, 1)), layers.Conv2D(300, 1), layers.Flatten(), layers.Dense(2)]
    )
    album = Album(drawn(10))
    model = album.model(network)
    found = index_photos(model, album.as_set(), tmp_path)
    assert found.vectors().shape == (20, 512)
    assert "2700" in found.metadata["vector_projection"]
    pixels = np.float32([album.photos[path] for path in found.images().paths])[..., None]
    own = model.probe.activations(pixels, [network.layers[1].name])
    (flat,) = (values.reshape(len(values), -1) for values in own.values())
    ratio = np.linalg.norm(np.diff(found.vectors(), axis=0), axis=1) / np.linalg.norm(
        np.diff(flat, axis=0), axis=1
    )
    assert 0.8 < ratio.mean() < 1.2


def test_bins_hold_every_value_and_are_symmetric() -> None:
    values = np.float32([0, 1e-9, -1e-9, 1, 1.3, -1, 3e5, -3e5, np.float32(2**-12), -0.0])
    found = bin_of(values).astype(int)
    edges = bin_edges()
    assert len(edges) == BINS + 1
    for value, place in zip(values[3:6], found[3:6], strict=True):
        assert edges[place] <= value <= edges[place + 1]
    middle = BINS // 2
    assert found[[0, 1, 2, 9]].tolist() == [middle] * 4
    assert found[3] - middle == middle - found[5]
    assert found[[6, 7]].tolist() == [BINS - 1, 0]
    assert found[8] == middle + 1
