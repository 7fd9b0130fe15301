"""`python -m deployments.gateway`: the gateway, which also has results of fusions collected.

The same commands as those of `python -m imaging.gateway`. When the vendor calls, Prefect is asked
for a run that collects; where Prefect does not answer, the scheduled flow `reconcile-fusions` does.
"""

import sys

from imaging.gateway.__main__ import main
from tasks.fusion_runs import start_collection

if __name__ == "__main__":
    sys.exit(main(wake=start_collection))
