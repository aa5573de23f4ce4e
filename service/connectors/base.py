"""How a call to another system can end badly, the same for every provider."""


class Temporary(Exception):  # noqa: N818 - it reads as what happened
    """It may work later: busy, slow, unreachable; only this kind is tried again."""


class Permanent(Exception):  # noqa: N818 - it reads as what happened
    """It will not work again with the same question; `code` is ours, from the provider's table."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)
