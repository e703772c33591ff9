"""The report as a mail, each Monday. Where nobody is to get it, Dagster knows nothing of it.

Belongs here: the job and its schedule. Does not belong here: what the mail says.
"""

import dagster as dg

from spotify_assets.defs.at_load import AT_LOAD
from spotify_assets.defs.failures import failing
from spotify_assets.pages.report import mail
from spotify_assets.settings import Settings
from spotify_assets.storage.errors import FailureKind, ProjectError

WEEK = "week"
"""Tag of a run: the ISO week of its mail, by which a mail that came twice is known."""
CRON = "0 7 * * 1"


class NotMailed(ProjectError):
    """The mail cannot be sent as it is set up."""

    kind = FailureKind.USAGE


def job(retry_after_seconds: float = 60) -> dg.JobDefinition:
    """The job; tried again three times, each after twice as long."""

    @dg.op(
        retry_policy=dg.RetryPolicy(
            max_retries=3, delay=retry_after_seconds, backoff=dg.Backoff.EXPONENTIAL
        )
    )
    @failing
    def send_report(context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings]) -> None:
        """Send the mail to SPOTIFY_REPORT_TO."""
        try:
            email = settings.report_email
        except ValueError as error:
            raise NotMailed(str(error)) from error
        if not settings.mailed_parts:
            raise NotMailed("Nothing is in the mail: set SPOTIFY_REPORT_PARTS.")
        week = context.run.tags.get(WEEK, context.run_id)
        letter = mail.of(
            settings.database, settings.mailed_parts, settings.report_language, f"report-{week}"
        )
        if said := email.deliver(letter):
            context.log.warning("%s", said)

    @dg.job(name="mail_report", description="Sends the report to SPOTIFY_REPORT_TO.")
    def mail_report() -> None:
        send_report()

    return mail_report


def schedule(of: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Asks for one mail a week."""

    @dg.schedule(
        cron_schedule=CRON,
        job=of,
        description="Sends the report of the week to SPOTIFY_REPORT_TO.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def weekly_report(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """One run a week, whenever the daemon was down meanwhile."""
        week = f"{context.scheduled_execution_time:%G-W%V}"
        return dg.RunRequest(run_key=f"report/{week}", tags={WEEK: week})

    return weekly_report


if AT_LOAD.report_to:
    mail_report = job()
    weekly_report = schedule(mail_report)
