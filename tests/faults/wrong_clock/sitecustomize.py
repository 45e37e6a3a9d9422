"""Read by Python at its start, with this folder on PYTHONPATH: a host whose clock is wrong.

Only what says what time it is, is shifted; what measures how long something takes is not. So it is
with a real clock that nobody has set right.
"""

import os
import time

import time_machine

time_machine.travel(time.time() + float(os.environ["WRONG_BY_SECONDS"]), tick=True).start()
