"""The disk image for macOS. Written from Apple's documentation and not run: it needs a Mac."""
