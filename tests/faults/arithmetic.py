"""A job that computes: what a worker's libraries start threads for."""

import numpy as np


def multiply() -> None:
    """Large enough that OpenBLAS shares it among all threads it may have, and long enough to outweigh all else."""
    ones = np.ones((1000, 1000))
    for _ in range(100):
        ones @ ones
