"""Where the installed program starts: the same command line as from source."""

import sys
from multiprocessing import freeze_support

if __name__ == "__main__":
    # A frozen program that starts a worker process is called again as that worker.
    freeze_support()
    from scribe_desktop.cli import main

    sys.exit(main())
