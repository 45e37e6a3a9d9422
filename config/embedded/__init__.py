"""PostgreSQL and Redis from the wheels in the environment, for laptops and tests.

Both keep their data in a folder, listen on a Unix socket only, and survive `kill -9`.
"""

from config.embedded.postgres import PostgreSQL
from config.embedded.redis import Redis
from config.embedded.server import ServerError

__all__ = ["PostgreSQL", "Redis", "ServerError"]
