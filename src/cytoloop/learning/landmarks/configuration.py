"""How a landmark detector is trained: few choices, with defaults that do for twenty images."""

from pydantic import BaseModel, ConfigDict, Field


class LandmarkConfiguration(BaseModel):
    """The settings of a training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_px: int = Field(
        256, ge=64, le=768, title="Working size", description="The longer side of the images as they are looked at, px."
    )
    trees: int = Field(20, ge=5, le=200, title="Trees", description="Of each forest; there are three a landmark.")
    samples: int = Field(
        6000, ge=200, le=50_000, title="Pixels", description="Of all images together, that a forest learns from."
    )
    rotation_degrees: float = Field(
        20, ge=0, le=180, title="Rotation", description="How far images are turned at random, to either side."
    )
    scale_percent: float = Field(10, ge=0, le=50, title="Scale", description="How far images are enlarged or reduced.")
    views: int = Field(6, ge=1, le=20, title="Views", description="Of each image, the first as it is.")
    tolerance_percent: float = Field(
        2, gt=0, le=50, title="Tolerance", description="Of the longer side: errors up to this count as found."
    )
    folds: int = Field(3, ge=2, le=10, title="Parts of the cross-validation")
    seed: int = Field(0, ge=0, lt=2**31, title="Seed")
