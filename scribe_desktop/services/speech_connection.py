"""What streaming needs of a connection to a service, whichever library makes it.

Apart from both, because few sessions are streamed and the library takes a
while to load.
"""

from typing import Protocol


class SocketClosed(Exception):
    """The service closed the connection; `normally` if it meant to."""

    def __init__(self, *, normally: bool) -> None:
        super().__init__("closed")
        self.normally = normally


class SpeechSocket(Protocol):
    """What streaming needs of a connection; every call raises SocketClosed when it is over."""

    def send_pcm(self, pcm: bytes) -> None:
        """Send samples."""

    def send_text(self, text: str) -> None:
        """Send an event."""

    def receive(self, within_s: float) -> str | None:
        """The next text of the service, None if there is none in that time."""

    def is_alive(self) -> bool:
        """Whether the service has taken everything sent so far, as far as a pong can tell."""

    def close(self) -> None:
        """Close and give back what it holds; at once if it was aborted."""

    def abort(self) -> None:
        """End it at once, whatever it is doing; from any thread."""
