"""The support bundle: what helps whoever helps, and nothing that names a patient.

Only what the program itself wrote for this purpose goes in: the doctor's
checks and the logs, which carry ids alone. The spool, the settings (whose
auto-texts and vocabulary are the clinician's own words) and the keys stay out.
"""

import io
import json
import platform
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.services.places import write_private


def write_bundle(
    target: Path, logs: Path, doctor: Mapping[str, Any], measurements: Mapping[str, str]
) -> None:
    """Write the bundle to `target`, owner-only; raises ScribeError."""
    system = {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("doctor.json", json.dumps(doctor, indent=1))
        bundle.writestr("system.json", json.dumps(system, indent=1))
        bundle.writestr("measurements.json", json.dumps(measurements, indent=1))
        for path in sorted(logs.glob("*.log*")):
            bundle.writestr(f"logs/{path.name}", path.read_bytes())
    try:
        write_private(target, memory.getvalue())
    except OSError as error:
        raise ScribeError(
            "The support bundle could not be written.", "Choose another folder."
        ) from error
