#include "log/ledger/cosigned.h"

namespace firebreak::ledger {

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

Result<std::vector<KeptReceipt>> stored_cosigned(Files& files, const Path& log_dir) {
  std::vector<std::string> names{std::string(kCosignedFile)};
  const std::string folder(kWitnessFolder);
  Result<std::vector<std::string>> witnesses = files.list(log_dir + "/" + folder);
  if (!witnesses && witnesses.error().code != Code::kNotFound) return fail(std::move(witnesses.error()));
  if (witnesses) {
    for (const std::string& name : *witnesses)
      if (!name.ends_with('/') && !name.ends_with(".tmp")) names.push_back(folder + "/" + name);
  }
  std::vector<KeptReceipt> kept;
  for (const std::string& name : names) {
    const auto checkpoint = read_cosigned(files, log_dir + "/" + name);
    if (!checkpoint && checkpoint.error().code != Code::kCorrupt) return fail(Error(checkpoint.error()));
    if (!checkpoint) kept.push_back({name, {}, checkpoint.error().message});
    else if (*checkpoint) kept.push_back({name, receipt_of(**checkpoint), ""});
  }
  return kept;
}

void judge_kept(const VerifierKey& key, const PastView& log, std::initializer_list<const std::vector<KeptReceipt>*> kept,
                VerifyReport& report) {
  for (const std::vector<KeptReceipt>* list : kept) {
    for (const KeptReceipt& one : *list) {
      const Result<void> holds = one.problem.empty() ? check_receipt(one.receipt, key, log) : fail(Code::kCorrupt, one.problem);
      report.kept.push_back({one.name, one.receipt.size, one.receipt.index, holds ? "" : holds.error().message});
      if (!holds) report.verdict = Verdict::kContradicted;
    }
  }
}

}  // namespace firebreak::ledger
