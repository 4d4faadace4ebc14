"""The rules of a dictation: pure values and functions, no input or output."""
