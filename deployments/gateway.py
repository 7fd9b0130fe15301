"""`python -m deployments.gateway`: the gateway, which also has results of fusions collected.

The same commands as those of `python -m imaging.gateway`. When the vendor calls, Prefect is asked
for a run that collects; where Prefect does not answer, the scheduled flow `reconcile-fusions` does.
"""

import sys

from imaging.fusion.ledger import Ledger
from imaging.gateway.__main__ import main
from imaging.gateway.options import GatewayOptions
from imaging.gateway.waking import Wake
from imaging.settings import settings
from tasks.fusion_runs import start_collection


def collecting(options: GatewayOptions) -> Wake:
    """Return what has a job collected, by the ledger that this gateway notes callbacks in."""
    ledger = Ledger.of(options.applied_to(settings()))
    return lambda key: start_collection(key, ledger)


if __name__ == "__main__":
    sys.exit(main(wake_of=collecting))
