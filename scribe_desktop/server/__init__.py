"""The local service: the same protocol, answered on this computer by an offline engine."""
