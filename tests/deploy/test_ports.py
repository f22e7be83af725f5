"""What a process listens on is known, and a port is used again while it is free."""

from __future__ import annotations

import os
import socket

import pytest

from deploy.nodes.ports import choose_port, is_free, is_loopback, listening_addresses


def test_every_listening_socket_of_a_process_is_found():
    before = listening_addresses(os.getpid())
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with socket.create_server(("127.0.0.1", 0)) as tcp, udp:
        udp.bind(("127.0.0.1", 0))
        expected = {f"127.0.0.1:{each.getsockname()[1]}" for each in (tcp, udp)}
        with socket.create_connection(tcp.getsockname()):
            assert listening_addresses(os.getpid()) - before == expected
    assert listening_addresses(os.getpid()) == before


def test_a_process_that_has_ended_listens_on_nothing():
    assert listening_addresses(2**22 + 1) == set()


@pytest.mark.parametrize(
    ("address", "answer"),
    [("127.0.0.1:1", True), ("[::1]:1", True), ("0.0.0.0:1", False), ("[::]:1", False)],
)
def test_only_loopback_is_private(address, answer):
    assert is_loopback(address) is answer


def test_the_port_of_last_time_is_used_again_while_it_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert not is_free(taken)
        assert choose_port(taken) != taken
    assert choose_port(taken) == taken
