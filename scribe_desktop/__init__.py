"""Scribe Desktop: press a key, speak, press it again, and have the note."""

__version__ = "0.1.0"
