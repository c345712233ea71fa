"""Memory and time of an index over very many photos."""

from __future__ import annotations

from peak_memory import peak_growth


def test_memory_does_not_grow_with_the_number_of_photos() -> None:
    """100,000 photos of 3 x 3 pixels: what 4,000 take is nearly all that is ever taken."""
    grown = peak_growth(
        """
        import sys, tempfile, pathlib
        sys.path.insert(0, sys.argv[2] + "/neurons")
        import numpy as np
        from indexed_networks import SIDE, Album
        from cnn_core.neurons.indexing import index_photos
        from cnn_core.neurons.photo_set import PhotoFile, PhotoSet

        class Endless(Album):
            def pixels(self, path):
                seed = int(path.name)
                return np.full((SIDE, SIDE, 3), seed % 251, np.uint8)

        def photos(count):
            files = tuple(
                PhotoFile(path=f"{n * 2 // count}/{n}", label=str(n * 2 // count), time_ns=0, size_bytes=0)
                for n in range(count)
            )
            return PhotoSet(folder=pathlib.Path("/album"), classes=("0", "1"), files=files)

        album = Endless({})
        model, all_of_them = album.model(), photos(100_000)
        with tempfile.TemporaryDirectory() as folder:
            index_photos(model, photos(4_000), pathlib.Path(folder) / "few")
            before = peak_bytes()
            found = index_photos(model, all_of_them, pathlib.Path(folder) / "many")
            if found.metadata["images"] != 100_000:
                raise SystemExit("not all were indexed")
            print(peak_bytes() - before)
        """
    )
    assert grown < 150 * 2**20
