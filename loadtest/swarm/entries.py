"""The entries of the statistics, by kind and name. A charger's kind is its dialect, a read's its HTTP method. Pure."""

HANDSHAKE = "handshake"
LOST = "connection lost"
STATUSES = frozenset({"StatusNotification", "NotifyEvent"})  #: a charger's words for a status
VISIBLE = ("end to end", "status visible in the API")
BEHIND = ("generator", "behind its own clock")
READ = "GET"
STREAM = "SSE"
FIRST_BLOCK = "/v1/stream: first block"
LONGEST_GAP = "/v1/stream: longest gap"
