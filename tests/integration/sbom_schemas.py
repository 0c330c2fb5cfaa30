# SPDX-License-Identifier: Apache-2.0
"""sbom_schemas.py cyclonedx|spdx|openvex FILE: is the document one by its official schema?"""
import json
import os
import sys

import jsonschema

FILES = {"cyclonedx": "bom-1.6.schema.json", "spdx": "spdx-2.3.schema.json",
         "openvex": "openvex-0.2.0.schema.json"}
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schemas")


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return json.load(file)


def main():
    schema = read(FILES[sys.argv[1]])
    known = {}
    for name in os.listdir(FOLDER):
        if name.endswith(".json"):
            document = read(name)
            known[document["$id"]] = document
            known[name] = document
            known["http://cyclonedx.org/schema/" + name] = document
    with open(sys.argv[2], encoding="utf-8") as file:
        document = json.load(file)
    resolver = jsonschema.RefResolver.from_schema(schema, store=known)
    checker = jsonschema.Draft7Validator(schema, resolver=resolver, format_checker=jsonschema.FormatChecker())
    errors = sorted(checker.iter_errors(document), key=str)
    for error in errors[:20]:
        print("/".join(str(part) for part in error.absolute_path), error.message[:300], file=sys.stderr)
    sys.exit(1 if errors else 0)


main()
