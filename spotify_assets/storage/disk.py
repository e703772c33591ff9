"""Files and folders that are on the disk when it is said so.

Belongs here: what makes them outlive a power cut. Does not belong here: what is in them.
"""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Have a file, or what a folder lists, on the disk, so that even a power cut leaves it whole.

    Raises:
        OSError: It cannot be opened, or the disk fails.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
