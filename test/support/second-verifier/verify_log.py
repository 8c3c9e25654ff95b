"""The stand-alone verifier once more, in another language and from the specifications alone: RFC 6962, RFC 8032, RFC 3161, C2SP signed-note.

Only tests use it. It shares nothing with scripts/verify-audit.mjs but the layout of the folder, and must come to the same verdict and to the
same first bad position. `verdict` takes the files by name, the key trusted, the notes somebody kept, and the keys of witnesses.
"""

import base64
import binascii
import hashlib
import json
import re

PER_SEGMENT = 1000
SIGNED_AT_ONCE = {
    "run-held", "run-decided", "run-rehearsed", "run-sealed", "run-withheld", "run-failed",
    "night-missed", "heartbeat", "log-recomputed", "signing-key-changed",
}

ATTESTED = {"run-withheld", "run-failed"}
SPACE = re.compile("[\t\n\x0b\x0c\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]")

# ------------------------------------------------------------------ Ed25519 (RFC 8032, section 5.1.7), in extended coordinates

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    i, j, k, l = f - e, h - g, h + g, f + e
    return (i * j % P, k * l % P, j * k % P, i * l % P)


def double_multiply(s, a, t, b):
    """s*a + t*b, both scalars walked together."""
    both = add(a, b)
    total = NEUTRAL
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        total = add(total, total)
        pick = (s >> bit & 1) + 2 * (t >> bit & 1)
        if pick:
            total = add(total, (a, b, both)[pick - 1])
    return total


def decompress(data):
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_MINUS_ONE % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_holds(public, message, signature):
    if len(signature) != 64:
        return False
    a, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    minus_a = (P - a[0], a[1], a[2], P - a[3])
    left = double_multiply(s, BASE, k, minus_a)
    return (left[0] * r[2] - r[0] * left[2]) % P == 0 and (left[1] * r[2] - r[1] * left[2]) % P == 0


# ---------------------------------------------------------------------------------------------------------- tree (RFC 6962, 2.1)


def leaf_hash(line):
    return hashlib.sha256(b"\0" + line).digest()


class Tree:
    """Root of the first n leaves by the definition, each complete subtree computed once."""

    def __init__(self, leaves):
        self.leaves = leaves
        self.known = {}

    def root(self, first, last):
        count = last - first
        if count == 1:
            return self.leaves[first]
        key = (first, last)
        if key not in self.known:
            split = 1
            while split * 2 < count:
                split *= 2
            both = self.root(first, first + split) + self.root(first + split, last)
            self.known[key] = hashlib.sha256(b"\1" + both).digest()
        return self.known[key]

    def is_root(self, size, root):
        return 0 < size <= len(self.leaves) and self.root(0, size) == root


# -------------------------------------------------------------------------------------------------------- notes (C2SP signed-note)


def from_base64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def read_key(text, kind=1):
    parts = text.split("+", 2) if isinstance(text, str) else []
    if len(parts) != 3 or not parts[0] or SPACE.search(parts[0]) or not re.fullmatch("[0-9a-f]{8}", parts[1]):
        return None
    data = from_base64(parts[2])
    if data is None or len(data) != 33 or data[0] != kind:
        return None
    if hashlib.sha256(parts[0].encode() + b"\n" + data).hexdigest()[:8] != parts[1]:
        return None
    return {"text": text, "name": parts[0], "id": parts[1], "public": data[1:]}


