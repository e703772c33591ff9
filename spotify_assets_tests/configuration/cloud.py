"""The secret stores of three clouds on this machine: a proxy that answers for their hosts itself.

The SDKs are as they are: they are told of the proxy and of its certificate by the environment.
"""

import base64
import json
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOSTS = (
    "*.us-east-1.amazonaws.com",
    "*.vault.azure.net",
    "login.microsoftonline.com",
    "*.googleapis.com",
)
Answer = tuple[int, Any]


@dataclass
class Cloud:
    """What lies in the stores, and what was asked of them."""

    address: str
    certificate: Path
    secrets: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refuses: bool = False
    deleted: set[str] = field(default_factory=set)
    recovered: set[str] = field(default_factory=set)

    def clear(self) -> None:
        self.secrets.clear()
        self.asked.clear()
        self.deleted.clear()
        self.recovered.clear()
        self.refuses = False

    def aws(self, action: str, body: dict[str, Any]) -> Answer:
        """https://docs.aws.amazon.com/secretsmanager/latest/apireference"""
        if self.refuses:
            return 400, {"__type": "AccessDeniedException", "message": "is not authorized"}
        name = str(body.get("SecretId", body.get("Name")))
        if action == "CreateSecret":
            self.secrets[name] = body["SecretString"]
        elif name not in self.secrets:
            return 400, {"__type": "ResourceNotFoundException", "message": "can't find it"}
        elif action == "PutSecretValue":
            self.secrets[name] = body["SecretString"]
        elif action == "DeleteSecret":
            del self.secrets[name]
        elif action == "GetSecretValue":
            return 200, {"Name": name, "SecretString": self.secrets[name]}
        return 200, {"Name": name}

    def azure(self, method: str, url: str, body: dict[str, Any], token: str) -> Answer:
        """https://learn.microsoft.com/rest/api/keyvault/secrets"""
        if not token:
            return 401, {}
        if self.refuses:
            return 403, {"error": {"code": "Forbidden", "message": "does not have get permission"}}
        what, _, rest = urlsplit(url).path.strip("/").partition("/")
        name = rest.partition("/")[0]
        bundle = {"id": f"https://team.vault.azure.net/secrets/{name}/1", "attributes": {}}
        if what == "deletedsecrets" or (name in self.recovered and method == "GET"):
            return self._deleted(method, name, bundle)
        if not name:
            ids = [f"https://team.vault.azure.net/secrets/{one}" for one in self.secrets]
            return 200, {"value": [{"id": one, "attributes": {"enabled": True}} for one in ids]}
        return self._azure_secret(method, name, body, bundle)

    def _deleted(self, method: str, name: str, bundle: dict[str, Any]) -> Answer:
        if method == "POST":
            self.deleted.discard(name)
            self.recovered.add(name)
        is_there = name in self.deleted or name in self.recovered
        return (200, bundle) if is_there else (404, {"error": {"code": "SecretNotFound"}})

    def _azure_secret(
        self, method: str, name: str, body: dict[str, Any], bundle: dict[str, Any]
    ) -> Answer:
        if method == "PUT" and name in self.deleted:
            return 409, {"error": {"code": "Conflict", "message": "is deleted"}}
        if method == "PUT":
            self.recovered.discard(name)
            self.secrets[name] = body["value"]
        if name not in self.secrets:
            return 404, {"error": {"code": "SecretNotFound", "message": "not found"}}
        value = self.secrets[name]
        if method == "DELETE":
            del self.secrets[name]
            self.deleted.add(name)
        return 200, {**bundle, "value": value}

    def gcp(self, method: str, url: str, body: dict[str, Any]) -> Answer:
        """https://cloud.google.com/secret-manager/docs/reference/rest"""
        if self.refuses:
            return 403, {"error": {"code": 403, "message": "denied", "status": "PERMISSION_DENIED"}}
        parts = urlsplit(url)
        said = re.fullmatch(
            r"/v1/projects/team/secrets(/(?P<name>\w+))?(?P<rest>[:/].*)?", parts.path
        )
        assert said, url
        name, rest = said["name"], said["rest"] or ""
        if name is None and method == "POST":
            self.secrets[parse_qs(parts.query)["secretId"][0]] = ""
            return 200, {"name": "projects/team/secrets"}
        if name is None:
            return 200, {"secrets": [{"name": f"projects/team/secrets/{n}"} for n in self.secrets]}
        if name not in self.secrets:
            return 404, {"error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}}
        return 200, self._gcp_secret(method, name, rest, body)

    def _gcp_secret(self, method: str, name: str, rest: str, body: dict[str, Any]) -> Any:
        whole = f"projects/team/secrets/{name}"
        if rest == "/versions":
            return {"versions": [{"name": f"{whole}/versions/{n}"} for n in (1, 2)]}
        if rest == ":addVersion":
            self.secrets[name] = base64.b64decode(body["payload"]["data"]).decode()
        elif method == "DELETE":
            del self.secrets[name]
        elif rest.endswith(":access"):
            data = base64.b64encode(self.secrets[name].encode()).decode()
            return {"name": f"{whole}/versions/2", "payload": {"data": data}}
        return {"name": f"{whole}/versions/2"}


def _handler(cloud: Cloud, context: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        host = ""

        def do_CONNECT(self) -> None:
            self.host = self.path.partition(":")[0]
            self.send_response(200)
            self.end_headers()
            self.connection = context.wrap_socket(self.request, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb", buffering=0)
            self.close_connection = False

        def do(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = self.answer(sent)
            said = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            if status == 401:
                where = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000"
                self.send_header(
                    "WWW-Authenticate",
                    f'Bearer authorization="{where}", resource="https://vault.azure.net"',
                )
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_DELETE = do

        def answer(self, sent: bytes) -> Answer:
            is_json = sent[:1] == b"{"
            body = json.loads(sent) if is_json else {}
            if "amazonaws" in self.host:
                action = self.headers["X-Amz-Target"].rpartition(".")[2]
                cloud.asked.append(f"{action} {body.get('SecretId', '')}")
                return cloud.aws(action, body)
            if "microsoftonline" in self.host:
                return 200, _azure_login(self.path)
            if self.host.startswith("oauth2"):
                return 200, {"access_token": "x", "expires_in": 3600, "token_type": "Bearer"}
            cloud.asked.append(f"{self.command} {self.path.partition('?')[0]}")
            if "vault" in self.host:
                token = self.headers.get("Authorization", "")
                return cloud.azure(self.command, self.path, body, token)
            return cloud.gcp(self.command, self.path, body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler


def _azure_login(path: str) -> dict[str, Any]:
    at = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000"
    if path.endswith("openid-configuration"):
        return {
            "issuer": f"{at}/v2.0",
            "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
            "token_endpoint": f"{at}/oauth2/v2.0/token",
        }
    return {"access_token": "x", "expires_in": 3600, "token_type": "Bearer"}


@contextmanager
def running(folder: Path) -> Iterator[Cloud]:
    """A cloud, and a certificate for its hosts that whoever trusts the file takes."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "2", "-subj", "/CN=clouds", "-keyout", str(key)]
        + ["-out", str(certificate)]
        + ["-addext", "subjectAltName=" + ",".join(f"DNS:{host}" for host in HOSTS)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    cloud = Cloud("", certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cloud, context))
    server.daemon_threads = True
    cloud.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
