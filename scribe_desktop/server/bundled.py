"""Finds what is shipped beside the program: word lists, the sample, perhaps the speech weights.

Standard library alone, because the set-up script reads the weights registry
before anything is installed.
"""

import os
import sys
from pathlib import Path


def bundled_folder() -> Path:
    """The `resources` folder: inside the frozen program, or in the source tree."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parents[2]
    return root / "resources"


def user_models_folder() -> Path:
    """Where weights fetched for this user are kept."""
    home = os.environ.get("SCRIBE_DESKTOP_HOME")
    if home:
        return Path(home) / "models"
    try:
        import platformdirs
    except ImportError:  # the set-up script, before anything is installed
        return Path.home() / ".scribe-desktop" / "models"
    return Path(platformdirs.user_data_dir("scribe-desktop", appauthor=False)) / "models"
