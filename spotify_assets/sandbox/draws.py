"""Random-looking numbers that are pure functions of what they are drawn for.

Every row of the catalog has a 64-bit key. Whatever is drawn for the row (its popularity, its
duration, today's noise) is a hash of that key and of the purpose. So there is no generator state:
the order of calls cannot matter, and one row can be computed without the others.

What does not belong here: what the numbers mean.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]

ID_LENGTH = 22
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_ROWS_AT_ONCE = 100_000  # the square of digits is wide: this bounds what it takes in memory


@lru_cache(maxsize=4096)
def number_of(text: str) -> int:
    """Return the 64-bit number that stands for a text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def keys_for(text: str, size: int) -> Keys:
    """Return ``size`` distinct keys, those that belong to a text such as ``"1:artist"``."""
    return _mixed(np.arange(size, dtype=np.uint64) + np.uint64(number_of(text)))


def keys_of(texts: list[str]) -> Keys:
    """Return the key of each text, which depends on the text alone."""
    digests = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def numbers(keys: Keys, purpose: str) -> Keys:
    """Draw a 64-bit number for each key."""
    return _mixed(keys ^ np.uint64(number_of(purpose)))


def uniform(keys: Keys, purpose: str) -> Floats:
    """Draw a number in [0, 1) for each key."""
    return (numbers(keys, purpose) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def below(keys: Keys, purpose: str, limit: int | Ints) -> NDArray[np.int64]:
    """Draw a whole number in [0, limit) for each key; the limit can be one for each key."""
    return (uniform(keys, purpose) * limit).astype(np.int64)


def identifiers(keys: Keys) -> list[str]:
    """Return an id of 22 base-62 characters for each key; distinct keys have distinct ids."""
    parts = np.array_split(keys, range(_ROWS_AT_ONCE, len(keys), _ROWS_AT_ONCE))
    return [name for part in parts for name in _identifiers(part)]


def _identifiers(keys: Keys) -> list[str]:
    half = ID_LENGTH // 2
    digits = np.empty((len(keys), ID_LENGTH), dtype=np.uint8)
    # 62 ** 11 > 2 ** 64: eleven digits hold the whole key, so that none is shared.
    for start, left in ((0, keys), (half, numbers(keys, "second half of the id"))):
        for column in range(start, start + half):
            left, digit = np.divmod(left, np.uint64(62))  # noqa: PLW2901 - digit by digit
            digits[:, column] = _DIGITS[digit]
    names: list[str] = digits.view(f"S{ID_LENGTH}").ravel().astype(str).tolist()
    return names


def _mixed(keys: Keys) -> Keys:
    """Scatter keys over 64 bits, one to one (the finalizer of SplitMix64)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))
