"""The morning after, played by people.py's people. morning.py WORD FOLDER:

  contain    an incident, the playbook for poisoning, the roll-back it calls: until the last known good model serves again and the
             run has ended; then the outside is asked, and the figures are put into the incident and its report
  tampered   the next night: model 2 serves again, and somebody has put another file in model 1's place in the registry. The roll-back
             moves nothing and fails
"""
import glob
import hashlib
import json
import sys
import time

import people
import story
from people import GOOD, SUSPECT, alias, answer, approve, ended, expect, firebreak, folder, read, start, tags, versions_in_the_bucket, waiting, weights

METHOD = ("precision@10 over the users who later rated something with four stars or more, of the model files that the endpoint's weights lead to "
          "(examples/recommender/story.py measure); seconds from the run's start to the first look at the endpoint that shows the suspect variant without weight, people's answers included")


def measured(name):
    story.measure(folder, *story.ratings.load(story.os.environ["RATINGS"]), name)
    return json.load(open(f"{folder}/figures.json"))


def contain():
    firebreak("ana", "incident", "declare", "--endpoint", story.ENDPOINT, "--title", "Recommendations got worse overnight", "--severity", "SEV-2")
    incident = read("incident", "list")["items"][0]["id"]
    story.say(folder, incident=incident)
    print(f"ana declares {incident} and starts the playbook for poisoning")
    at_start, in_bucket, watch = time.monotonic(), versions_in_the_bucket(), people.Watch()
    run = start(people.POISONING, incident)
    answer(run, "Choose a measure", __measure__="rollback")
    answer(run, "Name the versions", **people.VERSIONS)
    rolling = people.child_of(run, incident)
    approve(rolling, "Go back to the last known good version")
    back = ended(rolling)
    print(firebreak("ana", "playbook", "runs", rolling), end="")
    expect(f"{rolling}, the roll-back, ended as {back['state']}", back["state"] == "success")
    watch.join()
    expect(f"the endpoint was seen without weight on '{SUSPECT}', {watch.at - at_start:.1f} s after the run's start", watch.at is not None)

    print("what the outside says:")
    expect(f"{story.NAME}@{story.ALIAS} points at version {alias()}", alias() == people.VERSIONS["__good_version__"])
    expect(f"weights are {weights()}", weights() == {SUSPECT: 0, GOOD: 1})
    expect(f"version {people.VERSIONS['__suspect_version__']} bears firebreak.quarantine = {incident}", tags(people.VERSIONS["__suspect_version__"]).get("firebreak.quarantine") == incident)
    calls = people.answered_calls(rolling)
    manifest = json.loads(calls["snapshot"][0]["__document__"])
    expect(f"the manifest's SHA-256 is {back['variables']['__manifest__']:.16}…", hashlib.sha256(calls["snapshot"][0]["__document__"].encode()).hexdigest() == back["variables"]["__manifest__"])
    listed = {(one["key"], one["version"], one["octets"]) for one in manifest["versions"]}
    expect(f"it lists all {len(listed)} versions that the bucket had, by version", listed == in_bucket and all(version for _, version, _ in listed))
    came = {one["folder"]: one["entries"] for one in json.loads(back["variables"]["__sources__"])}
    expect(f"since {people.VERSIONS['__since__']} came {came}", came == {f"ratings/{'ingest/' if n else ''}": n for n in [24]} )
    before = json.loads(back["variables"]["__weights_before__"])
    expect(f"the way back stands in the run: version {back['variables']['__alias_before__']}, weights {before}",
           back["variables"]["__alias_before__"] == people.VERSIONS["__suspect_version__"] and before == {SUSPECT: 1, GOOD: 0})

    figures = measured("after")
    expect(f"precision@10 is {figures['precision_after']}, as before the night", figures["precision_after"] == figures["precision_before"] and figures["precision_by_alias_after"] == figures["precision_by_alias_before"])
    story.say(folder, seconds_to_weights=round(watch.at - at_start, 2), run=run, roll_back=rolling)


if __name__ == "__main__":
    {"contain": contain}[sys.argv[2]]()
