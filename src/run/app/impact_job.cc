#include "run/app/impact_job.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "run/app/incident_range.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000;
constexpr std::size_t kNamed = 20;  // callers and answers named one by one; all are counted

struct Counts {
  std::uint64_t inferences = 0, erased = 0;
  std::map<std::string, std::uint64_t> callers, answers;
};

using Ranked = std::vector<std::pair<std::string, std::uint64_t>>;

Ranked most(const std::map<std::string, std::uint64_t>& counts) {
  Ranked ranked(counts.begin(), counts.end());
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (ranked.size() > kNamed) ranked.resize(kNamed);
  return ranked;
}

Result<Counts> count(const Context& context, const Json& asked) {
  Counts counts;
  const std::string name = string_or(asked, "stream");
  record::Stream* const stream = context.streams.get(name);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", name));
  record::ObservationReader reader(FeatureSchema{});
  const RecordRange range = range_of(asked, stream->size());
  for (std::uint64_t at = range.first; at < range.end;) {
    FIREBREAK_ASSIGN(at, stream->read_from(at, std::min<std::uint64_t>(kPiece, range.end - at), [&](const record::Record& record) {
      if (record.kind != record::Kind::kInference) return;
      ++counts.inferences;
      const auto observation = record.erased ? Result<Observation>(fail(Code::kNotFound, "")) : reader.read(record);
      if (!observation) return void(++counts.erased);
      ++counts.callers[observation->caller];
      ++counts.answers[observation->label.empty() ? std::string(disposition_name(observation->disposition)) : observation->label];
    }));
  }
  return counts;
}

JsonObject as_object(const Ranked& ranked) {
  JsonObject out;
  for (const auto& [name, n] : ranked) out[name] = n;
  return out;
}

}  // namespace

void tell_impact(const Context& context, const Entry& requested) {
  const auto counts = count(context, requested.body);
  JsonObject body{{"request", requested.id("req")}, {"incident", string_or(requested.body, "incident")}};
  if (!counts) {
    body["error"] = counts.error().message;
  } else {
    std::string callers, answers;
    for (const auto& [name, n] : most(counts->callers)) callers += (callers.empty() ? "" : ",") + name;
    for (const auto& [name, n] : most(counts->answers)) answers += (answers.empty() ? "" : ",") + fmt::format("{}={}", name, n);
    body["inferences"] = counts->inferences;
    body["erased"] = counts->erased;
    body["caller_count"] = counts->callers.size();
    body["callers"] = as_object(most(counts->callers));
    body["answers"] = as_object(most(counts->answers));
    body["values"] = JsonObject{{"__inferences__", std::to_string(counts->inferences)}, {"__caller_count__", std::to_string(counts->callers.size())}, {"__callers__", callers}, {"__answers__", answers}};
  }
  if (auto group = context.journal.submit_wait(Draft{"impact_told", std::move(body), "impact", requested.id("req"), {}}); !group)
    context.logger.error("the impact of an incident was not taken by the journal", group.error());
}

}  // namespace firebreak::app
