import json
import logging
from pathlib import Path

import numpy as np
import pytest

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.method import Pixels, parse_parameters
from cytoloop.learning.preprocessing import (
    PRESETS,
    Pipeline,
    parse_steps,
    preprocessed,
    projection_of,
    read_pipeline,
    write_pipeline,
)
from cytoloop.learning.preprocessing.steps import checked_steps, projected, ranges_of
from cytoloop.learning.registry import MethodRegistry


def applied(array: np.ndarray, steps: str, *, rgb: bool = False) -> np.ndarray:
    pixels = Pixels(array if array.ndim == 3 else array[..., None], rgb)
    return preprocessed(pixels, parse_steps(steps), ranges_of(pixels)).array


def spots(dtype: str = "uint8") -> np.ndarray:
    y, x = np.mgrid[:60, :80]
    image = 20 + x / 2 + 100.0 * ((y - 30) ** 2 + (x - 40) ** 2 < 64)
    return image.astype(dtype)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_steps_keep_shape_and_dtype(name: str, dtype: str) -> None:
    result = applied(np.stack([spots(dtype)] * 2, axis=-1), name)
    assert (result.shape, result.dtype) == ((60, 80, 2), np.dtype(dtype))
    assert np.array_equal(result[..., 0], result[..., 1])


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (3, 3), (2, 50)])
def test_tiny_constant_and_damaged_images(name: str, shape: tuple[int, int]) -> None:
    for value in (5.0, np.nan, np.inf):
        result = applied(np.full(shape, value, np.float32), name)
        assert result.shape == (*shape, 1)
        assert np.isfinite(result).all() == (np.isfinite(value) or result.size == 0)


def test_what_each_step_does() -> None:
    image = spots().astype(float)
    speck = image.copy()
    speck[5, 5] = 255
    assert applied(speck, "median3")[5, 5, 0] < 40
    assert 40 < applied(speck, "mean3")[5, 5, 0] < 60
    for name in ("background", "rolling-ball"):
        flat = applied(image, name)[..., 0]
        assert flat[10, 5] == pytest.approx(flat[10, 75], abs=12)
        assert flat[30, 40] > 60
    assert applied(image, "sharpen")[..., 0].std() > image.std()
    inverse = applied(image, "invert")[..., 0]
    assert inverse[30, 40] < inverse[5, 5]
    dim = image.copy()
    dim[:, 60:] = 60 + (np.indices((60, 20)).sum(axis=0) % 2) * 4
    assert applied(dim, "clahe")[:, 62:, 0].std() > 1.1 * dim[:, 62:].std()


def test_pixels_that_are_no_numbers_stay_so_and_spoil_no_others() -> None:
    image = spots("float32")
    image[3, 3] = np.nan
    result = applied(image, "median5+sharpen")
    assert np.isnan(result[3, 3, 0])
    assert np.isfinite(result).sum() == result.size - 1


def test_projections() -> None:
    planes = [np.full((2, 2), value, np.uint8) for value in (10, 20, 90)]
    assert projected(planes, "max")[0, 0] == 90
    assert projected(planes, "median")[0, 0] == 20
    assert projected(planes, "sum")[0, 0] == 120
    high = projected([np.full((2, 2), 200, np.uint8)] * 2, "sum")
    assert (high[0, 0], high.dtype) == (400, np.float32)
    assert projection_of(parse_steps("max-z+median3")) is not None
    with pytest.raises(InvalidInputError, match="first"):
        checked_steps([{"kind": "median"}, {"kind": "projection"}])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([{"kind": "median", "size_px": 4}], "size_px"),
        ([{"kind": "nothing"}], "nothing"),
        ([{"kind": "background", "radius_px": 0}], "radius_px"),
        ([{"kind": "projection", "z_from": 4, "z_to": 2}], "before the first"),
        ([7], "steps|dict|valid"),
    ],
)
def test_wrong_steps_are_named(values: list[object], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        checked_steps(values)
    with pytest.raises(InvalidInputError, match="median3"):
        parse_steps("medan3")


def test_a_saved_pipeline_is_a_method(tmp_path: Path) -> None:
    pipeline = Pipeline(
        name="mine", title="Mine", steps=parse_steps("invert"), method="threshold", parameters={"smoothing_px": 0.5}
    )
    path = write_pipeline(pipeline, tmp_path)
    assert read_pipeline(path) == pipeline
    registry = MethodRegistry(tmp_path)
    method, plain = registry.by_name("mine"), registry.by_name("threshold")
    assert method.parameters.model_json_schema()["properties"]["smoothing_px"]["default"] == 0.5
    pixels = Pixels(255 - spots()[..., None], rgb=False)
    given = parse_parameters(method, {"objects": "bright"})
    found = method.segment(pixels, given, method.calibrate(pixels, given))
    inverted = preprocessed(pixels, pipeline.steps, ranges_of(pixels))
    direct = parse_parameters(plain, {"objects": "bright", "smoothing_px": 0.5})
    assert np.array_equal(found.labels, plain.segment(inverted, direct, plain.calibrate(inverted, direct)).labels)
    assert found.labels.max() == 1
    with pytest.raises(InvalidInputError, match="smothing"):
        parse_parameters(method, {"smothing": 1})


@pytest.mark.parametrize(
    "content",
    [
        "{",
        json.dumps({"name": "x", "title": "X", "method": "no-such-method"}),
        json.dumps({"name": "../x", "title": "X", "method": "threshold"}),
        json.dumps({"name": "x", "title": "X", "method": "threshold", "parameters": {"wrong": 1}}),
        json.dumps({"name": "threshold", "title": "X", "method": "log"}),
    ],
)
def test_a_pipeline_that_cannot_be_used_is_left_out(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "x.pipeline.json").write_text(content)
    with caplog.at_level(logging.WARNING):
        assert set(MethodRegistry(tmp_path).all()) == set(MethodRegistry().all())
    assert MethodRegistry(tmp_path).by_name("threshold").title == "Threshold and watershed"
    assert "x.pipeline.json" in caplog.text or "threshold" in content
