#include <fmt/core.h>

#include "fold/provenance/provenance.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

// The report is one file with its style inside and no script.
constexpr std::string_view kReportPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

Result<views::Page> page_of(const net::Request& request) {
  views::Page page;
  page.cursor = request.query_or("cursor");
  FIREBREAK_ASSIGN(const std::uint64_t limit, whole_number(request.query_or("limit", "50"), "limit"));
  if (limit < 1 || limit > 500) return fail(Code::kInvalid, "'limit' must be 1 to 500");
  page.limit = static_cast<int>(limit);
  return page;
}

views::Filter filter_of(const net::Request& request) {
  return {request.query_or("incident"), request.query_or("endpoint"), request.query_or("state")};
}

}  // namespace

Result<net::Response> Api::shown(Result<Json> document) const {
  if (!document) return fail(std::move(document.error()));
  return net::json_response(parts_.texts != nullptr ? parts_.texts->shown_in(std::move(*document)) : *document);
}

Result<Json> Api::status_now() const {
  FIREBREAK_ASSIGN(Json status, parts_.views.status());
  if (parts_.clock_state) status.as_object()["clock"] = parts_.clock_state();
  if (parts_.attested) status.as_object()["attested"] = parts_.attested();
  if (parts_.offsite) status.as_object()["offsite"] = parts_.offsite();
  JsonArray hosts;
  for (const HostClock& clock : host_clocks_.all()) hosts.push_back(host_clock_json(clock));
  status.as_object()["hosts"] = std::move(hosts);
  add_needs(status);
  if (parts_.endpoint_status) status.as_object()["endpoints"] = parts_.endpoint_status();
  add_notify_status(status);
  return status;
}

