// The daily work with findings: how good detectors are by what people said of them.
#include "fold/incident/incident.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

// {endpoint, kind, origin, opened, true, benign, test, duplicate, judged, precision}; precision is null before the first verdict.
Json precision_of(const std::string& key, const incident::Tally& tally) {
  const std::size_t kind = key.find('\n') + 1, origin = key.find('\n', kind) + 1;
  JsonObject out{{"endpoint", key.substr(0, kind - 1)},
                 {"kind", key.substr(kind, origin - kind - 1)},
                 {"origin", key.substr(origin)},
                 {"opened", tally.opened}};
  std::uint64_t judged = 0;
  for (std::size_t i = 0; i < tally.by.size(); ++i) {
    out[incident::kVerdicts[i]] = tally.by[i];
    judged += tally.by[i];
  }
  out["judged"] = judged;
  out["precision"] = judged == 0 ? Json(nullptr) : Json(static_cast<double>(tally.by[0]) / static_cast<double>(judged));
  return out;
}

}  // namespace

void Api::add_case_routes() {
  guarded("GET", "/api/v1/precision", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    const std::string endpoint = request.query_or("endpoint");
    JsonArray items;
    parts_.journal.with_state([&](const journal::View& view) {
      for (const auto& [key, tally] : view.state<incident::IncidentState>(incident::kFoldName).tallies)
        if (endpoint.empty() || key.starts_with(endpoint + "\n")) items.push_back(precision_of(key, tally));
    });
    return net::json_response(JsonObject{{"items", std::move(items)}});
  });
  guarded("GET", "/api/v1/endpoints/{name}/detectors", kPeople, [this](const net::Request& request, const access::Principal&) {
    return shown(parts_.detectors ? parts_.detectors(request.param("name")) : fail(Code::kUnavailable, "nothing detects here"));
  });
  guarded("POST", "/api/v1/backtests", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json asked, parse_json(request.body));
    return shown(parts_.backtest(asked));
  });
  // A change comes with the list of what it changes: the server makes it, so that nobody can attach another one.
  guarded("POST", "/api/v1/tunings", Needs{Duty::kDisrupt, Cell::kPropose}, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
    FIREBREAK_TRY(only_keys(body, {"endpoint", "from", "config", "reason"}));
    FIREBREAK_ASSIGN(const std::string reason, get_string(body, "reason"));
    JsonObject asked = body.as_object();
    asked.erase("reason");
    if (find(asked, "config") == nullptr) return fail(Code::kInvalid, "'config' is missing: the proposed configuration", "/config");
    FIREBREAK_ASSIGN(const Json found, parts_.backtest(asked));
    FIREBREAK_ASSIGN(const Digest blob, parts_.blobs.put(canonical_json(found)));
    JsonObject backtest{{"blob", blob.hex()}};
    for (const char* key : {"digest", "from", "since", "to", "span_s", "records", "alerts_per_week", "vanishing_true"}) backtest[key] = found.at(key);
    for (const char* key : {"findings", "incidents"}) {
      JsonObject counts;
      for (const char* count : {"before", "after", "appearing", "vanishing"}) counts[count] = found.at(key).at(count);
      backtest[key] = std::move(counts);
    }
    return give_command("detectors.propose", JsonObject{{"endpoint", found.at("endpoint")}, {"document", asked.at("config")},
                                                        {"backtest", std::move(backtest)}, {"reason", reason}}, who);
  });
}

}  // namespace firebreak::api
