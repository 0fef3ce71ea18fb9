"""OCPP-J 1.6, 2.0.1 and 2.1 as pure functions: text in, events and replies out.

No socket, no clock, no await: the gateway moves the bytes and says what time it is.
``session`` is the door; the dialects behind it are strangers to each other, except 2.1 to 2.0.1.
"""
