"""The bank of filters against scikit-image and SciPy."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.feature import hessian_matrix, hessian_matrix_eigvals
from skimage.filters import difference_of_gaussians, gaussian

from cytoloop.learning.method import Pixels
from cytoloop.learning.pixels.configuration import Filter
from cytoloop.learning.pixels.filters import feature_maps, planes_of
from cytoloop.learning.pixels.specification import BAND, PixelSpec

SPEC = PixelSpec("channels", 2, (0.7, 1.6, 3.5), tuple(Filter))
INSIDE = (slice(6, -6), slice(6, -6))
"""Away from the edge, where differences are taken another way."""


@pytest.fixture(scope="module")
def planes() -> np.ndarray:
    rng = np.random.default_rng(4)
    return ndimage.gaussian_filter(rng.normal(0, 1, (2, 60, 71)), (0, 1.5, 1.5)).astype(np.float32) * 900 + 500


@pytest.fixture(scope="module")
def maps(planes: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(SPEC.names, feature_maps(planes, SPEC), strict=True))


def same(found: np.ndarray, wanted: np.ndarray, inside: tuple[slice, slice] = INSIDE) -> None:
    np.testing.assert_allclose(found[inside], wanted[inside], atol=2e-3 * np.abs(wanted).max())


def test_names_and_maps_go_together(planes: np.ndarray, maps: dict[str, np.ndarray]) -> None:
    assert len(SPEC.names) == len(set(SPEC.names)) == 2 * (1 + 3 * 8)
    np.testing.assert_array_equal(maps["channel_0_value"], planes[0])
    np.testing.assert_array_equal(maps["channel_1_value"], planes[1])
    assert all(one.dtype == np.float32 for one in maps.values())


@pytest.mark.parametrize("sigma", SPEC.sigmas_px)
def test_the_filters_are_those_of_scikit_image(planes: np.ndarray, maps: dict[str, np.ndarray], sigma: float) -> None:
    plane, stem = planes[1].astype(float), "channel_1"
    smooth = gaussian(plane, sigma, mode="nearest", preserve_range=True)
    np.testing.assert_allclose(maps[f"{stem}_gaussian_{sigma:g}"], smooth, rtol=1e-4, atol=1e-2)  # at the edge too
    down, across = np.gradient(smooth)
    same(maps[f"{stem}_gradient_{sigma:g}"], np.hypot(down, across))
    band = difference_of_gaussians(plane, sigma / BAND, sigma, mode="nearest")
    same(maps[f"{stem}_difference_{sigma:g}"], band)
    hessian = hessian_matrix(plane, sigma, mode="nearest", use_gaussian_derivatives=False, order="rc")
    large, small = hessian_matrix_eigvals(hessian)
    same(maps[f"{stem}_hessian_{sigma:g}_large"], large)
    same(maps[f"{stem}_hessian_{sigma:g}_small"], small)
    same(maps[f"{stem}_laplacian_{sigma:g}"], large + small)


@pytest.mark.parametrize("sigma", SPEC.sigmas_px)
def test_the_structure_tensor_is_that_of_the_smoothed_picture(
    planes: np.ndarray, maps: dict[str, np.ndarray], sigma: float
) -> None:
    down, across = np.gradient(gaussian(planes[0].astype(float), sigma, mode="nearest", preserve_range=True))
    parts = [gaussian(one, sigma, mode="nearest") for one in (down * down, down * across, across * across)]
    tensors = np.moveaxis(np.array([[parts[0], parts[1]], [parts[1], parts[2]]]), (0, 1), (-2, -1))
    small, large = np.moveaxis(np.linalg.eigvalsh(tensors), -1, 0)
    inside = (slice(18, -18), slice(18, -18))  # as far as the differences at the edge are smoothed to
    same(maps[f"channel_0_structure_{sigma:g}_large"], large, inside)
    same(maps[f"channel_0_structure_{sigma:g}_small"], small, inside)


def test_a_blob_a_ridge_and_an_edge_answer_to_their_filters() -> None:
    y, x = np.mgrid[:41, :41] - 20.0
    spec = PixelSpec("channels", 1, (3.0,), tuple(Filter))

    def at_the_middle(picture: np.ndarray) -> dict[str, float]:
        found = feature_maps(picture[None].astype(np.float32), spec)
        return dict(zip(spec.names, found[:, 20, 20].tolist(), strict=True))

    blob = at_the_middle(np.exp(-(x**2 + y**2) / 18))
    ridge = at_the_middle(np.exp(-(x**2) / 18))
    edge = at_the_middle((x > 0).astype(float))
    assert blob["channel_0_laplacian_3"] < -0.03
    assert blob["channel_0_hessian_3_large"] < -0.01
    assert abs(ridge["channel_0_hessian_3_large"]) < 1e-4 < 0.01 < -ridge["channel_0_hessian_3_small"]
    assert edge["channel_0_gradient_3"] > 10 * max(blob["channel_0_gradient_3"], 1e-6)
    assert edge["channel_0_structure_3_small"] < 1e-6 < 1e-3 < edge["channel_0_structure_3_large"]


def test_a_window_with_its_halo_is_a_part_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    picture = rng.normal(100, 30, (1, 300, 320)).astype(np.float32)
    spec = PixelSpec("channels", 1, (0.7, 7.0), tuple(Filter))
    halo = spec.halo_px
    whole = feature_maps(picture, spec)
    part = feature_maps(picture[:, 100 - halo : 160 + halo, 90 - halo : 200 + halo], spec)
    inner = part[:, halo:-halo, halo:-halo]
    np.testing.assert_allclose(inner, whole[:, 100:160, 90:200], atol=1e-2)


def test_colours_stay_apart_and_gray_is_the_mean_of_all() -> None:
    colours = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    rgb = planes_of(Pixels(colours, rgb=True), PixelSpec("rgb", 3, (1.0,), (Filter.GAUSSIAN,)))
    np.testing.assert_array_equal(rgb, np.moveaxis(colours, -1, 0))
    gray = planes_of(Pixels(colours, rgb=True), PixelSpec("gray", 1, (1.0,), (Filter.GAUSSIAN,)))
    np.testing.assert_allclose(gray[0], colours.mean(axis=2))
    holes = np.array([[[np.nan], [np.inf], [3.0]]])
    assert planes_of(Pixels(holes, rgb=False), PixelSpec("channels", 1, (1.0,), (Filter.GAUSSIAN,))).tolist() == [
        [[0, 0, 3]]
    ]
