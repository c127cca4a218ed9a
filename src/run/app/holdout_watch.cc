#include "run/app/holdout_watch.h"

#include <fmt/core.h>

#include <vector>

#include "base/utf8.h"
#include "fold/provenance/provenance.h"
#include "types/finding.h"

namespace firebreak::app {
namespace {

constexpr std::string_view kProducer = "holdout";

}  // namespace

void tell_breach(const Context& context, std::uint64_t index) {
  provenance::HoldoutBreach breach;
  context.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName).breaches;
    if (const auto at = known.find(index); at != known.end()) breach = at->second;
  });
  if (breach.endpoint.empty()) return;
  FindingUpdate update;
  update.episode = fmt::format("holdout_breached/{}/{}", breach.endpoint, breach.read);
  update.kind = "holdout_breached";
  update.severity = Severity::kHigh;
  update.endpoint = breach.endpoint;
  update.stream = "journal";
  update.first_index = update.last_index = breach.read;
  update.first_time = update.last_time = breach.at;
  update.count = 1;
  update.summary = shortened(fmt::format("holdout {} of {}: {}", breach.digest.substr(0, 16), breach.endpoint, breach.why), 1'000);
  Draft draft{std::string(finding_entry_kind(update.phase)), to_json(update), std::string(kProducer), {}, Source{std::string(kProducer), 0, index, 0}};
  if (const auto group = context.journal.submit_wait(std::move(draft)); !group && group.error().code != Code::kConflict)
    context.logger.error("a finding about a holdout was not taken by the journal", group.error());
}

void tell_untold_breaches(const Context& context) {
  const auto mark = context.journal.mark(std::string(kProducer));
  std::vector<std::uint64_t> untold;
  context.journal.with_state([&](const journal::View& view) {
    for (const auto& [index, breach] : view.state<provenance::ProvenanceState>(provenance::kFoldName).breaches)
      if (!mark || index > mark->position) untold.push_back(index);
  });
  for (const std::uint64_t index : untold) tell_breach(context, index);
}

}  // namespace firebreak::app
