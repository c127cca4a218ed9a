#!/usr/bin/env python3
"""Checks a Firebreak log without Firebreak: Python 3.8 or later, its standard library, nothing else.

    tlog_verify.py LOG [--key VKEY] [--hashes] [--token TOKEN]
                       [--receipt FILE]... [--older FILE]... [--witness VKEY]...
    tlog_verify.py --key VKEY --receipt FILE.tlog-proof --entry FILE

LOG        a folder from `firebreak ledger export`, or http://HOST/tlog/NAME of a running server
--key      the log's verifier key, from somebody you trust; without it LOG's own `vkey` only shows consistency
--receipt  a .tlog-proof, or the JSON receipt of an ingest: its record must stand in LOG, its tree must be LOG's past
--older    a checkpoint kept from earlier: LOG must still hold everything that it signed
--witness  a witness' verifier key: it must have cosigned LOG's `cosigned` checkpoint, or another one at hand
--entry    the record's octets, to check one proof without the log
--hashes   reads hash tiles alone, for a server that shows you no entries; nothing is said about entries then
--token    for entries over HTTP

The formats are public: c2sp.org/tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature, tlog-proof; the tree
is that of RFC 6962, section 2.1. VKEY is the text or a file that holds it. Exit code: 0 all is well, 1 something is
not what was signed (said with file and entry), 2 it could not be checked.
"""
import argparse, base64, hashlib, json, os, re, sys, urllib.error, urllib.request

class Wrong(Exception): pass        # the log is not what was signed
class CannotCheck(Exception): pass  # an input is missing or unreadable: nothing is known about the log

sha256 = lambda data: hashlib.sha256(data).digest()

def need(condition, what):
    if not condition:
        raise Wrong(what)

