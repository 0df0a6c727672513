"""A peer's features over a whole market: ``python -m ... PEER FOLDER [--out FILE]``.

Everything a peer does is in the module ``benchmarks.translate_PEER``.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from benchmarks.common.stages import IMPORT, START, Stages
from benchmarks.trees import read_trees


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    stages = Stages()
    module = import_module(f"benchmarks.translate_{options.peer}")
    stages.done(IMPORT)
    trees = read_trees(options.folder)
    if hasattr(module, "start"):
        module.start(options.folder, trees)
    stages.done(START)
    peer = module.Peer(options.folder)
    stages.done("read")
    left_out = peer.compute(trees)
    stages.done("compute")
    stages.report(features=len(trees) - len(left_out), left_out=left_out, **module.VERSIONS)
    if options.out:
        peer.write(options.out)


if __name__ == "__main__":
    main()
