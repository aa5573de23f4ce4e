"""Whether an API says of itself that it is ready, and what it misses if not."""

import http.client

from jobs.local.port import in_url

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - the name of an address, nothing listens here
WIDTH = 300


def reachable(host: str) -> str:
    """An address this machine reaches a server by that listens on `host`."""
    return EVERYWHERE.get(host, host)


def base_url(host: str, port: int) -> str:
    """The address of a server for a person on this machine."""
    return f"http://{in_url(reachable(host))}:{port}"


def what_is_missing(host: str, port: int) -> str | None:
    """None if `GET /readyz` answers 200, else its own words or why there are none."""
    connection = http.client.HTTPConnection(reachable(host), port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error})"
    finally:
        connection.close()
    return None if answer.status == http.client.OK else f"{answer.status} {' '.join(body.split())[:WIDTH]}"
