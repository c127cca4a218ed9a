// What anybody can do with a log's folder, or a copy of it, without a server and without the signing key.
//
// A data folder holds DIR/logs/<name>/{vkey, checkpoint, NNNNNN.seg}. Nothing here writes into it.
// Errors: kNotFound, kIo, kInvalid (a pinned key that is no key). Damage is a finding in the report, not an
// error.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "log/ledger/note.h"
#include "log/ledger/receipt.h"

namespace firebreak::ledger {

enum class Verdict {
  kDamaged,       // `damage` says where
  kContradicted,  // whole in itself, but not what a receipt or cosigned checkpoint in `kept` says: cut back, or written anew
  kConsistent,    // everything agrees with the checkpoint, which the folder's own key signed
  kAuthentic,     // and that key is the pinned one
};
std::string_view verdict_name(Verdict verdict);  // "damaged", "contradicted", "consistent", "authentic"
bool is_good(Verdict verdict);                   // consistent or authentic

struct Damage {
  std::string file;                     // "000001.seg", "checkpoint", "vkey"
  std::uint64_t offset = 0;             // of the damaged record, or frame, or file
  std::optional<std::uint64_t> record;  // the first entry that cannot be trusted
  std::string reason;
};

// What the caller has of the log from elsewhere.
struct KeptReceipt {
  std::string name;  // of its file
  Receipt receipt;
};
struct Kept {
  std::vector<KeptReceipt> receipts;
  std::vector<VerifierKey> witnesses;  // each must have cosigned what stands beside the log
  std::string ca_pem;                  // time stamps beside the log must lead to these certificates; empty = they are not judged
};
struct KeptAnswer {
  std::string name;
  std::uint64_t size = 0;
  std::optional<std::uint64_t> index;
  std::optional<std::uint64_t> seconds;  // since 1970: when a witness or authority saw it
  std::string problem;                   // empty: the log holds all that it says
};

struct VerifyReport {
  Verdict verdict = Verdict::kDamaged;
  std::string origin;
  std::string vkey;
  std::uint64_t size = 0;             // entries that were checked
  std::uint64_t checkpoint_size = 0;  // of them signed
  Digest root;                        // at checkpoint_size
  std::uint64_t segments = 0;
  std::uint64_t octets = 0;
  std::uint64_t torn_octets = 0;  // an unfinished last write above the checkpoint: never acknowledged
  std::optional<Damage> damage;
  std::vector<KeptAnswer> kept;   // receipts given, then what stands beside the log (cosigned.h); none when damaged
};

// Receipts are held against all entries of the log, also those above its checkpoint.
Result<VerifyReport> verify(Files& files, const Path& log_dir,
                            const std::optional<std::string>& pinned_vkey = {},
                            const Kept& kept = {});
// The same for an exported folder (export.h): each tile, bundle, and the root. Damage names them; `offset` is in that file.
Result<VerifyReport> verify_export(Files& files, const Path& dir, const std::optional<std::string>& pinned_vkey = {},
                                   const Kept& kept = {});

// A log's end, in the time that one segment takes (256 MiB at most): its last segment's frames, and whether they
// reach the size that the checkpoint signs. What is before that segment, and the root, are verify()'s.
struct TailReport {
  std::uint64_t first = 0;  // index of the last segment's first entry
  std::uint64_t size = 0;   // entries up to the last good frame
  std::optional<Damage> damage;
};
// `visit` sees index and octets of each entry of that segment, before it is known whether what follows is good.
using EntryVisitor = std::function<void(std::uint64_t, ByteView)>;
Result<TailReport> check_tail(Files& files, const Path& log_dir, const EntryVisitor& visit = {});

struct LogInfo {
  std::string name;
  Path dir;
  std::string origin;
  std::string vkey;
  std::uint64_t size = 0;  // as the checkpoint says
  Digest root;
  std::uint64_t segments = 0;
  std::uint64_t octets = 0;
  std::string problem;  // not empty: vkey or checkpoint cannot be read
};

// The logs of a data folder, by name; empty when there is no DIR/logs.
Result<std::vector<LogInfo>> list_logs(Files& files, const Path& data_dir);
Path log_dir_of(const Path& data_dir, const std::string& name);   // DIR/logs/<name>
Path key_path_of(const Path& data_dir, const std::string& name);  // DIR/keys/<name>.key

}  // namespace firebreak::ledger
