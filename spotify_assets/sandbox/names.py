"""Words: genres, and names of artists, tracks, albums and labels as they look in the real world.

Names that are trouble somewhere are in here on purpose: accents, three scripts, emoji, quotes,
commas, slashes, spaces at the ends, very long titles. What does not belong here: which row gets
which name.
"""

from typing import Literal, NamedTuple

Language = Literal["pt", "en", "es", "ja", "ko"]


class Genre(NamedTuple):
    """A genre, its share of the artists relative to the others, and the language of its names."""

    name: str
    weight: int
    language: Language


GENRES = (
    Genre("sertanejo", 3, "pt"),
    Genre("forró", 2, "pt"),
    Genre("samba", 2, "pt"),
    Genre("pagode", 2, "pt"),
    Genre("mpb", 2, "pt"),
    Genre("funk carioca", 2, "pt"),
    Genre("bossa nova", 1, "pt"),
    Genre("axé", 1, "pt"),
    Genre("rock", 3, "en"),
    Genre("pop", 3, "en"),
    Genre("hip hop", 3, "en"),
    Genre("r&b", 2, "en"),
    Genre("latin", 2, "es"),
    Genre("edm", 2, "en"),
    Genre("rap", 2, "en"),
    Genre("metal", 2, "en"),
    Genre("indie", 2, "en"),
    Genre("jazz", 1, "en"),
    Genre("classical", 1, "en"),
    Genre("reggaeton", 2, "es"),
    Genre("k-pop", 1, "ko"),
    Genre("j-pop", 1, "ja"),
    Genre("drum & bass", 1, "en"),
    Genre("country", 1, "en"),
    Genre("blues", 1, "en"),
    Genre("soul", 1, "en"),
    Genre("folk", 1, "en"),
    Genre("techno", 1, "en"),
    Genre("house", 1, "en"),
    Genre("lo-fi", 1, "en"),
    Genre("rock/metal", 1, "en"),
    Genre("d'n'b", 1, "en"),
)


class Vocabulary(NamedTuple):
    """The words of a language and the patterns that make names of them.

    In ``titles`` the fields are {0} a noun, {1} an adjective, {2} another noun; in ``artists`` they
    are {0} a given name, {1} a family name, {2} a noun, {3} an adjective.
    """

    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    titles: tuple[str, ...]
    artists: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PORTUGUESE = Vocabulary(
    nouns=_words(
        "Coração Saudade Paixão Estrada Chuva Sertão Lua Madrugada Saideira Viola Morena Canção "
        "Ilusão Praia Maré Solidão Despedida Festa Boteco Sanfona Cavaquinho Favela Avenida Beijo "
        "Sorriso Céu Mar Vento Roça Amanhã Segredo Pecado Perdão Janela Rua Baião Farol Passarinho"
    ),
    adjectives=_words(
        "Perdido Bandido Sem-fim Antigo Azul Feliz Sozinho Brasileiro Louco Doce Selvagem Eterno "
        "Divino Cansado Vazio Sincero Distante Difícil Impossível Nosso Secreto Último Noturno"
    ),
    given=_words(
        "João Zé Luísa Ângela Chico Antônio Márcia Tião Rômulo Fabrício Inês Cecília Jorge Bia "
        "Caetana Vinícius Nara Beth Leandra Mateus Thaís Gusttava Simão Marília Dinho Anita Davi"
    ),
    family=_words(
        "Conceição Araújo Gonçalves Magalhães Simões Brandão Vilela Sertanejo Abreu Falcão "
        "Guimarães Mendonça Batista Assunção Rezende Galvão Peçanha Lourenço Buarque "
        "Tavares Nóbrega Leão"
    ),
    titles=(
        "{0}",
        "{0} {1}",
        "{0} de {2}",
        "{0} e {2}",
        "Meu {2}",
        "Só {0}",
        "Não Me Fale de {0}",
        "Ai, {0}!",
        "{0}, {2} e {0}",
        "Deixa a {0} {1}",
        "Quando a {0} Chegar",
        "Eu, Você e a {0}",
        "{0} {1} / {2}",
        "Cadê {0}?",
        "{0} (Ao Vivo)",
        "{0} {1} - Ao Vivo em Goiânia",
        "Pot-Pourri: {0} / {2}",
    ),
    artists=(
        "{0} {1}",
        "{0} & {1}",
        "Banda {2} {3}",
        "MC {0}",
        "Trio {2}",
        "Grupo {2} {3}",
        "{0} do {2}",
        "{0} e {1}",
        "Os {1}s",
        "DJ {0} {1}",
        "Orquestra {3} de {2}",
        "{2} {3}",
        "{0} {1} Jr.",
    ),
)

