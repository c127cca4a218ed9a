// What people write into incidents: timeline, record, checklist, notes, indicators, lessons, follow-ups; the inventory of assets.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "base/utf8.h"
#include "fold/casefile/casefile.h"
#include "fold/incident/incident.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

constexpr std::size_t kAsked = 1'000;  // octets of a search
constexpr int kPage = 2'000;  // rows that are read at once for a search

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// What a search asks for: refused before it comes to an index that ends a text at its first null octet.
Result<std::string> asked_words(const net::Request& request) {
  std::string text = request.query_or("q");
  if (text.find('\0') != std::string::npos || !is_utf8(text)) return fail(Code::kInvalid, "'q' must be UTF-8 text without null characters", "/q");
  if (text.size() > kAsked) return fail(Code::kTooLarge, fmt::format("'q' has at most {} octets", kAsked), "/q");
  return text;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = text.find_first_not_of(' '); at != std::string::npos;) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    out.push_back(lower(std::string_view(text).substr(at, end - at)));
    at = text.find_first_not_of(' ', end);
  }
  return out;
}

// All words or their beginnings, in whatever the line says, upper or lower case; as the index of words has it.
bool says(const Json& line, const std::vector<std::string>& words) {
  std::string all;
  for (const char* key : {"text", "by", "actor", "source", "reason", "kind", "row"}) all += " " + lower(string_or(line, key));
  const auto begins = [&](std::string_view word) {
    if (word.ends_with('*')) word.remove_suffix(1);
    for (std::size_t at = all.find(word); at != std::string::npos; at = all.find(word, at + 1))
      if (at == 0 || std::isalnum(static_cast<unsigned char>(all[at - 1])) == 0) return true;
    return false;
  };
  return std::all_of(words.begin(), words.end(), begins);
}

Result<std::string> types_of(const std::string& given) {
  std::string types;
  for (const std::string& type : words_of(given)) {
    if (type != "fact" && type != "opinion" && type != "note" && type != "event")
      return fail(Code::kInvalid, fmt::format("'{}' is no type of a row: fact, opinion, note, event", type), "/type");
    types += (types.empty() ? "" : " ") + type;
  }
  return types;
}

// {asset, distance, through} of what a fold's question answered.
JsonArray reached_json(const std::map<std::string, casefile::Reached>& reached, const casefile::CasefileState& state) {
  JsonArray out;
  for (const auto& [asset, way] : reached) {
    const auto type = state.asset_types.find(asset);
    out.push_back(JsonObject{{"asset", asset}, {"type", type == state.asset_types.end() ? "" : type->second}, {"distance", way.distance}, {"through", way.through}});
  }
  std::stable_sort(out.begin(), out.end(), [](const Json& a, const Json& b) { return int_or(a, "distance") < int_or(b, "distance"); });
  return out;
}

// What may be hurt by the assets of an incident that are compromised, or may be.
Json radius_of(const casefile::CasefileState& state, const std::string& id, const casefile::CaseFile& file) {
  JsonArray sources;
  std::map<std::string, casefile::Reached> all;
  for (const auto& [asset, compromise] : file.assets) {
    if (compromise != "compromised" && compromise != "suspected") continue;
    const auto reached = casefile::downstream(state, asset);
    sources.push_back(JsonObject{{"asset", asset}, {"state", compromise}, {"reaches", reached.size()}});
    for (const auto& [name, way] : reached) {
      const auto [at, added] = all.emplace(name, way);
      if (!added && way.distance < at->second.distance) at->second = way;
    }
  }
  return JsonObject{{"incident", id}, {"sources", std::move(sources)}, {"reached", reached_json(all, state)}};
}

}  // namespace

