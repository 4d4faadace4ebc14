"""The window. Qt lives here and nowhere else but the composition root."""
