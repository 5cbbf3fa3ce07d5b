from pathlib import Path

import pytest

from cytoloop.core.errors import InvalidInputError, NotFoundError
from cytoloop.learning.training.configuration import Configuration, read_configuration
from cytoloop.learning.training.imagetypes import image_types

RECIPES = Path(__file__).parents[4] / "src/cytoloop/learning/recipes"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_is_valid_and_bears_its_name(path: Path) -> None:
    assert read_configuration(path).name == path.stem


def test_unknown_values_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("[optimisation]\nspeed = 3\n")

    with pytest.raises(InvalidInputError, match=r"optimisation\.speed"):
        read_configuration(path)


@pytest.mark.parametrize("content", [b"= 3", b"\xff\xfe"])
def test_what_is_no_toml_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)

    with pytest.raises(InvalidInputError, match="TOML"):
        read_configuration(path)
    with pytest.raises(NotFoundError):
        read_configuration(tmp_path / "none.toml")


def test_channels_follow_the_heads() -> None:
    assert Configuration.model_validate({"heads": ["foreground", "star"]}).channels == 33
    assert Configuration.model_validate({"heads": ["classes"], "classes": 4}).channels == 4


def test_few_images_are_a_type_each() -> None:
    assert image_types([], 3) == {}
