"""The settings, one page for each thing one might want to change."""
