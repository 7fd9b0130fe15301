"""How a step runs: retries, artifacts, connections; one call below."""

import logging

from prefect.settings import get_current_settings

# Prefect sends what `extra_loggers` log to its server, but leaves them the root's level, WARNING.
for _name in ("imaging", "tasks"):
    logging.getLogger(_name).setLevel(get_current_settings().logging.level)
