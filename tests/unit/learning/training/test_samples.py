import numpy as np
import pytest
from numpy.typing import NDArray

from cytoloop.learning.training.augmentation import changed, with_pasted_objects
from cytoloop.learning.training.configuration import Augmentations, Configuration
from cytoloop.learning.training.dataset import Example
from cytoloop.learning.training.samples import SampleStream, pixel_weight
from cytoloop.learning.training.synthesis import synthetic_view
from cytoloop.learning.training.targets import flows, normalised_distance, star_distances, touching_weight
from cytoloop.learning.training.views import PickByType, separate


@pytest.fixture
def examples() -> list[Example]:
    rng = np.random.default_rng(0)
    found: list[Example] = []
    for number in range(3):
        labels = np.zeros((120, 150), np.int32)
        labels[20:40, 30:55] = 1
        labels[40:70, 30:55] = 2
        labels[80:100, 90:120] = 3
        image = (40 + 150 * (labels > 0) + rng.normal(0, 5, labels.shape)).astype(np.uint8)
        found.append(Example(f"{number}", image if number else np.repeat(image[..., None], 3, axis=2), labels))
    return found


@pytest.mark.parametrize(
    "heads", [("foreground", "distance"), ("foreground", "flows"), ("foreground", "star"), ("classes",)]
)
def test_samples_are_the_same_for_the_same_number_and_differ_between_numbers(
    examples: list[Example], heads: tuple[str, ...]
) -> None:
    configuration = Configuration.model_validate({"heads": heads, "classes": 4, "views": {"size": 64}})

    def stream() -> SampleStream:
        return SampleStream(examples, [0, 0, 1], configuration)

    first, again, other = stream().sample(5), stream().sample(5), stream().sample(6)

    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.targets, again.targets)
    assert not np.array_equal(first.image, other.image)
    assert first.image.shape == (3, 64, 64)
    assert first.targets.shape == (configuration.channels, 64, 64)
    assert first.image.dtype == first.targets.dtype == first.weight.dtype == np.float32
    assert np.isfinite(first.image).all()


def test_views_show_objects_where_their_labels_are(examples: list[Example]) -> None:
    quiet = dict.fromkeys(Augmentations.model_fields, 0.0)
    configuration = Configuration.model_validate({"views": {"size": 96, "mosaic_share": 0}, "augmentation": quiet})
    stream = SampleStream(examples, [0, 0, 0], configuration)

    agree = []
    for number in range(12):
        sample = stream.sample(number)
        inside, picture = sample.targets[0] > 0, sample.image.mean(axis=0)
        if inside.any() and not inside.all():
            agree.append(((picture > 0.5) == inside).mean())

    assert len(agree) > 5
    assert min(agree) > 0.93


def test_rare_types_are_seen_more_often_than_by_chance() -> None:
    rng = np.random.default_rng(0)
    types = [0] * 90 + [1] * 10

    def share(balance: float) -> float:
        pick = PickByType(types, [100] * 100, balance)
        return float(np.mean([pick(rng) >= 90 for _ in range(3000)]))

    assert share(0.0) == pytest.approx(0.5, abs=0.04)
    assert share(1.0) == pytest.approx(0.1, abs=0.03)


def test_normalised_distance_is_one_in_the_middle_and_zero_outside(touching: NDArray[np.int32]) -> None:
    distance = normalised_distance(touching)

    assert distance[touching == 0].max() == 0
    for number in (1, 2, 3):
        assert distance[touching == number].max() == 1
    assert distance[40, 53] < 0.2  # where two touch
    assert (normalised_distance(np.ones((5, 5), np.int32)) == 1).all()
    assert not normalised_distance(np.zeros((5, 5), np.int32)).any()


def test_flows_lead_to_the_middle(touching: NDArray[np.int32]) -> None:
    field = flows(touching)

    assert field[1, 40, 30] > 0.9  # left of the middle: to the right
    assert field[0, 30, 40] > 0.9  # above it: down
    assert np.abs(field[:, touching == 0]).max() == 0


def test_star_distances_reach_the_edge(touching: NDArray[np.int32]) -> None:
    rays = star_distances(touching, 8)

    assert rays[:, 70, 105] == pytest.approx(np.full(8, 13.5), abs=1.6)
    assert rays[:, 0, 0].max() == 0


def test_weight_is_high_where_objects_touch_and_zero_where_nothing_is_known(touching: NDArray[np.int32]) -> None:
    weight = touching_weight(touching)

    assert weight[40, 53] > 1
    assert weight[70, 105] == 0
    unknown = touching.copy()
    unknown[:5] = -1
    assert (pixel_weight(unknown)[:5] == 0).all()


def test_changes_keep_shape_and_stay_finite() -> None:
    every = Augmentations.model_validate(dict.fromkeys(Augmentations.model_fields, 1.0))
    for number in range(20):
        rng = np.random.default_rng(number)
        picture = rng.random((48, 48, 3), dtype=np.float32)
        for image in (picture, np.repeat(picture[..., :1], 3, axis=2)):
            found = changed(image, every, rng)
            assert found.shape == image.shape
            assert found.dtype == np.float32
            assert np.isfinite(found).all()


def test_pasted_objects_have_labels_of_their_own(touching: NDArray[np.int32]) -> None:
    image = np.repeat((touching > 0).astype(np.float32)[..., None], 3, axis=2)

    counts: list[int] = []
    for seed in range(10):
        pasted, labels = with_pasted_objects(image, touching, np.random.default_rng(seed))
        assert np.array_equal(pasted[..., 0] > 0.5, labels > 0)
        assert (labels[touching > 0] == touching[touching > 0]).all()
        counts.append(len(np.unique(labels)) - 1)

    assert max(counts) > 3


def test_drawn_images_have_objects_of_about_the_size() -> None:
    image, labels = synthetic_view(128, 20, np.random.default_rng(3))

    areas = np.bincount(labels.ravel())[1:]
    assert image.shape == (128, 128, 3)
    assert 10 < np.sqrt(np.median(areas[areas > 0]) * 4 / np.pi) < 36


def test_pieces_of_one_label_become_objects_of_their_own() -> None:
    labels = np.zeros((6, 12), np.int32)
    labels[1:3, 1:3] = labels[1:3, 8:10] = 4
    labels[5, 5] = -1

    found = separate(labels)

    assert found.max() == 2
    assert found[5, 5] == -1
