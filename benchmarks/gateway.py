"""The gateway: ranges against nginx, filtered label maps, and its health meanwhile."""

import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.gateway_servers import FileServer, gateway, nginx
from benchmarks.labels_sources import write_organs
from benchmarks.measure import Method, compare
from benchmarks.report import at_least, at_most, show_costs, show_figure, show_title

_MB = 1_000_000
_RANGE = 100 * _MB
_FILE = 600 * _MB
_ROUNDS = 9
_OURS, _NGINX = "this project", "nginx"
_FILTERS = 8


def gateway_benchmark(folder: Path) -> None:
    """Measure, and print."""
    root = folder / "root"
    root.mkdir()
    _write_random(root / "big.bin", _FILE)
    write_organs(root / "organs.nii.gz", "uint8")
    with gateway(root) as ours, nginx(root) as other:
        _ranges(folder, ours, other)
        _filtering(ours)
        _health(ours)


def _ranges(folder: Path, ours: FileServer, other: FileServer | None) -> None:
    servers = {_OURS: ours} | ({_NGINX: other} if other else {})
    methods = [
        Method(name, partial(_receive, server), server.pids) for name, server in servers.items()
    ]
    rounds = compare(methods, folder, _ROUNDS)
    show_title("A range of 100 MB, over loopback")
    show_costs(rounds, {}, ())
    for name in servers:
        show_figure(f"{name}, GB/s", f"{_RANGE / rounds.best(name).wall_s / 1e9:.2f}")
    if other is None:
        show_figure("nginx", "not installed")
        return
    share = 1 / rounds.ratio(_OURS, _NGINX).median
    show_figure("throughput of ours / nginx's", f"{share:.2f}", at_least(0.5).verdict(share))


def _receive(server: FileServer, _place: Path) -> None:
    server.receive("/files/big.bin", 7, _RANGE)


def _filtering(ours: FileServer) -> None:
    show_title("Ten of 117 labels of 512 x 512 x 600 voxels: the first byte, in ms")
    cold, warm = [], []
    for first in range(1, 6):
        target = _wish(first)
        cold.append(1000 * ours.first_byte_s(target))
        warm += [1000 * ours.first_byte_s(target) for _ in range(5)]
    _show("cold, median", cold, 500)
    _show("cached, median", warm, 10)


def _health(ours: FileServer) -> None:
    show_title(f"/health while {_FILTERS} label maps are filtered, in ms")
    idle = [_ask_health(ours) for _ in range(200)]
    show_figure("worst of 200 before that, which is the machine's part", f"{max(idle):.1f}")
    taken: list[float] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            taken.append(_ask_health(ours))

    with ThreadPoolExecutor(_FILTERS + 1) as clients:
        watching = clients.submit(watch)
        list(clients.map(ours.first_byte_s, map(_wish, range(20, 20 + _FILTERS))))
        is_over.set()
        watching.result()
    _show("median", taken, 100)
    _show_worst(f"worst of {len(taken)}", taken)


def _ask_health(ours: FileServer) -> float:
    time.sleep(0.005)
    return 1000 * ours.first_byte_s("/health")


def _wish(first: int) -> str:
    """Return a request that no other is like, so that it is not in the cache."""
    return f"/filtered/organs.nii.gz?label_ids={first}-{first + 9}"


def _show(name: str, taken_ms: list[float], most: float) -> None:
    middle = statistics.median(taken_ms)
    show_figure(name, f"{middle:.1f}", at_most(most).verdict(middle))


def _show_worst(name: str, taken_ms: list[float]) -> None:
    worst = max(taken_ms)
    show_figure(name, f"{worst:.1f}", at_most(100).verdict(worst))


def _write_random(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for _ in range(size // _MB):
            file.write(os.urandom(_MB))
