"""What is refused before any framework sees it, each with what was found and where."""

from __future__ import annotations

import copy
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hostile_files import (
    Config,
    changed,
    function,
    hdf5_bytes,
    layer,
    python_code,
    saved,
    small_network,
    too_large,
    with_parts,
)

from cnn_core.errors import ModelError
from cnn_core.uploads.allowed import check_allowed
from cnn_core.uploads.contents import contents_of


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    return saved(small_network(), tmp_path / "model.keras")


def refusal(path: Path) -> str:
    """What is said of a file."""
    try:
        contents = contents_of(path, path.parent)
        check_allowed(contents.description, contents.training)
    except ModelError as error:
        return str(error)
    pytest.fail("nothing is said")


def test_a_model_of_keras_layers_is_let_in(model_file: Path) -> None:
    contents = contents_of(model_file, model_file.parent)
    check_allowed(contents.description, contents.training)
    assert contents.description["class_name"] == "Functional"


def put(name: str, part: Config) -> Callable[[Config], None]:
    """Put a part into the place of a setting of the convolution."""
    return lambda config: layer(config, "conv")["config"].update({name: part})


def wrapped(wrapper: str) -> Callable[[Config], None]:
    """Put Python code into a layer around another one."""

    def change(config: Config) -> None:
        layer(config, "pool").update(class_name=wrapper, config={"name": "around", "layer": python_code()})

    return change


def nested(config: Config) -> None:
    """Put Python code into a network within the network."""
    inner = {"name": "inner", "layers": [python_code()], "input_layers": [], "output_layers": []}
    layer(config, "pool").update(class_name="Functional", config=inner)


def many_layers(config: Config) -> None:
    """Ten thousand of them, each a little different."""
    pool = layer(config, "pool")
    for number in range(10_000):
        one = copy.deepcopy(pool)
        one["config"]["name"] = one["name"] = f"pool_{number}_{hash(number) * 2654435761 % 2**32}"
        config["config"]["layers"].append(one)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda config: config["config"]["layers"].append(python_code()),
            r"Lambda layer 'code' in layer 'code'",
        ),
        (nested, r"Lambda layer 'code'"),
        (wrapped("TimeDistributed"), r"Lambda layer 'code'"),
        (wrapped("Bidirectional"), r"Lambda layer 'code'"),
        (
            put("activation", function("keras.datasets.mnist", "load_data")),
            r"keras\.datasets\.mnist\.load_data.* 'conv'",
        ),
        (put("activation", "get_file"), r"the activation 'get_file'.*'conv'"),
        (put("kernel_initializer", function("keras.utils", "get_file")), r"keras\.utils\.get_file.*'conv'"),
        (
            put("kernel_regularizer", function("keras.utils", "plot_model")),
            r"keras\.utils\.plot_model.*'conv'",
        ),
        (
            put("bias_constraint", function("keras.config", "set_floatx")),
            r"keras\.config\.set_floatx.*'conv'",
        ),
        (put("kernel_constraint", "get_file"), r"the kernel_constraint 'get_file'"),
        (
            lambda config: layer(config, "pool").update(class_name="TFSMLayer"),
            r"the part 'TFSMLayer' in layer 'pool'",
        ),
        (lambda config: layer(config, "pool").update(class_name="StringLookup"), r"the part 'StringLookup'"),
        (lambda config: layer(config, "pool").update(module="os", class_name="system"), r"'system'.*'pool'"),
        (
            lambda config: layer(config, "pool").update(registered_name="lab>Own"),
            r"class of its own, 'lab>Own'.*'pool'",
        ),
        (put("filters", 10**8), r"at most 200,000 in a layer.*100,000,000.*'conv'"),
        (many_layers, r"at most 3,000 layers"),
        (
            lambda config: config.update(
                compile_config={"loss": function("keras.datasets.mnist", "load_data")}
            ),
            r"keras\.datasets\.mnist\.load_data.*in the training settings",
        ),
        (
            lambda config: config.update(compile_config={"metrics": [function("keras.utils", "get_file")]}),
            r"keras\.utils\.get_file.*in the training settings",
        ),
    ],
)
def test_parts_that_are_not_known_to_compute_only(
    model_file: Path, change: Callable[[Config], None], found: str
) -> None:
    assert re.search(found, refusal(changed(model_file, change)))


def test_a_loss_of_somebodys_own_does_no_harm_since_it_is_never_read(model_file: Path) -> None:
    own = {"module": "builtins", "class_name": "function", "config": "my_loss", "registered_name": "my_loss"}
    contents = contents_of(
        changed(model_file, lambda c: c.update(compile_config={"loss": own})), model_file.parent
    )
    check_allowed(contents.description, contents.training)


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("added", "found"),
    [
        ({"../../evil.py": b""}, r"'../../evil.py', which leads out of it"),
        ({"/etc/passwd": b""}, r"leads out of it"),
        ({"assets/words.txt": b""}, r"'assets/words.txt', which a model without files"),
        ({"config.json": b" " * 200 * 2**20}, r"at most 32 MB in config.json.*200 MB"),
        ({"model.weights.h5": b"\0" * 50 * 2**20}, r"packed at most 200 times"),
        (
            {"model.weights.h5": hdf5_bytes(lambda f: f.update(a=h5py.ExternalLink("/etc/passwd", "x")))},
            r"a link at /a",
        ),
        ({"model.weights.h5": hdf5_bytes(lambda f: f.update(a=h5py.SoftLink("/b")))}, r"a link at /a"),
        (
            {
                "model.weights.h5": hdf5_bytes(
                    lambda f: f.create_dataset("r", data=f.ref, dtype=h5py.ref_dtype) and None
                )
            },
            r"a reference or text at /r",
        ),
        (
            {
                "model.weights.h5": hdf5_bytes(
                    lambda f: f.create_dataset("e", (4,), np.uint8, external=[("/etc/passwd", 0, 4)]) and None
                )
            },
            r"data in another file at /e",
        ),
        ({"model.weights.h5": hdf5_bytes(too_large)}, r"at most 2 GB of weights"),
        ({"model.weights.h5": b"no weights"}, r"a damaged file"),
        ({"config.json": b"[]"}, r"Expected the description of a model in config.json. Received: list"),
    ],
)
def test_archives_with_more_in_them_than_a_model(
    model_file: Path, added: dict[str, bytes], found: str
) -> None:
    assert re.search(found, refusal(with_parts(model_file, parts_of(model_file) | added)))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (pickle.dumps({"a": 1}), "a pickle"),
        (b"just some text", "something else"),
    ],
)
def test_files_that_are_no_model(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert found in refusal(path)


def test_a_model_that_was_cut_off(model_file: Path) -> None:
    model_file.write_bytes(model_file.read_bytes()[:2000])
    assert "a damaged file" in refusal(model_file)


def test_a_description_that_is_nested_too_deeply() -> None:
    deep: Config = {}
    for _ in range(1000):
        deep = {"config": deep}
    with pytest.raises(ModelError, match="at most 200 levels"):
        check_allowed(deep)
