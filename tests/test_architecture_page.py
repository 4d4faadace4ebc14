"""The architecture page says what the code is, not what it once was."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_draws_the_tables_and_modules_of_the_code() -> None:
    spec = importlib.util.spec_from_file_location("drawing", ROOT / "packaging" / "architecture.py")
    assert spec
    assert spec.loader
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    page = drawing.PAGE.read_text("utf-8")
    assert page == drawing.redrawn(page), "run: python packaging/architecture.py"
