"""The export bar: a picture with its words, the arrays as they are, the code; no button without a file."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.widgets.export_bar import Export, file_name

PIXELS = np.full((40, 60, 3), (255, 0, 0), np.uint8)


def export(*, picture: bool = True) -> Export:
    return Export(
        name="view",
        title="A view",
        note="Of a red ground.",
        image=(lambda: PIXELS) if picture else None,
        arrays=lambda: {"values": np.float32([1.5, 2])},
        code="print(1)",
    )


def page(exported) -> None:
    """A page with nothing but the bar."""
    from dashboard.widgets.export_bar import export_bar

    export_bar(exported)


def test_the_picture_stands_below_its_title_and_the_arrays_are_as_they_were():
    with Image.open(io.BytesIO(export().png())) as made:
        assert made.convert("RGB").getpixel((100, 200)) == (255, 0, 0)
        assert made.height > 480 * 40 / 60
    with np.load(io.BytesIO(export().npz())) as archive:
        assert archive["values"].tolist() == [1.5, 2]


@pytest.mark.parametrize(("picture", "buttons"), [(True, 2), (False, 1)])
def test_a_chart_has_no_button_for_a_picture(picture, buttons):
    app = AppTest.from_function(page, args=(export(picture=picture),), default_timeout=60).run()
    assert len(app.get("download_button")) == buttons
    assert app.code[0].value.splitlines()[-1] == "print(1)"
    assert not app.exception


def test_a_view_without_a_picture_makes_none():
    with pytest.raises(ValueError, match="picture"):
        export(picture=False).png()


def test_a_file_is_named_in_letters_of_every_system():
    assert file_name("a b", None, "ü/1", 2) == "a-b_--1_2"


def test_the_code_says_where_to_run_it_and_writes_the_same_picture(tmp_path, monkeypatch):
    red = "import numpy as np\npicture = np.full((40, 60, 3), (255, 0, 0), np.uint8)\n"
    exported = dataclasses.replace(export(), code="import numpy as np\nprint(np.ones(2))", drawing=red)
    monkeypatch.chdir(tmp_path)
    exec(compile(exported.script, "view", "exec"), {})
    assert (tmp_path / "view.png").read_bytes() == exported.png()
    where, *lines = exported.script.splitlines()
    assert where.startswith("# ")
    assert lines.count("import numpy as np") == 1


def two_charts(exported) -> None:
    """A page with two charts to take away."""
    from dashboard.widgets.export_bar import export_bar

    export_bar(exported, "first")
    export_bar(exported, "second")


def test_the_format_of_charts_is_chosen_once_for_all_of_them():
    app = AppTest.from_function(two_charts, args=(export(picture=False),), default_timeout=60).run()
    assert not app.exception
    app.segmented_control(key="first-format").set_value("svg").run()
    app.run()
    assert app.segmented_control(key="second-format").value == "svg"
