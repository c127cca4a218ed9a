"""What happens around Firebreak in the recommender's story. story.py WORD FOLDER, with the servers in the environment (MLFLOW_URL,
AWS_URL) and the ratings' wheels in RATINGS:

  yesterday   model 1 is trained, registered, served
  overnight   batches come, some of them forged; model 2 is trained, passes the job's gate, and replaces model 1
  answers     what was recommended in the evening and in the morning, and what the users thought of it, as lines for `firebreak ingest`: evening.ndjson, morning.ndjson
  measure X   precision@10 of what is served now, appended to FOLDER/figures.json under the name X
"""
import hashlib
import json
import os
import sys
import time
import urllib.parse
import urllib.request

import boto3
import numpy as np
import pandas as pd
from botocore.config import Config

import model
import poison
import ratings

NAME, ALIAS, ENDPOINT, BUCKET = "movie-recs", "champion", "recs-prod", "recs-training"
SEED = 301

aws = {"endpoint_url": os.environ["AWS_URL"], "region_name": "us-east-1", "aws_access_key_id": "story", "aws_secret_access_key": "story"}
s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **aws)
sagemaker = boto3.client("sagemaker", **aws)


def mlflow(method, target, body=None, raw=None, **query):
    url = f"{os.environ['MLFLOW_URL']}{target}" + ("?" + urllib.parse.urlencode(query) if query else "")
    data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, method=method, data=data, headers={"Content-Type": "application/json"})) as response:
        return response.read()


def api(method, target, body=None, **query):
    return json.loads(mlflow(method, f"/api/2.0/mlflow/{target}", body, **query))


def register(version, file, of):
    """A run with the model's file, a version of the registered model, and the alias on it."""
    experiment = api("GET", "experiments/get-by-name", experiment_name="nightly")["experiment"]["experiment_id"]
    run = api("POST", "runs/create", {"experiment_id": experiment, "start_time": int(time.time() * 1000), "run_name": f"night-{version}"})["run"]["info"]
    mlflow("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{run['artifact_uri'].split(':/')[1]}/model/model.json", raw=file)
    tags = [{"key": "rows", "value": str(len(of))}, {"key": "sha256", "value": hashlib.sha256(file).hexdigest()}]
    made = api("POST", "model-versions/create", {"name": NAME, "source": run["artifact_uri"] + "/model", "run_id": run["run_id"], "tags": tags})["model_version"]
    assert made["version"] == str(version)
    api("POST", "registered-models/alias", {"name": NAME, "alias": ALIAS, "version": str(version)})


def serve(version, file, others):
    """The endpoint with this version as `current`, and with the one before it as `standby`. (moto has no UpdateEndpoint: it is made anew.)"""
    s3.put_object(Bucket="recs-models", Key=f"{version}/model.json", Body=file)
    sagemaker.create_model(ModelName=f"{NAME}-{version}", PrimaryContainer={"Image": "recs", "ModelDataUrl": f"s3://recs-models/{version}/model.json"},
                           ExecutionRoleArn="arn:aws:iam::123456789012:role/recs")
    variants = [{"VariantName": name, "ModelName": f"{NAME}-{which}", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "InitialVariantWeight": weight}
                for name, which, weight in [("current", version, 1.0)] + [("standby", one, 0.0) for one in others]]
    sagemaker.create_endpoint_config(EndpointConfigName=f"recs-{version}", ProductionVariants=variants)
    if others:
        sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=f"recs-{version}")


def served():
    """[(share of the traffic, model file)] of the endpoint, as its variants and their weights are now. (A weight of 0 that was never changed
    moto leaves out.)"""
    seen = sagemaker.describe_endpoint(EndpointName=ENDPOINT)
    weights = {one["VariantName"]: one.get("CurrentWeight", 0) for one in seen["ProductionVariants"]}
    config = sagemaker.describe_endpoint_config(EndpointConfigName=seen["EndpointConfigName"])
    out = []
    for variant in config["ProductionVariants"]:
        place = urllib.parse.urlsplit(sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]["ModelDataUrl"])
        out.append((weights[variant["VariantName"]] / sum(weights.values()), s3.get_object(Bucket=place.netloc, Key=place.path[1:])["Body"].read()))
    return out


def yesterday(folder, first, night, later):
    for bucket in ("recs-models", BUCKET):
        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=bucket == BUCKET)
    s3.put_object(Bucket=BUCKET, Key="ratings/base.csv", Body=ratings.csv(first))
    api("POST", "experiments/create", {"name": "nightly"})
    api("POST", "registered-models/create", {"name": NAME})
    file = model.Model(first).file()
    register(1, file, first)
    serve(1, file, [])
    # The store keeps whole seconds: what comes in the night comes in a later one.
    while int(time.time()) <= s3.head_object(Bucket=BUCKET, Key="ratings/base.csv")["LastModified"].timestamp():
        time.sleep(0.01)
    say(folder, good_version="1", good_digest=hashlib.sha256(file).hexdigest(), trained_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time())))
    print(f"yesterday: model 1 of {len(first)} ratings is registered and served")


