"""Label texts by the embedded labeller, in a process of its own; prints JSON."""

import json
import os
import sys
import time


def main(number: int) -> None:
    # Before the engine is loaded: it reads this once.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from spotify_assets.learning.labellers.embedded import EmbeddedLabeller  # noqa: PLC0415
    from spotify_assets.learning.labellers.embedding import _model  # noqa: PLC0415
    from spotify_assets.learning.labellers.training import package_examples  # noqa: PLC0415
    from spotify_assets.transforms.comments.topics import package_vocabulary  # noqa: PLC0415

    texts = [one.text for one in package_examples()]
    texts = [f"{text} {n}" for n in range(number // len(texts) + 1) for text in texts][:number]
    labeller = EmbeddedLabeller(package_vocabulary().words)
    labeller.label(texts[:64])
    cpu, wall = time.process_time(), time.perf_counter()
    for begin in range(0, number, 200):
        labeller.label(texts[begin : begin + 200])
    took = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    tokens = sum(_model().token_count(text) for text in texts[:500]) / min(number, 500)
    print(json.dumps({**took, "tokens": tokens}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
