"""What fine-tuning is asked to do."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from cytoloop.core.errors import InvalidInputError
from cytoloop.learning.packages.model import ModelPackage, Task
from cytoloop.learning.training.configuration import Configuration

WARM_UP_SHARE = 0.1


class Unmarked(StrEnum):
    """What pixels are that belong to no annotated object."""

    BACKGROUND = "background"
    """Every object of the images is annotated."""
    UNKNOWN = "unknown"
    """Objects may be missing among the annotations: nothing is said of what is not annotated."""


class TuningPlan(BaseModel):
    """How long, how fast, and what to make of pixels without annotation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unmarked: Unmarked = Unmarked.UNKNOWN
    rounds: int = Field(2, ge=1, le=10, description="Trainings in a row; each adds objects that the last one found.")
    steps: int = Field(300, ge=1, le=100_000, description="Training steps of a round.")
    batch: int = Field(8, ge=1, le=64)
    learning_rate: float = Field(1e-3, gt=0, le=0.1)
    seed: int = Field(0, ge=0, lt=2**31)

    @property
    def trainings(self) -> int:
        """How many trainings there are: without unknown pixels nothing can be added, so one does."""
        return self.rounds if self.unmarked is Unmarked.UNKNOWN else 1


def tuned_configuration(start: ModelPackage, plan: TuningPlan, name: str, types: int | None = None) -> Configuration:
    """The configuration that a model was trained by, for going on gently.

    Raises
    ------
    InvalidInputError
        The model was not trained by this program; or it does not find single objects, without which nothing can be
        said of pixels that are not annotated.
    """
    if "configuration" not in start.training:
        raise InvalidInputError(f"{start.name} was not trained here, so training cannot go on from it.")
    if start.spec.task is not Task.INSTANCES and plan.unmarked is Unmarked.UNKNOWN:
        raise InvalidInputError(f"{start.name} finds areas, not single objects. Choose a model that finds objects.")
    found = Configuration.model_validate(start.training["configuration"])
    optimisation = found.optimisation.model_copy(
        update={
            "learning_rate": plan.learning_rate,
            "steps": plan.steps,
            "batch": plan.batch,
            "warm_up_steps": round(plan.steps * WARM_UP_SHARE),
        }
    )
    changed = {"name": name, "seed": plan.seed, "optimisation": optimisation, "types": types or found.types}
    return found.model_copy(update=changed)
