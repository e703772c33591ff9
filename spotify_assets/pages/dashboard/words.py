"""What the pages say, in English and Portuguese.

The English words are in the pages themselves; here is what they are in Portuguese. A test holds
that none is missing.

Belongs here: words and how numbers are written. Does not belong here: where they stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LANGUAGES: Mapping[str, str] = {"en": "English", "pt": "Português"}
TITLES = {
    "listening": ("Listening", "Escuta"),
    "genres": ("Genres", "Gêneros"),
    "releases": ("Releases", "Lançamentos"),
    "comments": ("Comments", "Comentários"),
    "operations": ("Operations", "Operação"),
}
"""Of pages: in English, in Portuguese."""
CHOICES = {
    "overview": ("Overview", "Visão geral"),
    "artist": ("Artists", "Artistas"),
    "year": ("Year in review", "Retrospectiva"),
    "track": ("Tracks", "Faixas"),
    "album": ("Albums", "Álbuns"),
    "28d": ("Last 28 days", "Últimos 28 dias"),
    "90d": ("Last 90 days", "Últimos 90 dias"),
    "365d": ("Last 365 days", "Últimos 365 dias"),
    "all": ("All", "Tudo"),
}
"""What one chooses of, by the code that is in the address."""
WEEKDAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "pt": ("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
}
PORTUGUESE: Mapping[str, str] = {
    "Settings": "Ajustes",
    "Language": "Idioma",
    "Refresh": "Atualização",
    "off": "desligada",
    "every {seconds} s": "a cada {seconds} s",
    "Signed in as {name}": "Entrou como {name}",
    "Sign out": "Sair",
    "Sign in": "Entrar",
    "Your session has ended.": "Sua sessão terminou.",
    "The warehouse as published on {published} UTC; looked at {now} UTC.": (
        "Dados publicados em {published} UTC; vistos às {now} UTC."
    ),
    "It refreshes every {seconds} s.": "Atualiza a cada {seconds} s.",
    "Refresh is off.": "A atualização está desligada.",
    "There is no warehouse yet. It is shown here once it is published.": (
        "Ainda não há dados. Eles aparecem aqui assim que forem publicados."
    ),
    "The warehouse lacks tables of this page. The next publication adds them.": (
        "Faltam aos dados tabelas desta página. A próxima publicação as acrescenta."
    ),
    "The warehouse cannot be opened now. This page tries again.": (
        "Os dados não podem ser abertos agora. Esta página tenta de novo."
    ),
    "For whoever runs the server": "Para quem cuida do servidor",
    "Table: {title}": "Tabela: {title}",
    "No plays yet. `spotify-assets import` reads your exports.": (
        "Ainda não há reproduções. `spotify-assets import` lê seus arquivos do Spotify."
    ),
    "View": "Visão",
    "Period": "Período",
    "{complete} of {days} days known": "{complete} de {days} dias conhecidos",
    "Changes are against the window of the same length before.": (
        "As mudanças são contra o período anterior de mesma duração."
    ),
    "Changes are against {year}.": "As mudanças são contra {year}.",
    "Not compared with {year}: a year is not completely known.": (
        "Sem comparação com {year}: um dos anos não é conhecido por completo."
    ),
    "Plays": "Reproduções",
    "Hours": "Horas",
    "Minutes": "Minutos",
    "Tracks": "Faixas",
    "Artists": "Artistas",
    "New to you": "Novas para você",
    "Week": "Semana",
    "Day": "Dia",
    "Month": "Mês",
    "Completeness": "Completude",
    "Plays a day": "Reproduções por dia",
    "Plays a month": "Reproduções por mês",
    "Played most": "Mais tocadas",
    "What": "O quê",
    "Movement": "Movimento",
    "Name": "Nome",
    "Artist": "Artista",
    "✱ never played before, ↩ played before, but not in the window before": (
        "✱ nunca tocada antes, ↩ tocada antes, mas não no período anterior"
    ),
    "new": "novas",
    "first heard over a year before": "ouvidas pela primeira vez há mais de um ano",
    "Share of plays": "Parte das reproduções",
    "New, and old favourites": "Novas e velhas conhecidas",
    "Nothing was played in this period.": "Nada foi tocado neste período.",
    "First heard": "Primeira vez",
    "Last heard": "Última vez",
    "Year": "Ano",
    "Track": "Faixa",
    "Album": "Álbum",
    "Most": "O que mais",
    "Busiest day": "Dia mais cheio",
    "Longest streak": "Maior sequência",
    "days": "dias",
    "Longest session": "Maior sessão",
}


@dataclass(frozen=True)
class Say:
    """Says something in a language of `LANGUAGES`."""

    language: str

    def __call__(self, words: str, **told: Any) -> str:
        """English words in the language, with what stands in their braces."""
        said = PORTUGUESE[words] if self.language == "pt" else words
        return said.format(**told) if told else said

    def title(self, page: str) -> str:
        """Of a page."""
        return TITLES[page][self.language == "pt"]

    def choice(self, code: Any) -> str:
        """What a code of `CHOICES` is called; what is none is called as it is."""
        return CHOICES[code][self.language == "pt"] if code in CHOICES else str(code)

    def refresh(self, code: str) -> str:
        """How often a page refreshes."""
        return self("off") if code == "off" else self("every {seconds} s", seconds=code)

    @property
    def weekdays(self) -> tuple[str, ...]:
        """From Monday."""
        return WEEKDAYS[self.language]

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with its thousands apart; a dash where it is not known."""
        if value is None:
            return "–"
        said = f"{value:,.{digits}f}"
        return said.translate(str.maketrans(",.", ".,")) if self.language == "pt" else said

    def share(self, value: float | None, digits: int = 0) -> str:
        """A share, in percent."""
        return "–" if value is None else f"{self.number(100 * value, digits)} %"

    def change(self, now: float | None, before: float | None) -> str | None:
        """By how much something grew, in percent; ``None`` where that cannot be said."""
        if now is None or not before:
            return None
        return f"{100 * (now - before) / before:+.0f} %"
