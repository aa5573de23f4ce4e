"""TCP ports of this machine: which is free, and who has one that is not."""

import contextlib
import socket

import psutil


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free now; another process may take it first, so a start may need another."""
    with contextlib.closing(socket.socket(_family(host))) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def why_not(host: str, port: int) -> OSError | None:
    """Why a server could not listen there, or None if it could."""
    try:
        with contextlib.closing(socket.socket(_family(host))) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError as error:
        return error
    return None


def holder(port: int) -> str | None:
    """The process that listens on a port, as `name (pid 123)`, if this user may know."""
    try:
        for entry in psutil.net_connections(kind="tcp"):
            if entry.status == psutil.CONN_LISTEN and entry.laddr.port == port and entry.pid:
                return f"{psutil.Process(entry.pid).name()} (pid {entry.pid})"
    except psutil.Error:
        return None
    return None


def in_url(host: str) -> str:
    """The host as an address writes it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
