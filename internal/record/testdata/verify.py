"""A second verifier of Tocsin record exports, for outside examiners.

usage: verify.py EXPORT.jsonl [CHECKPOINTS]

Needs nothing but Python 3. It does not check the Ed25519 signatures of the
checkpoint lines (Python's standard library cannot); check those with
"tocsin verify" or any Ed25519 tool: the signature is over the line up to its
last space. Exit status: 0 all good, 2 usage, 3 something is wrong.
"""
import base64
import hashlib
import json
import sys

FIELDS = ["chain", "seq", "prev", "salt", "commitment", "hash", "payload"]


def field(value):
    return len(value).to_bytes(8, "big") + value


def link(chain, seq, prev, commitment):
    parts = [chain.encode(), seq.to_bytes(8, "big"), prev, commitment]
    return hashlib.sha256(b"tocsin/record/v1\0" + b"".join(field(p) for p in parts)).digest()


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    if not data.endswith(b"\n"):
        raise ValueError("file ends within a line")
    lines = [json.loads(line) for line in data[:-1].split(b"\n")]
    if lines[0] != {"format": "tocsin/record", "version": 1}:
        raise ValueError("header or version is not known")
    if lines[-1] != {"end": True, "entries": len(lines) - 2}:
        raise ValueError("end line is missing or counts wrongly")
    return lines[1:-1]


def verify(entries):
    heads, seen = {}, {}
    for e in entries:
        if list(e) != FIELDS:
            raise ValueError("entry has other fields than %s" % FIELDS)
        where = "%s/%d" % (e["chain"], e["seq"])
        prev, salt, commitment, found = (bytes.fromhex(e[k]) for k in ("prev", "salt", "commitment", "hash"))
        last_seq, last_hash = heads.get(e["chain"], (0, b""))
        if e["seq"] != last_seq + 1:
            raise ValueError("%s: expected entry %d" % (where, last_seq + 1))
        if prev != last_hash:
            raise ValueError("%s: does not follow the entry before it" % where)
        if e["payload"] is None:
            raise ValueError("%s: payload is missing" % where)
        payload = base64.b64decode(e["payload"], validate=True)
        if len(salt) != 32 or hashlib.sha256(salt + payload).digest() != commitment:
            raise ValueError("%s: payload is not the one that was recorded" % where)
        if link(e["chain"], e["seq"], prev, commitment) != found:
            raise ValueError("%s: hash is not that of the entry's parts" % where)
        heads[e["chain"]] = (e["seq"], found)
        seen[(e["chain"], e["seq"])] = found
    return heads, seen


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(2)
    try:
        heads, seen = verify(read(sys.argv[1]))
        for line in open(sys.argv[2]) if len(sys.argv) == 3 else []:
            label, _, chain, seq, digest, when, _ = line.split(" ")
            if label != "tocsin/checkpoint/v1" or seen.get((chain, int(seq))) != bytes.fromhex(digest):
                raise ValueError("%s: differs from the checkpoint of %s at %s" % (chain, when, seq))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as problem:
        print("FAULT:", problem)
        sys.exit(3)
    for chain, (seq, digest) in sorted(heads.items()):
        print("ok", chain, seq, digest.hex())


main()
