"""Sound for the tests, made from numbers: the same at each run, no file needed."""

import numpy as np

from scribe_desktop.domain.audio import SAMPLE_RATE


def speechlike(duration_s: float, *, rate: int = SAMPLE_RATE, seed: int = 1) -> np.ndarray:
    """Syllables of a voice: harmonics of a wandering pitch under formants, with short pauses.

    Between -0.5 and 0.5, and with nothing above 3.5 kHz, so that any rate from 8 kHz can hold it.
    """
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * rate)) / rate
    # The integral of 120 Hz wandering by 25, so that it is the same sound at every rate.
    wander = np.cos(2 * np.pi * 0.7 * t + rng.uniform(0, 6)) * 25 / (2 * np.pi * 0.7)
    phase = 2 * np.pi * (120 * t - wander)
    voice = np.zeros_like(t)
    for harmonic in range(1, 22):
        hertz = 120.0 * harmonic
        formants = sum(np.exp(-(((hertz - f) / 220) ** 2)) for f in (550, 1400, 2400))
        voice += (0.08 + formants) * np.sin(harmonic * phase + rng.uniform(0, 6))
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * t + rng.uniform(0, 6)) + 0.6, 0, 1)
    return voice * syllables / 20


def pcm16(samples: np.ndarray) -> bytes:
    pcm: bytes = np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    return pcm


def samples_of(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768.0


def snr_db(clean: np.ndarray, heard: np.ndarray) -> float:
    error = clean - heard
    return float(10 * np.log10((clean @ clean) / max(float(error @ error), 1e-12)))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.sqrt((one @ one) * (other @ other) + 1e-12))


def best_match(heard: np.ndarray, source: np.ndarray) -> tuple[int, float]:
    """Where `source` begins in `heard`, and how alike the two are there."""
    size = 1 << (len(heard) + len(source)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(source, size))
    likeness = np.fft.irfft(spectrum, size)[: max(len(heard) - len(source) + 1, 1)]
    lag = int(np.argmax(likeness))
    part = heard[lag : lag + len(source)]
    return lag, correlation(part, source[: len(part)])


def loud_is_speech(window: bytes) -> bool:
    """Quiet by loudness alone: enough where the sound is made by these tests."""
    return bool(np.abs(samples_of(window)).max() < 0.01)
