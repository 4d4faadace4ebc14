"""What the whole line costs in words: encoder, chunks, service and engine beside the engine alone.

    python benchmarks/whole_line.py FOLDER [--hotwords]

Every recording in FOLDER that has a reference text of the same name beside it
goes through `dictate --file`'s own line in a home of its own, and whole
through the engine. The line may cost at most one point of word error rate.
"""

import os
import sys
import tempfile
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

import numpy as np
from word_errors import pooled_word_error_rate

from scribe_desktop.app import Program
from scribe_desktop.call import Wishes
from scribe_desktop.commands import run
from scribe_desktop.rolling_over import new_session_id
from scribe_desktop.server.audio import decode
from scribe_desktop.server.engine import load
from scribe_desktop.server.transcriber import SessionTranscriber
from scribe_desktop.services.places import find_places

AUDIO = {".flac", ".wav", ".mp3", ".ogg", ".webm", ".m4a"}


def by_line(program: Program, path: Path) -> str:
    """The transcript of the whole line."""
    request = {
        "command": "dictate",
        "file": str(path),
        "session_id": new_session_id(),
        "template": [],
        "language": ["en"],
    }
    wishes = Wishes(threading.Event(), threading.Event())
    record = run(program, request, lambda _: None, wishes)["record"]
    if record["status"] not in ("completed", "empty"):
        sys.exit(f"{path.name}: {record['status']}: {record['error']}")
    return record["transcript"] or ""


def reference_of(path: Path) -> Path:
    """`01_htn.txt` for `01_htn.flac` and for `01_htn.piper-joe.flac`."""
    return path.with_name(path.name.split(".")[0] + ".txt")


def main() -> int:
    """Print one line for each recording and the pooled rates."""
    recordings = sorted(p for p in Path(sys.argv[1]).iterdir() if p.suffix in AUDIO)
    recordings = [path for path in recordings if reference_of(path).exists()]
    if not recordings:
        sys.exit("There are no recordings with reference texts in that folder.")
    engine = load("base")
    line, alone = [], []
    with tempfile.TemporaryDirectory() as home:
        os.environ["SCRIBE_DESKTOP_HOME"] = home
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        with Program(find_places()) as program:
            program.deliver()
            for path in recordings:
                reference = reference_of(path).read_text("utf-8")
                whole = SessionTranscriber(engine, ["en"])
                whole.feed(np.asarray(decode(path.read_bytes())))
                alone.append((reference, whole.finish().text))
                line.append((reference, by_line(program, path)))
                ours, theirs = (pooled_word_error_rate([pairs[-1]]) for pairs in (line, alone))
                print(f"{path.stem:32} line {ours:6.1%}   engine alone {theirs:6.1%}", flush=True)
    ours, theirs = pooled_word_error_rate(line), pooled_word_error_rate(alone)
    print(f"\n{'pooled':32} line {ours:6.2%}   engine alone {theirs:6.2%}")
    print(f"the line costs {100 * (ours - theirs):+.2f} points")
    return 0


if __name__ == "__main__":
    sys.exit(main())
