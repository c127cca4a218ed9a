// One log entry, whole, and its proof recomputed here: leaf commitment, leaf hash, path, root (RFC 9162 §2.1.3.2).
import { get } from "/api.js";
import { el } from "/dom.js";

const octets = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const sha256 = async (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
};
const same = (a, b) => a.length === b.length && a.every((octet, i) => octet === b[i]);
const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
const LEAF = new Uint8Array([0]), NODE = new Uint8Array([1]);

async function rootOf(hash, index, size, path) {
  let fn = BigInt(index), sn = BigInt(size) - 1n, root = hash;
  for (const sibling of path) {
    if (sn === 0n) return null;
    if ((fn & 1n) === 1n || fn === sn) {
      root = await sha256(NODE, sibling, root);
      while ((fn & 1n) === 0n && fn !== 0n) { fn >>= 1n; sn >>= 1n; }
    } else {
      root = await sha256(NODE, root, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n ? root : null;
}

// [what, held?] of each check.
async function verify(record) {
  const leaf = octets(record.leaf), hash = await sha256(LEAF, leaf);
  const checks = [["the leaf has the hash that is stated", same(hash, octets(record.leaf_hash))]];
  if (record.salt && record.row)
    checks.push(["the record is the one the leaf commits to", same(await sha256(octets(record.salt), octets(record.row)), leaf.slice(16, 48))]);
  const [, size, root] = record.checkpoint.split("\n");
  const reached = await rootOf(hash, record.index, size, record.proof.map(octets));
  checks.push([`the path leads to the root of the checkpoint of ${size} records`, reached !== null && same(reached, octets(root))]);
  return { checks, root: reached === null ? "" : hex(reached) };
}

function verifyButton(record, log) {
  const result = el("div", { role: "status" });
  const button = el("button", { type: "button", name: "verify" }, "Verify here");
  button.addEventListener("click", async () => {
    const { checks, root } = await verify(record);
    const all = checks.every(([, held]) => held);
    result.replaceChildren(
      el("ul", { className: "plain" }, ...checks.map(([what, held]) => el("li", { className: held ? "good" : "bad" }, (held ? "✓ " : "✗ NOT: ") + what))),
      el("p", { className: all ? "good" : "bad" }, all ? "Consistent. Root " + root : "This record does not stand in the signed log."));
  });
  return el("div", {}, el("p", {}, "Your browser recomputes the hashes; the server's word is not taken. The checkpoint's signature is checked by ",
    el("code", {}, `firebreak ledger verify --log ${log}`), " and by any C2SP tool."), button, result);
}

export async function showEntry(log, index, title, parts) {
  title.textContent = `${log} ${index}`;
  if (log === "journal") {
    const page = await get(`/api/v1/journal?from=${index}&limit=1`);
    const entry = page.items[0];
    parts.replaceChildren(
      el("p", {}, entry ? `${entry.kind} by ${entry.actor} at ${entry.time}` : "there is no such entry"),
      el("pre", { tabindex: "0" }, el("code", {}, JSON.stringify(entry ?? null, null, 2))),
      ...Object.entries(page.texts ?? {}).map(([reference, text]) => el("p", {}, el("code", {}, reference.slice(0, 13) + "…"), " says: ", text)),
      el("p", { className: "soft" }, "Its proof: ", el("code", {}, `firebreak ledger prove --log journal --index ${index}`)));
    return;
  }
  const record = await get(`/api/v1/streams/${encodeURIComponent(log)}/records/${index}`);
  parts.replaceChildren(verifyButton(record, log), el("h3", {}, "Record"),
    el("pre", { tabindex: "0" }, el("code", {}, JSON.stringify(record.record, null, 2))), el("h3", {}, "Proof"),
    el("pre", { tabindex: "0" }, el("code", {}, JSON.stringify({ ...record, record: undefined, row: undefined }, null, 2))));
}
