"""Run a plug-in's adapter with the real package on weights made on the spot: ``plugin_test.py NAME``.

Cellpose: its own network with random weights, which finds nothing sensible but runs. StarDist: its own network, trained
for a moment on drawn discs. InstanSeg: its own runner with a stand-in TorchScript network that labels what is bright.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path

import numpy as np

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.method import Pixels

DISCS = [(30, 30), (30, 90), (90, 40), (85, 100)]


def picture(seed: int = 0, size: int = 128, count: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Bright discs of 20 px on noise, ``(size, size, 1) uint16``, and their labels."""
    rng = np.random.default_rng(seed)
    centres = DISCS if count == 0 else [tuple(rng.uniform(12, size - 12, 2)) for _ in range(count)]
    y, x = np.mgrid[:size, :size]
    labels = np.zeros((size, size), np.int32)
    for number, (cy, cx) in enumerate(centres, 1):
        disc = (y - cy) ** 2 + (x - cx) ** 2 <= 100
        if not labels[disc].any():
            labels[disc] = number
    image = rng.normal(300, 20, labels.shape) + 3000 * (labels > 0)
    return image.clip(0, 65535).astype(np.uint16)[..., None], labels


def cellpose_weights(folder: Path) -> Path:
    torch, vit = import_module("torch"), import_module("cellpose.vit")
    torch.manual_seed(0)
    network = vit.CPSAM(dtype=torch.float32)
    network.save_model(folder / "random")
    return folder / "random"


def stardist_weights(folder: Path) -> Path:
    models = import_module("stardist.models")
    config = models.Config2D(
        n_rays=16, grid=(2, 2), unet_n_depth=2, unet_n_filter_base=16, net_conv_after_unet=32,
        train_patch_size=(96, 96), train_batch_size=4, train_learning_rate=2e-3, train_tensorboard=False,
    )  # fmt: skip
    model = models.StarDist2D(config, name="discs", basedir=str(folder))
    made = [picture(seed, count=8) for seed in range(1, 13)]
    images = [((one[..., 0] - 300.0) / 3000).astype(np.float32) for one, _ in made]
    labels = [one for _, one in made]
    model.train(
        images[:10], labels[:10], validation_data=(images[10:], labels[10:]), epochs=6, steps_per_epoch=40, seed=1
    )
    return folder / "discs"


def instanseg_weights(folder: Path) -> Path:
    torch = import_module("torch")
    network = import_module("plugin_stand_in").Bright()
    torch.jit.script(network).save(folder / "bright.pt")
    return folder / "bright.pt"


def main(name: str) -> None:
    module = import_module(f"cytoloop.learning.plugins.{name}")
    method = module.METHOD
    assert method.available
    image, truth = picture()
    pixels = Pixels(image, rgb=False, pixel_size_um=0.5)
    with tempfile.TemporaryDirectory() as folder:
        weights = globals()[f"{name}_weights"](Path(folder))
        parameters = method.parameters(weights=str(weights))
        calibration = method.calibrate(pixels, parameters)
        found = method.segment(pixels, parameters, calibration)
        again = method.segment(pixels, parameters, calibration)
        assert (found.labels == again.labels).all(), "the same pixels gave other objects"
        assert found.labels.shape == truth.shape
        assert found.labels.dtype == np.int32
        assert len(found.scores) == found.labels.max()
        assert ((found.scores >= 0) & (found.scores <= 1)).all()
        if name != "cellpose":
            assert found.labels.max() == len(DISCS), found.labels.max()
            both = ((found.labels > 0) & (truth > 0)).sum() / ((found.labels > 0) | (truth > 0)).sum()
            assert both > 0.7, both
        shapes = [(3, 3, 1), (1, 70, 1), (64, 1, 1), (0, 5, 1)] if name != "cellpose" else [(3, 3, 1), (0, 5, 1)]
        for shape in shapes:
            small = Pixels(np.zeros(shape, np.uint8), rgb=False)
            assert method.segment(small, parameters, method.calibrate(small, parameters)).labels.shape == shape[:2]
        colour = Pixels(np.repeat((image // 16).clip(0, 255).astype(np.uint8), 3, axis=2), rgb=True)
        if name != "cellpose":
            assert method.segment(colour, parameters, method.calibrate(colour, parameters)).labels.max() == len(DISCS)
        damaged = Path(folder) / "damaged.pt"
        damaged.write_bytes(b"no weights")
        for wrong in ("", "nowhere/weights.pt", str(damaged)):
            try:
                method.segment(pixels, method.parameters(weights=wrong), calibration)
            except InvalidInputError as error:
                assert len(error.message) < 500
            else:
                raise AssertionError(f"{wrong!r} was taken for weights")
    print(f"{name}: {found.labels.max()} objects, passed")


if __name__ == "__main__":
    main(sys.argv[1])
