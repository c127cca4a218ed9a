// firebreak ledger verify: a data folder's logs or an exported folder, and what people kept of them.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "base/files.h"
#include "log/ledger/verify.h"
#include "run/main/commands.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

std::string time_of(std::uint64_t seconds) { return format_time(Time{static_cast<std::int64_t>(seconds) * kSecond}); }

Json to_json(const std::string& name, const ledger::VerifyReport& report) {
  JsonObject object{{"log", name},
                    {"verdict", ledger::verdict_name(report.verdict)},
                    {"origin", report.origin},
                    {"vkey", report.vkey},
                    {"size", report.size},
                    {"checkpoint_size", report.checkpoint_size},
                    {"root", report.root.hex()},
                    {"segments", report.segments},
                    {"octets", report.octets},
                    {"torn_octets", report.torn_octets}};
  if (report.damage) {
    JsonObject damage{{"file", report.damage->file},
                      {"offset", report.damage->offset},
                      {"reason", report.damage->reason}};
    if (report.damage->record) damage["record"] = *report.damage->record;
    object["damage"] = std::move(damage);
  }
  JsonArray kept;
  for (const ledger::KeptAnswer& answer : report.kept) {
    JsonObject item{{"name", answer.name}, {"size", answer.size}, {"holds", answer.problem.empty()}};
    if (answer.seconds) item["time"] = time_of(*answer.seconds);
    if (answer.index) item["index"] = *answer.index;
    if (!answer.problem.empty()) item["problem"] = answer.problem;
    kept.push_back(std::move(item));
  }
  if (!kept.empty()) object["kept"] = std::move(kept);
  return object;
}

std::string printable(const std::string& text) {
  const Json value(text);
  return cell(&value);
}

std::string to_text(const ledger::KeptAnswer& answer) {
  if (!answer.problem.empty()) return fmt::format("  {} does not hold: {}\n", printable(answer.name), printable(answer.problem));
  return fmt::format("  {} holds: {}size {}{}\n", printable(answer.name), answer.index ? fmt::format("entry {}, ", *answer.index) : "", answer.size,
                     answer.seconds ? ", seen at " + time_of(*answer.seconds) : "");
}

std::string to_text(const std::string& name, const ledger::VerifyReport& report) {
  std::string text = fmt::format("{}: {}: {} entries checked, {} of them signed, root {}\n", name,
                                 ledger::verdict_name(report.verdict), report.size, report.checkpoint_size,
                                 report.root.hex());
  if (report.torn_octets != 0)
    text += fmt::format("  {} octets of an unfinished last write above the checkpoint: never acknowledged\n",
                        report.torn_octets);
  if (report.damage) {
    text += fmt::format("  damaged: {} {}, offset {}", report.segments > 0 ? "segment" : "file", report.damage->file, report.damage->offset);
    if (report.damage->record) text += fmt::format(", record {}", *report.damage->record);
    text += fmt::format(": {}\n", report.damage->reason);
  }
  for (const ledger::KeptAnswer& answer : report.kept) text += to_text(answer);
  return text;
}

struct Target {
  std::string name, dir, origin;
};

// What is verified: the export, or the logs of the data folder.
Result<std::vector<Target>> targets_of(Files& files, const VerifyOptions& options) {
  std::vector<Target> targets;
  if (!options.exported.empty()) {
    const Result<Bytes> origin = read_all(files, options.exported + "/origin");
    targets.push_back({options.exported, options.exported, origin ? origin->substr(0, origin->find('\n')) : std::string()});
    return targets;
  }
  FIREBREAK_ASSIGN(const auto logs, ledger::list_logs(files, options.data));
  for (const ledger::LogInfo& info : logs)
    if (options.log.empty() || info.name == options.log) targets.push_back({info.name, info.dir, info.origin});
  if (targets.empty())
    return fail(Code::kNotFound, fmt::format("no log {}under {}/logs", options.log.empty() ? "" : "'" + options.log + "' ", options.data));
  return targets;
}