void Api::add_read_routes() {
  using ListOf = Result<Json> (views::Views::*)(const views::Page&, const views::Filter&) const;
  using OneOf = Result<Json> (views::Views::*)(const std::string&) const;
  const auto list = [this](const std::string& path, ListOf function) {
    guarded("GET", path, kPeople, [this, function](const net::Request& request, const access::Principal&) {
      const auto page = page_of(request);
      if (!page) return Result<net::Response>(fail(page.error()));
      return shown((parts_.views.*function)(*page, filter_of(request)));
    });
  };
  const auto one = [this](const std::string& path, OneOf function) {
    guarded("GET", path, kPeople, [this, function](const net::Request& request, const access::Principal&) {
      return shown((parts_.views.*function)(request.param("id")));
    });
  };
  list("/api/v1/incidents", &views::Views::incidents);
  one("/api/v1/incidents/{id}", &views::Views::incident);
  list("/api/v1/findings", &views::Views::findings);
  one("/api/v1/findings/{id}", &views::Views::finding);
  guarded("GET", "/api/v1/findings/{id}/replay", kPeople,
          [this](const net::Request& request, const access::Principal&) { return shown(parts_.replay(request.param("id"))); });
  list("/api/v1/actions", &views::Views::actions);
  one("/api/v1/actions/{id}", &views::Views::action);
  list("/api/v1/evidence", &views::Views::evidence);
  one("/api/v1/evidence/{id}", &views::Views::evidence_item);
  list("/api/v1/models", &views::Views::models);
  list("/api/v1/runs", &views::Views::runs);
  one("/api/v1/runs/{id}", &views::Views::run);
  list("/api/v1/approvals", &views::Views::approvals);
  list("/api/v1/gates", &views::Views::gates);
  list("/api/v1/changes", &views::Views::changes);
  list("/api/v1/mutes", &views::Views::mutes);
  list("/api/v1/tunings", &views::Views::tunings);
  list("/api/v1/deadlines", &views::Views::duties);
  guarded("GET", "/api/v1/incidents/{id}/picture", kPeople,
          [this](const net::Request& request, const access::Principal&) { return shown(parts_.picture(request.param("id"))); });
  guarded("GET", "/api/v1/incidents/{id}/report.html", kPeople,
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const Json report, parts_.report(request.param("id"), Json(nullptr)));
            net::Response response = net::text_response(string_or(report, "html"), "text/html; charset=utf-8");
            response.headers.emplace_back("Content-Security-Policy", std::string(kReportPolicy));
            response.headers.emplace_back("X-Content-Type-Options", "nosniff");
            return response;
          });
  guarded("GET", "/api/v1/status", kPeople, [this](const net::Request&, const access::Principal&) { return shown(status_now()); });
  guarded("GET", "/api/v1/metrics/incidents", kPeople,
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            views::MetricsFilter filter{.since = {}, .endpoint = request.query_or("endpoint"), .severity = request.query_or("severity")};
            if (const std::string since = request.query_or("since"); !since.empty()) {
              const auto time = parse_time(since);
              if (!time) return fail(Code::kInvalid, fmt::format("'since' is a moment such as 2026-03-01T00:00:00Z, not '{}'", since), "/since");
              filter.since = *time;
            }
            return shown(parts_.views.metrics(filter, parts_.clock.now()));
          });
  guarded("GET", "/api/v1/readiness", kPeople,
          [this](const net::Request& request, const access::Principal&) { return shown(parts_.readiness(request.query_or("endpoint"))); });
  guarded("GET", "/api/v1/robustness", kPeople,
          [this](const net::Request&, const access::Principal&) { return shown(parts_.views.robustness()); });

  guarded("GET", "/api/v1/journal", Needs{Duty::kAudit, Cell::kView},
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const std::uint64_t from, whole_number(request.query_or("from", "0"), "from"));
            FIREBREAK_ASSIGN(const std::uint64_t most, whole_number(request.query_or("limit", "100"), "limit"));
            if (most < 1 || most > 1000) return fail(Code::kInvalid, "'limit' must be 1 to 1000");
            FIREBREAK_ASSIGN(const auto entries, parts_.journal.entries(from, most));
            const Secrecy secrecy = secrecy_of(who.user).counsel(is_counsel(who));  // here already: no text of what is hidden goes beside it
            JsonArray items;
            for (const Entry& entry : entries)
              if (!secrecy.hides(entry)) items.push_back(entry_to_json(entry));
            JsonObject texts;  // beside the entries: who wants one erased finds its reference here
            if (parts_.texts != nullptr)
              for (const std::string& reference : text_references(items)) texts[reference] = parts_.texts->shown(reference);
            return net::json_response(JsonObject{{"items", std::move(items)}, {"size", parts_.journal.size()}, {"texts", std::move(texts)}});
          });
  guarded("GET", "/api/v1/blobs/{digest}", kPeople,
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(request.param("digest")));
            FIREBREAK_ASSIGN(Bytes content, parts_.blobs.get(digest));
            net::Response response;
            response.content_type = "application/octet-stream";
            response.headers.emplace_back("Content-Disposition", "attachment");
            response.body = std::move(content);
            return response;
          });
  guarded("GET", "/api/v1/trace/{id}", kPeople, [this](const net::Request& request, const access::Principal&) {
    return shown(parts_.trace(request.param("id"), request.query_or("stream")));
  });
  guarded("GET", "/api/v1/endpoints", kPeople,
          [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
            JsonArray items;
            parts_.journal.with_state([&](const journal::View& view) {
              const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
              for (const auto& [name, endpoint] : known.endpoints) items.push_back(to_json(endpoint));
            });
            return net::json_response(JsonObject{{"items", items}});
          });
  guarded("GET", "/api/v1/endpoints/{name}", kPeople,
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            Result<net::Response> response =
                fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", request.param("name")));
            parts_.journal.with_state([&](const journal::View& view) {
              const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
              if (const Endpoint* endpoint = provenance::find_endpoint(known, request.param("name")))
                response = net::json_response(to_json(*endpoint));
            });
            return response;
          });
  guarded("GET", "/api/v1/endpoints/{name}/performance", kPeople, [this](const net::Request& request, const access::Principal&) {
    return shown(parts_.performance ? parts_.performance(request.param("name")) : fail(Code::kUnavailable, "nothing detects here"));
  });
  guarded("GET", "/api/v1/streams", kAll,
          [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
            JsonArray items;
            for (const std::string& name : parts_.streams.list()) {
              record::Stream* stream = parts_.streams.get(name);
              if (stream == nullptr) continue;
              Json item = record::to_json(stream->config());
              item.as_object()["size"] = stream->size();
              items.push_back(std::move(item));
            }
            return net::json_response(JsonObject{{"items", items}});
          });
  guarded("GET", "/api/v1/streams/{stream}/records/{index}", kPeople,
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            record::Stream* stream = parts_.streams.get(request.param("stream"));
            if (stream == nullptr)
              return fail(Code::kNotFound, fmt::format("there is no stream '{}'", request.param("stream")));
            FIREBREAK_ASSIGN(const std::uint64_t index, whole_number(request.param("index"), "index"));
            FIREBREAK_ASSIGN(const record::RecordProof proof, stream->prove(index));
            return net::json_response(record::to_json(proof));
          });
}

}  // namespace firebreak::api
