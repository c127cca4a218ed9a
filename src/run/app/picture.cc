#include "run/app/picture.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "fold/contain/contain.h"
#include "fold/contain/picture.h"
#include "types/finding.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 5'000;
constexpr std::size_t kKept = 16;
constexpr auto kFresh = std::chrono::seconds(3);

struct Chains {
  std::set<std::string> callers;
  std::set<Digest> digests;
  std::set<std::string> findings;
  Time first{INT64_MAX}, last{INT64_MIN};
};

// Every member that the incident's chain findings brought: from the journal, so that closed incidents have a picture too.
Result<Chains> chains_of(const Context& context, const Json& incident, const std::string& stream) {
  Chains chains;
  std::set<std::string> episodes;
  std::uint64_t from = UINT64_MAX;
  for (const Json& finding : incident.at("findings").as_array()) {
    if (string_or(finding, "kind") != "query_chain") continue;
    chains.findings.insert(string_or(finding, "id"));
    episodes.insert(string_or(finding, "episode"));
    from = std::min(from, static_cast<std::uint64_t>(int_or(finding, "index")));
  }
  const std::uint64_t end = context.journal.size();
  for (std::uint64_t at = from; at < end && !episodes.empty();) {
    FIREBREAK_ASSIGN(const auto entries, context.journal.entries(at, std::min<std::uint64_t>(kPiece, end - at)));
    for (const Entry& entry : entries) {
      if (!entry.kind.starts_with("finding_") || string_or(entry.body, "stream") != stream ||
          !episodes.contains(string_or(entry.body, "episode")))
        continue;
      FIREBREAK_ASSIGN(const FindingUpdate update, finding_from_json(FindingPhase::kUpdated, entry.body));
      chains.callers.insert(update.callers.begin(), update.callers.end());
      chains.digests.insert(update.digests.begin(), update.digests.end());
      chains.first = std::min(chains.first, update.first_time);
      chains.last = std::max(chains.last, update.last_time);
    }
    at += entries.size();
  }
  return chains;
}

struct Latencies {  // milliseconds, of all requests while the chains were active
  std::vector<double> model, rules;
};

double median(std::vector<double>& values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

Result<contain::PictureInput> gather(const Context& context, const Json& incident, Latencies& latencies) {
  contain::PictureInput input;
  const std::string endpoint = string_or(incident, "endpoint");
  context.journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<contain::ContainState>(contain::kFoldName);
    if (const auto slot = state.endpoints.find(endpoint); slot != state.endpoints.end()) input.endpoint = slot->second.endpoint;
  });
  if (input.endpoint.name.empty()) return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint));
  record::Stream* stream = context.streams.get(endpoint);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", endpoint));
  FIREBREAK_ASSIGN(const Chains chains, chains_of(context, incident, endpoint));
  input.chains = chains.findings.size();
  input.callers = chains.callers;
  record::ObservationReader reader(input.endpoint.features);
  const std::uint64_t end = stream->size();
  for (std::uint64_t at = 0; at < end && !chains.digests.empty();) {
    FIREBREAK_ASSIGN(at, stream->read_from(at, kPiece, [&](const record::Record& record) {
      if (record.kind != record::Kind::kInference) return;
      const auto observation = reader.read(record);
      if (!observation || observation->time < chains.first || observation->time > chains.last) return;
      if (observation->latency_us >= 0 && observation->disposition == Disposition::kServed)
        latencies.model.push_back(static_cast<double>(observation->latency_us) / 1000);
      if (observation->latency_us >= 0 && observation->disposition == Disposition::kFallback)
        latencies.rules.push_back(static_cast<double>(observation->latency_us) / 1000);
      if (chains.digests.contains(observation->feature_digest)) {
        input.members.push_back(*observation);
      } else if (!chains.callers.contains(observation->caller)) {
        contain::Served& served = input.others[observation->caller];
        ++served.requests;
        served.by_model += is_model_decision(observation->disposition);
      }
    }));
  }
  std::stable_sort(input.members.begin(), input.members.end(),
                   [](const Observation& a, const Observation& b) { return a.time < b.time; });
  return input;
}

Json entry_range(const std::string& log, std::int64_t first, std::int64_t last) {
  return JsonObject{{"log", log}, {"first", first}, {"last", last}};
}

JsonObject operation(std::string_view name, Json outage_s, Json storage_bytes, std::string basis, JsonArray entries) {
  return JsonObject{{"operation", name},         {"outage_s", std::move(outage_s)}, {"storage_bytes", std::move(storage_bytes)},
                    {"added_ms", Json(nullptr)}, {"basis", std::move(basis)},       {"entries", std::move(entries)}};
}