// A search goes over what is shown: the rows hold references to what people typed.
Result<Json> Api::timeline_of(const net::Request& request) const {
  views::Views::TimelineAsk ask;
  FIREBREAK_ASSIGN(ask.types, types_of(request.query_or("type")));
  ask.from = request.query_or("from");
  ask.to = request.query_or("to");
  ask.cursor = request.query_or("cursor");
  const std::string order = request.query_or("order", "recorded");
  if (order != "recorded" && order != "occurred") return fail(Code::kInvalid, "'order' is recorded or occurred", "/order");
  ask.by_occurrence = order == "occurred";
  FIREBREAK_ASSIGN(const std::uint64_t most, whole_number(request.query_or("limit", "500"), "limit"));
  if (most < 1 || most > 5'000) return fail(Code::kInvalid, "'limit' must be 1 to 5000", "/limit");
  FIREBREAK_ASSIGN(const std::string asked, asked_words(request));
  const std::vector<std::string> words = words_of(asked);
  const auto show = [&](Json rows) { return parts_.texts != nullptr ? parts_.texts->shown_in(std::move(rows)) : rows; };
  if (words.empty()) {
    ask.limit = static_cast<int>(most);
    FIREBREAK_ASSIGN(Json page, parts_.views.timeline(request.param("id"), ask));
    return show(std::move(page));
  }
  if (parts_.texts != nullptr && !parts_.views.words_behind()) {
    ask.limit = static_cast<int>(most);
    ask.words = words;
    FIREBREAK_ASSIGN(Json page, parts_.views.timeline(request.param("id"), ask));
    return show(std::move(page));
  }
  ask.limit = kPage;  // rows are still being taken into the index: one after the other
  JsonArray found;
  for (std::uint64_t skipped = ask.cursor.empty() ? 0 : whole_number(ask.cursor, "cursor").value_or(0);;) {
    FIREBREAK_ASSIGN(Json page, parts_.views.timeline(request.param("id"), ask));
    page = show(std::move(page));
    for (Json& line : page.at("items").as_array()) {
      ++skipped;
      if (!says(line, words)) continue;
      found.push_back(std::move(line));
      if (found.size() == most) return JsonObject{{"items", std::move(found)}, {"next", std::to_string(skipped)}, {"index", page.at("index")}};
    }
    if (page.at("next").is_null()) return JsonObject{{"items", std::move(found)}, {"next", nullptr}, {"index", page.at("index")}};
    ask.cursor = std::string(page.at("next").as_string());
  }
}

// If-Match names the revision that was edited; none: a new document. A conflict answers with both texts.
Result<net::Response> Api::write_notes(const net::Request& request, const access::Principal& who) const {
  FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
  FIREBREAK_TRY(only_keys(body, {"text"}));
  FIREBREAK_ASSIGN(const std::string text, get_string(body, "text"));
  std::string match(request.header("if-match"));
  if (match.size() > 1 && match.front() == '"' && match.back() == '"') match = match.substr(1, match.size() - 2);
  std::uint64_t base = 0;
  if (!match.empty()) {
    FIREBREAK_ASSIGN(base, whole_number(match, "If-Match"));
  }
  const std::string incident = request.param("id"), document = request.param("document");
  auto given = give_command("incident.notes", JsonObject{{"incident", incident}, {"document", document}, {"text", text}, {"base", base}}, who);
  if (given || given.error().code != Code::kConflict || given.error().pointer != "/base") return given;
  if (!wait_for_views()) return given;
  const auto current = parts_.views.written_one("notes", incident + "/" + document);
  if (!current) return given;
  net::Response answer = net::problem(given.error());
  Json told = parse_json(answer.body).value_or(Json(JsonObject{}));
  if (!told.is_object()) return given;
  told.as_object()["current"] = JsonObject{{"revision", int_or(*current, "revision")}, {"text", string_or(*current, "text")}};
  if (parts_.texts != nullptr) told = parts_.texts->shown_in(std::move(told));
  told.as_object()["yours"] = JsonObject{{"base", base}, {"text", text}};
  answer.body = canonical_json(told) + "\n";
  return answer;
}

void Api::add_casefile_routes() {
  guarded("GET", "/api/v1/search", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const std::uint64_t most, whole_number(request.query_or("limit", "50"), "limit"));
    if (most < 1 || most > 500) return fail(Code::kInvalid, "'limit' must be 1 to 500", "/limit");
    FIREBREAK_ASSIGN(const std::string asked, asked_words(request));
    return shown(parts_.views.search(words_of(asked), request.query_or("incident"), {request.query_or("cursor"), static_cast<int>(most)}));
  });
  guarded("GET", "/api/v1/incidents/{id}/timeline", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json page, timeline_of(request));
    return net::json_response(page);
  });
  guarded("GET", "/api/v1/incidents/{id}/record", kPeople, [this](const net::Request& request, const access::Principal&) { return shown(parts_.views.record(request.param("id"))); });
  guarded("GET", "/api/v1/incident-templates", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    Json templates;
    parts_.journal.with_state([&](const journal::View& view) { templates = incident::to_json(view.state<incident::IncidentState>(incident::kFoldName).templates); });
    return net::json_response(JsonObject{{"items", templates.at("templates")}});
  });
  guarded("GET", "/api/v1/incidents/{id}/checklist", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    if (!parts_.checklist) return fail(Code::kUnavailable, "no checklist is loaded");
    FIREBREAK_ASSIGN(const Json incident, parts_.views.incident(request.param("id")));
    return shown(parts_.checklist(incident));
  });
  guarded("GET", "/api/v1/incidents/{id}/notes/{document}", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    // Who was refused reads this next, and must see what was kept beside it.
    FIREBREAK_TRY(wait_for_views());
    FIREBREAK_ASSIGN(Json notes, parts_.views.written_one("notes", request.param("id") + "/" + request.param("document")));
    const std::int64_t revision = int_or(notes, "revision");
    FIREBREAK_ASSIGN(net::Response response, shown(std::move(notes)));
    response.headers.emplace_back("ETag", fmt::format("\"{}\"", revision));
    return response;
  });
  guarded("PUT", "/api/v1/incidents/{id}/notes/{document}", kPeople,
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> { return write_notes(request, who); });
  guarded("GET", "/api/v1/incidents/{id}/radius", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    Result<Json> radius = fail(Code::kNotFound, fmt::format("there is no incident '{}'", request.param("id")));
    parts_.journal.with_state([&](const journal::View& view) {
      const auto& state = view.state<casefile::CasefileState>(casefile::kFoldName);
      if (const auto file = state.files.find(request.param("id")); file != state.files.end()) radius = radius_of(state, file->first, file->second);
    });
    if (!radius) return fail(radius.error());
    return net::json_response(*radius);
  });
  guarded("GET", "/api/v1/assets/{id}", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(Json asset, parts_.views.written_one("asset", request.param("id")));
    parts_.journal.with_state([&](const journal::View& view) {
      const auto& state = view.state<casefile::CasefileState>(casefile::kFoldName);
      asset.as_object()["upstream"] = reached_json(casefile::upstream(state, request.param("id")), state);
      asset.as_object()["downstream"] = reached_json(casefile::downstream(state, request.param("id")), state);
    });
    return net::json_response(asset);
  });
  for (const auto& [path, kind] : {std::pair("/api/v1/assets", "asset"), {"/api/v1/indicators", "indicator"}, {"/api/v1/lessons", "lesson"}, {"/api/v1/follow-ups", "follow_up"},
                                   {"/api/v1/notes", "notes"}, {"/api/v1/relations", "relation"}})
    guarded("GET", path, kPeople, [this, kind = std::string(kind)](const net::Request& request, const access::Principal&) -> Result<net::Response> {
      views::Page page;
      page.cursor = request.query_or("cursor");
      FIREBREAK_ASSIGN(const std::uint64_t limit, whole_number(request.query_or("limit", "50"), "limit"));
      page.limit = static_cast<int>(std::min<std::uint64_t>(limit, 501));
      return shown(parts_.views.written(kind, page, {request.query_or("incident"), "", request.query_or("state")}));
    });
}

}  // namespace firebreak::api
