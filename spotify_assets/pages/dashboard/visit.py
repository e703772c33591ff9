"""What every page is handed: who looks, in which language, at which warehouse.

Belongs here: what all pages share. Does not belong here: anything that one page alone does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from spotify_assets.pages import reading
from spotify_assets.pages.accounts import Account, Role
from spotify_assets.pages.dashboard.serving import Deployment
from spotify_assets.pages.words import Say

MARKDOWN = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>()#+-.!|~$:&@"})


@dataclass(frozen=True)
class Visit:
    """Somebody looks at a page."""

    account: Account
    token: str
    """Of the session."""
    deployment: Deployment
    say: Say

    @property
    def may_decide(self) -> bool:
        """Whether this is a curator."""
        return self.account.role is Role.curator

    def rows(self, sql: str, **told: Any) -> pl.DataFrame:
        """Rows of the published warehouse, as `reading.rows` gives them."""
        return reading.rows(self.deployment.database, sql, **told)

    def table(self, frame: pl.DataFrame, columns: Mapping[str, str], **more: Any) -> None:
        """Show rows as a table: cells are text, whatever stands in them.

        Args:
            frame: The rows.
            columns: Of these columns, in this order, what each is called.
            more: As `st.dataframe` takes it.
        """
        named = frame.select(pl.col(name).alias(title) for name, title in columns.items())
        # Streamlit shows a day with its midnight.
        written = named.with_columns(pl.col(pl.Date).dt.to_string())
        st.dataframe(written, hide_index=True, placeholder="–", **more)

    def chart(
        self,
        chart: alt.Chart | alt.LayerChart,
        title: str,
        frame: pl.DataFrame,
        columns: Mapping[str, str],
    ) -> None:
        """Show a chart under its title, and the table behind it."""
        st.subheader(title)
        st.altair_chart(chart, alt=title)
        with st.expander(self.say("Table: {title}", title=title)):
            self.table(frame, columns)

    def nothing(self, sentence: str) -> None:
        """Say that there is nothing to show yet, and what would change that."""
        st.info(sentence, icon=":material/hourglass_empty:")


def headline(numbers: Mapping[str, tuple[str, str | None, str]]) -> None:
    """Show headline numbers.

    Args:
        numbers: By its title: the number, its change where there is one, and what goes with it:
            how complete it is, or of when.
    """
    for column, (title, (number, change, beside)) in zip(
        st.columns(len(numbers)), numbers.items(), strict=True
    ):
        column.metric(
            title,
            number,
            change or beside,
            delta_color="normal" if change else "off",
            delta_arrow="auto" if change else "off",
            delta_description=beside if change else None,
            border=True,
        )


def choose(
    name: str,
    widget: Callable[..., Any],
    label: str,
    options: Sequence[str],
    default: str,
    *,
    stays: bool = False,
    **more: Any,
) -> str:
    """Let somebody choose, and keep what is chosen in the address.

    Streamlit's own binding puts the words of one language there.

    Args:
        name: Of the choice in the address.
        widget: `st.selectbox`, or what takes the same.
        label: What is chosen.
        options: Codes of what there is to choose.
        default: The one that the address does not name.
        stays: Whether the choice holds on the other pages too.
        more: What the widget takes besides.
    """
    last = st.session_state.get(f"chosen {name}", default)
    said = st.query_params.get(name, last if stays else default)
    said = said if said in options else default
    # The address counts where it has changed since: a link, or the way back.
    if name not in st.session_state or said != last or st.session_state[name] not in options:
        st.session_state[name] = said
    chosen = str(widget(label, options, key=name, **more) or default)
    st.session_state[f"chosen {name}"] = chosen
    remember(name, chosen, default)
    return chosen


def remember(name: str, chosen: str, default: str) -> None:
    """Put a choice into the address; the default is not named there."""
    if chosen == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != chosen:
        st.query_params[name] = chosen


def plain(text: str) -> str:
    """A text from outside where Streamlit takes Markdown: nothing of it is any."""
    return " ".join(text.split()).translate(MARKDOWN)
