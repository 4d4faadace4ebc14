"""The MedScribe Alliance wire, shared by the client and the local service; pure."""
