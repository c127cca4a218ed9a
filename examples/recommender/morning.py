"""The morning after, played by people.py's people. morning.py FOLDER WORD:

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
from people import GOOD, SUSPECT, alias, answer, approve, ended, expect, firebreak, folder, read, start, tags, versions_in_the_bucket, weights

METHOD = ("precision@10 over the users who later rated something with four stars or more, of the model files that the endpoint's weights lead to "
          "(examples/recommender/story.py measure); seconds from the run's start to the first look at the endpoint that shows the suspect variant without weight, people's answers included")


def measured(name):
    story.measure(folder, *story.ratings.load(story.os.environ["RATINGS"]), name)
    return json.load(open(f"{folder}/figures.json"))


def contain():
    in_bucket, watch = versions_in_the_bucket(), people.Watch()
    firebreak("ana", "ingest", "--endpoint", story.ENDPOINT, f"{folder}/morning.ndjson")
    incident, title = people.until("an incident", lambda: next(((one["id"], one["title"]) for one in read("incident", "list")["items"]), None))
    run, at_start = people.until("the playbook for poisoning to start", lambda: next(
        ((one["id"], people.seconds(one["time"])) for one in read("playbook", "runs", "--incident", incident)["items"] if one["playbook"] == people.POISONING), None))
    print(f"the morning's answers are in: {incident}, '{title}', is open, and {run} has started by itself")
    answer(run, "Choose a measure", __measure__="rollback")
    answer(run, "Name the versions", **people.VERSIONS)
    rolling = people.child_of(run, incident)
    approve(rolling, "Go back to the last known good version")
    back = ended(rolling)
    print(firebreak("ana", "playbook", "runs", rolling), end="")
    expect(f"{rolling}, the roll-back, ended as {back['state']}", back["state"] == "success")
    watch.join()
    seconds = None if watch.at is None else round(watch.at - at_start, 2)
    expect(f"the endpoint was seen without weight on '{SUSPECT}', {seconds} s after the run's start", seconds is not None)

    print("what the outside says:")
    expect(f"{story.NAME}@{story.ALIAS} points at version {alias()}", alias() == people.VERSIONS["__good_version__"])
    expect(f"weights are {weights()}", weights() == {SUSPECT: 0, GOOD: 1})
    expect(f"version {people.VERSIONS['__suspect_version__']} bears firebreak.quarantine = {incident}", tags(people.VERSIONS["__suspect_version__"]).get("firebreak.quarantine") == incident)
    calls = people.answered_calls(rolling)
    manifest = json.loads(calls["snapshot"][0]["__document__"])
    expect(f"the manifest's SHA-256 is {back['variables']['__manifest__']:.16}…", hashlib.sha256(calls["snapshot"][0]["__document__"].encode()).hexdigest() == back["variables"]["__manifest__"])
    listed = {(one["key"], one["version"], one["octets"]) for one in manifest["versions"]}
    expect(f"it lists all {len(listed)} versions that the bucket had, by version", listed == in_bucket and all(version for _, version, _ in listed))
    came = {one["folder"].split("/")[-2]: (one["entries"], one["octets"]) for one in json.loads(back["variables"]["__sources__"])}
    print(f"      since {people.VERSIONS['__since__']} came (objects, octets): {came}")
    expect("six objects of each of four sources are new, most octets of them partner-feed-b's",
           {name: objects for name, (objects, _) in came.items()} == dict.fromkeys(story.ratings.SOURCES, 6) and max(came, key=lambda name: came[name][1]) == "partner-feed-b")
    before = json.loads(back["variables"]["__weights_before__"])
    expect(f"the way back stands in the run: version {back['variables']['__alias_before__']}, weights {before}",
           back["variables"]["__alias_before__"] == people.VERSIONS["__suspect_version__"] and before == {SUSPECT: 1, GOOD: 0})

    figures = measured("after")
    expect(f"precision@10 is {figures['precision_after']}, as before the night", figures["precision_after"] == figures["precision_before"] and figures["precision_by_alias_after"] == figures["precision_by_alias_before"])
    story.say(folder, seconds_to_weights=seconds)
    report(incident, {"precision_at_10_before": figures["precision_before"], "precision_at_10_poisoned": figures["precision_poisoned"], "precision_at_10_after": figures["precision_after"],
                      "seconds_from_run_to_weights": seconds})
    print(f"""
  precision@10 before the night     {figures['precision_before']:.4f}
  precision@10 after the night      {figures['precision_poisoned']:.4f}   ({1 - figures['precision_poisoned'] / figures['precision_before']:.1%} lost)
  precision@10 after the playbook   {figures['precision_after']:.4f}
  run started to weights in force   {seconds:.1f} s, people's answers included (scripted: they take no time to think)
  figures in {folder}/figures.json, report in {folder}/report/report.html
""")


def report(incident, figures):
    people.api("commands/incident.measure", {"incident": incident, "name": "precision@10 as served", "figures": figures, "method": METHOD})
    firebreak("ana", "report", incident, "--out", f"{folder}/report")
    written = json.load(open(f"{folder}/report/report.json"))["measurements"]
    page = open(f"{folder}/report/report.html").read()
    expect("the incident's report has these figures", [one["figures"] for one in written] == [figures] and all(f"<dd>{value}</dd>" in page for value in figures.values()))


def tampered():
    """Who can write to the registry's store can put any file in the place of a good version; the registry does not notice."""
    bad, good = people.VERSIONS["__suspect_version__"], people.VERSIONS["__good_version__"]
    story.api("POST", "registered-models/alias", {"name": story.NAME, "alias": story.ALIAS, "version": bad})
    story.sagemaker.update_endpoint_weights_and_capacities(EndpointName=story.ENDPOINT, DesiredWeightsAndCapacities=[{"VariantName": SUSPECT, "DesiredWeight": 1}, {"VariantName": GOOD, "DesiredWeight": 0}])
    files = {hashlib.sha256(open(path, "rb").read()).hexdigest(): path for path in glob.glob(f"{folder}/mlflow/artifacts/**/model.json", recursive=True)}
    place, kept = files[people.VERSIONS["__good_digest__"]], open(files[people.VERSIONS["__good_digest__"]], "rb").read()
    with open(place, "wb") as out:
        out.write(open(files[people.figures["bad_digest"]], "rb").read())
    print(f"the next night: version {bad} serves again, and in the registry's store another file stands in the place of version {good}'s")
    state = alias(), weights(), tags(good), tags(bad)
    incident = read("incident", "list")["items"][0]["id"]
    run = start(people.ROLL_BACK, incident, **people.VERSIONS)
    approve(run, "Go back to the last known good version")
    answer(run, "Go back by hand", "--failed", "--note", "the file is not what was released")
    answer(run, "The roll-back failed")  # nobody configured a channel: the page is a task
    failed = ended(run)
    step = next(one for one in failed["steps"] if one.get("name") == "Go back to the last known good version")
    print(f"      {step['detail']}")
    expect("the step that goes back failed, for the file's SHA-256", step["state"] == "failure" and people.VERSIONS["__good_digest__"] in step["detail"] and people.figures["bad_digest"] in step["detail"])
    expect(f"{run} ended as {failed['state']}", failed["state"] == "failure")
    expect(f"alias, weights and tags are as they were: version {alias()}, {weights()}", (alias(), weights(), tags(good), tags(bad)) == state and alias() == bad)
    with open(place, "wb") as out:
        out.write(kept)


if __name__ == "__main__":
    {"contain": contain, "tampered": tampered}[sys.argv[2]]()
