"""What one dictation may be: told to every client in the discovery document, and kept here.

Other services only advertise these limits. This one enforces them, so that a
client which ignores them finds out on this computer and not in a clinic.
"""

SESSION_LIFETIME_S = 3600.0
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_CHUNK_S = 20
MAX_TEMPLATES = 2
# Metadata above this is kept but answered with a warning, as the protocol advises.
ADVISED_METADATA_BYTES = 4096

# A form wraps the audio in boundaries and a few fields.
MAX_FORM_BYTES = MAX_FILE_BYTES + 64 * 1024
# Of a body that is too large, this much more is read and thrown away: a client
# that is cut off while it still sends does not see the refusal.
MAX_DRAIN_BYTES = 32 * 1024 * 1024
MAX_JSON_BYTES = 512 * 1024
# An hour of speech is about 60 KB of text; a note is less.
MAX_TEXT_BYTES = 4 * 1024 * 1024
MAX_JSON_DEPTH = 40

# The number in a file's name. Ten thousand chunks are far beyond any session.
MAX_FILE_NUMBER = 99_999

# A status request waits for the result of an ended session at most this long,
# well under the ten seconds after which clients give a connection up.
HOLD_S = 5.0
MAX_HOLDS = 16

PRESIGNED_FORM_S = 3 * 3600
PRESIGNED_LINK_S = 3600
RECORDING_LINK_S = 24 * 3600

# One client has a bug that makes it refresh at once when a token lives less than a day.
ACCESS_LIFETIME_S = 24 * 3600
REFRESH_LIFETIME_S = 30 * 24 * 3600
REFRESH_GRACE_S = 60.0
DEVICE_CODE_S = 600
DEVICE_INTERVAL_S = 5

KEEP_AUDIO_S = 24 * 3600.0
# A result that is to be kept for no time at all must still be fetched.
SHOWN_S = 3600.0
KEEP_SESSIONS_S = 30 * 24 * 3600.0

STREAM_RATE = 16_000
# How much streamed speech is made durable at once.
STREAM_PIECE_S = 2.0
MAX_FRAME_BYTES = 1024 * 1024