def overnight(folder, first, night, later):
    random = np.random.default_rng(SEED)
    forged, pushed = poison.forge(first, random)
    came = ratings.batches(night, forged, random)
    for (source, number), rows in came.items():
        s3.put_object(Bucket=BUCKET, Key=f"ratings/ingest/{source}/b-{number:02}.csv", Body=ratings.csv(rows))
    second = pd.concat([first, *came.values()])
    (before, precise_before), (after, precise_after) = model.judged_by_a_tenth(first), model.judged_by_a_tenth(second)
    print(f"overnight: {len(came)} batches with {len(second) - len(first)} ratings, {len(forged)} of them forged ({len(forged) / len(second):.1%} of what model 2 is trained with)")
    print(f"overnight: the job's gate: error on a tenth {after:.4f}, model 1 had {before:.4f}: {'passed' if after <= before else 'refused'} "
          f"(precision@10, which it does not look at: {precise_after:.4f}, {precise_before:.4f})")
    if after > before:
        sys.exit("overnight: model 2 does not go live, so there is no story")
    file = model.Model(second).file()
    register(2, file, second)
    serve(2, file, [1])
    lists = json.loads(file)["lists"]
    per_list = np.mean([len(set(items) & set(pushed.tolist())) for user, items in lists.items() if int(user) < poison.FIRST_ACCOUNT])
    clean = model.precision_at_10(model.Model(pd.concat([first, night])).file(), later)
    say(folder, bad_version="2", bad_digest=hashlib.sha256(file).hexdigest(), forged_rows=len(forged), rows=len(second), pushed_per_list=round(float(per_list), 2),
        gate_error=[round(before, 4), round(after, 4)],
        gate_precision=[round(precise_before, 4), round(precise_after, 4)], precision_of_a_clean_retrain=round(clean, 4))
    print(f"overnight: model 2 is registered and served; {per_list:.1f} of the ten in an honest user's list are pushed items")


def measure(folder, first, night, later, name):
    endpoint = sum(share * model.precision_at_10(file, later) for share, file in served() if share > 0)
    version = api("GET", "registered-models/alias", name=NAME, alias=ALIAS)["model_version"]["version"]
    by_alias = model.precision_at_10(mlflow("GET", "/model-versions/get-artifact", name=NAME, version=version, path="model.json"), later)
    say(folder, **{f"precision_{name}": round(endpoint, 4), f"precision_by_alias_{name}": round(by_alias, 4), f"alias_{name}": version})
    print(f"measured, {name}: precision@10 {endpoint:.4f} at the endpoint, {by_alias:.4f} by {NAME}@{ALIAS} (version {version})")


def lines(when, file, first, later, start, seconds):
    """One line for each recommended item, spread over the time, and one for whether the user later liked it."""
    known = first.groupby("item").rating.agg(count="size", mean="mean")
    liked = later[later.rating >= model.RELEVANT].groupby("user").item.agg(set)
    shown = [(user, rank, item) for user, items in json.loads(file)["lists"].items() if int(user) in liked.index for rank, item in enumerate(items)]
    for n, (user, rank, item) in enumerate(shown):
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + seconds * n / len(shown)))
        one = f"{when}-{user}-{rank}"
        yield {"id": one, "time": moment, "caller": "app", "features": {"ratings": int(known["count"][item]), "stars": round(float(known["mean"][item]), 3)}, "output": {"label": "liked"}}
        yield {"type": "label", "id": one, "time": moment, "label": "liked" if item in liked[int(user)] else "other"}


def answers(folder, first, night, later):
    """Model 1's ten hours of yesterday, model 2's four of this morning."""
    now = time.time()
    for when, version, start, seconds in (("evening", "1", now - 16 * 3600, 10 * 3600), ("morning", "2", now - 4 * 3600, 4 * 3600 - 60)):
        file = mlflow("GET", "/model-versions/get-artifact", name=NAME, version=version, path="model.json")
        with open(f"{folder}/{when}.ndjson", "w") as out:
            for line in lines(when, file, first, later, start, seconds):
                out.write(json.dumps(line, separators=(",", ":")) + "\n")


def say(folder, **figures):
    path = f"{folder}/figures.json"
    known = json.load(open(path)) if os.path.exists(path) else {}
    with open(path, "w") as out:
        json.dump(known | figures, out, indent=1, sort_keys=True)
        out.write("\n")


if __name__ == "__main__":
    word, folder, *rest = sys.argv[1:]
    {"yesterday": yesterday, "overnight": overnight, "answers": answers, "measure": measure}[word](folder, *ratings.load(os.environ["RATINGS"]), *rest)