def unbase64(text, what):
    """The one canonical spelling only: two texts must never mean the same octets."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    need(data and base64.b64encode(data).decode() == text, what + " is not base64")
    return data

# ---- Ed25519 (RFC 8032, 5.1), verification alone. Slow and plain: no secret is handled here.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def point_add(a, b):
    """Extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z."""
    A, B = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    C, E = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = B - A, E - C, E + C, B + A
    return e * f % P, g * h % P, f * g % P, e * h % P

def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        result = point_add(result, point) if scalar & 1 else result
        point, scalar = point_add(point, point), scalar >> 1
    return result

def point_decode(octets):
    number = int.from_bytes(octets, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - square) % P else x
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P

BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def ed25519_good(public_key, message, signature):
    key, nonce, s = point_decode(public_key), point_decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or nonce is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    a, b = point_multiply(s, BASE), point_add(nonce, point_multiply(k, key))
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0

# ---- Notes: keys, checkpoints, cosignatures, proofs.
NAME = r"[!-*,-~]{1,128}"  # printable ASCII without space and '+'
NUMBER, ED25519, COSIGNATURE = r"(0|[1-9][0-9]{0,19})", 1, 4  # the last two: types of keys

def parse_vkey(text, kind, what):
    """<name>+<hash>+base64(<type> <key>) -> (name, key id, public key)"""
    match = re.fullmatch("(" + NAME + r")\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\n?", text)
    data = unbase64(match[3], what + ": the key") if match else b""
    need(len(data) == 33 and data[0] == kind, what + ": not name+hash+key of an Ed25519 key of type %d" % kind)
    key_id = sha256(match[1].encode() + b"\n" + data)[:4]
    need(key_id.hex() == match[2], what + ": the hash is not that of this name and key")
    return match[1], key_id, data[1:]

class Checkpoint:
    def __init__(self, octets, what):
        text = octets.decode("utf-8", "replace")
        match = re.fullmatch("(" + NAME + r")\n" + NUMBER + "\n(\\S{44})\n\n((?:\u2014 \\S+ \\S+\n)+)", text)
        need(match, what + ": not a checkpoint (origin, size, root, empty line, signatures)")
        self.what, self.origin, self.size = what, match[1], int(match[2])
        self.root = unbase64(match[3], what + ": the root")
        self.body = text[: match.start(4) - 1].encode()
        lines = [line.split(" ")[1:] for line in match[4].splitlines()]
        self.signatures = [(name, unbase64(s, what + ": a signature")) for name, s in lines]

    def check(self, key):
        need(self.origin == key[0], "%s: is of %s, not of %s" % (self.what, self.origin, key[0]))
        ours = [s[4:] for name, s in self.signatures if name == key[0] and s[:4] == key[1]]
        need(ours, "%s: not signed by %s" % (self.what, key[0]))
        need(all(ed25519_good(key[2], self.body, s) for s in ours), self.what + ": the signature is wrong")

    def cosigned_at(self, key):
        """Seconds since 1970 at which the witness says that it saw this checkpoint; None when it has not cosigned."""
        for name, s in self.signatures:
            if name == key[0] and s[:4] == key[1]:
                time = int.from_bytes(s[4:12], "big")
                message = b"cosignature/v1\ntime %d\n" % time + self.body
                need(ed25519_good(key[2], message, s[12:]), self.what + ": the cosignature of " + name + " is wrong")
                return time
        return None

class Receipt:
    """What one receipt says of the log: a checkpoint, one record's index, and its leaf's path or hash."""
    def __init__(self, path, origin):
        octets, self.what, self.path, self.leaf = read_file(path), path, None, None
        if octets.startswith(b"c2sp.org/tlog-proof@v1\n"):
            head, _, note = octets.partition(b"\n\n")
            match = re.fullmatch("[^\n]+\n(?:extra \\S+\n)?index " + NUMBER + "((?:\n\\S{44}){0,64})", head.decode("latin1"))
            need(match, path + ": not a tlog-proof")
            self.index, self.path = int(match[1]), [unbase64(line, path + ": a hash") for line in match[2].split()]
        else:
            try:  # {"log","first","last","leaf_hash","size","root","signature"}: docs/formats/stream.md
                r = json.loads(octets)
                note = "%s\n%d\n%s\n\n\u2014 %s %s\n" % (origin, r["size"], r["root"], origin, r["signature"])
                self.index, self.leaf, note = int(r["last"]), unbase64(r["leaf_hash"], path + ": the leaf"), note.encode()
            except (ValueError, KeyError, TypeError):
                raise Wrong(path + ": neither a tlog-proof nor an ingest receipt") from None
        self.checkpoint = Checkpoint(note, path)
        need(self.index < self.checkpoint.size, "%s: entry %d is above the size that it signs" % (path, self.index))
    def check_leaf(self, leaf):
        """RFC 9162, 2.1.3.2."""
        if self.path is None:
            return need(leaf == self.leaf, "%s: entry %d is another one now" % (self.what, self.index))
        node, at, last = leaf, self.index, self.checkpoint.size - 1
        for other in self.path:
            need(last, self.what + ": the path is too long")
            if at & 1 or at == last:
                node = sha256(b"\1" + other + node)
                while at and not at & 1:
                    at, last = at >> 1, last >> 1
            else:
                node = sha256(b"\1" + node + other)
            at, last = at >> 1, last >> 1
        need(last == 0 and node == self.checkpoint.root, "%s: entry %d is not in the tree that it signs" % (self.what, self.index))

# ---- The log: a folder or a server.
def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise CannotCheck(str(error)) from None

class Source:
    def __init__(self, place, token):
        self.place, self.http = place.rstrip("/"), place.startswith(("http://", "https://"))
        self.headers = {"Authorization": "Bearer " + token} if token else {}
        if not self.http and not os.path.isdir(place):
            raise CannotCheck(place + ": there is no such folder")

    def read(self, name):
        """The octets, or None when there is no such file."""
        where = self.place + "/" + name
        try:
            if self.http:
                with urllib.request.urlopen(urllib.request.Request(where, headers=self.headers), timeout=60) as answer:
                    return answer.read()
            with open(where, "rb") as file:
                return file.read()
        except OSError as error:  # HTTPError is one of them
            code = getattr(error, "code", 0)
            if code == 404 or isinstance(error, (FileNotFoundError, NotADirectoryError)):
                return None
            hint = " (entries need --token; or use --hashes)" if code in (401, 403) else ""
            raise CannotCheck("%s: %s%s" % (where, error, hint)) from None

    def must(self, name):
        octets = self.read(name)
        need(octets is not None, name + ": is missing")
        return octets

def tile_name(kind, n, width):
    name, n = "%03d" % (n % 1000), n // 1000
    while n:
        name, n = "x%03d/%s" % (n % 1000, name), n // 1000
    return "tile/%s/%s%s" % (kind, name, "" if width == 256 else ".p/%d" % width)

def read_tile(source, level, n, width):
    name = tile_name(level, n, width)
    tile = source.must(name)
    need(len(tile) == 32 * width, "%s: %d octets, not %d" % (name, len(tile), 32 * width))
    return name, [tile[i : i + 32] for i in range(0, len(tile), 32)]

def read_bundle(source, n, width):
    """Entries behind their lengths in two octets."""
    name, at = tile_name("entries", n, width), 0
    bundle = source.must(name)
    for i in range(width):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        need(at + 2 <= len(bundle) and end <= len(bundle), "%s: ends inside entry %d" % (name, n * 256 + i))
        yield name, bundle[at + 2 : end]
        at = end
    need(at == len(bundle), name + ": octets behind its last entry")

def root_of(hashes):
    """RFC 6962, 2.1."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"")
    left = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(hashes[:left]) + root_of(hashes[left:]))

