"""What goes into the installed program, and how it is made ready."""
