"""Sealing at rest: AES-256-GCM under versioned keys, and keyed hashes for look-up."""

import hmac
import os
from collections.abc import Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits for GCM


class SealBroken(Exception):  # noqa: N818 - it reads as what happened
    """A sealed text was altered, moved to another owner, or its key is gone."""


class Vault:
    """Seals for an owner: a text moved to another row does not open (its owner is authenticated with it)."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        self._ciphers = {number: AESGCM(_derived(key, b"seal")) for number, key in keys.items()}
        self._newest = max(keys)
        # Look-up hashes must stay the same when a newer key is added, so they hang on the oldest.
        self._hash_key = _derived(keys[min(keys)], b"hash")

    @property
    def newest(self) -> int:
        """The number of the key that seals, which is the first byte of what it sealed."""
        return self._newest

    def seal(self, owner: str, data: bytes) -> bytes:
        """The sealed form: one byte key number, nonce, ciphertext with tag."""
        nonce = os.urandom(NONCE_BYTES)
        return bytes([self._newest]) + nonce + self._ciphers[self._newest].encrypt(nonce, data, owner.encode())

    def open(self, owner: str, sealed: bytes) -> bytes:
        """What was sealed for this owner; SealBroken when it does not open."""
        number, nonce, text = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        cipher = self._ciphers.get(number[0] if number else 0)
        if cipher is None:
            raise SealBroken(owner)
        try:
            return cipher.decrypt(nonce, text, owner.encode())
        except (InvalidTag, ValueError):
            raise SealBroken(owner) from None

    def digest(self, purpose: str, data: bytes) -> bytes:
        """A keyed SHA-256 of 32 bytes: equal for equal data and purpose, useless without the key."""
        return hmac.new(self._hash_key, purpose.encode() + b"\0" + data, sha256).digest()


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"daogang:" + purpose).derive(key)
