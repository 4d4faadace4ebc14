"""Transcripts and notes as files that other programs read."""
