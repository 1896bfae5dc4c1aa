"""Writes src/api/schema.ts: what docs/openapi.yaml says the API takes and gives, as types.

schema.py [--check]: with it nothing is written; it fails when the file is not what it would write.
"""

import pathlib
import sys

import yaml

PANEL = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = PANEL.parent / "docs" / "openapi.yaml"
OUT = PANEL / "src" / "api" / "schema.ts"
BEGIN = "/** From docs/openapi.yaml by scripts/schema.py; not to be edited. */\n"
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def literal(value):
    return "null" if value is None else f"'{value}'" if isinstance(value, str) else str(value).lower()


def several(types):
    return " | ".join(dict.fromkeys(types))


def members(schema, indent):
    if "properties" not in schema:
        return "Record<string, never>" if schema.get("additionalProperties") is False else "Record<string, unknown>"
    lines = []
    for name, of in schema["properties"].items():
        missing = "" if name in schema.get("required", []) else "?"
        lines.append(f"{indent}  {name}{missing}: {type_of(of, indent + '  ')};\n")
    return "{\n" + "".join(lines) + indent + "}"


def type_of(schema, indent=""):
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "oneOf" in schema:
        return several(type_of(part, indent) for part in schema["oneOf"])
    if "enum" in schema:
        return several(map(literal, schema["enum"]))
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return several(one(kind, schema, indent) for kind in kinds)


def one(kind, schema, indent):
    if kind == "object":
        return members(schema, indent)
    if kind == "array":
        item = type_of(schema["items"], indent)
        return f"({item})[]" if " | " in item else f"{item}[]"
    return PLAIN[kind]


def declare(name, schema):
    if schema.get("type") == "object" and "properties" in schema:
        return f"export interface {name} {members(schema, '')}\n"
    return f"export type {name} = {type_of(schema)};\n"


def main():
    schemas = yaml.safe_load(DOCUMENT.read_text())["components"]["schemas"]
    text = BEGIN + "".join("\n" + declare(name, schema) for name, schema in schemas.items())
    if sys.argv[1:] != ["--check"]:
        OUT.write_text(text)
    elif not OUT.exists() or OUT.read_text() != text:
        sys.exit(f"{OUT} is not as {DOCUMENT} says; write it anew: python3 panel/scripts/schema.py")


if __name__ == "__main__":
    main()
