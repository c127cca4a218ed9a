// Profiles of data sets and results of other tools, kept with an endpoint.
#include <fmt/core.h>

#include "fold/provenance/provenance.h"
#include "profile/profile_json.h"
#include "read/imports/imports.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

Result<void> endpoint_is_known(const journal::Journal& journal, const std::string& name) {
  bool known = false;
  journal.with_state([&](const journal::View& view) {
    known = provenance::find_endpoint(view.state<provenance::ProvenanceState>(provenance::kFoldName), name) != nullptr;
  });
  if (known) return {};
  return fail(Code::kNotFound, fmt::format("there is no endpoint '{}': 'firebreak onboard {}' makes it", name, name));
}

// The document as a blob, and the entry that names it.
Result<Json> keep(const Parts& parts, const profile::DataProfile& profile, const std::string& endpoint, const std::string& origin,
                  const std::string& by) {
  const Json document = profile::to_json(profile);
  FIREBREAK_ASSIGN(const Digest blob, parts.blobs.put(canonical_json(document)));
  JsonObject body{{"endpoint", endpoint}, {"digest", blob.hex()}, {"profile", string_or(document, "digest")}, {"rows", profile.rows},
                  {"features", profile.features.size()}, {"source", profile.source}, {"by", by}};
  if (!origin.empty()) body["origin"] = origin;
  JsonObject answer = body;
  FIREBREAK_ASSIGN(const journal::Group group, parts.journal.submit_wait(Draft{"profile_registered", std::move(body), by, {}, {}}));
  answer["index"] = group.index();
  return answer;
}

// Opened and closed at once: a result is of the moment it was taken. The same file is taken once.
Result<Json> submit(journal::Journal& journal, const imports::Imported& read, imports::Tool tool, const std::string& endpoint,
                    std::string_view octets, const std::string& by) {
  const std::string producer = fmt::format("import:{}:{}", endpoint, sha256(octets).hex().substr(0, 32));
  JsonArray ids;
  std::uint64_t position = 0;
  for (FindingUpdate finding : read.findings) {
    ++position;
    for (const auto phase : {FindingPhase::kOpened, FindingPhase::kClosed}) {
      finding.phase = phase;
      Draft draft{std::string(finding_entry_kind(phase)),
                  to_json(finding),
                  by,
                  {},
                  {producer, 0, position, phase == FindingPhase::kOpened ? 0U : 1U}};
      auto group = journal.submit_wait(std::move(draft));
      if (!group && group.error().code == Code::kConflict) continue;  // after a broken connection the rest is taken
      if (!group) return fail(std::move(group.error()));
      if (phase == FindingPhase::kOpened) ids.push_back(Json(group->entries.front().id("find")));
    }
  }
  return JsonObject{{"tool", imports::tool_name(tool)},
                    {"checks", read.checks},
                    {"findings", std::move(ids)},
                    {"known", read.findings.size() - ids.size()}};
}

}  // namespace

void Api::add_profile_routes() {
  guarded("POST", "/api/v1/endpoints/{name}/profiles", Needs{Duty::kTimeline, Cell::kDo},
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            FIREBREAK_TRY(endpoint_is_known(parts_.journal, request.param("name")));
            FIREBREAK_ASSIGN(const Json document, parse_json(request.body));
            FIREBREAK_ASSIGN(const profile::DataProfile profile, profile::profile_from_json(document));
            FIREBREAK_ASSIGN(const Json answer, keep(parts_, profile, request.param("name"), {}, who.actor()));
            return net::json_response(answer, 201);
          });
  guarded("POST", "/api/v1/endpoints/{name}/imports/{tool}", Needs{Duty::kTimeline, Cell::kDo},
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            const std::string endpoint = request.param("name");
            FIREBREAK_TRY(endpoint_is_known(parts_.journal, endpoint));
            FIREBREAK_ASSIGN(const imports::Tool tool, imports::parse_tool(request.param("tool")));
            FIREBREAK_ASSIGN(const imports::Imported read, imports::read(tool, request.body, endpoint, parts_.clock.now()));
            FIREBREAK_ASSIGN(const Json answer,
                             read.is_results ? submit(parts_.journal, read, tool, endpoint, request.body, who.actor())
                                             : keep(parts_, read.profile, endpoint, std::string(imports::tool_name(tool)), who.actor()));
            return net::json_response(answer, 201);
          });
}

}  // namespace firebreak::api