_ENGLISH = Vocabulary(
    nouns=_words(
        "Midnight Love River Thunder Heart Highway Moon Summer Shadow Mirror Fire Rain Paradise "
        "City Ghost Dream Diamond Machine Echo Gravity Sunday Whiskey Silence Storm Velvet Neon "
        "Hurricane Satellite Wolf Garden Bullet Angel Ocean Signal Concrete Static Honey Daylight "
        "Anthem Atlas"
    ),
    adjectives=_words(
        "Broken Golden Lonely Wild Electric Crystal Burning Endless Young Silent Crimson Restless "
        "Beautiful Frozen Hollow Holy Sacred Savage Faded Sweet Lost Reckless Northern Dirty Blue"
    ),
    given=_words(
        "Jack Ella Nina Marcus Zoë Chloé Dexter Ruby Otis Miles Billie Hank Stella Theo Iris Jules "
        "Clyde Roxanne Desmond Björn Etta Leroy Maeve Cody Naomi Frankie Dolores Elliott Siân Kip"
    ),
    family=_words(
        "Carter O'Neill Hayes Walker Blackwood St.James Monroe Calloway Fox McAllister Stone Reyes "
        "Sinclair Booker Ashford D'Angelo Holiday Marlowe Vega Whitlock Lindström Ocean Parker Dyer"
    ),
    titles=(
        "{0}",
        "{1} {0}",
        "The {1} {0}",
        "{0} & {2}",
        "{0} of the {2}",
        "Don't Call Me {0}",
        "I'm Your {0}",
        "{1} {0}, {1} {2}",
        "Dancing in the {0}",
        "{0}'s {2}",
        '"{0}"',
        "We Are the {0}",
        "{0} (Interlude)",
        "{0} No. 5 in C♯ Minor",
        "{0}/{2}",
        "What's {1} About {0}?",
        "{0} - Radio Edit",
        "{1} {0} (Live at the {2})",
    ),
    artists=(
        "{0} {1}",
        "The {3} {2}s",
        "{3} {2}",
        "{2} & the {1}s",
        "DJ {2}",
        "Lil {2}",
        "{1}",
        "{2}/{1}",
        "{0}, {1} & {2}",
        '{0} "{3}" {1}',
        "{0} {1} Trio",
        "{2} Collective",
        "MC {0}",
        "{3}{2}",
    ),
)

_SPANISH = Vocabulary(
    nouns=_words(
        "Corazón Noche Amor Fuego Playa Luna Verano Calle Pasión Mentira Canción Bailando Rumba "
        "Sueño Ciudad Gasolina Veneno Camión Cielo Perreo Traición Reina Mañana Bachata "
        "Sol Habitación"
    ),
    adjectives=_words(
        "Loca Prohibido Eterno Bonita Caliente Perdida Último Salvaje Sola Dulce Peligrosa Mágico "
        "Imposible Latina Rápido Tóxica Fría Único"
    ),
    given=_words(
        "José Íñigo Camila Andrés Lucía Ramón Paloma Óscar Natti Sebastián Becky Julión Marta Raúl "
        "Yandel Ximena Ñico Belén Rosalía Nicky"
    ),
    family=_words(
        "Muñoz Peña Ibáñez Ángeles Martínez Rodríguez Ozuna Cárdenas Núñez Avilés Santos Fonseca "
        "Maldonado Yáñez Vives Colón"
    ),
    titles=(
        "{0}",
        "{0} {1}",
        "La {0}",
        "{0} y {2}",
        "¿Dónde Está {0}?",
        "¡{0}!",
        "Mi {0} {1}",
        "{0} de {2}",
        "Sin {0}",
        "Otra {0} Más",
        "{0} (Remix)",
        "Tú y la {0}",
        "{0}, {0}",
        "No Me Digas {0}",
    ),
    artists=(
        "{0} {1}",
        "Los {1}",
        "{0} y {1}",
        "El {2}",
        "La {2} {3}",
        "Grupo {2}",
        "DJ {0}",
        "{0} & {1}",
        "Orquesta {2}",
        "{3} {2}",
    ),
)

_JAPANESE = Vocabulary(
    nouns=_words(
        "夜 桜 君 夏 恋 星空 東京 雨 花火 未来 涙 青春 猫 月 夢 約束 風 秘密 世界 "
        "メロディー ラブソング"
    ),
    adjectives=_words("透明な 小さな 最後の 永遠の 青い 眠れない 新しい 優しい 遠い 真夜中の"),
    given=_words("はるか ゆい 陽菜 蓮 さくら 健太 あかり 美咲 リナ 拓海 ユウ 翔"),
    family=_words("佐藤 高橋 小林 星野 藤井 中島 森 山本 宇多 米津 椎名 ホシノ"),
    titles=(
        "{0}",
        "{1}{0}",
        "{0}の{2}",
        "{0}と{2}",
        "{0}に恋して",
        "さよなら{0}",
        "{0} feat. {2}",
        "{0}〜{2}〜",
        "「{0}」",
    ),
    artists=(
        "{1}{0}",
        "{2}の{1}",
        "{3}{2}",
        "THE {2}",
        "{0}＆{1}",
        "{2}ガールズ",
        "{1}{0}バンド",
        "{2}☆{0}",
    ),
)

