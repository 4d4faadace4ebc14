"""Installers for Windows, and the proof in Wine that the Windows program runs."""
