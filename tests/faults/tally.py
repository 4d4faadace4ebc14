"""What one test of the fault harness did and saw, for the report of the long form."""

from collections.abc import Callable


class Tally:
    """Counts within one test; the fixture `tally` writes it to the test's record.

    A test that says nothing has no such properties, and counts as one fault tried.
    """

    def __init__(self) -> None:
        self.counted: dict[str, int] = {}

    def tried(self, times: int = 1) -> None:
        """So many faults were really applied."""
        self._add("tried", times)

    def compared(self, size: int) -> None:
        """So many bytes were compared, by hash, with what is really stored."""
        self._add("compared_bytes", size)

    def lost(self, size: int) -> None:
        """So many bytes are neither where they should have arrived nor waiting here."""
        self._add("lost_bytes", size)

    def completed(self, sessions: int = 1) -> None:
        """So many dictations came to their end."""
        self._add("completed", sessions)

    def write(self, record_property: Callable[[str, object], None]) -> None:
        """Put it into the record of the test."""
        for name, number in self.counted.items():
            record_property(name, number)

    def _add(self, name: str, number: int) -> None:
        self.counted[name] = self.counted.get(name, 0) + number
