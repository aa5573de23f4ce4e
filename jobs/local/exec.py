"""Becomes another program, with fewer rights and with a signal that reaches it when its parent dies.

Run as a script, before anything of ours is imported: a `preexec_fn` would be Python between fork and exec, which may
deadlock when the parent has threads; this is a fresh process that keeps its id through the exec.
"""

import ctypes
import json
import os
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522


def drop_to(uid: int, gid: int, capability: int | None) -> None:
    """Continues as another user; of root's capabilities only the named one is kept, through the exec as well."""
    if capability is not None:
        # Without it access(2), which PostgreSQL's programs ask before they open, would not know of the capability.
        prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if capability is not None:
        hold_only(capability)
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def hold_only(capability: int) -> None:
    """Sets the effective, permitted and inheritable sets of this process to one capability."""
    mask = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def prctl(option: int, *values: int) -> None:
    """Asks the kernel, with the arguments an option does not use set to zero, as some options demand."""
    arguments = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *arguments) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def die_with(parent: int, signal: int) -> None:
    """Asks the kernel for a signal at the parent's death. The kernel forgets it when a user changes: call this last."""
    if not sys.platform.startswith("linux"):
        return
    prctl(PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:
        sys.exit(1)


def main(options: dict[str, Any], argv: list[str]) -> None:
    """Changes what the options ask for and becomes the program."""
    try:
        if options["uid"] is not None:
            drop_to(options["uid"], options["gid"], options["capability"])
        die_with(options["parent"], options["signal"])
        os.execvp(argv[0], argv)  # noqa: S606  (no shell is the point)
    except OSError as error:
        sys.exit(f"{argv[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
