// Questions to the archive: SELECTs and the impact of a release. Who asked stands in the journal.
#include "run/api/api.h"

namespace firebreak::api {

void Api::add_archive_routes() {
  guarded("GET", "/api/v1/archive", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json answer, parts_.archive.status());
    return net::json_response(answer);
  });
  guarded("GET", "/api/v1/archive/{stream}/{file}", kPeople, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    FIREBREAK_ASSIGN(Bytes octets, parts_.archive.file(request.params.at("stream"), request.params.at("file"), who.actor()));
    return net::text_response(std::move(octets), "application/octet-stream");
  });
  const auto post = [this](const std::string& path, auto ask) {
    guarded("POST", path, kPeople, [ask, builds = path.ends_with("/build")](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
      if (builds && cell_of(who.rights, Duty::kTimeline) < Cell::kDo)
        return fail(Code::kForbidden, "your role asks the archive; it does not build it");
      FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
      if (!body.is_object()) return fail(Code::kInvalid, "the body must be a JSON object");
      return ask(body, who.actor());
    });
  };
  using Body = const Json&;
  using Actor = const std::string&;
  post("/api/v1/archive/build", [this](Body body, Actor who) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json answer, parts_.archive.build(body, who));
    return net::json_response(answer);
  });
  const auto ask = [&](const std::string& what, auto& as_json, auto& as_parquet) {
    post("/api/v1/archive/" + what, [&as_json, &as_parquet](Body body, Actor who) -> Result<net::Response> {
      const std::string format = string_or(body, "format", "json");
      if (format == "parquet") {
        FIREBREAK_ASSIGN(Bytes octets, as_parquet(body, who));
        return net::text_response(std::move(octets), "application/vnd.apache.parquet");
      }
      if (format != "json") return fail(Code::kInvalid, "'format' is json or parquet", "/format");
      FIREBREAK_ASSIGN(const Json answer, as_json(body, who));
      return net::json_response(answer);
    });
  };
  ask("query", parts_.archive.query, parts_.archive.query_parquet);
  ask("impact", parts_.archive.impact, parts_.archive.impact_parquet);
}

}  // namespace firebreak::api