_KOREAN = Vocabulary(
    nouns=_words("사랑 밤 꿈 별 봄날 눈물 바람 여름 너 나비 하늘 서울 비밀 거울 시간 불꽃"),
    adjectives=_words("푸른 마지막 작은 예쁜 빛나는 슬픈 영원한 달콤한"),
    given=_words("지수 민준 서연 하은 도윤 유나 태형 소희 준호 아린"),
    family=_words("김 이 박 최 정 강 윤 한"),
    titles=(
        "{0}",
        "{1} {0}",
        "{0}의 {2}",
        "{0} 그리고 {2}",
        "{0} (Love)",
        "{0}, {2}",
        "Oh My {0}",
        "{0} - Korean Ver.",
    ),
    artists=(
        "{1}{0}",
        "{2} Girls",
        "{2}보이즈",
        "{3} {2}",
        "{0} & {1}{0}",
        "MC {0}",
        "{0}",
        "{2}.X",
    ),
)

VOCABULARIES: dict[Language, Vocabulary] = {
    "pt": _PORTUGUESE,
    "en": _ENGLISH,
    "es": _SPANISH,
    "ja": _JAPANESE,
    "ko": _KOREAN,
}

_LONG = (
    "{} (The Complete and Unabridged Story of Everything That Happened on the Long Road from "
    "Aberystwyth to Zanzibar and Back Again, as Told by the People Who Were There, in Their Own "
    "Words, with a Foreword, Two Interludes and an Epilogue That Nobody Asked For)"
)

FLOURISHES = (
    "{} 🔥", "{} ❤️‍🔥", "🎶 {} 🎶", "“{}”", "{} 'Til Dawn", "{}, Pt. 2", "{} / Reprise",
    "{} [Bônus]", " {}", "{} ", "{}…", "{} — Act I", "*{}*", _LONG,
)  # fmt: skip
_FLOURISH_EVERY = 160  # so that about one title in eleven has a flourish

_RARE_ARTISTS = (
    "AC/{2}",
    "{2}/{0}",
    "¥{0}$",
    "{0} 👑",
    "{0},",
    "{2}!!!",
    " {0} {1}",
    "P!nk {2}",
    "{0}'s {2} ",
)
_RARE_EVERY = 360  # so that about one artist in forty is a rare one

LABELS = (
    "Som Nascente", "Gravadora Maré Alta", "Half Moon Records", "Discos Ceniza", "Northlight Music",
    "桜レコード", "Paper Lantern", "Selo Independente", "Vinyl & Sons, Inc.", "Low Tide Recordings",
    "Discos Ñandú", "Atlas/Static", "Estúdio 13", "Blue Porch", "Concrete Orchard", "한강 뮤직",
)  # fmt: skip

TRACK_RENAMES = ("{} - Remastered", "{} (Ao Vivo)", "{} - Radio Edit", "{} (Deluxe)", "{} - Remix")
ARTIST_SUFFIXES = ("{} Oficial", "{} & Banda", "{} Music", "{} (BR)", "{}.")


def _pick(words: tuple[str, ...], number: int) -> tuple[int, str]:
    number, position = divmod(number, len(words))
    return number, words[position]


def title(language: Language, number: int) -> str:
    """Return the name of a track or album; ``number`` (64 bits) decides which."""
    words = VOCABULARIES[language]
    number, pattern = _pick(words.titles, number)
    number, noun = _pick(words.nouns, number)
    number, adjective = _pick(words.adjectives, number)
    number, other = _pick(words.nouns, number)
    text = pattern.format(noun, adjective, other)
    flourish = number % _FLOURISH_EVERY
    return FLOURISHES[flourish].format(text) if flourish < len(FLOURISHES) else text


def artist(language: Language, number: int) -> str:
    """Return the name of an artist; ``number`` (64 bits) decides which."""
    words = VOCABULARIES[language]
    number, rare = divmod(number, _RARE_EVERY)
    patterns = _RARE_ARTISTS if rare < len(_RARE_ARTISTS) else words.artists
    number, pattern = _pick(patterns, number)
    number, given = _pick(words.given, number)
    number, family = _pick(words.family, number)
    number, noun = _pick(words.nouns, number)
    number, adjective = _pick(words.adjectives, number)
    return pattern.format(given, family, noun, adjective)
