#include "run/app/request_book.h"

namespace firebreak::app {

void RequestBook::apply(const Entry& entry) {
  if (entry.kind == "evidence_requested" || entry.kind == "forecast_requested" || entry.kind == "gate_requested" ||
      entry.kind == "impact_requested" || entry.kind == "replay_requested") {
    const std::string_view list = entry.kind == "evidence_requested" ? "items" : "gates";
    Request request{entry, {}};
    for (std::string& part : strings_or_empty(entry.body, list)) request.missing.insert(std::move(part));
    if (entry.kind == "forecast_requested") request.missing = {"options"};
    if (entry.kind == "impact_requested") request.missing = {"impact"};
    if (entry.kind == "replay_requested") request.missing = {"replay"};
    by_id_[entry.id("req")] = entry.index;
    requests_.emplace(entry.index, std::move(request));
    return;
  }
  std::string answered;
  if (entry.kind == "evidence_captured" || entry.kind == "evidence_failed") answered = string_or(entry.body, "item");
  if (entry.kind == "gate_result") answered = string_or(entry.body, "gate");
  if (entry.kind == "options_offered") answered = "options";
  if (entry.kind == "impact_told") answered = "impact";
  if (entry.kind == "replay_told") answered = "replay";
  if (answered.empty()) return;
  const auto id = by_id_.find(string_or(entry.body, "request"));
  if (id == by_id_.end()) return;
  Request& request = requests_.at(id->second);
  request.missing.erase(answered);
  if (!request.missing.empty()) return;
  requests_.erase(id->second);
  by_id_.erase(id);
}

std::vector<Entry> RequestBook::open() const {
  std::vector<Entry> out;
  for (const auto& [index, request] : requests_) out.push_back(request.entry);
  return out;
}

}  // namespace firebreak::app
