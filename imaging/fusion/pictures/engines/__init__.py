"""Programs that draw, each in a process of its own: what draws may end its process."""

from imaging.fusion.pictures.engines.running import ENGINES, Engine, run_engine

__all__ = ["ENGINES", "Engine", "run_engine"]
