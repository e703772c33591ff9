"""What the pages say, in English and Portuguese.

The English words are in the pages themselves; here is what they are in Portuguese. A test holds
that none is missing.

Belongs here: words and how numbers are written. Does not belong here: where they stand.
"""

import datetime as dt
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
    "comments": ("Comments", "Comentários"),
    "work": ("Work list", "A decidir"),
    "quality": ("How good", "Qualidade"),
    "failed": ("Failed", "Com falha"),
    "en": ("English", "Inglês"),
    "pt": ("Portuguese", "Português"),
    "es": ("Spanish", "Espanhol"),
}
"""What one chooses of, by the code that is in the address."""
WEEKDAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "pt": ("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
}
MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "pt": ["jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"],
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
    "First heard {first}, last heard {last}.": (
        "Ouvido pela primeira vez em {first}, pela última em {last}."
    ),
    "Year": "Ano",
    "Track": "Faixa",
    "Album": "Álbum",
    "Most": "O que mais",
    "Busiest day": "Dia mais cheio",
    "Longest streak": "Maior sequência",
    "days": "dias",
    "Longest session": "Maior sessão",
    "No genre yet. `spotify-assets collect` collects one.": (
        "Ainda não há gêneros. `spotify-assets collect` coleta um."
    ),
    "Genre": "Gênero",
    "Nothing of this genre is ranked yet.": "Nada deste gênero tem posição ainda.",
    "Of what": "De quê",
    "{complete} of {days} days collected": "{complete} de {days} dias coletados",
    "Ranked": "Na lista",
    "Entered in 7 days": "Entraram em 7 dias",
    "Left in 7 days": "Saíram em 7 dias",
    "Ranking": "Lista",
    "Score": "Pontos",
    "The score is Spotify's popularity of that day, 0 to 100.": (
        "Os pontos são a popularidade do Spotify naquele dia, de 0 a 100."
    ),
    "The score is the position in the search: Spotify gives no popularity.": (
        "Os pontos são a posição na busca: o Spotify não dá a popularidade."
    ),
    "new to the genre": "nova no gênero",
    "came back": "voltou",
    "How": "Como",
    "left": "saiu",
    "fell below what is ranked": "caiu abaixo da lista",
    "the search did not reach so far": "a busca não chegou até lá",
    "set aside": "posta à parte",
    "another market was asked": "outro mercado foi perguntado",
    "the search had no results": "a busca não teve resultados",
    "was not asked": "não foi perguntada",
    "Last rank": "Última posição",
    "Last ranked": "Última vez na lista",
    "Why": "Por quê",
    "Popularity": "Popularidade",
    "Rank": "Posição",
    "The first ten over 90 days": "As dez primeiras em 90 dias",
    "No releases yet. `spotify-assets import` reads the files of a label.": (
        "Ainda não há lançamentos. `spotify-assets import` lê os arquivos de uma gravadora."
    ),
    "A release": "Um lançamento",
    "Release": "Lançamento",
    "No daily numbers of artists yet.": "Ainda não há números diários de artistas.",
    "Streams": "Streams",
    "Listeners a day": "Ouvintes por dia",
    "Saves": "Salvamentos",
    "Playlist adds": "Adições a playlists",
    "Followers": "Seguidores",
    "year: {change}": "ano: {change}",
    "Changes are against the week before and the same week a year before.": (
        "As mudanças são contra a semana anterior e a mesma semana do ano anterior."
    ),
    "Where a week is not known as a whole, nothing is compared.": (
        "Se uma semana não é conhecida por inteiro, nada é comparado."
    ),
    "Campaigns": "Campanhas",
    "No campaigns yet.": "Ainda não há campanhas.",
    "more": "mais",
    "fewer": "menos",
    "no difference": "sem diferença",
    "cannot tell": "não se sabe",
    "Streams added, as a share": "Streams acrescentados, em parte",
    "Campaign": "Campanha",
    "Verdict": "Veredito",
    "Lift": "Efeito",
    "at least": "no mínimo",
    "at most": "no máximo",
    "Streams added": "Streams acrescentados",
    "Spend": "Gasto",
    "Currency": "Moeda",
    "An added stream": "Um stream a mais",
    "What it would take": "O que falta",
    "First day": "Primeiro dia",
    "Last day": "Último dia",
    "What campaigns added, with 90 % bands": (
        "O que as campanhas acrescentaram, com faixas de 90 %"
    ),
    "No streams of this release yet.": "Ainda não há streams deste lançamento.",
    "Expected": "Esperado",
    "Streams a day, and those expected": "Streams por dia, e os esperados",
    "The dashed line is what is expected; the band should hold 80 of 100 days.": (
        "A linha tracejada é o esperado; a faixa deve conter 80 de 100 dias."
    ),
    "How good predictions were": "Quão boas foram as previsões",
    "Of all releases: no predicted day of this one has come yet.": (
        "De todos os lançamentos: nenhum dia previsto deste chegou ainda."
    ),
    "{days} predicted days have come": "{days} dias previstos chegaram",
    "Missed by": "Erro",
    "The last day going on misses by": "Erro de repetir o último dia",
    "Within the band (80 % is meant)": "Dentro da faixa (a meta é 80 %)",
    "No predicted day has come yet.": "Nenhum dia previsto chegou ainda.",
    "Tests with earlier days": "Testes com dias anteriores",
    "Days ahead": "Dias à frente",
    "What predicts": "O que prevê",
    "Missed by, as a share": "Erro, em parte",
    "Share in the band": "Parte dentro da faixa",
    "Used": "Usado",
    "Days compared": "Dias comparados",
    "Playlists of Spotify: the chance to enter within 28 days": (
        "Playlists do Spotify: a chance de entrar em 28 dias"
    ),
    "Playlist": "Playlist",
    "Status": "Estado",
    "predicted": "prevista",
    "on it": "já está nela",
    "too little data": "dados de menos",
    "Chance": "Chance",
    "Chance of any release": "Chance de qualquer lançamento",
    "No comments yet. `spotify-assets label` reads files of them.": (
        "Ainda não há comentários. `spotify-assets label` lê arquivos deles."
    ),
    "Category": "Categoria",
    "Topic": "Tema",
    "No comment is like that.": "Nenhum comentário é assim.",
    "Comments": "Comentários",
    "Comments a day": "Comentários por dia",
    "Topics": "Temas",
    "a person": "uma pessoa",
    "a labeller": "um rotulador",
    "Comment": "Comentário",
    "Confidence": "Confiança",
    "By": "Por",
    "Source": "Fonte",
    "The newest {shown} of {total}.": "Os {shown} mais novos de {total}.",
    "What is chosen, as a file:": "O que foi escolhido, em arquivo:",
    "Nothing waits for a decision.": "Nada espera por uma decisão.",
    "{left} comments wait.": "{left} comentários esperam.",
    "no label": "sem rótulo",
    "no topic": "sem tema",
    "Label": "Rótulo",
    "Curators decide; you may look.": "Curadores decidem; você pode olhar.",
    "Skip": "Pular",
    "One key decides. It is kept before the next comment is shown.": (
        "Uma tecla decide. A decisão é guardada antes do próximo comentário."
    ),
    "Not kept:": "Não foi guardado:",
    "Kept: {category}.": "Guardado: {category}.",
    "{name} decided {other} meanwhile: both are kept, and the comment is contested.": (
        "{name} decidiu {other} nesse meio-tempo: ambas valem, e há disputa."
    ),
    "Persons disagree": "Pessoas discordam",
    "Decided last": "Decidido por último",
    "When (UTC)": "Quando (UTC)",
    "No labeller was evaluated yet: `spotify-assets evaluate`.": (
        "Nenhum rotulador foi avaliado ainda: `spotify-assets evaluate`."
    ),
    "Labeller": "Rotulador",
    "Right, of what it labels": "Certos, do que ele rotula",
    "Labels, of all": "Rotulados, de todos",
    "F1, mean of categories": "F1, média das categorias",
    "{comments} comments": "{comments} comentários",
    "No decision of a person is published yet.": (
        "Nenhuma decisão de uma pessoa foi publicada ainda."
    ),
    "Decided otherwise": "Decididos de outro modo",
    "Decisions": "Decisões",
    "Of sure labels": "De rótulos seguros",
    "How often persons decide otherwise than a sure label": (
        "Com que frequência pessoas decidem de outro modo que um rótulo seguro"
    ),
    "By people": "Por pessoas",
    "What the labeller takes for what": "O que o rotulador toma por quê",
    "in 7 days": "em 7 dias",
    "Runs": "Execuções",
    "Failed runs": "Execuções com falha",
    "Rows set aside": "Linhas postas à parte",
    "Checks that do not hold": "Verificações que não valem",
    "now": "agora",
    "Runs in Dagster": "Execuções no Dagster",
    "Assets in Dagster": "Assets no Dagster",
    "Automation in Dagster": "Automação no Dagster",
    "Set aside": "Posto à parte",
    "Nothing is in quarantine.": "Nada está em quarentena.",
    "Rows": "Linhas",
    "Where": "Onde",
    "All checks hold.": "Todas as verificações valem.",
    "Check": "Verificação",
    "Severity": "Gravidade",
    "Details": "Detalhes",
    "Freshness": "Atualidade",
    "Nothing was collected or imported yet.": "Nada foi coletado ou importado ainda.",
    "Releases": "Lançamentos",
    "Days ago": "Dias atrás",
    "No run has ended like that.": "Nenhuma execução terminou assim.",
    "success": "sucesso",
    "failure": "falha",
    "canceled": "cancelada",
    "Started (UTC)": "Início (UTC)",
    "Job": "Job",
    "Partition": "Partição",
    "Seconds": "Segundos",
    "Requests": "Pedidos",
    "open": "abrir",
    "Requests to the API": "Pedidos à API",
    "Nothing was asked in 30 days.": "Nada foi pedido em 30 dias.",
    "answered": "respondidos",
    "too many (429)": "demais (429)",
    "failed": "sem sucesso",
    "Outcome": "Resultado",
    "Family": "Família",
    "Requests in 24 h": "Pedidos em 24 h",
    "Longest block, in seconds": "Maior bloqueio, em segundos",
    "Last (UTC)": "Último (UTC)",
    "Report": "Relatório",
    "No streams of releases yet.": "Ainda não há streams de lançamentos.",
    "No comments yet.": "Ainda não há comentários.",
    "No plays yet.": "Ainda não há reproduções.",
    "What listeners write": "O que os ouvintes escrevem",
    "What it is about": "Sobre o que escrevem",
    "What was listened to": "O que foi ouvido",
    "{since} to {until}": "{since} a {until}",
    "{change} against {before}": "{change} contra {before}",
    "the 28 days before": "os 28 dias anteriores",
    "the 7 days before": "os 7 dias anteriores",
    "The 7 days before": "Os 7 dias anteriores",
    "With a sure label": "Com rótulo seguro",
    "of {all} comments": "de {all} comentários",
    "Comments a day, by what they are": "Comentários por dia, pelo que são",
    "comments": "comentários",
    "streams": "streams",
    "hours": "horas",
    "Day (UTC)": "Dia (UTC)",
    "All": "Todos",
    "With a topic": "Com tema",
    "Topics of comments": "Temas dos comentários",
    "Share of comments": "Parte dos comentários",
    "A comment may have several topics.": "Um comentário pode ter vários temas.",
    "Streams in 7 days": "Streams em 7 dias",
    "{complete} of {days} days of releases known": (
        "{complete} de {days} dias de lançamentos conhecidos"
    ),
    "{complete} of {days}": "{complete} de {days}",
    "Streams a week": "Streams por semana",
    "Seven days from": "Sete dias desde",
    "Days of releases known": "Dias de lançamentos conhecidos",
    "Faint: {what}.": "Esmaecido: {what}.",
    "Comments, by what they are": "Comentários, pelo que são",
    "not every day of every release is known": (
        "nem todos os dias de todos os lançamentos são conhecidos"
    ),
    "The releases with the most streams in 7 days": ("Os lançamentos com mais streams em 7 dias"),
    "Released": "Lançado em",
    "Days known": "Dias conhecidos",
    "not every day of it is known": "nem todos os seus dias são conhecidos",
    "Hours in 28 days": "Horas em 28 dias",
    "Plays in 28 days": "Reproduções em 28 dias",
    "Hours a month": "Horas por mês",
    "not every day of the month is known": "nem todos os dias do mês são conhecidos",
    "Artists, by the time listened in 28 days": "Artistas, pelo tempo ouvido em 28 dias",
    "In {unit}.": "Em {unit}.",
    "As published on {published} UTC.": "Como publicado em {published} UTC.",
    "The same as data (JSON)": "O mesmo como dados (JSON)",
    "Nothing is public yet.": "Nada é público ainda.",
}


@dataclass(frozen=True)
class Say:
    """Says something in a language of `LANGUAGES`."""

    language: str

    def __call__(self, words: str, **told: Any) -> str:
        """English words in the language, with what stands in their braces."""
        said = PORTUGUESE[words] if self.language == "pt" else words
        return said.format(**told) if told else said

    @property
    def tag(self) -> str:
        """The language, as HTML names it."""
        return "pt-BR" if self.language == "pt" else self.language

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

    def day(self, day: dt.date) -> str:
        """A day of a year that is known besides, such as ``27 Nov``."""
        return f"{day.day} {MONTHS[self.language][day.month - 1]}"

    def month(self, day: dt.date) -> str:
        """The month of a day, such as ``Nov 2026``."""
        return f"{MONTHS[self.language][day.month - 1]} {day.year}"

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
