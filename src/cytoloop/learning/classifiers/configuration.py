"""How a classifier is trained: few choices, with defaults that do for few labels."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Learner(StrEnum):
    """What learns from features."""

    EXTRA_TREES = "extra-trees"
    """Extremely randomised trees (Geurts et al. 2006)."""
    BOOSTING = "boosting"
    """Gradient boosting on histograms (Ke et al. 2017)."""
    SVM = "svm"
    """A support vector machine with a Gaussian kernel; probabilities by Platt's scaling."""
    LINEAR = "linear"
    """Logistic regression."""


class NetworkLearner(StrEnum):
    """What learns from crops."""

    CNN = "cnn"
    """A small residual network from nothing (He et al. 2016)."""
    ENCODER = "encoder"
    """The encoder of the shipped segmentation network, with a linear head."""


class Configuration(BaseModel):
    """The settings of a training on features."""

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


class Loss(StrEnum):
    """What is made small."""

    CROSS_ENTROPY = "cross-entropy"
    FOCAL = "focal"
    """Cross-entropy that counts what is learnt already for less (Lin et al. 2017)."""


class Optimiser(StrEnum):
    """How steps are made of gradients."""

    ADAMW = "adamw"
    SGD = "sgd"


class CropAugmentation(BaseModel):
    """How crops are changed while a network learns from them; 0 or false leaves them as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flips: bool = True
    rotation_degrees: float = Field(180.0, ge=0, le=180, description="Turned by up to this.")
    scale: float = Field(0.15, ge=0, le=0.5, description="Larger or smaller by up to this share.")
    shift: float = Field(0.05, ge=0, le=0.5, description="Moved by up to this share of the crop's side.")
    intensity: float = Field(0.15, ge=0, le=1, description="Spread of brightness, contrast and gamma.")
    noise: float = Field(0.03, ge=0, le=0.5, description="Largest standard deviation of noise, range 0 to 1.")
    blur: float = Field(0.15, ge=0, le=1, description="Share of crops that are smoothed.")


class NetworkConfiguration(BaseModel):
    """The settings of a training of a network on crops."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    learner: NetworkLearner = NetworkLearner.CNN
    frozen: bool = Field(True, description="Of the encoder: its weights stay, and only the head learns.")
    side: int = Field(64, ge=32, le=224, multiple_of=16, description="Side of a crop as the network sees it, px.")
    context: float = Field(1.5, ge=1, le=6, description="Side of a crop over the longer side of its object.")
    hidden: bool = Field(False, description="Hide what lies around the object.")
    own_range: bool = Field(True, description="Bring each image to the same range; else values stay comparable.")
    epochs: int = Field(60, ge=1, le=1000, description="At most; an epoch shows every label, few labels repeatedly.")
    patience: int = Field(15, ge=1, le=1000, description="Epochs without a better validation loss before it ends.")
    batch: int = Field(32, ge=4, le=512)
    learning_rate: float | None = Field(None, gt=0, le=1, description="One that suits the optimiser where null.")
    weight_decay: float = Field(0.01, ge=0, le=1)
    optimiser: Optimiser = Optimiser.ADAMW
    loss: Loss = Loss.CROSS_ENTROPY
    label_smoothing: float = Field(0.05, ge=0, le=0.5, description="Of cross-entropy.")
    focal_gamma: float = Field(2.0, ge=0, le=10, description="Of the focal loss.")
    balanced: bool = Field(True, description="Give each class the same weight.")
    dropout: float = Field(0.2, ge=0, le=0.9)
    averaging: float = Field(0.98, ge=0, lt=1, description="Decay of the moving average of the weights; 0: none.")
    validation_share: float = Field(0.2, ge=0.05, le=0.5, description="Share of the labels that is held out.")
    augmentation: CropAugmentation = Field(default_factory=lambda: CropAugmentation.model_validate({}))
    seed: int = Field(0, ge=0, lt=2**31)

    @property
    def rate(self) -> float:
        """The largest learning rate."""
        if self.learning_rate is not None:
            return self.learning_rate
        gentle = self.learner is NetworkLearner.ENCODER and not self.frozen
        return (5e-4 if gentle else 2e-3) * (10 if self.optimiser is Optimiser.SGD else 1)


AnyConfiguration = Configuration | NetworkConfiguration


def configuration_of(values: Mapping[str, Any]) -> AnyConfiguration:
    """The settings that a mapping holds, by its learner."""
    if values.get("learner") in {one.value for one in NetworkLearner}:
        return NetworkConfiguration.model_validate(values)
    return Configuration.model_validate(values)
