#include "log/ledger/cosigned.h"

#include "log/ledger/cosignature.h"

namespace firebreak::ledger {
namespace {

KeptAnswer answer_of(const std::string& name, const Receipt& receipt) { return {name, receipt.size, receipt.index, {}, {}}; }

void take(VerifyReport& report, KeptAnswer answer, std::string problem) {
  answer.problem = std::move(problem);
  if (!answer.problem.empty()) report.verdict = Verdict::kContradicted;
  report.kept.push_back(std::move(answer));
}

void judge_vouched(const VerifierKey& key, const PastView& log, const Kept& kept, const Vouched& vouched, VerifyReport& report) {
  if (!vouched.checkpoint) return take(report, {vouched.name, 0, {}, {}, {}}, vouched.problem);
  const Receipt receipt = receipt_of(*vouched.checkpoint);
  KeptAnswer answer = answer_of(vouched.name, receipt);
  Result<void> holds = check_receipt(receipt, key, log);
  if (vouched.stamp) {
    const auto stamp = kept.ca_pem.empty()
                           ? read_timestamp(vouched.stamp->answer)
                           : check_timestamp(vouched.stamp->answer, sha256(vouched.stamp->checkpoint), kept.ca_pem);
    if (stamp) answer.seconds = stamp->seconds;
    else if (holds) holds = fail(Error(stamp.error()));
  }
  take(report, std::move(answer), holds ? "" : holds.error().message);
}

// The newest that `witness` has cosigned, of all that is at hand.
KeptAnswer newest_of(const VerifierKey& witness, const Kept& kept, const std::vector<Vouched>& vouched) {
  KeptAnswer best{"witness " + witness.name, 0, {}, {}, {}};
  const auto look = [&](const Checkpoint& checkpoint) {
    const auto seconds = check_cosignature(checkpoint, checkpoint.signatures, witness);
    if (!seconds || (best.seconds && checkpoint.size < best.size)) return;
    best.size = checkpoint.size;
    best.seconds = *seconds;
  };
  for (const Vouched& one : vouched)
    if (one.checkpoint) look(*one.checkpoint);
  for (const KeptReceipt& one : kept.receipts)
    if (!one.receipt.origin.empty()) look({one.receipt.origin, one.receipt.size, one.receipt.root, one.receipt.signatures});
  return best;
}

}  // namespace

Path witness_path(const Path& log_dir, const std::string& witness) {
  return log_dir + "/" + std::string(kWitnessFolder) + "/" + witness;
}

Result<std::optional<Checkpoint>> read_cosigned(Files& files, const Path& path) {
  const Result<Bytes> text = read_all(files, path);
  if (!text && text.error().code == Code::kNotFound) return std::optional<Checkpoint>();
  if (!text) return fail(Error(text.error()));
  Result<Checkpoint> checkpoint = parse_checkpoint(*text);
  if (!checkpoint) return fail(Code::kCorrupt, path + ": " + checkpoint.error().message);
  return std::optional<Checkpoint>(std::move(*checkpoint));
}

Result<std::vector<Vouched>> read_vouched(Files& files, const Path& dir, Stamps which) {
  std::vector<std::string> names{std::string(kCosignedFile)};
  const std::string folder(kWitnessFolder);
  Result<std::vector<std::string>> witnesses = files.list(dir + "/" + folder);
  if (!witnesses && witnesses.error().code != Code::kNotFound) return fail(std::move(witnesses.error()));
  if (witnesses) {
    for (const std::string& name : *witnesses)
      if (!name.ends_with('/') && !name.ends_with(".tmp")) names.push_back(folder + "/" + name);
  }
  std::vector<Vouched> vouched;
  for (const std::string& name : names) {
    const auto checkpoint = read_cosigned(files, dir + "/" + name);
    if (!checkpoint && checkpoint.error().code != Code::kCorrupt) return fail(Error(checkpoint.error()));
    if (!checkpoint) vouched.push_back({name, {}, checkpoint.error().message, {}});
    else if (*checkpoint) vouched.push_back({name, **checkpoint, "", {}});
  }
  FIREBREAK_ASSIGN(std::vector<StoredStamp> stamps, stored_timestamps(files, dir, which == Stamps::kNewest));
  for (StoredStamp& stamp : stamps) {
    const auto checkpoint = stamp.problem.empty() ? parse_checkpoint(stamp.checkpoint) : fail(Code::kCorrupt, stamp.problem);
    Vouched one{stamp.name, {}, checkpoint ? "" : checkpoint.error().message, {}};
    if (checkpoint) one.checkpoint = *checkpoint;
    one.stamp = std::move(stamp);
    vouched.push_back(std::move(one));
  }
  return vouched;
}

void judge_kept(const VerifierKey& key, const PastView& log, const Kept& kept, const std::vector<Vouched>& vouched, VerifyReport& report) {
  for (const KeptReceipt& one : kept.receipts) {
    const Result<void> holds = check_receipt(one.receipt, key, log);
    take(report, answer_of(one.name, one.receipt), holds ? "" : holds.error().message);
  }
  bool stamped = false;
  for (const Vouched& one : vouched) {
    judge_vouched(key, log, kept, one, report);
    stamped = stamped || one.stamp.has_value();
  }
  if (!kept.ca_pem.empty() && !stamped) take(report, {std::string(kTimestampFolder), 0, {}, {}, {}}, "nobody has stamped this log");
  for (const VerifierKey& witness : kept.witnesses) {
    KeptAnswer newest = newest_of(witness, kept, vouched);
    const bool seen = newest.seconds.has_value();
    take(report, std::move(newest), seen ? "" : "no checkpoint at hand is cosigned by " + witness.text());
  }
}

Result<void> export_vouched(Files& files, const Path& log_dir, const Path& out_dir, const std::vector<Vouched>& vouched,
                            Checkpoint& checkpoint) {
  for (const Vouched& one : vouched) {
    if (!one.checkpoint || one.checkpoint->size > checkpoint.size) continue;
    FIREBREAK_TRY(files.make_dir(parent_of(out_dir + "/" + one.name)));
    if (one.stamp) {
      FIREBREAK_TRY(keep_timestamp(files, out_dir, *one.stamp));
      continue;
    }
    FIREBREAK_ASSIGN(const Bytes text, read_all(files, log_dir + "/" + one.name));
    FIREBREAK_TRY(write_plain(files, out_dir + "/" + one.name, text));
    if (one.name != kCosignedFile || one.checkpoint->size != checkpoint.size) continue;
    for (const NoteSignature& line : one.checkpoint->signatures)
      if (line.name != checkpoint.origin) checkpoint.signatures.push_back(line);
  }
  return {};
}

}  // namespace firebreak::ledger
