"""The operating system around the window: keys, devices, insertion, power."""
