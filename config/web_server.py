"""daphne with limits to what clients send, however it is started."""

from typing import Any

import daphne.cli
import daphne.http_protocol
import daphne.server

from config.bodies import BODY, Request
from config.connections import Connections


class Server(daphne.server.Server):  # type: ignore[misc]  # daphne has no types
    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Hand the body on as the file that it is: daphne would put all of it into memory."""
        if isinstance(protocol, Request):
            scope[BODY] = protocol.take_body()
        return super().create_application(protocol, scope)


def install() -> None:
    """Have daphne's own command run this server. Call it before the command makes its server."""
    daphne.cli.CommandLineInterface.server_class = Server
    daphne.http_protocol.WebRequest = Request
    daphne.server.HTTPFactory = Connections