def read_note(note):
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        return None
    text, blank, signed = whole.rpartition("\n\n")
    if not blank or not whole.endswith("\n"):
        return None
    signatures = []
    for line in signed[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not parts[1] or "+" in parts[1] or SPACE.search(parts[1]):
            return None
        data = from_base64(parts[2])
        if data is None or len(data) < 5:
            return None
        signatures.append((parts[1], data[:4].hex(), data[4:]))
    return text, signatures


def read_checkpoint(note):
    read = read_note(note)
    if read is None:
        return None
    text, signatures = read
    lines = text.split("\n")
    if len(lines) != 3 or not lines[0] or not re.fullmatch("0|[1-9][0-9]{0,14}", lines[1]):
        return None
    root = from_base64(lines[2])
    if root is None or len(root) != 32:
        return None
    return {
        "origin": lines[0], "size": int(lines[1]), "root": root,
        "text": (text + "\n").encode(), "signatures": signatures,
    }


def signed_as_needed(keys, checkpoint):
    """Exactly the key in force signed, or the old and the new where a change of key is first covered."""
    signed = set()
    for name, key_id, signature in checkpoint["signatures"]:
        for nth, (_, key) in enumerate(keys):
            if (key["name"], key["id"]) == (name, key_id):
                if not ed25519_holds(key["public"], checkpoint["text"], signature):
                    return False
                signed.add(nth)
                break
    begun = [nth for nth, (first, _) in enumerate(keys) if first <= checkpoint["size"]]
    crossed = len(begun) > 1 and keys[begun[-1]][0] == checkpoint["size"] and not keys[begun[-1]][1]["announced"]
    return signed == set(begun[-2:] if crossed else begun[-1:]) and bool(signed)


# ------------------------------------------------------------------------------------------------------------------------- the log


def numbered_lines(files, folder, suffix, fault):
    pattern = re.compile(f"{folder}/[0-9]{{12}}{re.escape(suffix)}")
    names = sorted(name for name in files if pattern.fullmatch(name))
    lines = []
    for nth, name in enumerate(names):
        if name != f"{folder}/{nth * PER_SEGMENT:012d}{suffix}":
            fault(len(lines))
            return lines
        *whole, rest = files[name].split(b"\n")
        lines += [line + b"\n" for line in whole]
        full = (nth + 1) * PER_SEGMENT
        if rest:
            fault(len(lines))
            return lines
        if len(lines) > full:
            fault(full)
            return lines[:full]
        if len(lines) < full and nth + 1 < len(names):
            fault(len(lines))
            return lines
    return lines


def no_constant(name):
    raise ValueError(name)


def read_entry(line):
    try:
        entry = json.loads(line.decode("utf-8"), parse_constant=no_constant)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def verdict(files, key=None, held=(), witnesses=()):
    """The bad positions (or None), lowest first, empty for a sound log; and up to where others vouch for it."""
    faults = []
    fault = faults.append
    lines = numbered_lines(files, "entries", ".jsonl", fault)
    count = len(lines)
    entries = []
    for position, line in enumerate(lines):
        entry = read_entry(line)
        if entry is None:
            fault(position)
        entries.append(entry or {})

    checkpoints = {}
    for name in sorted(files):
        if re.fullmatch("checkpoints/[0-9]{12}", name):
            size = int(name[-12:])
            checkpoint = read_checkpoint(files[name])
            if checkpoint is None or size == 0 or checkpoint["size"] != size:
                fault(max(size - 1, 0))
            else:
                checkpoints[size] = checkpoint

    newest = read_checkpoint(files["checkpoint"]) if "checkpoint" in files else None
    if newest is None or newest["size"] == 0:
        fault(max(count - 1, 0))
    else:
        size = newest["size"]
        if files.get(f"checkpoints/{size:012d}") != files["checkpoint"]:
            fault(size - 1)
        if max(checkpoints, default=0) > size or count > size:
            fault(size)
        if count < size:
            fault(count)

    keys = keys_named(entries, fault)
    origin = entries[0].get("origin") if entries else None
    vouched = {}
    for size, checkpoint in checkpoints.items():
        if checkpoint["origin"] == origin and signed_as_needed(keys, checkpoint):
            vouched[size] = checkpoint
        else:
            fault(size - 1)
    tree = Tree([leaf_hash(line) for line in lines])
    check_tree(files, tree, vouched or checkpoints, fault)
    kept = [read_checkpoint(note) for note in held]
    receipts = read_receipts(files)
    copies = [checkpoint for _, anchor, _, checkpoint in receipts if anchor != "timestamp"]
    check_held(kept + copies, tree, keys, fault)

    if key is not None and key not in [named["text"] for _, named in keys]:
        fault(0)
    expected = "".join(f"{first} {named['text']}\n" for first, named in keys if first <= count)
    if files.get("verifier-keys") != expected.encode():
        fault(None)
    check_runs(entries, sorted(checkpoints), fault)
    check_told(files, entries, fault)
    vouched_for = [each["size"] for each in kept if each]
    for name, anchor, size, checkpoint in receipts:
        if anchor == "timestamp":
            check_timestamp(files, name, size, count, fault)
        elif checkpoint is not None:
            if checkpoint["size"] != size:
                fault(None)
            cosigned = cosignatures(checkpoint, witnesses)
            if cosigned is None:
                fault(max(size - 1, 0))
            elif cosigned:
                vouched_for.append(size)
    ours = re.compile(r"entries/[0-9]{12}\.jsonl|leaves/[0-9]{12}|checkpoints/[0-9]{12}")
    if any(re.match("(entries|leaves|checkpoints)/", name) and not ours.fullmatch(name) for name in files):
        fault(None)
    anchored = max([size for size in vouched_for if size <= count], default=0)
    return sorted(faults, key=lambda position: float("inf") if position is None else position), anchored


# ------------------------------------------------------------------------- receipts (RFC 3161; C2SP tlog-cosignature)


def read_receipts(files):
    receipts = []
    for name in sorted(files):
        match = re.fullmatch("anchors/(timestamp|witness|folder)-([0-9]{12})", name)
        if match:
            anchor, size = match[1], int(match[2])
            receipts.append((name, anchor, size, None if anchor == "timestamp" else read_checkpoint(files[name])))
    return receipts


def check_told(files, entries, fault):
    told = {}
    for position, entry in enumerate(entries):
        if entry.get("what") == "checkpoint-anchored":
            name = f"anchors/{entry['anchor']}-{entry['size']:012d}"
            told.setdefault(name, (position, set()))[1].add(entry["receipt"])
    for name, (position, digests) in told.items():
        if name in files and hashlib.sha256(files[name]).hexdigest() not in digests:
            fault(position)


def cosignatures(checkpoint, witnesses):
    """How many lines of these witnesses hold; None if one does not."""
    count = 0
    for name, key_id, signature in checkpoint["signatures"]:
        known = [key for key in witnesses if (key["name"], key["id"]) == (name, key_id)]
        if not known:
            continue
        seconds = int.from_bytes(signature[:8], "big")
        signed = f"cosignature/v1\ntime {seconds}\n".encode() + checkpoint["text"]
        if len(signature) != 72 or not ed25519_holds(known[0]["public"], signed, signature[8:]):
            return None
        count += 1
    return count


def elements(data):
    """The DER elements that these bytes consist of, as (tag, content); None if they do not."""
    found = []
    while data:
        if len(data) < 2:
            return None
        tag, length, start = data[0], data[1], 2
        if length >= 128:
            size = length - 128
            if size == 0 or size > 4 or len(data) < 2 + size:
                return None
            length, start = int.from_bytes(data[2:2 + size], "big"), 2 + size
        if start + length > len(data):
            return None
        found.append((tag, data[start:start + length]))
        data = data[start + length:]
    return found


def down(found, *path):
    """Walks into elements: at each step the index of the next one, and the tag that it must bear."""
    for index, tag in path:
        if found is None or len(found) <= index or found[index][0] != tag:
            return None
        found = elements(found[index][1])
    return found


def first_of(data):
    """The first element alone: what follows a whole answer is for others to judge."""
    for end in range(2, 8):
        header = data[:end]
        if len(header) >= 2 and (header[1] < 128 or len(header) >= 2 + header[1] - 128):
            length = header[1] if header[1] < 128 else int.from_bytes(header[2:2 + header[1] - 128], "big")
            start = 2 if header[1] < 128 else 2 + header[1] - 128
            return elements(data[:start + length])
    return None


def timestamp_imprint(answer):
    signed = down(first_of(answer), (0, 0x30), (1, 0x30), (1, 0xA0), (0, 0x30))
    content = down(signed, (2, 0x30))
    if not content or content[0][1].hex() != "2a864886f70d0109100104":
        return None
    wrapped = down(content, (1, 0xA0))
    if not wrapped or wrapped[0][0] != 0x04:
        return None
    imprint = down(first_of(wrapped[0][1]), (0, 0x30), (2, 0x30))
    algorithm = down(imprint, (0, 0x30))
    if not algorithm or algorithm[0][1].hex() != "608648016503040201" or len(imprint) < 2 or imprint[1][0] != 0x04:
        return None
    return imprint[1][1]


def check_timestamp(files, name, size, count, fault):
    imprint = timestamp_imprint(files[name])
    note = files.get(f"checkpoints/{size:012d}")
    if size > count:
        fault(count)
    elif imprint is not None and (note is None or hashlib.sha256(note).digest() != imprint):
        fault(max(size - 1, 0))


def keys_named(entries, fault):
    keys = []

    def take(first, text, position, announced=False):
        key = read_key(text)
        if key is None:
            fault(position)
        else:
            keys.append((first, dict(key, announced=announced)))

    if entries and entries[0].get("what") == "log-opened":
        take(1, entries[0].get("verifierKey"), 0)
    else:
        fault(0)
    for position, entry in enumerate(entries):
        if entry.get("what") == "signing-key-changed":
            following = entry.get("verifierKey")
            if not keys or entry.get("previous") != keys[-1][1]["text"]:
                fault(position)
            elif "announced" not in entry:
                take(position + 1, following, position)
            elif announces(entry["announced"], keys[-1][1], read_key(following)):
                take(position + 1, following, position, announced=True)
            else:
                fault(position)
    return keys


def announces(note, previous, following):
    """The old key, destroyed since, named the one that follows it, and both signed that."""
    read = read_note(note.encode()) if isinstance(note, str) else None
    if read is None or following is None:
        return False
    text, signatures = read
    name = previous["name"] + "/key-change"
    if text != f"{name}\n{previous['text']}\n{following['text']}":
        return False
    wanted = {}
    for key in (previous, following):
        data = b"\x01" + key["public"]
        wanted[hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8]] = key["public"]
    held = set()
    for signer, key_id, signature in signatures:
        if signer == name and key_id in wanted:
            if not ed25519_holds(wanted[key_id], (text + "\n").encode(), signature):
                return False
            held.add(key_id)
    return held == set(wanted)


