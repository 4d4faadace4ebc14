"""What other programs can see of our windows: the program's name and nothing else."""

TITLE = "Scribe Desktop"
"""The title of every window. It never names a patient, because titles are seen by others."""
