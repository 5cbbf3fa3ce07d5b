"""What the workers of these tests do."""

import os
import time
from pathlib import Path
from typing import Any

from cytoloop.core.errors import InvalidInputError, UnavailableError


def run(call: dict[str, Any], reporter: Any) -> dict[str, Any]:
    """Do as the call says."""
    mark = Path(call["folder"]) / f"{call['n']}.tries"
    with mark.open("a") as file:
        file.write("x")
    reporter.log(f"starting {call['n']}")
    reporter.progress(0.5, "half")
    match call.get("how"):
        case "refuse":
            raise InvalidInputError("this cannot be done")
        case "crash":
            raise ZeroDivisionError("a bug")
        case "die" if len(mark.read_text()) == 1:
            os.kill(os.getpid(), 9)
        case "always die":
            os.kill(os.getpid(), 9)
        case "sleep":
            time.sleep(60)
        case "wait":  # until the test has done what it wants to do meanwhile
            (Path(call["folder"]) / f"{call['n']}.pid").write_text(str(os.getpid()))
            while not (Path(call["folder"]) / "go").exists():
                time.sleep(0.02)
        case "outage" if not (Path(call["folder"]) / "go").exists():
            raise UnavailableError("The store does not answer.")
        case "print":
            print("noise on stdout")
    return {"n": call["n"]}
