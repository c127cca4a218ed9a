# Holds lines of OCSF against the JSON Schema of their class, made from the published schema of their version (not permissive:
# unknown attributes are refused), and captions against the ids they stand beside.
#   check.py FILE
import json
import sys

import jsonschema
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
version = lines[0]["metadata"]["version"]
published = get_ocsf_schema(version=version)
schemas = OcsfJsonSchemaEmbedded(published)
validators, bad = {}, 0
for number, line in enumerate(lines, 1):
    uid = line["class_uid"]
    if uid not in validators:
        name = schemas.lookup_class_name_from_uid(uid)
        validators[uid] = (jsonschema.Draft202012Validator(schemas.get_class_schema(name)), published["classes"][name])
    validator, definition = validators[uid]
    errors = [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(line)]
    for attribute in ("activity_id", "severity_id", "status_id", "verdict_id", "type_uid"):
        enum = definition["attributes"].get(attribute, {}).get("enum", {})
        caption = {"activity_id": "activity_name", "type_uid": "type_name"}.get(attribute, attribute[:-3])
        if attribute in line and str(line[attribute]) not in enum:
            errors.append(f"{attribute} {line[attribute]} is none of {sorted(enum)}")
        elif attribute in line and caption in line and enum[str(line[attribute])]["caption"] != line[caption]:
            errors.append(f"{caption} '{line[caption]}' stands for {line[attribute]}: '{enum[str(line[attribute])]['caption']}'")
    for error in errors:
        print(f"line {number} ({line['metadata'].get('event_code')}): {error}")
    bad += bool(errors)
print(f"{len(lines)} lines of OCSF {version}, classes {sorted(validators)}: {bad} do not fit")
sys.exit(1 if bad or not lines else 0)
