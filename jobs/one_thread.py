"""One thread for a process's arithmetic: imported before numpy, whose libraries read the environment as they load."""

import os

# Whatever the shell says: workers are one a core, and two that share one thread pool's cores only wait for each other.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
