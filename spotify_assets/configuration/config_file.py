"""``config.yaml``: every setting that is no secret, by the name that it has in the environment."""

from collections.abc import Collection
from pathlib import Path

from spotify_assets.configuration.errors import ConfigurationError

CONFIG_FILE = Path("config.yaml")


def read(path: Path, names: Collection[str], secrets: Collection[str]) -> dict[str, str]:
    """The settings of a file; none where there is no file.

    Args:
        path: The file.
        names: What can be set in it.
        secrets: What must not stand in it.

    Returns:
        The texts by their names, as the environment would have them. What is empty is not set.

    Raises:
        ConfigurationError: It cannot be read, names what is no setting, or holds a secret.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    held = _texts(path, text)
    if found := sorted(name for name in held if name.upper() in secrets):
        raise ConfigurationError(
            f"{path} holds {', '.join(found)}, and a secret does not belong there. Take it out of "
            "the file, and put it into the environment, .env or a secret store (SPOTIFY_SECRETS)."
        )
    for name in {*held} - {*names}:
        from difflib import get_close_matches  # noqa: PLC0415 - only where a name is wrong

        alike = get_close_matches(name.upper(), {*names} - {*secrets}, n=1)
        raise ConfigurationError(
            f"{path} sets {name!r}, which is no setting."
            + (f" Did you mean {alike[0]}?" if alike else " .env.template lists all there are.")
        )
    return {name: value for name, value in held.items() if value}


def _texts(path: Path, text: str) -> dict[str, str]:
    import yaml  # noqa: PLC0415 - only where there is such a file

    try:
        # All as text, as it is in the environment: elsewhere in YAML `off` and `no` are false.
        held = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes texts, lists and mappings
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ConfigurationError(
            f"{path} is no YAML{f': look at line {mark.line + 1}' if mark else ''}."
        ) from None
    held = {} if held in (None, "") else held
    if not isinstance(held, dict) or not all(
        isinstance(name, str) and isinstance(value, str) for name, value in held.items()
    ):
        raise ConfigurationError(
            f"{path} has to hold one setting a line, such as `SPOTIFY_MARKET: BR`; no lists, and "
            "nothing within another."
        )
    return held
