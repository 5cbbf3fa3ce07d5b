"""Every block of code in the documentation runs, and everything that can be set is documented."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cytoloop.runtime.settings import Settings
from cytoloop.samples import FOLDER

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", [one for one in PAGES if blocks(one, "python")], ids=lambda one: one.name)
def test_python_blocks_run_in_order(page: Path, tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks(page, "python")))
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [one for one in PAGES if blocks(one, "bash")], ids=lambda one: one.name)
def test_commands_run_in_order(page: Path, tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "SAMPLES": str(FOLDER), "PATH": path}
    script = "set -e\n" + "\n".join(blocks(page, "bash"))
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    missing = [name for name in Settings.model_fields if f"`CYTOLOOP_{name.upper()}`" not in page]
    assert missing == []


def test_every_command_is_documented() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "cytoloop.cli", "--help"], capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"^  ([a-z]+) ", help_text.split("Commands:")[1], re.MULTILINE)
    page = (ROOT / "docs/reference/commands.md").read_text()
    assert len(commands) > 8
    assert [one for one in commands if f"cytoloop {one}" not in page] == []


def test_the_description_of_the_api_and_the_types_of_the_page_have_not_drifted() -> None:
    from cytoloop.cli.description import openapi_text

    assert (ROOT / "web/openapi.json").read_text() == openapi_text(), "run 'make openapi'"


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"
