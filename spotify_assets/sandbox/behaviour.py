"""How the sandbox behaves: everything that can be set at its start and while it runs.

One model serves the caller of ``create_app``, the control endpoint and the file of the command.
What does not belong here: how a limit counts (``limits``) and what a fault does (``faults``).
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from spotify_assets.sandbox.families import FAMILIES, TOKEN
from spotify_assets.sandbox.listening import Listener
from spotify_assets.sandbox.modes import ModeName

Fault = Literal[
    "reset",
    "500",
    "502",
    "503",
    "too_many",
    "quota_exceeded",
    "expired_token",
    "premium_lapsed",
    "user_not_registered",
    "empty_400",
    "slow",
    "cut_body",
    "cut_json",
    "empty_body",
    "endless_next",
    "wrong_total",
]
"""What can go wrong; ``faults`` says how. Where several are drawn, the first of them happens."""

FAULTS: tuple[Fault, ...] = get_args(Fault)

Model = TypeVar("Model", bound=BaseModel)
BodyForm = Literal["json", "json_without_reason", "text", "empty", "drawn"]
RetryAfterForm = Literal["seconds", "absent", "date", "rubbish", "drawn"]


def _family_with_quota(name: str) -> str:
    if name not in FAMILIES:
        raise ValueError(f"there is no family {name!r}; there are {', '.join(sorted(FAMILIES))}")
    return name


def _family(name: str) -> str:
    return name if name == TOKEN else _family_with_quota(name)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TooMany(_Model):
    """The form of an answer 429.

    Attributes:
        body: ``json`` has the reason ``QUOTA_EXCEEDED`` where a quota is the cause; ``drawn`` takes
            another form each time.
        retry_after: In seconds, absent, as an HTTP date, or something that is no time at all.
        wait_s: Seconds that a 429 asks for which is a fault. One that is due to a limit asks for
            what that limit needs. If not given, 1, or 85,771 with the reason ``QUOTA_EXCEEDED``.
    """

    body: BodyForm = "json"
    retry_after: RetryAfterForm = "seconds"
    wait_s: Annotated[int, Field(ge=0)] | None = None


class Scripted(_Model):
    """What happens to the next requests, whatever the shares say.

    Attributes:
        fault: None answers as if there were no faults.
        times: For how many requests.
        family: Only requests of it; if not given, all requests for the API.
        too_many: The form of a 429, if it is not to be the usual one.
    """

    fault: Fault | None
    times: Annotated[int, Field(ge=1)] = 1
    family: Annotated[str, AfterValidator(_family)] | None = None
    too_many: TooMany | None = None


class Behaviour(_Model):
    """How the sandbox behaves.

    Attributes:
        mode: Which of the two worlds the app lives in.
        rate_limit: Requests a window, all endpoints together; None is no limit.
        window_s: Length of that rolling window in seconds.
        quotas: Requests a rolling day for a family of endpoints.
        quota_retry_after_s: ``Retry-After`` of a spent quota in seconds; if not given, as long as
            it takes until a request leaves the day.
        too_many: The form of answers 429.
        seed: What the faults are drawn by.
        shares: For each fault the share of requests that it happens to, 0 to 1.
        burst: How many requests in a row answer 500, 502 or 503.
        slow_s: Seconds that a slow answer takes.
        script: What happens to the next requests, first of all; each entry is used up.
        sign_in: What the user answers: ``ask`` shows a page, the others answer at once.
        listener: Who plays music, and how much of it the API reports.
    """

    mode: ModeName = "extended"
    rate_limit: Annotated[int, Field(ge=1)] | None = None
    window_s: Annotated[float, Field(gt=0)] = 30.0
    quotas: dict[
        Annotated[str, AfterValidator(_family_with_quota)], Annotated[int, Field(ge=0)]
    ] = {}
    quota_retry_after_s: Annotated[int, Field(ge=0)] | None = None
    too_many: TooMany = TooMany()
    seed: int = 1
    shares: dict[Fault, Annotated[float, Field(ge=0, le=1)]] = {}
    burst: Annotated[int, Field(ge=1, le=100)] = 1
    slow_s: Annotated[float, Field(ge=0)] = 2.0
    script: tuple[Scripted, ...] = ()
    sign_in: Literal["ask", "agree", "cancel"] = "ask"
    listener: Listener = Listener()

    def changed(self, values: Mapping[str, Any]) -> "Behaviour":
        """Return it with new values; each replaces the old one as a whole.

        Raises:
            ValueError: A value cannot be, or there is no such setting.
        """
        unchanged = {name: value for name, value in self if name not in values}
        return checked(Behaviour, unchanged | dict(values))


def pairs(words: Iterable[str]) -> dict[str, str]:
    """Read words such as ``search=500``.

    Raises:
        ValueError: One has no name or no value.
    """
    found = {}
    for word in words:
        name, _, value = word.partition("=")
        if not (name and value):
            raise ValueError(f"{word!r} is no pair: write name=value, e.g. search=500.")
        found[name] = value
    return found


def checked(model: type[Model], values: object) -> Model:
    """Read values that come from outside.

    Raises:
        ValueError: It says of each wrong value where it is and what can be there.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ValueError("; ".join(_said(model, one) for one in error.errors())) from None


def _said(model: type[BaseModel], error: Any) -> str:
    *outer, last = error["loc"] or ("",)
    where = ".".join(map(str, outer))
    match error["type"]:
        case "extra_forbidden" if where:
            return f"There is no {last!r} in {where}."
        case "extra_forbidden":
            return f"There is no {last!r}; there are {', '.join(model.model_fields)}."
        case _:
            place = ".".join(str(part) for part in error["loc"] if part != "[key]")
            return f"{place or 'The whole'}: {error['msg'].removeprefix('Value error, ')}."
