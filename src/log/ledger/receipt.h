// What somebody kept of a log: a tlog-proof of one record, the JSON receipt of an ingest, a trace, or a checkpoint. The log must still
// hold everything that it says, so a log that was cut back or written anew together with its checkpoint is found by it.
//
// Pure; thread-safe. Errors: kInvalid (no receipt), kCorrupt (the log is not what the receipt says; the message says how).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "log/ledger/note.h"
#include "log/ledger/tree.h"

namespace firebreak::ledger {

struct Receipt {
  std::string log;     // name of the log; empty in a proof, which names the origin
  std::string origin;  // empty in an ingest receipt, which names the log
  std::uint64_t size = 0;
  Digest root;  // of the first `size` entries
  std::vector<NoteSignature> signatures;
  std::optional<std::uint64_t> index;  // of the record; none in a checkpoint
  std::optional<Digest> leaf;          // its hash; a proof has the path instead
  Hashes path;
};

// tlog-proof, {"log","last","leaf_hash","size","root","signature"} (docs/formats/stream.md), the
// proof of `firebreak trace ID --json`, or a checkpoint.
Result<Receipt> parse_receipt(std::string_view text);
Receipt receipt_of(const Checkpoint& checkpoint);

// The receipt says that it is of this log. Nothing is checked.
bool is_of(const Receipt& receipt, std::string_view log_name, std::string_view origin);

// A log as its entries are now.
struct PastView {
  std::uint64_t size = 0;
  std::function<Result<Digest>(std::uint64_t)> root_at;
  std::function<Result<Digest>(std::uint64_t)> leaf_at;
};
PastView past_view(const Tree& tree);  // `tree` outlives the view

// The receipt is signed by `key` and everything that it says is so in `log`.
Result<void> check_receipt(const Receipt& receipt, const VerifierKey& key, const PastView& log);

// The part about the tree alone, for a checkpoint whose signature is known to be good: cut back, or written anew?
Result<void> check_past(std::uint64_t size, const Digest& root, const PastView& log);

}  // namespace firebreak::ledger
