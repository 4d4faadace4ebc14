"""No screen: what the window lends is lent without one."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
