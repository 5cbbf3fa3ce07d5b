"""How a classifier is trained: few choices, with defaults that do for few labels."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Learner(StrEnum):
    """What learns."""

    EXTRA_TREES = "extra-trees"
    """Extremely randomised trees (Geurts et al. 2006)."""
    BOOSTING = "boosting"
    """Gradient boosting on histograms (Ke et al. 2017)."""
    SVM = "svm"
    """A support vector machine with a Gaussian kernel; probabilities by Platt's scaling."""
    LINEAR = "linear"
    """Logistic regression."""


class Configuration(BaseModel):
    """The settings of a training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    learner: Learner = Field(Learner.EXTRA_TREES, title="Method")
    trees: int = Field(
        300, ge=10, le=2000, title="Trees", description="Of extra trees; of boosting, the rounds are 1/3."
    )
    balanced: bool = Field(True, title="Give each class the same weight")
    regularisation: float = Field(
        1.0, gt=0, le=1e4, title="C", description="Of the SVM and of the linear model: larger fits the labels closer."
    )
    folds: int = Field(5, ge=2, le=20, title="Parts of the cross-validation")
    seed: int = Field(0, ge=0, lt=2**31, title="Seed")
