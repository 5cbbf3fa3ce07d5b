"""How the shipped models are made, and what they make of kinds of images that they never saw.

``models.py make [NAME...]`` trains by the recipes in ``learning/recipes`` and writes the packages that ship.
A recipe in ``special`` goes on from the general model on its kinds of images, and ships where it does clearly better.
``models.py generalise`` trains without one group of image types after the other, and scores on those.
Both go on where they were ended: what is done lies under ``--work``.
"""

import argparse
import json
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cytoloop.learning.inference.session import default_threads
from cytoloop.learning.networkmethod import NetworkMethod
from cytoloop.learning.packages.model import ModelPackage
from cytoloop.learning.registry import SHIPPED
from cytoloop.learning.training.configuration import Configuration, read_configuration
from cytoloop.learning.training.dataset import pairs_in, read_example
from cytoloop.learning.training.imagetypes import image_types, type_titles
from cytoloop.learning.training.order import Order
from cytoloop.learning.training.scoring import by_type, score_method
from cytoloop.workflows.models.packaging import About, package_model
from cytoloop.workflows.models.shipping import judged_of, model_of_training
from cytoloop.workflows.training.running import Curve, Trained, train

ROOT = Path(__file__).resolve().parent.parent
RECIPES = ROOT / "src/cytoloop/learning/recipes"
FINAL = {"learning_rate": 1e-3, "warm_up_steps": 100}
FINAL_SHARE = 0.3
"""The last steps, on all images, after the scores were taken on those held out: a share of the first ones."""
SPECIAL = {"nuclei-fluorescence": "0,1,2,3,7", "nuclei-histology": "4,5,6"}
"""Types of images of the models for one kind: gray ones with dark background; colour ones."""
GENERAL = "nuclei"
SURE = 2.0
"""So many standard errors a special model has to be better by: two trainings of the same recipe differ too."""
GROUPS = ("4", "5,6", "8", "3", "2,7", "0,1")
"""Types that are alike are held out together."""
DATA = (
    "Data Science Bowl 2018, stage 1 training set with the community's corrections (BBBC038v1, Broad Bioimage "
    "Benchmark Collection; Caicedo et al. 2019), CC0: 664 images with 28,986 nuclei."
)
ABOUT = {
    "nuclei": (
        "Nuclei",
        "Nuclei in fluorescence, H&E and other brightfield images, of any size. No parameter needs to be set.",
    ),
    "foreground": (
        "Nuclear foreground",
        "Where nuclei are, without telling touching ones apart: a small classic U-Net.",
    ),
    "nuclei-fluorescence": (
        "Nuclei in fluorescence",
        "The general model, trained further on gray images with dark background only.",
    ),
    "nuclei-histology": (
        "Nuclei in stained tissue",
        "The general model, trained further on colour images only: H&E and other stains. It scores higher on held-out "
        "images of these kinds; on slides of other laboratories compare the two first.",
    ),
}
NOTE = (
    "The scores below are those of the weights trained on the {images} images of the training part only, before they "
    "were scored on the {held_out} held out. The weights in this package were then trained for {steps:,} more steps on "
    "all images, so scoring them on the same images again would flatter them."
)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("make", "generalise"), nargs="?", default="make")
    parser.add_argument("names", nargs="*", help="models to make, or groups of types to hold out such as 5,6")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/dsb2018")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache/models")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--steps", type=int, help="fewer steps, to try the way")
    parser.add_argument("--threads", type=int)
    order = parser.parse_args()
    if order.action == "make":
        for name in order.names or [*sorted(path.stem for path in RECIPES.glob("*.toml")), *SPECIAL]:
            made = make(name, order)
            print(made.folder if made else f"{name} is not clearly better than {GENERAL} and does not ship.")
    else:
        print(json.dumps(generalise(order), indent=2))
    return 0


def make(name: str, given: argparse.Namespace) -> ModelPackage | None:
    """Train on the training part, score, train on everything, write the package.

    ``None`` where a model for one kind of images is not clearly better on it than the general one.
    """
    title, description = ABOUT.get(name, (name, ""))
    about = About(title, description, DATA)
    first, trained, final = _specialised(name, given) if name in SPECIAL else _general(name, given)
    extra = {"hardware": _hardware()}
    judged = model_of_training(
        first, trained, given.work / name / name, about, extra=extra, with_tta=name != "foreground"
    )
    if name in SPECIAL and not _better(judged, first, given):
        return None
    finished = train(final, on_curve=_tell)
    record = {
        **judged.training,
        "final": {key: finished.record[key] for key in ("images", "steps", "seconds", "split")},
        "scored_on": "On the images held out from training, all parameters at their defaults.",
    }
    note = NOTE.format(
        images=trained.record["images"], held_out=trained.record["held_out"], steps=finished.record["steps"]
    )
    return package_model(
        given.out / name,
        finished.weights,
        record,
        About(title, description, DATA, notes=note),
        sample=judged_of(first, [read_example(pair) for pair in pairs_in(given.data)]).examples[0],
        pictures={path.name: path.read_bytes() for path in judged.pictures} | _attached(judged),
    )


def _general(name: str, given: argparse.Namespace) -> tuple[Order, Trained, Order]:
    """The training that is scored, what it gave, and the last one, on all images."""
    configuration = _shortened(read_configuration(RECIPES / f"{name}.toml"), given.steps)
    first = Order(configuration=configuration, data=given.data, folder=given.work / name, threads=given.threads)
    first, trained, configuration = _settled(name, given, first, train(first, on_curve=_tell), configuration)
    return first, trained, _last(name, configuration, given, trained)


