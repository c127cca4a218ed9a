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
  guarded("POST", "/api/v1/backtests", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json asked, parse_json(request.body));
    return shown(parts_.backtest(asked));
  });
}

}  // namespace firebreak::api
