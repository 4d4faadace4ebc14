"""For which computers the program is built, and which of them this is.

PyInstaller does not cross-compile, so the architecture is that of the machine
and of the Python that builds; a name for anything else would be a lie.
"""

import platform
import sys

from console import SetUpError

# Where every library of the lock has a wheel.
SUPPORTED = {
    "Linux": ("x86_64", "arm64"),
    "Windows": ("x86_64",),
    "Darwin": ("arm64",),
}
_SAME = {"amd64": "x86_64", "aarch64": "arm64"}
_BITS_64 = 1 << 32


def architecture(system: str = "", machine: str = "", largest: int = sys.maxsize) -> str:
    """`x86_64` or `arm64`; raises SetUpError on a computer that nothing is built for."""
    system = system or platform.system()
    told = (machine or platform.machine()).lower()
    name = _SAME.get(told, told)
    if name not in SUPPORTED.get(system, ()) or largest < _BITS_64:
        kind = "32-bit " if largest < _BITS_64 else ""
        built = "; ".join(f"{where}: {', '.join(names)}" for where, names in SUPPORTED.items())
        raise SetUpError(
            f"Nothing is built for {kind}{system} on {told}. What is built, on itself: {built}."
        )
    return name
