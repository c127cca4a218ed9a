"""What people do in the recommender's story, by Firebreak's command line: ana works on the incident, ben approves. people.py FOLDER, with
the server in FIREBREAK_URL, the program in FIREBREAK, MLflow and AWS as for story.py. Ends with 0 only when all is as it should be.

What Firebreak says it did is not believed here: the registry, the endpoint and the bucket are asked by clients of their own.
"""
import datetime
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request

import story

POISONING = "playbook--d8aeec96-d72e-4465-a863-e820bcf17092"
ROLL_BACK = "playbook--f29d7a96-1543-4851-9c44-ebb053621bd6"
PATIENCE = 120  # seconds for any one thing to happen
SUSPECT, GOOD = "current", "standby"  # the endpoint's variants
folder = sys.argv[1]
figures = json.load(open(f"{folder}/figures.json"))
# What the release's record says of version 1 (story.py wrote it down when it was trained), and since when the data is in doubt.
VERSIONS = {"__suspect_version__": figures["bad_version"], "__good_version__": figures["good_version"], "__good_digest__": figures["good_digest"], "__since__": figures["trained_at"]}


def firebreak(who, *words):
    done = subprocess.run([os.environ["FIREBREAK"], *words], capture_output=True, text=True, env=os.environ | {"FIREBREAK_TOKEN": open(f"{folder}/{who}.token").readline().strip()})
    if done.returncode:
        sys.exit(f"recommender: firebreak {' '.join(words)} (as {who}): {done.stdout}{done.stderr}")
    return done.stdout


def read(*words):
    return json.loads(firebreak("ana", *words, "--json"))


def api(target, body=None):
    request = urllib.request.Request(f"{os.environ['FIREBREAK_URL']}/api/v1/{target}", data=None if body is None else json.dumps(body).encode(),
                                     headers={"Authorization": f"Bearer {open(f'{folder}/ana.token').readline().strip()}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def until(what, look):
    """The first answer of `look` that is one."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(0.02)
    sys.exit(f"recommender: waited {PATIENCE} s for: {what}")


def expect(what, is_so):
    print(f"  [{'x' if is_so else ' '}] {what}")
    if not is_so:
        sys.exit(f"recommender: not so: {what}")


def seconds(moment):
    return datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


# ---- runs

def start(playbook, incident, **variables):
    before = {run["id"] for run in read("playbook", "runs", "--incident", incident)["items"]}
    firebreak("ana", "playbook", "run", playbook, "--incident", incident, *[word for item in variables.items() for word in ("--set", "=".join(item))])
    return until("the run", lambda: next((run["id"] for run in read("playbook", "runs", "--incident", incident)["items"] if run["id"] not in before and run.get("playbook") == playbook), None))


def waiting(run, name, kind):
    """What the step of this name waits for: a task to answer, an approval to give."""
    def look():
        for step in read("playbook", "runs", run)["steps"]:
            if step.get("name") == name and step["state"] == "running" and step.get("waits_for", "").startswith(kind):
                return step["waits_for"]
    return until(f"'{name}' of {run} to wait for {kind}", look)


def answer(run, name, *words, **values):
    firebreak("ana", "playbook", "answer", waiting(run, name, "task-"), *words, *[word for item in values.items() for word in ("--set", "=".join(item))])
    print(f"  ana answers '{name}'" + "".join(f" {word}" for word in words) + "".join(f" {name}={value:.24}" for name, value in values.items()))


def approve(run, name):
    approval = waiting(run, name, "appr-")
    one = next(one for one in json.loads(firebreak("ben", "playbook", "approvals", "--json"))["items"] if one["id"] == approval)
    for command in one["commands"]:
        print(f"  ben approves: {command['text']}")
    firebreak("ben", "playbook", "approve", approval, "--digest", one["digest"])


def ended(run):
    return until(f"the end of {run}", lambda: next((one for one in [read("playbook", "runs", run)] if one["state"] not in ("running", "paused")), None))


def child_of(run, incident):
    return until("the run that it calls", lambda: next((one["id"] for one in read("playbook", "runs", "--incident", incident)["items"] if one.get("parent_run") == run and one["playbook"] == ROLL_BACK), None))


# ---- the outside, asked by its own clients

def weights():
    return {one["VariantName"]: one.get("CurrentWeight", 0) for one in story.sagemaker.describe_endpoint(EndpointName=story.ENDPOINT)["ProductionVariants"]}


def alias():
    return story.api("GET", "registered-models/alias", name=story.NAME, alias=story.ALIAS)["model_version"]["version"]


def tags(version):
    return {one["key"]: one["value"] for one in story.api("GET", "model-versions/get", name=story.NAME, version=version)["model_version"].get("tags", [])}


def versions_in_the_bucket():
    pages = story.s3.get_paginator("list_object_versions").paginate(Bucket=story.BUCKET, Prefix="ratings/")
    return {(one["Key"], one["VersionId"], one["Size"]) for page in pages for one in page.get("Versions", [])}


class Watch(threading.Thread):
    """Looks at the endpoint until the suspect variant has no weight; `at` is then when it was first seen so."""

    def __init__(self):
        super().__init__(daemon=True)
        self.at = None
        self.start()

    def run(self):
        end = time.monotonic() + PATIENCE
        while self.at is None and time.monotonic() < end:
            if weights()[SUSPECT] == 0:
                self.at = time.time()
            time.sleep(0.01)


def answered_calls(run):
    """{request's verb: values}, as the journal has them."""
    entries, out, verbs = [], {}, {}
    while more := api(f"journal?from={len(entries)}&limit=1000")["items"]:
        entries += more
    for entry in entries:
        body = entry["body"]
        if entry["kind"] == "playbook_call_ordered" and body["run"] == run:
            verbs[entry["index"]] = body["request"]["request"]["do"]
        if entry["kind"] == "playbook_call_ended" and (ordered := int(re.sub(r"\D", "", body["call"]))) in verbs:
            out.setdefault(verbs[ordered], []).append(body["values"])
    return out
