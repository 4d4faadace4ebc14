"""Threads, files, sockets and devices; no window. Each third-party library has one owner here."""
