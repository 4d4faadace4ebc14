"""Joins what the window asks for with what the services and the desktop can do."""
