"""Stands before moto, which checks no signatures: holds each request's against the one that botocore computes, and passes on what is
signed as it should be. front.py LISTEN MOTO KEY SECRET"""
import hashlib
import http.client
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

listen, moto, key, secret = sys.argv[1:]
moto = urlsplit(moto).netloc


def fault(method, target, headers, body):
    """What is wrong with the signature; None: nothing."""
    scheme, _, rest = headers.get("Authorization", "").partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    if scheme != "AWS4-HMAC-SHA256" or parts.get("Credential", "").count("/") != 4:
        return "no signature"
    who, _, region, service, _ = parts["Credential"].split("/")
    if who != key:
        return "unknown key"
    names = parts["SignedHeaders"].split(";")
    needed = {"host", "x-amz-date"} | ({"x-amz-content-sha256"} if service == "s3" else {"content-type", "x-amz-target"})
    if not needed <= set(names):
        return f"not signed: {needed - set(names)}"
    if service == "s3" and headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        return "another body was signed"
    request = AWSRequest(method=method, url=f"http://{headers['Host']}{target}", data=body, headers={name: headers[name] for name in names})
    request.context["timestamp"] = headers["x-amz-date"]
    auth = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(key, secret), service, region)
    signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return None if signature == parts["Signature"] else "the signature differs"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        wrong = fault(self.command, self.path, self.headers, body)
        if wrong and "X-Amz-Target" in self.headers:
            self.reply(403, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps({"__type": "InvalidSignatureException", "message": wrong}).encode())
            return
        if wrong:
            self.reply(403, {"Content-Type": "application/xml"}, f"<Error><Code>SignatureDoesNotMatch</Code><Message>{wrong}</Message></Error>".encode())
            return
        upstream = http.client.HTTPConnection(moto)
        upstream.request(self.command, self.path, body, {name: value for name, value in self.headers.items() if name.lower() != "connection"})
        response = upstream.getresponse()
        passed = {name: value for name, value in response.getheaders() if name.lower() not in ("connection", "content-length", "transfer-encoding", "server", "date")}
        self.reply(response.status, passed, response.read())

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

    def reply(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


host, port = listen.split(":")
ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
