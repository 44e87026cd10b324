from __future__ import annotations

import socket
from collections.abc import Iterator
from multiprocessing import Pipe

import pytest

from stridewise.serve.dealing import dealer, handed


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as it:
        it.settimeout(20)
        yield it


def ask(listening: socket.socket) -> socket.socket:
    return socket.create_connection(listening.getsockname(), timeout=20)


def test_connections_are_dealt_out_in_turn_and_still_speak(listening: socket.socket) -> None:
    ends = [Pipe() for _ in range(2)]
    take = dealer(listening, [own for own, _ in ends])
    clients = [ask(listening) for _ in range(7)]
    own = [take() for _ in range(3)]
    theirs = [handed(pipe)() for _ in range(2) for _, pipe in ends]
    for i, served in ((0, own[0]), (3, own[1]), (1, theirs[0]), (2, theirs[1]), (4, theirs[2])):
        served.sendall(f"hello {i}".encode())
        assert clients[i].recv(100) == f"hello {i}".encode()
    for each in (*clients, *own, *theirs):
        each.close()


def test_the_turn_of_a_process_that_is_gone_is_taken_over(listening: socket.socket) -> None:
    own, theirs = Pipe()
    theirs.close()
    take = dealer(listening, [own])
    clients = [ask(listening) for _ in range(4)]
    for client in clients:
        with take() as served, client:
            served.sendall(b"hello")
            assert client.recv(100) == b"hello"


def test_when_the_other_side_ends_there_is_nothing_to_take() -> None:
    own, theirs = Pipe()
    own.close()
    with pytest.raises(EOFError):
        handed(theirs)()
