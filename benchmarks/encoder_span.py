"""What it costs and saves to look no further than the speech goes, beside all 30 seconds.

    python benchmarks/encoder_span.py FOLDER

Every recording in FOLDER that has a reference text of the same name beside it
is heard by both, in windows of 8 and of 28 seconds: words wrong, and the time
of one beside the other in the same run.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

import numpy as np
from faster_whisper import WhisperModel
from word_errors import pooled_word_error_rate

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.server.audio import Pcm, decode
from scribe_desktop.server.engine import DECODING, SpeechDetector, threads_to_use
from scribe_desktop.server.fitted_whisper import FittedWhisper
from scribe_desktop.server.models import find
from scribe_desktop.server.windows import Span, pack, padded

Recording = tuple[str, Pcm, list[Span]]
"""Reference text, samples, and where somebody speaks."""


def recordings(folder: Path) -> Iterator[Recording]:
    """All that have a reference text."""
    detector = SpeechDetector()
    for audio in sorted(folder.glob("*.flac")):
        text = audio.with_suffix(".txt")
        if text.is_file():
            pcm = decode(audio.read_bytes())
            spans = padded(detector.find_speech(pcm), Span(0, len(pcm)))
            yield text.read_text(encoding="utf-8"), pcm, spans


def hear(model: Any, pcm: Pcm, spans: list[Span], window_s: int) -> str:  # noqa: ANN401  no types
    """The text of one recording, window by window."""
    texts = []
    for window in pack(spans, window_s * SAMPLE_RATE):
        sound = np.concatenate([pcm[span.start : span.end] for span in window])
        segments, _ = model.transcribe(sound.astype(np.float32) / 32768, language="en", **DECODING)
        texts += [segment.text.strip() for segment in segments]
    return " ".join(texts)


def main() -> int:
    """Measure and print."""
    spoken = list(recordings(Path(sys.argv[1])))
    if not spoken:
        sys.exit("No recordings with reference texts there.")
    settings = {"device": "cpu", "compute_type": "int8", "cpu_threads": threads_to_use()}
    folder = str(find("base", ()))
    whole, brief = WhisperModel(folder, **settings), FittedWhisper(folder, **settings)
    for window_s in (8, 28):
        took = {}
        for name, model in (("30 s", whole), ("fitted", brief)):
            began = time.process_time()
            pairs = [(text, hear(model, pcm, spans, window_s)) for text, pcm, spans in spoken]
            took[name] = time.process_time() - began
            wrong = pooled_word_error_rate(pairs)
            print(f"windows of {window_s:2} s, {name:6}: {wrong:6.2%} wrong", flush=True)
        print(
            f"windows of {window_s:2} s: processor time ratio {took['fitted'] / took['30 s']:.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
