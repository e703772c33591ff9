"""Countries: the markets there are, where a thing is available, where a track can be played."""

from spotify_assets.sandbox.draws import Keys, below, uniform

_CODES = (
    "AD AE AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CG "
    "CH CI CL CM CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ES ET FI FJ FM FR GA GB GD GE GH "
    "GM GN GQ GR GT GW GY HK HN HR HT HU ID IE IL IN IQ IS IT JM JO JP KE KG KH KI KM KN KR KW "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MN MO MR MT MU MV MW MX MY MZ "
    "NA NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PR PS PT PW PY QA RO RS RW SA SB SC SE SG "
    "SI SK SL SM SN SR ST SV SZ TD TG TH TJ TL TN TO TR TT TV TW TZ UA UG US UY UZ VC VE VN VU "
    "WS XK ZA ZM ZW"
)
MARKETS = tuple(_CODES.split())

# In about the order of their listeners: who offers a thing in few countries offers it in these.
_LARGEST_CODES = (
    "US BR GB DE MX FR ES IT CA AU IN NL SE PL AR ID JP CL PH TR CO NO PT DK FI BE AT CH IE NZ KR "
    "PE ZA CZ GR RO HU TW TH UY"
)
_LARGEST = _LARGEST_CODES.split()

# The real lists have up to 185 countries; these are short, to keep bodies small.
_FEWEST = 12
_UNPLAYABLE_SHARE = 0.01


def available(keys: Keys) -> list[list[str]]:
    """Return the countries in which each thing is available, 12 to 40 of them."""
    sizes = _FEWEST + below(keys, "markets", len(_LARGEST) - _FEWEST + 1)
    return [_LARGEST[:size] for size in sizes.tolist()]


def playable(keys: Keys, market: str) -> list[bool]:
    """Return whether each track can be played in a market."""
    is_playable: list[bool] = (uniform(keys, f"playable in {market}") >= _UNPLAYABLE_SHARE).tolist()
    return is_playable
