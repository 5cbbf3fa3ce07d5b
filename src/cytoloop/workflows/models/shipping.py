"""The model that a training gave, scored on what was held out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.training.dataset import Example, pairs_in, read_example
from cytoloop.learning.training.imagetypes import image_types, type_titles
from cytoloop.learning.training.order import Order
from cytoloop.learning.training.scoring import Scored
from cytoloop.workflows.training.running import Trained

from .packaging import About, Judged, package_model


def model_of_training(
    order: Order,
    trained: Trained,
    folder: Path,
    about: About | None = None,
    *,
    extra: Mapping[str, Any] | None = None,
    with_tta: bool = False,
    on_image: Callable[[Scored], None] = lambda _: None,
) -> ModelPackage:
    """Score the trained weights on the held-out images and write the package into ``folder``."""
    examples = [read_example(pair) for pair in pairs_in(order.data)]
    judged = judged_of(order, examples, with_tta=with_tta)
    sample = next(iter(judged.examples), examples[0])
    return package_model(
        folder,
        trained.weights,
        {**trained.record, **(extra or {})},
        about or _about(order, folder.name),
        sample=sample,
        judged=judged,
        on_image=on_image,
    )


def judged_of(order: Order, examples: list[Example], *, with_tta: bool = False) -> Judged:
    """The examples that the order's split holds out, with names of their types."""
    types = image_types(examples, order.configuration.types)
    split = order.split_of(types)
    if not split.validation:
        return Judged()
    titles = type_titles(examples, types)
    chosen = set(split.validation)
    held = [one for one in examples if one.name in chosen]
    return Judged(held, {one.name: titles[types[one.name]] for one in held}, with_tta=with_tta)


def _about(order: Order, name: str) -> About:
    return About(
        title=name,
        description=f"Trained with Cytoloop on {order.data.name}.",
        data=f"Trained on the image and label pairs of the folder `{order.data.name}`.",
    )