// Octets of what was captured for the incident; null before the first item.
JsonObject snapshot_cost(const Json& incident) {
  std::int64_t octets = 0, captured = 0;
  JsonArray entries;
  for (const Json& item : incident.at("evidence").as_array()) {
    if (string_or(item, "state") != "captured") continue;
    octets += int_or(item, "octets");
    ++captured;
    entries.push_back(entry_range("journal", int_or(item, "index"), int_or(item, "index")));
  }
  if (captured == 0)
    return operation("snapshot", 0, nullptr, "copies are taken beside the service; nothing was captured yet", std::move(entries));
  return operation("snapshot", 0, octets,
                   fmt::format("copies are taken beside the service: {} items, octets as captured", captured), std::move(entries));
}

// How the orders of this incident went: the policy that they changed served on while they were carried out.
std::string orders_text(const Json& incident, JsonArray& entries) {
  std::int64_t done = 0, not_done = 0;
  for (const Json& action : incident.at("actions").as_array()) {
    const Json* ordered = find(action, "ordered");
    if (ordered == nullptr || !ordered->is_object()) continue;
    const Json* in_force = find(action, "in_force");
    const bool took = in_force != nullptr && in_force->is_object();
    (took ? done : not_done) += 1;
    entries.push_back(entry_range("journal", int_or(*ordered, "index"), took ? int_or(*in_force, "index") : int_or(*ordered, "index")));
  }
  return fmt::format("the gateway swaps its policy between two requests; {} policy change{} of this incident in force, {} not",
                     done, done == 1 ? "" : "s", not_done);
}

// What answering by rules takes more than answering by the model, from the records of both; null before both are there.
void add_latency(JsonObject& isolate, Latencies& latencies) {
  if (latencies.model.empty() || latencies.rules.empty()) return;
  const double model = median(latencies.model), rules = median(latencies.rules);
  isolate["added_ms"] = std::round((rules - model) * 1000) / 1000;
  isolate["basis"] = string_or(isolate, "basis") + fmt::format("; medians: {:.2f} ms by the rules ({} answers), {:.2f} ms by the model ({})",
                                                               rules, latencies.rules.size(), model, latencies.model.size());
}

JsonArray operations_of(const Json& incident, const Endpoint& endpoint, Latencies& latencies) {
  JsonArray isolate_entries, rollback_entries;
  const std::string orders = orders_text(incident, isolate_entries);
  rollback_entries = isolate_entries;
  const bool answers = endpoint.fallback.is_object() && !endpoint.fallback.get_object().empty();
  JsonArray operations;
  JsonObject isolate = operation(
      "isolate", answers && endpoint.mode == EndpointMode::kInline ? Json(0) : Json(nullptr), 0,
      endpoint.mode == EndpointMode::kTap ? "nothing can be in force in tap mode: it is done outside Firebreak, at a cost it cannot see"
      : answers                           ? "the rules answer instead of the model; " + orders
                                          : "the endpoint has no rules to answer by: isolating it means refusing requests",
      std::move(isolate_entries));
  add_latency(isolate, latencies);
  operations.push_back(std::move(isolate));
  operations.push_back(snapshot_cost(incident));
  operations.push_back(operation(
      "rollback", endpoint.mode == EndpointMode::kInline ? Json(0) : Json(nullptr), 0,
      fmt::format("back to {}, whose server runs on; {}",
                  endpoint.last_known_good.empty() ? "the last known good release" : endpoint.last_known_good, orders),
      std::move(rollback_entries)));
  return operations;
}

}  // namespace

void Pictures::forget() {
  const std::lock_guard lock(mutex_);
  drawn_.clear();
}

Result<Json> Pictures::of(const std::string& id) {
  FIREBREAK_ASSIGN(const Json incident, views_.incident(id));
  record::Stream* stream = context_.streams.get(string_or(incident, "endpoint"));
  const std::uint64_t records = stream == nullptr ? 0 : stream->size();
  const std::lock_guard lock(mutex_);  // one drawing at a time: the others take its result
  const auto now = std::chrono::steady_clock::now();
  if (const auto known = drawn_.find(id); known != drawn_.end() && (known->second.records == records || now - known->second.at < kFresh)) {
    JsonObject picture = known->second.picture;
    return Json(std::move(picture));
  }
  Latencies latencies;
  FIREBREAK_ASSIGN(const contain::PictureInput input, gather(context_, incident, latencies));
  const auto threshold = contain::threshold_of(input.endpoint, input.members);
  JsonObject picture{{"incident", id},
                     {"endpoint", input.endpoint.name},
                     {"stream", input.endpoint.name},
                     {"positive_label", input.endpoint.positive_label},
                     {"sentence", contain::chain_sentence(input)},
                     {"threshold", threshold ? Json(*threshold) : Json(nullptr)},
                     {"chain", contain::chain_drawing(input)},
                     {"borrowed", contain::chain_borrowed(input)},
                     {"cost", contain::chain_cost(input)},
                     {"operations", operations_of(incident, input.endpoint, latencies)}};
  if (drawn_.size() >= kKept) drawn_.erase(drawn_.begin());
  drawn_[id] = {std::chrono::steady_clock::now(), records, picture};
  return Json(std::move(picture));
}

}  // namespace firebreak::app
