"""Packages for Linux, and the proof that they run where nothing is installed."""
