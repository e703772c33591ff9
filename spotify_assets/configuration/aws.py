"""AWS Secrets Manager: one secret, a JSON object of all settings that are secret."""

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound
from pydantic_settings import AWSSecretsManagerSettingsSource, BaseSettings
from pydantic_settings.sources import PydanticBaseSettingsSource

from spotify_assets.configuration.errors import ConfigurationError
from spotify_assets.configuration.secret_store import WritableStore

# The defaults wait for minutes where nobody answers.
PATIENCE = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
MISSING = "ResourceNotFoundException"
REFUSED = 400


class Store(WritableStore):
    """The secret ``NAME``; a sign-in is a secret of its own, ``NAME/SPOTIFY_USER_TOKEN``."""

    errors = (BotoCoreError, ClientError)
    login = (
        "Check the credentials (AWS_PROFILE, or the role of this machine) and AWS_REGION; they "
        "need secretsmanager:GetSecretValue on that secret."
    )

    def __init__(self, address: str, place: str) -> None:
        """Have all clients of this process wait no longer than is bearable."""
        super().__init__(address, place)
        session = botocore.session.get_session()
        session.set_default_client_config(PATIENCE)
        boto3.setup_default_session(botocore_session=session)

    def source(self, wanted: type[BaseSettings]) -> PydanticBaseSettingsSource:
        """One call, for all of them."""
        try:
            return AWSSecretsManagerSettingsSource(wanted, self.place, case_sensitive=False)
        except (ValueError, AttributeError, KeyError):
            pass
        # Outside the handler: the error holds the text that could not be read.
        raise ConfigurationError(
            f"The secret {self.address} is no JSON object of texts, such as "
            '{"SPOTIFY_CLIENT_SECRET": "…"}. Write it as one.'
        )

    def read(self, name: str) -> str | None:
        """The text of a secret."""
        try:
            found = boto3.client("secretsmanager").get_secret_value(SecretId=self._id(name))
        except ClientError as error:
            if self.is_missing(error):
                return None
            raise
        return str(found["SecretString"])

    def write(self, name: str, value: str) -> None:
        """A new version of the secret, or a new secret."""
        client = boto3.client("secretsmanager")
        try:
            client.put_secret_value(SecretId=self._id(name), SecretString=value)
        except ClientError as error:
            if not self.is_missing(error):
                raise
            client.create_secret(Name=self._id(name), SecretString=value)

    def delete(self, name: str) -> bool:
        """At once: a sign-in is not to be recovered."""
        if self.read(name) is None:
            return False
        boto3.client("secretsmanager").delete_secret(
            SecretId=self._id(name), ForceDeleteWithoutRecovery=True
        )
        return True

    def is_refused(self, error: Exception) -> bool:
        """AWS answers, and not with what was asked for; or there are no credentials to ask with."""
        if isinstance(error, ClientError):
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return status // 100 == REFUSED // 100 and not self.is_missing(error)
        return isinstance(error, NoCredentialsError | ProfileNotFound)

    def is_missing(self, error: Exception) -> bool:
        """No such secret in this region."""
        return isinstance(error, ClientError) and error.response["Error"]["Code"] == MISSING

    def _id(self, name: str) -> str:
        return f"{self.place}/{name}"
