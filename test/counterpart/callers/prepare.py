"""Fills MLflow and moto for callers_test.cc: prepare.py MLFLOW ADMIN_PASSWORD MOTO PASSWORD. Prints facts as JSON."""
import base64
import hashlib
import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

mlflow, admin_password, moto, password = sys.argv[1:]
sign_in = "Basic " + base64.b64encode(f"admin:{admin_password}".encode()).decode()


def ask(method, path, body=None, raw=None):
    data = raw if raw is not None else json.dumps(body).encode()
    request = urllib.request.Request(mlflow + path, method=method, data=data, headers={"Authorization": sign_in, "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        text = response.read()
    return json.loads(text) if text.strip().startswith(b"{") else None


def version(model, files):
    run = ask("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": experiment, "start_time": 1, "run_name": "r"})["run"]["info"]
    for name, content in files.items():
        ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{run['artifact_uri'].split(':/')[1]}/model/{name}", raw=content)
    ask("POST", "/api/2.0/mlflow/model-versions/create", {"name": model, "source": run["artifact_uri"] + "/model", "run_id": run["run_id"]})


good, bad = b"good" * 100_000, b"bad"
experiment = ask("POST", "/api/2.0/mlflow/experiments/create", {"name": "e"})["experiment_id"]
for model in ("recs", "theirs"):
    ask("POST", "/api/2.0/mlflow/registered-models/create", {"name": model})
version("recs", {"model.bin": good})
version("recs", {"model.bin": bad})
version("recs", {"MLmodel": b"x", "data/model.bin": good})
version("theirs", {"model.bin": good})
ask("POST", "/api/2.0/mlflow/registered-models/alias", {"name": "recs", "alias": "champion", "version": "2"})
ask("POST", "/api/2.0/mlflow/users/create", {"username": "firebreak", "password": password})
ask("POST", "/api/3.0/mlflow/users/permissions/grant", {"username": "firebreak", "resource_type": "registered_model", "resource_id": "recs", "permission": "EDIT"})

aws = {"endpoint_url": moto, "region_name": "eu-central-1", "aws_access_key_id": "k", "aws_secret_access_key": "s"}
s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **aws)
s3.create_bucket(Bucket="training", ObjectLockEnabledForBucket=True, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
for i in range(1_005):
    s3.put_object(Bucket="training", Key=f"many/{i:05}", Body=b"x")
s3.put_object(Bucket="training", Key="ratings/base.csv", Body=b"1,2")
s3.put_object(Bucket="training", Key="ratings/old.csv", Body=b"3,4")
# moto keeps whole seconds: what comes later has to come in another. (gmtime() alone goes by a coarser clock, a little behind.)
last = max(one["LastModified"] for one in s3.list_object_versions(Bucket="training", Prefix="ratings/")["Versions"]).timestamp()
while int(time.time()) <= last:
    pass
since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time()))
s3.put_object(Bucket="training", Key="ratings/base.csv", Body=b"1,2,3")
s3.put_object(Bucket="training", Key="ratings/in/app/b-1.csv", Body=b"5")
s3.put_object(Bucket="training", Key="ratings/in/feed/b & 2 \u00e4.csv", Body=b"6")
s3.delete_object(Bucket="training", Key="ratings/old.csv")

sagemaker = boto3.client("sagemaker", **aws)
for model in ("recs-1", "recs-2"):
    sagemaker.create_model(ModelName=model, PrimaryContainer={"Image": "image", "ModelDataUrl": "s3://models/m"}, ExecutionRoleArn="arn:aws:iam::123456789012:role/r")
variants = [{"VariantName": name, "ModelName": model, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "InitialVariantWeight": weight}
            for name, model, weight in (("current", "recs-2", 0.9), ("standby", "recs-1", 0.1))]
sagemaker.create_endpoint_config(EndpointConfigName="recs-a", ProductionVariants=variants)
sagemaker.create_endpoint(EndpointName="recs-prod", EndpointConfigName="recs-a")

print(json.dumps({"mlflow": mlflow, "password": password, "admin_password": admin_password, "good": hashlib.sha256(good).hexdigest(), "bad": hashlib.sha256(bad).hexdigest(), "since": since}))