def check_tree(files, tree, checkpoints, fault):
    ordered = sorted(checkpoints)
    bad = [size for size in ordered if not tree.is_root(size, checkpoints[size]["root"])]
    told = numbered_lines(files, "leaves", "", lambda _: None)
    leaves = []
    for line in told:
        try:
            leaves.append(bytes.fromhex(line[:-1].decode("latin-1")))
        except ValueError:
            leaves.append(b"")
    differs = None
    if leaves:
        for position in range(max(len(leaves), len(tree.leaves))):
            if leaves[position:position + 1] != tree.leaves[position:position + 1]:
                differs = position
                break
    if not bad:
        if differs is not None:
            fault(differs)
        return
    authentic = Tree(leaves)
    if differs is not None and all(authentic.is_root(size, checkpoints[size]["root"]) for size in ordered):
        fault(differs)
    else:
        good = max((size for size in ordered if size < bad[0]), default=0)
        fault(min(good, len(tree.leaves)))


def check_held(held, tree, keys, fault):
    agreed = [each["size"] for each in held if each and tree.is_root(each["size"], each["root"])]
    for each in held:
        if each is None or each["size"] == 0:
            fault(None)
        elif each["size"] > len(tree.leaves):
            fault(len(tree.leaves))
        elif not tree.is_root(each["size"], each["root"]):
            fault(max((size for size in agreed if size < each["size"]), default=0))
        elif not signed_as_needed(keys, each):
            fault(each["size"] - 1)


def check_runs(entries, sizes, fault):
    decided = {}
    for position, entry in enumerate(entries):
        what, run = entry.get("what"), entry.get("run")
        last = position + (what in ATTESTED and position + 1 not in sizes)
        beforehand = what == "signing-key-changed" and "announced" in entry
        if what in SIGNED_AT_ONCE and not beforehand and last + 1 not in sizes:
            fault(last)
        if what == "run-decided":
            decided[run] = position
        if what == "decision-withdrawn":
            decided.pop(run, None)
        if what == "run-released":
            at = decided.pop(run, None)
            if at is None or not any(at < size <= position for size in sizes):
                fault(position)


def answer(line):
    """One request a line, as JSON: files and notes in base64. The verdict as JSON."""
    asked = json.loads(line)
    files = {name: base64.b64decode(data) for name, data in asked["files"].items()}
    held = [base64.b64decode(note) for note in asked["held"]]
    witnesses = [read_key(text, 4) for text in asked["witnesses"]]
    faults, anchored = verdict(files, asked["key"], held, witnesses)
    return json.dumps({"sound": not faults, "position": faults[0] if faults else None, "anchored": anchored})
