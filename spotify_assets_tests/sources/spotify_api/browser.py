"""A browser for tests: opens the address that it is given, as a process of its own."""

import sys

import requests

if __name__ == "__main__":
    requests.get(sys.argv[1], timeout=10).raise_for_status()
