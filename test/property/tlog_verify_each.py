"""Asks examples/verify/tlog_verify.py about many variants of one exported log, in one process.

    tlog_verify_each.py EXPORT VARIANTS    VARIANTS: a line each, {"changes": {NAME: BASE64 or null}, "arguments": [...]}

NAME is relative to EXPORT, or a receipt that stands beside it; null removes the file. Prints "CODE message", a line each.
"""
import base64, functools, json, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../examples/verify"))
import tlog_verify

tlog_verify.ed25519_good = functools.lru_cache(None)(tlog_verify.ed25519_good)
export = sys.argv[1]

class Variant(tlog_verify.Source):
    def __init__(self, change):
        super().__init__(export, None)
        self.change = change
    def read(self, name):
        if name not in self.change["changes"]:
            return super().read(name)
        content = self.change["changes"][name]
        return None if content is None else base64.b64decode(content)

read_file = tlog_verify.read_file
for line in open(sys.argv[2]):
    change = json.loads(line)
    beside = {os.path.join(export, name): content for name, content in change["changes"].items()}
    tlog_verify.read_file = lambda path: base64.b64decode(beside[path]) if beside.get(path) is not None else read_file(path)
    said = []
    code = tlog_verify.main([export] + change["arguments"], said.append, Variant(change))
    print(code, said[-1].replace("\n", " "))
