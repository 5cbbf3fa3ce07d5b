"""What a worker process does to fine-tune a model: cut out pairs, then train, score and package."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cytoloop.core.errors import InvalidInputError
from cytoloop.jobs.worker import Reporter
from cytoloop.learning.registry import MethodRegistry
from cytoloop.learning.training.dataset import pairs_in, read_example
from cytoloop.learning.training.order import Order
from cytoloop.workflows.models.library import model_named
from cytoloop.workflows.models.packaging import About, Judged, package_model
from cytoloop.workflows.training.running import Curve

from .material import HELD_MARK, cut
from .plan import TuningPlan, tuned_configuration
from .report import write_report
from .rounds import OnCurve, fine_tune

PACKAGE = "package"
_TRAINING_SHARE = 0.9
"""Of the work; the rest is scoring."""


def run(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """One step; ``call["step"]`` says which."""
    return cut(call, reporter) if call["step"] == "cut" else tune(call, reporter)


def tune(call: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """Fine-tune on the pairs in ``call["data"]``; package, report and pictures go to ``call["output"]``.

    ``call``: ``models`` folder or null; ``start`` (name); ``plan``; ``name``, ``title``; ``work`` folder, which a
    later try goes on from; ``held_stems``: beginnings of names of pairs that are held out.
    """
    data, output = Path(call["data"]), Path(call["output"])
    start = model_named(MethodRegistry(Path(call["models"]) if call["models"] else None), call["start"])
    plan = TuningPlan.model_validate(call["plan"])
    names = [one.name for one in pairs_in(data)]
    held = tuple(one for one in names if one.endswith(f"-{HELD_MARK}") or one.startswith(tuple(call["held_stems"])))
    if len(held) == len(names):
        raise InvalidInputError("Every annotated image is held out, so there is none to learn from.")
    order = Order(
        configuration=tuned_configuration(start, plan, call["name"], types=1),
        data=data,
        folder=Path(call["work"]),
        held_out=held,
        initial=start.weights,
    )
    reporter.progress(0, "Preparing the training")
    tuned = fine_tune(start, order, plan, _telling(reporter, plan))
    reporter.progress(_TRAINING_SHARE, "Scoring on the held-out images")
    output.mkdir(parents=True, exist_ok=True)
    examples = [read_example(one) for one in pairs_in(data) if one.name in held]
    sample = examples[0] if examples else read_example(pairs_in(data)[0])
    about = About(
        title=call["title"],
        description=f"{start.title}, trained on with corrected objects of a project.",
        data=f"Fine-tuned from `{start.name}` on {tuned.trained.record['images']} annotated pictures of a project.",
    )
    after = package_model(
        output / PACKAGE, tuned.trained.weights, tuned.trained.record, about, sample=sample, judged=Judged(examples)
    )
    report = write_report(output, start, tuned, after, examples, _stepping(reporter, 2 * len(examples)))
    return {
        "held_out": report.held_out,
        "before": None if report.before is None else report.before["dsb"],
        "after": None if report.after is None else report.after["dsb"],
    }


def _telling(reporter: Reporter, plan: TuningPlan) -> OnCurve:
    def tell(number: int, point: Curve) -> None:
        done = ((number - 1) + point.step / point.steps) / plan.trainings
        which = f"Round {number} of {plan.trainings}, " if plan.trainings > 1 else ""
        text = f"{which}step {point.step:,} of {point.steps:,}, loss {point.loss:.2f}"
        if point.validation_loss is not None:
            reporter.log(f"{text}, on held-out pictures {point.validation_loss:.2f}")
        reporter.progress(done * _TRAINING_SHARE, text)

    return tell


def _stepping(reporter: Reporter, count: int) -> Callable[[], None]:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        reporter.progress(_TRAINING_SHARE + (1 - _TRAINING_SHARE) * done / max(count, 1), "Comparing before and after")

    return step
