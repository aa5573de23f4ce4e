"""Sealing: for one owner, under versioned keys, and never open to anybody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.vault import SealBroken, Vault

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


@given(st.binary(max_size=300), st.text(max_size=30))
def test_what_is_sealed_opens_for_its_owner(data: bytes, owner: str) -> None:
    vault = Vault({1: OLD})
    assert vault.open(owner, vault.seal(owner, data)) == data


def test_a_sealed_text_does_not_open_for_another_owner_or_when_altered() -> None:
    vault = Vault({1: OLD})
    sealed = vault.seal("a", b"content")
    with pytest.raises(SealBroken):
        vault.open("b", sealed)
    for at in range(len(sealed)):
        with pytest.raises(SealBroken):
            vault.open("a", sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
    for short in (b"", sealed[:1], sealed[:13]):
        with pytest.raises(SealBroken):
            vault.open("a", short)


def test_a_newer_key_seals_the_older_still_opens_and_look_ups_stay() -> None:
    before, after = Vault({1: OLD}), Vault({1: OLD, 2: NEW})
    assert after.open("a", before.seal("a", b"x")) == b"x"
    assert after.seal("a", b"x")[0] == 2
    assert before.digest("document", b"n") == after.digest("document", b"n")
    with pytest.raises(SealBroken):
        before.open("a", after.seal("a", b"x"))


def test_the_same_text_is_sealed_differently_each_time_and_hashed_the_same() -> None:
    vault = Vault({1: OLD})
    assert vault.seal("a", b"x") != vault.seal("a", b"x")
    assert vault.digest("p", b"x") == vault.digest("p", b"x") != vault.digest("q", b"x")
    assert vault.digest("p", b"x") != Vault({1: NEW}).digest("p", b"x")
