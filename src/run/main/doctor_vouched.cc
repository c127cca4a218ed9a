// What vouches for the logs: whether a log ends before what was cosigned or stamped of it, and how old the newest word is of each
// witness and authority that the configuration names.
#include <fmt/core.h>

#include <algorithm>

#include "base/clock.h"
#include "log/ledger/cosignature.h"
#include "log/ledger/cosigned.h"
#include "run/app/content.h"
#include "run/main/doctor.h"

namespace firebreak::cli {
namespace {

struct Newest {
  std::uint64_t size = 0, seconds = 0;
};

// What one attester has said last of a log.
Newest newest_of(const effects::AttesterConfig& attester, const std::vector<ledger::Vouched>& vouched) {
  Newest newest;
  const auto key = attester.kind == "witness" ? ledger::parse_witness_vkey(attester.vkey) : Result<ledger::VerifierKey>(fail(Code::kInvalid, ""));
  for (const ledger::Vouched& one : vouched) {
    if (!one.checkpoint) continue;
    const auto seconds = key ? ledger::check_cosignature(*one.checkpoint, one.checkpoint->signatures, *key)
                         : one.stamp && one.stamp->authority == attester.name
                             ? ledger::read_timestamp(one.stamp->answer).map([](const ledger::Stamp& stamp) { return stamp.seconds; })
                             : Result<std::uint64_t>(fail(Code::kNotFound, ""));
    if (seconds && one.checkpoint->size >= newest.size) newest = {one.checkpoint->size, *seconds};
  }
  return newest;
}

Diagnosis of_attester(const effects::AttesterConfig& attester, const ledger::LogInfo& log, const Newest& newest) {
  const std::string who = fmt::format("{} {}", attester.kind, attester.name);
  const std::string look = "firebreak status   (says what it answers; the server must run)";
  if (newest.seconds == 0) return {Health::kWarn, fmt::format("{}: has not vouched for log {} yet", who, log.name), look};
  const Time seen{static_cast<std::int64_t>(newest.seconds) * kSecond};
  const std::string said = fmt::format("{}: vouches for {} of {} entries of log {}, at {}", who, std::min(newest.size, log.size), log.size, log.name, format_time(seen));
  const bool late = log.size > newest.size && SystemClock().now() - seen > attester.missing_us;
  return late ? Diagnosis{Health::kWarn, said, look} : Diagnosis{Health::kOk, said, ""};
}

}  // namespace

void examine_vouched(const DoctorOptions& options, std::vector<Diagnosis>& out) {
  PosixFiles files;
  std::vector<effects::AttesterConfig> attesters;
  if (!options.config.empty())
    if (const auto configuration = app::load_configuration(files, options.config)) attesters = configuration->attesters;
  const auto names = ledger::list_logs(files, options.data);
  if (!names) return;  // examine_logs has said why
  for (const ledger::LogInfo& known : *names) {
    const auto vouched = ledger::read_vouched(files, known.dir, ledger::Stamps::kNewest);
    if (!vouched) {
      out.push_back({Health::kRed, fmt::format("log {}: {}", known.name, vouched.error().message), "bring the file back from a copy"});
      continue;
    }
    for (const ledger::Vouched& one : *vouched) {
      if (one.checkpoint && one.checkpoint->size <= known.size) continue;
      // A log that is written meanwhile gets longer, and its checkpoint is half a second behind: what its end says counts.
      const auto tail = ledger::check_tail(files, known.dir);
      if (one.checkpoint && (!tail || one.checkpoint->size <= tail->size)) continue;
      out.push_back({Health::kRed,
                     one.checkpoint ? fmt::format("log {}: {} signs {} entries, the log has {}: it was cut back", known.name, one.name, one.checkpoint->size, tail->size)
                                    : fmt::format("log {}: {}", known.name, one.problem),
                     fmt::format("keep this folder as evidence and bring {} back from a copy that is as new as the rest", known.dir)});
      break;
    }
    for (const effects::AttesterConfig& attester : attesters) out.push_back(of_attester(attester, known, newest_of(attester, *vouched)));
  }
}

}  // namespace firebreak::cli
