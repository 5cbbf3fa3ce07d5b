"""A picture of three kinds of pixels, and a pixel classifier trained on a few of them."""

from pathlib import Path

import numpy as np
import shapely
from scipy import ndimage

from cytoloop.core.geometry import Box
from cytoloop.learning.classifiers.predictor import probabilities_of
from cytoloop.learning.classifiers.specification import ImageKind
from cytoloop.learning.method import Pixels
from cytoloop.learning.packages.tabular import KnownClass
from cytoloop.learning.pixels.configuration import PixelConfiguration
from cytoloop.learning.pixels.filters import planes_of
from cytoloop.learning.pixels.package import NewPixelClassifier, PixelPackage, write_pixel_classifier
from cytoloop.learning.pixels.sampling import Scribbles, labelled_pixels, pixel_samples, sampled
from cytoloop.learning.pixels.specification import PixelSpec, spec_of
from cytoloop.learning.pixels.training import PixelSamples, TrainedPixels, train_pixels

SIDE = 192
CLASSES = (KnownClass("smooth", "#0000ff"), KnownClass("rough", "#00ff00"), KnownClass("stripes", "#ff0000"))


def scene(seed: int = 0) -> tuple[Pixels, np.ndarray]:
    """Three vertical bands of the same mean: flat, noisy and striped. ``(h, w, 1)`` and the classes ``(h, w)``."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(3), SIDE // 3)[None].repeat(SIDE, axis=0)
    rough = ndimage.gaussian_filter(rng.normal(0, 1, (SIDE, SIDE)), 1.0) * 120
    stripes = 30 * np.sign(np.sin(np.arange(SIDE) * np.pi / 5))[:, None] * np.ones((1, SIDE))
    picture = 500 + rng.normal(0, 3, (SIDE, SIDE)) + np.choose(truth, [np.zeros_like(rough), rough, stripes])
    return Pixels(picture[..., None].astype(np.uint16), rgb=False), truth


def scribbles(thick: float = 6) -> Scribbles:
    """Four short strokes in each band."""
    outlines, classes = [], []
    for number in range(3):
        for y in (30, 70, 110, 150):
            x = number * SIDE / 3 + 20
            outlines.append(shapely.LineString([(x, y), (x + 24, y + 8)]).buffer(thick / 2))
            classes.append(number)
    return Scribbles(outlines, np.array(classes), np.arange(len(classes)) + 100)


def specified(configuration: PixelConfiguration) -> PixelSpec:
    return spec_of(configuration, [ImageKind("a", False, 1, False)], None)


def samples(configuration: PixelConfiguration, drawn: Scribbles | None = None) -> PixelSamples:
    pixels, _ = scene()
    spec = specified(configuration)
    planes = planes_of(pixels, spec)
    extent = Box(0, 0, SIDE, SIDE)
    known = labelled_pixels(scribbles() if drawn is None else drawn, extent)
    chosen = sampled(known, configuration.samples_per_class, np.random.default_rng(0))
    return pixel_samples(
        known, chosen, lambda box: planes[:, int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)], extent, spec, 3
    )


def package(folder: Path, configuration: PixelConfiguration, made: TrainedPixels, seen: PixelSamples) -> PixelPackage:
    spec = specified(configuration)
    outputs = 3 * (spec.patch_core_px**2 if spec.patch_px else 1)
    example = seen.features[:3]
    new = NewPixelClassifier(
        title="Three bands",
        classes=CLASSES,
        background=0,
        regions=configuration.regions,
        spec=spec,
        weights=made.weights,
        test_input=example,
        test_output=probabilities_of(made.weights, example, outputs),
        card="# Card\n",
        record={},
    )
    return write_pixel_classifier(folder, new)


def trained(folder: Path, configuration: PixelConfiguration) -> PixelPackage:
    seen = samples(configuration)
    return package(folder, configuration, train_pixels(seen, configuration), seen)
