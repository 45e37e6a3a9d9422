from tests.bulk_actions.conftest import empty_queue as empty_queue
from tests.bulk_actions.conftest import start_move as start_move
