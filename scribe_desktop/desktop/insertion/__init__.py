"""Puts the text into the program the clinician dictated for, or nowhere."""
