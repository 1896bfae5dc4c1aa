"""docs/openapi.yaml, and whether an answer of the API is as it says: status, fields, schema."""

import functools
import json
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
METHODS = ("get", "post", "put", "patch", "delete")

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time")
def is_time(value):
    """RFC 3339, in UTC, as all answers have it; null is the schema's business."""
    return not isinstance(value, str) or bool(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value))


class Contract:
    """seen: (operationId, status) of all that was checked and is in the document by name."""

    def __init__(self, document):
        self.document = document
        self.seen = set()
        self.operations = {
            f"{method.upper()} {path}": operation
            for path, item in document["paths"].items()
            for method, operation in item.items() if method in METHODS}
        self.patterns = [
            (method_path.split(" ")[0], re.compile(re.sub(r"\{\w+\}", "[^/]+", method_path.split(" ")[1])), operation)
            for method_path, operation in self.operations.items()]
        self.resolver = jsonschema.RefResolver("", document)
        self.validators = {}

    def find(self, method, path):
        """The operation of a request; None: there is none. A path without a parameter comes first."""
        method = "GET" if method == "HEAD" else method
        exact = self.operations.get(f"{method} {path}")
        return exact or next((operation for m, pattern, operation in self.patterns
                              if m == method and pattern.fullmatch(path)), None)

    def resolve(self, part):
        while "$ref" in part:
            part = self.resolver.resolve(part["$ref"])[1]
        return part

    def valid(self, schema, value, what):
        validator = self.validators.get(id(schema))
        if not validator:
            validator = self.validators[id(schema)] = jsonschema.Draft202012Validator(
                schema, resolver=self.resolver, format_checker=formats)
        errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(value)]
        assert not errors, f"{what} is not as docs/openapi.yaml says: {'; '.join(errors)[:2000]}"

    # ---- what is asked ----

    def check_request(self, operation, body):
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        self.valid(schema, body, f"the body for {operation['operationId']}")

    # ---- what is answered ----

    def check(self, method, target, status, headers, text):
        """headers: .get(name) by lower-case name. Of what is no business of the API nothing is asked."""
        url = urllib.parse.urlsplit(target)
        if not url.path.startswith("/api/v1/"):
            return
        operation = self.find(method, url.path)
        what = f"{status} to {method} {url.path}"
        if operation:
            response = self.response(operation, status, what)
        else:
            assert status in (401, 403, 404, 405, 421), f"{what}, which the document does not have"
            response = self.document["components"]["responses"]["Problem"]
        if status == 401:
            assert headers.get("www-authenticate"), f"{what} without WWW-Authenticate"
        for name, field in response.get("headers", {}).items():
            assert headers.get(name.lower()) or not field.get("required"), f"{what} without {name}"
        if method != "HEAD":
            self.check_body(response, headers.get("content-type"), text, what)

    def response(self, operation, status, what):
        responses = operation["responses"]
        assert str(status) in responses or status >= 400, f"{what}: {operation['operationId']} does not have it"
        if str(status) in responses:
            self.seen.add((operation["operationId"], status))
        return self.resolve(responses.get(str(status)) or responses["default"])

    def check_body(self, response, content_type, text, what):
        content = response.get("content", {})
        if not content:
            assert not text and not content_type, f"{what} has a body: {text[:100]}"
            return
        assert content_type in content, f"{what} is of type {content_type}"
        schema = content[content_type].get("schema")
        if content_type == "application/x-ndjson":
            for line in text.splitlines():
                self.valid(schema, json.loads(line), f"a line of {what}")
        elif content_type.endswith("json"):
            self.valid(schema, json.loads(text), what)
        elif content_type == "text/event-stream":
            for name, data in events(text):
                self.check_event(name, data)

    def check_event(self, name, data):
        watch = self.operations["GET /api/v1/events"]["responses"]["200"]["content"]["text/event-stream"]
        assert name in watch["x-events"], f"there is no event {name}"
        self.valid(watch["x-events"][name], json.loads(data), f"the event {name}")


def events(text):
    """(name, data) of each whole one; comments are none."""
    for block in re.split(r"\n\n", text)[:-1]:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            yield fields["event"], fields["data"]


@functools.cache
def contract():
    return Contract(yaml.load(DOCUMENT.read_text(), yaml.CSafeLoader))
