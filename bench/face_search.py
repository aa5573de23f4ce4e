"""How fast templates are searched, beside faiss in the same run: `python -m bench.face_search --templates 20000`."""

import argparse
import ctypes
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
import psutil

from face.search import Index, Vectors, pairs_within

SEED = 20260301
QUERIES = 200
#: Rows come out of the database by batches, so the index grows as it does when a worker starts.
BATCH = 1_000
DEDUPE = 100_000
PLANTED = 300
#: Planted duplicates lie 0.05 to 0.45 apart, anybody else farther than `LIMIT`.
LIMIT = 0.5
#: What numpy's BLAS uses here; faiss is given the same.
THREADS = int(os.environ.get("OPENBLAS_NUM_THREADS") or len(os.sched_getaffinity(0)))


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--templates", default="20000,100000", help="how many templates, one size after the other")
    parser.add_argument("--dim", type=int, default=256, help="how many numbers a template has")
    asked = parser.parse_args()
    faiss.omp_set_num_threads(THREADS)
    print(f"{THREADS} threads, {asked.dim} numbers a template, median of {QUERIES} queries", file=sys.stderr)
    # The peak of memory is the whole process's, so what it is asked of comes first.
    dedupe_s = dedupe(asked.dim)
    sizes = [search(int(size), asked.dim) for size in asked.templates.split(",")]
    print(("{:>10}" * len(sizes[0])).format(*sizes[0]), file=sys.stderr)
    for row in sizes:
        print(("{:>10}" * len(row)).format(*row.values()), file=sys.stderr)
    print(json.dumps({"sizes": sizes, "dedupe_100k_s": dedupe_s}))


def dedupe(dim: int) -> float:
    """Seconds in which the planted duplicates, and nobody else, are found among 100,000."""
    rng = np.random.default_rng(SEED)
    vectors = population(rng, DEDUPE, dim)
    planted = plant(rng, vectors)
    began = time.perf_counter()
    pairs, apart = pairs_within(vectors, LIMIT)
    took = round(time.perf_counter() - began, 1)
    found = {(int(i), int(j)) for i, j in pairs}
    if found != planted:
        sys.exit(f"{len(planted - found)} planted duplicates were missed and {len(found - planted)} others found")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{DEDUPE} templates against each other: {took} s, peak memory {peak:.2f} GB", file=sys.stderr)
    print(f"found: exactly the {len(found)} planted pairs, up to {apart.max():.2f} apart", file=sys.stderr)
    return took


def search(size: int, dim: int) -> dict[str, Any]:
    """One size: our index and faiss's, the same queries to both, in turn."""
    rng = np.random.default_rng(SEED)
    vectors = population(rng, size, dim)
    asked = rng.choice(size, QUERIES)
    queries = _unit(vectors[asked] + 0.5 * _unit(rng.standard_normal((QUERIES, dim), np.float32)))
    before = _resident()
    index: Index[int] = Index(dim)
    for at in range(0, size, BATCH):
        index.put(range(at, min(at + BATCH, size)), vectors[at : at + BATCH])
    held = _resident() - before
    flat = faiss.IndexFlatL2(dim)
    flat.add(vectors)
    ours_ms, ours = _asked(lambda query: {hit.key for hit in index.nearest(query)}, queries)
    faiss_ms, theirs = _asked(lambda query: set(flat.search(query[np.newaxis], 2)[1][0].tolist()), queries)
    same = sum(len(mine & yours) for mine, yours in zip(ours, theirs, strict=True))
    return {
        "n": size,
        "ours_ms": round(ours_ms, 3),
        "faiss_ms": round(faiss_ms, 3),
        "ratio": round(ours_ms / faiss_ms, 2),
        "recall": same / (2 * QUERIES),
        "mb": round(held / 1e6, 1),
    }


def population(rng: np.random.Generator, size: int, dim: int) -> Vectors:
    """Unit vectors in 200 groups, as faces fall into groups by sex, age and origin: strangers 0.6 apart and more."""
    centres = _unit(rng.standard_normal((200, dim), np.float32))
    own = rng.standard_normal((size, dim), np.float32)
    own *= np.float32(1 / np.sqrt(dim))
    own += np.float32(0.7) * centres[rng.integers(200, size=size)]
    return _unit(own)


def plant(rng: np.random.Generator, vectors: Vectors) -> set[tuple[int, int]]:
    """Overwrite some vectors by near copies of others, each of a different person; the pairs that came about."""
    chosen = rng.permutation(len(vectors))[: 2 * PLANTED].reshape(PLANTED, 2)
    away = np.linspace(0.05, 0.45, PLANTED, dtype=np.float32)[:, np.newaxis]
    moved = _unit(rng.standard_normal((PLANTED, vectors.shape[1]), np.float32))
    vectors[chosen[:, 1]] = _unit(vectors[chosen[:, 0]] + away * moved)
    return {(int(min(pair)), int(max(pair))) for pair in chosen}


def _unit(vectors: Vectors) -> Vectors:
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, np.newaxis]
    return vectors


def _resident() -> int:
    """Bytes of this process in memory, without what glibc holds back for the next allocation."""
    getattr(ctypes.CDLL(None), "malloc_trim", int)(0)
    return int(psutil.Process().memory_info().rss)


def _asked(ask: Callable[[Vectors], set[int]], queries: Vectors) -> tuple[float, list[set[int]]]:
    """The median of milliseconds a query, and the answers; the first query warms up and is asked again."""
    ask(queries[0])
    took, answers = [], []
    for query in queries:
        began = time.perf_counter()
        answers.append(ask(query))
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), answers


if __name__ == "__main__":
    main()
