"""A browser without a face: asks the API by HTTPS as the panel does, and keeps its cookie."""

import base64
import dataclasses
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import struct
import time

from contract import contract


@dataclasses.dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def code(self):
        """Of a refusal."""
        return self.json.get("code") if self.text.startswith("{") else None


def totp(secret, at=None):
    """The code that an authenticator shows (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    mac = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start:start + 4])[0] & 0x7fffffff) % 10**6:06}"


def unix_get(path, target):
    """GETs over the socket of the shell; returns the body."""
    connection = http.client.HTTPConnection("localhost", timeout=30)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(30)
    connection.sock.connect(str(path))
    try:
        connection.request("GET", target)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


class Listening:
    def __init__(self, connection, answer):
        assert answer.status == 200, answer.status
        self.connection, self.answer = connection, answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def wait_for(self, line, seconds=30):
        """Reads up to a line; False when the end came before it, or it did not for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (got := self.answer.readline()):
            if got.decode().strip() == line:
                return True
        return False

    def wait_for_end(self):
        while self.answer.readline():
            pass


class PanelClient:
    """Each has an address of its own, so that what one does wrong slows no other down. What the API
    answers is held against docs/openapi.yaml."""

    made = 0

    def __init__(self, host, port):
        PanelClient.made += 1
        self.source = f"127.200.{PanelClient.made // 250}.{PanelClient.made % 250 + 1}"
        self.host, self.port = host, port
        self.origin = f"https://{host}:{port}"
        self.cookie = self.csrf = self.token = self.connection = None

    def fields(self, method):
        """What a page of the panel would send along."""
        fields = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
        if self.token:
            return {"authorization": f"Bearer {self.token}"}
        if self.cookie:
            fields["cookie"] = self.cookie
        if method != "GET":
            fields["origin"] = self.origin
            if self.csrf:
                fields["x-csrf-token"] = self.csrf
        return fields

    def ask(self, method, path, body=None, head_only=False, **changed):
        """changed: header fields with _ for -, in place of the usual ones; None: without it."""
        fields = self.fields(method)
        if method != "GET":
            fields["if-match"] = "*"
        if body is not None:
            fields["content-type"] = "application/json"
            body = json.dumps(body) if not isinstance(body, str) else body
        for name, value in changed.items():
            fields[name.replace("_", "-")] = value
        fields = {k: v for k, v in fields.items() if v is not None}
        if head_only:  # an answer without an end: on a connection of its own
            self.hang_up()
        try:
            return self.exchange(method, path, body, fields, head_only)
        except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError):
            self.hang_up()  # it was idle for too long
            return self.exchange(method, path, body, fields, head_only)

    def exchange(self, method, path, body, fields, head_only):
        self.connection = self.connection or self.dial()
        self.connection.request(method, path, body, fields)
        answer = self.connection.getresponse()
        if head_only and answer.status == 200:
            self.hang_up()
            return Reply(answer.status, answer.headers, "")
        text = answer.read().decode()
        if answer.will_close:
            self.hang_up()
        contract().check(method, path, answer.status, answer.headers, text)
        return Reply(answer.status, answer.headers, text)

    def dial(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(
            self.host, self.port, context=context, timeout=30, source_address=(self.source, 0))

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def listen(self, path):
        """An answer that goes on, such as events."""
        connection = self.dial()
        connection.request("GET", path, None, self.fields("GET"))
        return Listening(connection, connection.getresponse())

    def get(self, path, **changed):
        return self.ask("GET", path, **changed)

    def sign_in(self, name, password, code=None, new_password=None, **changed):
        body = {"name": name, "password": password}
        if code is not None:
            body["code"] = code
        if new_password is not None:
            body["new_password"] = new_password
        reply = self.ask("POST", "/api/v1/session", body, **changed)
        if reply.status == 200:
            self.cookie = reply.headers["set-cookie"].split(";")[0]
            self.csrf = reply.json["csrf"]
        return reply