bool belongs(const ledger::Receipt& receipt, const Target& target, const VerifyOptions& options) {
  // An export holds one log and not its name: an ingest receipt is taken at its signature's word.
  if (!options.exported.empty() && receipt.origin.empty()) return true;
  return ledger::is_of(receipt, target.name, target.origin);
}

Result<std::vector<ledger::KeptReceipt>> read_receipts(Files& files, const VerifyOptions& options, const std::vector<Target>& targets) {
  std::vector<ledger::KeptReceipt> receipts;
  for (const std::string& path : options.receipts) {
    FIREBREAK_ASSIGN(const Bytes text, read_all(files, path));
    Result<ledger::Receipt> receipt = ledger::parse_receipt(text);
    if (!receipt) return fail(std::move(receipt.error()).with(path));
    const bool known = std::any_of(targets.begin(), targets.end(), [&](const Target& target) { return belongs(*receipt, target, options); });
    if (!known)
      return fail(Code::kNotFound, fmt::format("{} is a receipt of '{}', and no log here is: it was removed, or this is another installation's folder", path,
                                               receipt->origin.empty() ? receipt->log : receipt->origin));
    receipts.push_back({path, std::move(*receipt)});
  }
  return receipts;
}

// Whose word about the logs is asked for, besides the receipts.
Result<void> read_vouchers(Files& files, const VerifyOptions& options, ledger::Kept& kept) {
  for (const std::string& text : options.witnesses) {
    auto key = ledger::parse_witness_vkey(text);
    if (!key) return fail(std::move(key.error()).with("--witness"));
    kept.witnesses.push_back(std::move(*key));
  }
  if (options.ca_file.empty()) return {};
  FIREBREAK_ASSIGN(kept.ca_pem, read_all(files, options.ca_file));
  if (kept.ca_pem.find("-----BEGIN CERTIFICATE-----") == Bytes::npos)
    return fail(Code::kInvalid, fmt::format("--timestamps: {} holds no certificate in PEM", options.ca_file));
  return {};
}

}  // namespace

int ledger_verify(const VerifyOptions& options, bool json) {
  PosixFiles files;
  std::string pinned_origin;  // one key is one log's: the others are checked without
  if (!options.pinned.empty()) {
    const auto key = ledger::parse_vkey(options.pinned);
    if (!key) return report_error(Error(key.error()).with("--key"), json);
    pinned_origin = key->name;
  }
  const auto targets = targets_of(files, options);
  if (!targets) return report_error(targets.error(), json);
  const auto receipts = read_receipts(files, options, *targets);
  if (!receipts) return report_error(receipts.error(), json);
  ledger::Kept kept;
  if (auto ok = read_vouchers(files, options, kept); !ok) return report_error(ok.error(), json);
  JsonArray items;
  std::string text;
  bool sound = true;
  for (const Target& target : *targets) {
    const bool pin = !options.pinned.empty() && (!options.log.empty() || !options.exported.empty() || target.origin == pinned_origin);
    const auto key = pin ? std::optional<std::string>(options.pinned) : std::nullopt;
    kept.receipts.clear();
    for (const ledger::KeptReceipt& receipt : *receipts)
      if (belongs(receipt.receipt, target, options)) kept.receipts.push_back(receipt);
    const auto report = options.exported.empty() ? ledger::verify(files, target.dir, key, kept)
                                                 : ledger::verify_export(files, target.dir, key, kept);
    if (!report) return report_error(report.error(), json);
    sound = sound && ledger::is_good(report->verdict);
    items.push_back(to_json(target.name, *report));
    text += to_text(target.name, *report);
  }
  std::fputs(json ? pretty_json(items).c_str() : text.c_str(), stdout);
  return sound ? kDone : kNegative;
}

}  // namespace firebreak::cli
