"""Where upstreams of the tests are."""

from __future__ import annotations


class Somewhere:
    """A ``Place`` with these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def find(self) -> tuple[str, ...]:
        return self.addresses

    def worked(self, address: str) -> None:
        self.addresses = (address, *(one for one in self.addresses if one != address))

    def failed(self) -> None:
        self.addresses = ()
