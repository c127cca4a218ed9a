#include "log/ledger/receipt.h"

#include "base/encoding.h"
#include "base/json.h"
#include "log/ledger/proof.h"

namespace firebreak::ledger {
namespace {

constexpr std::size_t kMaxReceiptBytes = 1024 * 1024;

Result<Digest> get_digest(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::string text, get_string(object, key));
  const Result<Bytes> raw = from_base64(text);
  if (!raw || raw->size() != 32)
    return fail(Code::kInvalid, "'" + std::string(key) + "' is not base64 of 32 octets", "/" + std::string(key));
  return Digest::from_bytes(*raw);
}

Result<std::uint64_t> get_count(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::int64_t value, get_int(object, key));
  if (value < 0) return fail(Code::kInvalid, "'" + std::string(key) + "' is negative", "/" + std::string(key));
  return static_cast<std::uint64_t>(value);
}

// {"index","leaf_hash","proof":[…],"checkpoint",…}: a record's proof as the server gives it, alone or inside a trace.
Result<Receipt> from_record_proof(const Json& object) {
  FIREBREAK_ASSIGN(const std::string note, get_string(object, "checkpoint"));
  FIREBREAK_ASSIGN(const Checkpoint checkpoint, parse_checkpoint(note));
  Receipt receipt = receipt_of(checkpoint);
  FIREBREAK_ASSIGN(receipt.index, get_count(object, "index"));
  FIREBREAK_ASSIGN(receipt.leaf, get_digest(object, "leaf_hash"));
  return receipt;
}

Result<Receipt> from_json(std::string_view text) {
  FIREBREAK_ASSIGN(const Json object, parse_json(text));
  if (find(object, "checkpoint") != nullptr) return from_record_proof(object);
  if (const Json* proof = find(object, "proof"); proof != nullptr && proof->is_object()) return from_record_proof(*proof);
  Receipt receipt;
  FIREBREAK_ASSIGN(receipt.log, get_string(object, "log"));
  FIREBREAK_ASSIGN(receipt.size, get_count(object, "size"));
  FIREBREAK_ASSIGN(receipt.index, get_count(object, "last"));
  FIREBREAK_ASSIGN(receipt.root, get_digest(object, "root"));
  FIREBREAK_ASSIGN(receipt.leaf, get_digest(object, "leaf_hash"));
  FIREBREAK_ASSIGN(std::string signature, get_string(object, "signature"));
  receipt.signatures.push_back({"", std::move(signature)});
  return receipt;
}

bool holds_signature(const Receipt& receipt, const VerifierKey& key) {
  const std::string body = checkpoint_body(key.name, receipt.size, receipt.root);
  for (const NoteSignature& signature : receipt.signatures)
    if ((signature.name.empty() || signature.name == key.name) && verify_signature(key, body, signature.signature)) return true;
  return false;
}

}  // namespace

Receipt receipt_of(const Checkpoint& checkpoint) {
  Receipt receipt;
  receipt.origin = checkpoint.origin;
  receipt.size = checkpoint.size;
  receipt.root = checkpoint.root;
  receipt.signatures = checkpoint.signatures;
  return receipt;
}

Result<Receipt> parse_receipt(std::string_view text) {
  if (text.size() > kMaxReceiptBytes) return fail(Code::kInvalid, "receipt: larger than 1 MiB");
  if (text.starts_with('{')) {
    Result<Receipt> receipt = from_json(text);
    if (!receipt) return fail(std::move(receipt.error()).with("receipt"));
    return receipt;
  }
  if (!text.starts_with("c2sp.org/tlog-proof@")) {
    FIREBREAK_ASSIGN(const Checkpoint checkpoint, parse_checkpoint(text));
    return receipt_of(checkpoint);
  }
  FIREBREAK_ASSIGN(Proof proof, parse_proof(text));
  Receipt receipt = receipt_of(proof.checkpoint);
  receipt.index = proof.index;
  receipt.path = std::move(proof.path);
  return receipt;
}

bool is_of(const Receipt& receipt, std::string_view log_name, std::string_view origin) {
  return receipt.origin.empty() ? receipt.log == log_name : receipt.origin == origin;
}

PastView past_view(const Tree& tree) {
  return {tree.size(), [&tree](std::uint64_t size) { return tree.root_at(size); },
          [&tree](std::uint64_t index) { return tree.leaf_at(index); }};
}

Result<void> check_past(std::uint64_t size, const Digest& root, const PastView& log) {
  if (size > log.size)
    return fail(Code::kCorrupt, "it signs " + std::to_string(size) + " entries, the log has " + std::to_string(log.size) +
                                    ": the log was cut back");
  FIREBREAK_ASSIGN(const Digest now, log.root_at(size));
  if (now != root)
    return fail(Code::kCorrupt, "the log's first " + std::to_string(size) + " entries are others than those it signs: the log was written anew");
  return {};
}

Result<void> check_receipt(const Receipt& receipt, const VerifierKey& key, const PastView& log) {
  if (!receipt.origin.empty() && receipt.origin != key.name)
    return fail(Code::kCorrupt, "it is of '" + receipt.origin + "', not of '" + key.name + "'");
  if (!holds_signature(receipt, key))
    return fail(Code::kCorrupt, "it is not signed by the log's key " + key.text() +
                                    ": the receipt was changed, or the log was made anew with another key");
  FIREBREAK_TRY(check_past(receipt.size, receipt.root, log));
  if (!receipt.index) return {};
  const std::string entry = "entry " + std::to_string(*receipt.index);
  if (*receipt.index >= receipt.size) return fail(Code::kCorrupt, entry + " is above the size that it signs");
  FIREBREAK_ASSIGN(const Digest leaf, log.leaf_at(*receipt.index));
  const bool holds = receipt.leaf ? leaf == *receipt.leaf
                                  : verify_inclusion(leaf, *receipt.index, receipt.size, receipt.path, receipt.root);
  if (!holds) return fail(Code::kCorrupt, entry + " is not the one that it is for");
  return {};
}

}  // namespace firebreak::ledger
