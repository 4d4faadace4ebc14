"""Dictation microphones and foot pedals: their buttons, sliders and lights.

`hub` is the only part with a thread; everything a report can mean is decided
by plain functions and small state machines that never touch a device.
"""
