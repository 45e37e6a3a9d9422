"""A TCP proxy before PostgreSQL. While it is stopped (SIGSTOP) nothing passes, no FIN either:
so PostgreSQL sees a client whose machine is gone.

    python tests/faults/proxy.py HOST PORT

prints the port that it listens on, at 127.0.0.1.
"""

import socket
import sys
from contextlib import suppress
from threading import Thread


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def serve(address: tuple[str, int]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            try:
                server = socket.create_connection(address)
            except OSError:
                client.close()  # as it would be without us
                continue
            for ends in ((client, server), (server, client)):
                Thread(target=pass_on, args=ends, daemon=True).start()


if __name__ == "__main__":
    serve((sys.argv[1], int(sys.argv[2])))
