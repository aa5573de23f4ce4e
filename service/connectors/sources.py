"""What a setting's address leads to: HTTP, views of a database, a folder of files; or nothing, where it is empty."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from service.connectors import certificates, filing
from service.connectors.batch import BatchSource
from service.connectors.http_source import HttpSource
from service.connectors.source import Registry, Source
from service.connectors.view import CertificateView, FilingView


def filing_system(url: str, token: str) -> Source | None:
    """The filing system at an address; None where it is not connected."""
    scheme = urlsplit(url).scheme
    if scheme.startswith("postgresql"):
        return FilingView(url)
    return _other(url, scheme, token, filing.PATH)


def certificate_registry(url: str, token: str) -> Registry | None:
    """The certificate registry at an address; None where it is not connected."""
    scheme = urlsplit(url).scheme
    if scheme.startswith("postgresql"):
        return CertificateView(url)
    return _other(url, scheme, token, certificates.PATH)


def _other(url: str, scheme: str, token: str, path: str) -> Registry | None:
    if scheme == "file":
        return BatchSource(Path(unquote(urlsplit(url).path)))
    return HttpSource(url, token, path) if url else None
