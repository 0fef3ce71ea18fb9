"""The usual port if it is free, else another; and whose it is."""

import os
import socket

from local.ports import FREE_PORTS, free_port, listens, serves


def test_a_taken_port_is_passed_over_and_its_holder_known() -> None:
    usual = free_port()
    assert free_port(usual) == usual
    with socket.create_server(("127.0.0.1", usual)):
        assert free_port(usual) in FREE_PORTS
        assert free_port(usual) != usual
        assert listens(usual)
        assert serves(os.getpid(), usual)
        assert not serves(os.getppid(), usual)
    assert not listens(usual)
    assert not serves(os.getpid(), usual)


def test_a_port_that_every_address_holds_is_taken() -> None:
    usual = free_port()
    with socket.create_server(("", usual)):
        assert free_port(usual) != usual
        assert serves(os.getpid(), usual)
