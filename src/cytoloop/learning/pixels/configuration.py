"""How a pixel classifier is trained: few choices, with defaults that do for a few scribbles."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class PixelLearner(StrEnum):
    """What learns."""

    EXTRA_TREES = "extra-trees"
    """Extremely randomised trees on the filters of a pixel (Geurts et al. 2006)."""
    RANDOM_FOREST = "random-forest"
    """A random forest on the filters of a pixel (Breiman 2001), as ilastik and Weka have it."""
    BOOSTING = "boosting"
    """Gradient boosting on histograms of the filters (Ke et al. 2017)."""
    PATCHES = "patches"
    """Extremely randomised trees that see a window of raw pixels and tell the classes of all pixels in its middle
    (Dumont, Marée, Wehenkel and Geurts 2009): for tissue, on reduced images."""


class Filter(StrEnum):
    """A filter of the bank; each is taken at every sigma."""

    GAUSSIAN = "gaussian"
    LAPLACIAN = "laplacian"
    """Of the Gaussian: blobs."""
    GRADIENT = "gradient"
    """Size of the gradient of the Gaussian: edges."""
    DIFFERENCE = "difference"
    """Of two Gaussians: the band between sigma / 1.6 and sigma."""
    STRUCTURE = "structure"
    """Both eigenvalues of the structure tensor: texture and corners."""
    HESSIAN = "hessian"
    """Both eigenvalues of the Hessian: ridges and blobs."""


class PixelConfiguration(BaseModel):
    """The settings of a training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    learner: PixelLearner = Field(PixelLearner.EXTRA_TREES, title="Method")
    sigmas_px: tuple[float, ...] = Field(
        (0.7, 1.6, 3.5, 7.0), min_length=1, max_length=8, title="Sigmas", description="Sizes of the filters, px."
    )
    filters: tuple[Filter, ...] = Field(tuple(Filter), min_length=1, max_length=len(Filter), title="Filters")
    trees: int = Field(50, ge=5, le=500, title="Trees", description="Of boosting: rounds.")
    samples_per_class: int = Field(
        4000,
        ge=50,
        le=100_000,
        title="Pixels",
        description="Of a class that are learnt from; drawn where there are more.",
    )
    line_px: float = Field(3.0, gt=0, le=200, title="Width of lines and points", description="Full-resolution px.")
    pixel_um: float | None = Field(None, gt=0, le=1000, title="Look at pixels of this size", description="µm.")
    patch_px: int = Field(16, ge=8, le=32, title="Window", description="Side of the windows of patches, px.")
    regions: bool = Field(False, title="Find regions, not objects")
    folds: int = Field(3, ge=2, le=10, title="Parts of the cross-validation")
    seed: int = Field(0, ge=0, lt=2**31, title="Seed")
