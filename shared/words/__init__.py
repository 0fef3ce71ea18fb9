"""What everybody here talks about: events, statuses, documents, instants. Pure: no I/O, no clock."""
