"""Our side of an insertion, as a program of its own: it remembers a window and inserts into it.

Lines in, lines out: `remember` answers with the program's name; an object with `text`, `method`
and `rate` inserts into the remembered window and answers with the outcome.
"""

import json
import sys

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

from scribe_desktop.desktop.insertion.insert import Inserted, Method, Outcome, Tools, insertion
from scribe_desktop.desktop.insertion.target import Target
from scribe_desktop.desktop.insertion.x11 import X11Focus, X11Keyboard
from scribe_desktop.desktop.xcb import Display
from scribe_desktop.ui.lent_clipboard import LentClipboard, run_steps


def main() -> None:
    application = QApplication(["inserter"])
    display = Display()
    tools = Tools(X11Focus(display), X11Keyboard(display), LentClipboard())
    remembered: list[Target | None] = [None]

    def say(*words: str) -> None:
        sys.stdout.write(" ".join(words) + "\n")
        sys.stdout.flush()

    def tell(outcome: Outcome) -> None:
        if isinstance(outcome, Inserted):
            say("inserted", "verified" if outcome.verified else "unverified")
        else:
            say("refused", outcome.reason, *([str(outcome.typed)] if outcome.typed else []))

    def obey() -> None:
        line = sys.stdin.readline()
        if not line:
            application.quit()
        elif line.strip() == "remember":
            target = remembered[0] = tools.focus.current()
            say(target.program if target else "nothing")
        else:
            asked = json.loads(line)
            method, rate = Method(asked["method"]), asked["rate"]
            steps = insertion(asked["text"], remembered[0], tools, method, rate)
            run_steps(steps, tell)

    # One line at a time is sent and answered, so none hides in the buffer.
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(obey)
    say("ready")
    application.exec()


if __name__ == "__main__":
    main()