def _specialised(name: str, given: argparse.Namespace) -> tuple[Order, Trained, Order]:
    """The same for one kind of images; starts from the general weights that saw the training part only."""
    configuration = _shortened(read_configuration(RECIPES / "special" / f"{name}.toml"), given.steps)
    _, start, _ = _general(GENERAL, given)
    first = Order(
        configuration=configuration, data=given.data, folder=given.work / name, split=f"standard:{SPECIAL[name]}",
        initial=start.weights, threads=given.threads,
    )  # fmt: skip
    trained = train(first, on_curve=_tell)
    return first, trained, _last(name, configuration, given, trained)


def _last(name: str, configuration: Configuration, given: argparse.Namespace, trained: Trained) -> Order:
    types = f":{SPECIAL[name]}" if name in SPECIAL else ""
    return Order(
        configuration=_final(configuration), data=given.data, folder=given.work / f"{name}-final", split=f"all{types}",
        initial=trained.weights, threads=given.threads,
    )  # fmt: skip


def _better(special: ModelPackage, order: Order, given: argparse.Namespace) -> bool:
    """Whether a model for one kind is clearly better on its held-out images than the general one that saw as little."""
    held = judged_of(order, [read_example(pair) for pair in pairs_in(given.data)]).examples
    general, _, _ = _general(GENERAL, given)
    package = package_model(
        given.work / f"{special.name}-general", general.folder / "weights.onnx",
        json.loads((general.folder / "record.json").read_text()), About("general", "", ""), sample=held[0],
    )  # fmt: skip
    scores = [
        np.array([one.scores.dsb for one in score_method(NetworkMethod(model), held)]) for model in (special, package)
    ]
    gain = scores[0] - scores[1]
    error = float(np.std(gain, ddof=1)) / len(gain) ** 0.5
    print(
        f"{special.name}: DSB {scores[0].mean():.4f}, the general model {scores[1].mean():.4f} on {len(held)} images: "
        f"{gain.mean():+.4f}, standard error {error:.4f}",
        file=sys.stderr,
    )
    return bool(gain.mean() > SURE * error)


def _settled(
    name: str, given: argparse.Namespace, first: Order, trained: Trained, configuration: Configuration
) -> tuple[Order, Trained, Configuration]:
    """The training goes on with the recipe in ``settle``, where there is one."""
    recipe = RECIPES / "settle" / f"{name}.toml"
    if not recipe.exists():
        return first, trained, configuration
    settling = _shortened(read_configuration(recipe), given.steps)
    order = first.model_copy(
        update={"configuration": settling, "folder": given.work / f"{name}-settled", "initial": trained.weights}
    )
    done = train(order, on_curve=_tell)
    earlier = {key: trained.record[key] for key in ("configuration", "steps", "seconds")}
    record = {**done.record, "earlier": earlier}
    return order, replace(done, record=record), settling


def _attached(package: ModelPackage) -> dict[str, bytes]:
    path = package.folder / "failures.png"
    return {path.name: path.read_bytes()} if path.exists() else {}


def generalise(given: argparse.Namespace) -> dict[str, Any]:
    """Scores on each group of types of a model that was trained without it."""
    configuration = _shortened(read_configuration(RECIPES / "nuclei.toml"), given.steps)
    examples = [read_example(pair) for pair in pairs_in(given.data)]
    types = image_types(examples, configuration.types)
    titles = type_titles(examples, types)
    found: dict[str, Any] = {}
    for group in given.names or GROUPS:
        folder = given.work / f"without-{group.replace(',', '-')}"
        order = Order(
            configuration=configuration, data=given.data, folder=folder, split=f"without-type:{group}",
            threads=given.threads,
        )  # fmt: skip
        trained = train(order, on_curve=_tell)
        held = judged_of(order, examples).examples
        about = About("generalise", "", "")
        package = package_model(folder / "package", trained.weights, trained.record, about, sample=held[0])
        names = {one.name: titles[types[one.name]] for one in held}
        found[group] = {"steps": trained.record["steps"]}
        for key, parameters in (("scores", {}), ("scores_with_tta", {"tta": True})):
            scored = score_method(NetworkMethod(package), held, parameters)
            found[group][key] = {title: one.as_json() for title, one in by_type(scored, names).items()}
        (given.work / f"without-{group.replace(',', '-')}.json").write_text(json.dumps(found[group], indent=2))
        print(group, found[group]["scores"]["all"], file=sys.stderr)
    return found


def _shortened(configuration: Configuration, steps: int | None) -> Configuration:
    if steps is None:
        return configuration
    values = {"steps": steps, "warm_up_steps": min(configuration.optimisation.warm_up_steps, steps // 4)}
    return configuration.model_copy(update={"optimisation": configuration.optimisation.model_copy(update=values)})


def _final(configuration: Configuration) -> Configuration:
    count = max(2, round(configuration.optimisation.steps * FINAL_SHARE))
    values = {**FINAL, "steps": count, "warm_up_steps": min(FINAL["warm_up_steps"], count // 4)}
    changed = configuration.optimisation.model_copy(update=values)
    return configuration.model_copy(update={"optimisation": changed, "seed": configuration.seed + 1000})


def _hardware() -> str:
    return f"{platform.machine()} processor, {default_threads()} cores, no GPU"


def _tell(point: Curve) -> None:
    if point.validation_loss is not None:
        left = point.seconds / point.step * (point.steps - point.step) / 60
        print(
            f"step {point.step}/{point.steps} loss {point.loss:.4f} held out {point.validation_loss:.4f}, "
            f"{left:.0f} min left",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
