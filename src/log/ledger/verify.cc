#include "log/ledger/verify.h"

#include "log/ledger/cosigned.h"
#include "log/ledger/folder.h"
#include "log/ledger/log_state.h"

namespace firebreak::ledger {
namespace {

void note_problem(LogInfo& info, const Error& error) {
  if (info.problem.empty()) info.problem = error.message;
}

Result<LogInfo> inspect(Files& files, const Path& data_dir, const std::string& name) {
  LogInfo info;
  info.name = name;
  info.dir = log_dir_of(data_dir, name);
  const auto parse_file = [&](std::string_view file, auto parse) {
    const Result<Bytes> data = read_all(files, info.dir + "/" + std::string(file));
    using Parsed = decltype(parse(std::string_view()));
    return data ? parse(*data) : Parsed(fail(Error(data.error())));
  };
  if (const Result<VerifierKey> key = parse_file(kVkeyFile, parse_vkey)) {
    info.origin = key->name;
    info.vkey = key->text();
  } else {
    note_problem(info, key.error());
  }
  if (const Result<Checkpoint> checkpoint = parse_file(kCheckpointFile, parse_checkpoint)) {
    info.size = checkpoint->size;
    info.root = checkpoint->root;
  } else {
    note_problem(info, checkpoint.error());
  }
  FIREBREAK_ASSIGN(const auto entries, files.list(info.dir));
  for (const std::string& entry : entries) {
    if (!segment_number(entry)) continue;
    FIREBREAK_ASSIGN(const auto file, files.open(info.dir + "/" + entry, OpenMode::kRead));
    FIREBREAK_ASSIGN(const std::uint64_t octets, file->size());
    info.octets += octets;
    ++info.segments;
  }
  return info;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDamaged:
      return "damaged";
    case Verdict::kContradicted:
      return "contradicted";
    case Verdict::kConsistent:
      return "consistent";
    case Verdict::kAuthentic:
      return "authentic";
  }
  return "damaged";
}

bool is_good(Verdict verdict) { return verdict == Verdict::kConsistent || verdict == Verdict::kAuthentic; }

Path log_dir_of(const Path& data_dir, const std::string& name) { return data_dir + "/logs/" + name; }
Path key_path_of(const Path& data_dir, const std::string& name) {
  return data_dir + "/keys/" + name + ".key";
}

Result<VerifyReport> verify(Files& files, const Path& log_dir,
                            const std::optional<std::string>& pinned_vkey, const Kept& kept) {
  std::optional<VerifierKey> pinned;
  if (pinned_vkey) {
    FIREBREAK_ASSIGN(pinned, parse_vkey(*pinned_vkey));
  }
  FIREBREAK_TRY(files.list(log_dir));
  FIREBREAK_ASSIGN(const std::vector<Vouched> vouched, read_vouched(files, log_dir));
  FIREBREAK_ASSIGN(const Folder folder, read_folder(files, log_dir, {}));
  VerifyReport report;
  report.origin = folder.key.name;
  if (!folder.key.name.empty()) report.vkey = folder.key.text();
  report.size = folder.scan.size;
  report.checkpoint_size = folder.checkpoint.size;
  report.root = folder.checkpoint.root;
  report.segments = folder.scan.segments.size();
  report.octets = folder.scan.octets;
  report.damage = folder.damage;
  if (!report.damage && pinned && folder.key != *pinned)
    report.damage =
        Damage{std::string(kVkeyFile), 0, std::nullopt,
               "the log is signed by " + folder.key.text() + ", not by the pinned " + pinned->text()};
  if (report.damage) return report;
  report.torn_octets = folder.scan.tail ? folder.scan.tail->octets : 0;
  judge_kept(folder.key, past_view(folder.tree), kept, vouched, report);
  if (report.verdict != Verdict::kContradicted) report.verdict = pinned ? Verdict::kAuthentic : Verdict::kConsistent;
  return report;
}

Result<TailReport> check_tail(Files& files, const Path& log_dir, const EntryVisitor& visit) {
  // The checkpoint before the segments: a log that grows meanwhile only gets longer than it says.
  FIREBREAK_ASSIGN(const Bytes vkey, read_all(files, log_dir + "/" + std::string(kVkeyFile)));
  FIREBREAK_ASSIGN(const VerifierKey key, parse_vkey(vkey));
  FIREBREAK_ASSIGN(const Bytes signed_text, read_all(files, log_dir + "/" + std::string(kCheckpointFile)));
  FIREBREAK_ASSIGN(const Checkpoint checkpoint, parse_checkpoint(signed_text));
  FIREBREAK_TRY(check_checkpoint(checkpoint, key));
  FIREBREAK_ASSIGN(const ScanResult scan, scan_last_segment(files, log_dir, key.name, [&](const ScannedFrame& frame) {
                     if (!visit) return;
                     std::uint64_t at = 0, index = frame.header.first;
                     for (const std::uint32_t length : frame.body.lengths) {
                       visit(index++, frame.body.leaves.substr(at, length));
                       at += length;
                     }
                   }));
  TailReport report;
  report.first = scan.segments.empty() ? 0 : scan.segments.back().first;
  report.size = scan.size;
  report.damage = scan.damage;
  if (!report.damage && checkpoint.size > scan.size) report.damage = missing_end(scan, checkpoint.size);
  return report;
}

Result<std::vector<LogInfo>> list_logs(Files& files, const Path& data_dir) {
  std::vector<LogInfo> logs;
  Result<std::vector<std::string>> names = files.list(data_dir + "/logs");
  if (!names && names.error().code == Code::kNotFound) return logs;
  if (!names) return fail(std::move(names.error()));
  for (const std::string& name : *names) {
    if (!name.ends_with('/')) continue;
    FIREBREAK_ASSIGN(LogInfo info, inspect(files, data_dir, name.substr(0, name.size() - 1)));
    logs.push_back(std::move(info));
  }
  return logs;
}

}  // namespace firebreak::ledger