def check_tree(source, checkpoint, sizes, indexes, hashes_only):
    """Every tile, bundle and the root. Returns the roots at `sizes` and the leaf hashes at `indexes`."""
    full, roots, leaves, level = [], {0: root_of([])}, {}, 1
    for first in range(0, checkpoint.size, 256):
        n, width = first // 256, min(256, checkpoint.size - first)
        name, hashes = read_tile(source, 0, n, width)
        if not hashes_only:
            for i, (bundle, entry) in enumerate(read_bundle(source, n, width)):
                need(sha256(b"\0" + entry) == hashes[i], "%s, entry %d: is not the one in %s" % (bundle, first + i, name))
        leaves.update((i, hashes[i - first]) for i in indexes if first <= i < first + width)
        for size in (s for s in sizes | {checkpoint.size} if first < s <= first + width):
            roots[size] = root_of(full + [root_of(hashes[: size - first])])
        full += [root_of(hashes)] if width == 256 else []
    need(roots[checkpoint.size] == checkpoint.root, "checkpoint: its root is not that of these %d entries" % checkpoint.size)
    while full:  # the tiles above: each hash is the root of a full tile below
        above = []
        for n in range((len(full) + 255) // 256):
            wanted = full[n * 256 : n * 256 + 256]
            name, found = read_tile(source, level, n, len(wanted))
            for i, (a, b) in enumerate(zip(found, wanted)):
                need(a == b, "%s: hash %d, of the entries from %d on, is wrong" % (name, i, (n * 256 + i) * 256**level))
            above += [root_of(wanted)] if len(wanted) == 256 else []
        full, level = above, level + 1
    return roots, leaves

# ---- The command.
key_text = lambda option: read_file(option).decode("latin1") if os.path.exists(option) else option

def check_log(source, options, say):
    own = parse_vkey(source.must("vkey").decode("latin1"), ED25519, "vkey")
    key = parse_vkey(key_text(options.key), ED25519, "--key") if options.key else own
    need(own == key, "vkey: is %s+%s, not the key given with --key" % (own[0], own[1].hex()))
    checkpoint = Checkpoint(source.must("checkpoint"), "checkpoint")
    checkpoint.check(key)
    need(source.http or source.must("origin") == (key[0] + "\n").encode(), "origin: is not that of the checkpoint")
    receipts = [Receipt(path, key[0]) for path in options.receipt]
    past = [r.checkpoint for r in receipts] + [Checkpoint(read_file(path), path) for path in options.older]
    cosigned = source.read("cosigned")
    past += [Checkpoint(cosigned, "cosigned")] if cosigned is not None else []
    for old in past:
        old.check(key)
        need(old.size <= checkpoint.size, "%s: signs %d entries, the log has %d: it was cut back" % (old.what, old.size, checkpoint.size))
    for witness in (parse_vkey(key_text(option), COSIGNATURE, "--witness") for option in options.witness):
        seen = [(c.size, c.cosigned_at(witness)) for c in past + [checkpoint] if c.cosigned_at(witness) is not None]
        need(seen, "no checkpoint at hand is cosigned by " + witness[0])
        say("witness %s: saw %d entries %d seconds after 1970-01-01" % (witness[0], *max(seen)))
    roots, leaves = check_tree(source, checkpoint, {c.size for c in past}, {r.index for r in receipts}, options.hashes)
    for old in past:
        need(roots[old.size] == old.root, "%s: the log's first %d entries are others now: it was written anew" % (old.what, old.size))
    for receipt in receipts:
        receipt.check_leaf(leaves[receipt.index])
    say("%s: %s: %d entries, root %s%s" % (source.place, "authentic" if options.key else "consistent", checkpoint.size,
                                           checkpoint.root.hex(), ", entries not read" if options.hashes else ""))

def check_entry(options, say):
    key = parse_vkey(key_text(options.key), ED25519, "--key")
    for receipt in (Receipt(path, key[0]) for path in options.receipt):
        receipt.checkpoint.check(key)
        receipt.check_leaf(sha256(b"\0" + read_file(options.entry)))
        say("%s: entry %d of %s, in its tree of %d" % (receipt.what, receipt.index, key[0], receipt.checkpoint.size))

def main(arguments=None, say=print, source=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", nargs="?")
    for name in ("key", "token", "entry", "receipt", "older", "witness"):
        many = dict(action="append", default=[]) if name in ("receipt", "older", "witness") else {}
        parser.add_argument("--" + name, **many)
    parser.add_argument("--hashes", action="store_true")
    options = parser.parse_args(arguments)
    if not options.log and not (options.key and options.receipt and options.entry):
        parser.error("name a LOG, or --key, --receipt and --entry")
    try:
        check_log(source or Source(options.log, options.token), options, say) if options.log else check_entry(options, say)
    except (Wrong, CannotCheck) as reason:
        say("%s: %s" % ("wrong" if isinstance(reason, Wrong) else "cannot check", reason))
        return 1 if isinstance(reason, Wrong) else 2
    return 0

if __name__ == "__main__":
    sys.exit(main())
