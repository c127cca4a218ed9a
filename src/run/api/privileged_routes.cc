// Notes under counsel's privilege: everybody who works on an incident may write one, counsel alone reads them and releases one. For
// everybody else there are none. The text passes through here and stands nowhere in the clear (read/evidence/sealed_notes.h).
#include <fmt/core.h>

#include <algorithm>

#include "fold/casefile/casefile.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

constexpr std::size_t kMost = 4'000;  // octets: what a note has when it is released

Error nothing() { return Error{Code::kNotFound, "there is nothing of this name", {}, 0}; }

Result<std::string> text_of(const Json& body) {
  FIREBREAK_ASSIGN(std::string text, get_string(body, "text"));
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return fail(Code::kInvalid, "'text' must say something", "/text");
  if (text.size() > kMost) return fail(Code::kTooLarge, fmt::format("'text' has at most {} octets", kMost), "/text");
  return text;
}

std::map<std::string, casefile::Privileged> sealed_of(const journal::Journal& journal, const std::string& incident, bool& known) {
  std::map<std::string, casefile::Privileged> out;
  journal.with_state([&](const journal::View& view) {
    const auto& files = view.state<casefile::CasefileState>(casefile::kFoldName).files;
    const auto file = files.find(incident);
    known = file != files.end();
    if (known) out = file->second.privileged;
  });
  return out;
}

}  // namespace

bool is_counsel(const access::Principal& who) { return has_word(who.role, kCounsel) && cell_of(who.rights, Duty::kTimeline) >= Cell::kDo; }

void Api::add_privileged_routes() {
  guarded("POST", "/api/v1/incidents/{id}/privileged", Needs{Duty::kTimeline, Cell::kDo}, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    if (parts_.sealed == nullptr) return fail(Code::kUnavailable, "nothing is sealed here");
    FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
    FIREBREAK_TRY(only_keys(body, {"text"}));
    FIREBREAK_ASSIGN(const std::string text, text_of(body));
    const std::string incident = request.param("id");
    bool known = false;
    (void)sealed_of(parts_.journal, incident, known);
    if (!known) return fail(Code::kNotFound, fmt::format("there is no incident '{}'", incident));
    FIREBREAK_ASSIGN(const Digest sealed, parts_.sealed->seal(incident, text));
    auto given = give_command("incident.privileged", JsonObject{{"incident", incident}, {"sealed", sealed.hex()}}, who);
    if (!given) (void)parts_.sealed->destroy(incident, sealed);  // nobody would ever find it
    return given;
  });
  guarded("GET", "/api/v1/incidents/{id}/privileged", kPeople, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    bool known = false;
    const auto notes = sealed_of(parts_.journal, request.param("id"), known);
    if (parts_.sealed == nullptr || !known || !is_counsel(who)) return fail(nothing());
    JsonArray items;
    for (const auto& [id, note] : notes) {
      const auto digest = Digest::from_hex(note.sealed);
      const auto text = digest ? parts_.sealed->text_of(request.param("id"), *digest) : fail(Error(digest.error()));
      items.push_back(JsonObject{{"id", id}, {"by", note.by}, {"time", format_time(note.time)}, {"text", text ? Json(*text) : Json(nullptr)}, {"error", text ? Json(nullptr) : Json(text.error().message)}});
    }
    std::sort(items.begin(), items.end(), [](const Json& a, const Json& b) { return index_of(string_or(a, "id")) < index_of(string_or(b, "id")); });
    net::Response response = net::json_response(JsonObject{{"incident", request.param("id")}, {"items", std::move(items)}});
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
  });
  guarded("POST", "/api/v1/incidents/{id}/privileged/{note}/release", kPeople, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    if (parts_.sealed == nullptr || !is_counsel(who)) return fail(nothing());
    FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
    FIREBREAK_TRY(only_keys(body, {"reason"}));
    FIREBREAK_ASSIGN(const std::string reason, get_string(body, "reason"));
    if (reason.find_first_not_of(" \t\r\n") == std::string::npos) return fail(Code::kInvalid, "'reason' must say something", "/reason");
    bool known = false;
    const std::string incident = request.param("id"), id = request.param("note");
    const auto notes = sealed_of(parts_.journal, incident, known);
    const auto note = notes.find(id);
    if (note == notes.end()) return fail(Code::kNotFound, fmt::format("{} has no sealed note '{}'; 'firebreak incident privileged {}' lists them", incident, id, incident));
    FIREBREAK_ASSIGN(const Digest sealed, Digest::from_hex(note->second.sealed));
    FIREBREAK_ASSIGN(const std::string text, parts_.sealed->text_of(incident, sealed));
    return give_command("incident.privileged_release", JsonObject{{"incident", incident}, {"note", id}, {"reason", reason}, {"text", text}}, who);
  });
}

}  // namespace firebreak::api
