"""`python -m scribe_desktop`: the same as the `scribe-desktop` command."""

import sys

from scribe_desktop.cli import main

sys.exit(main())
