"""Which tests share a process, when there are several: those that share what is costly to make."""

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # ships no types

_TOGETHER = {
    "tests/deployments/test_stack.py": "stack",
    "tests/deployments/test_stack_fusions.py": "stack",
    "tests/imaging/cohort/test_edge_corpus.py": "edges",
    "tests/imaging/cohort/test_edge_corpus_orthanc.py": "edges",
    "tests/imaging/phantoms/test_edges.py": "edges",
}


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # of a class without types
    """Whole files for each process, in their order: those that take longest come first."""

    def __init__(self, config, log=None):
        config.option.loadscopereorder = False  # by number of tests, the flows would come last
        super().__init__(config, log)

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return _TOGETHER.get(file, file)
