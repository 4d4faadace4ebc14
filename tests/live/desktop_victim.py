"""Another program with a text field, as the record system is: it writes what it holds to a file."""

import os
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication, QPlainTextEdit


def main(title: str, path: str) -> None:
    application = QApplication([title])
    field = QPlainTextEdit("BEFORE|AFTER")
    field.setWindowTitle(title)
    field.resize(420, 220)
    field.setReadOnly("FIELD_READ_ONLY" in os.environ)
    cursor = field.textCursor()
    cursor.setPosition(len("BEFORE|"))
    field.setTextCursor(cursor)

    def keep() -> None:
        # Renamed into place, so that a reader never sees half of it.
        fresh = Path(f"{path}.new")
        fresh.write_text(field.toPlainText(), encoding="utf-8")
        fresh.replace(path)

    field.textChanged.connect(keep)
    field.show()
    keep()
    application.exec()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
