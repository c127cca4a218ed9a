// The state as a document and back, for snapshots.
#include "fold/casefile/parts.h"

namespace firebreak::casefile {
namespace {

JsonObject texts_json(const std::map<std::string, std::string>& texts) {
  JsonObject out;
  for (const auto& [key, text] : texts) out[key] = text;
  return out;
}

std::map<std::string, std::string> texts_from(const Json& document, std::string_view key) {
  std::map<std::string, std::string> out;
  each_member(document, key, [&](const std::string& name, const Json& text) {
    if (text.is_string()) out[name] = std::string(text.get_string());
  });
  return out;
}

JsonArray numbers_json(const std::set<std::uint64_t>& numbers) {
  JsonArray out;
  for (const std::uint64_t number : numbers) out.push_back(number);
  return out;
}

Json file_json(const CaseFile& file) {
  JsonArray rows;
  for (const Row& row : file.rows) rows.push_back(JsonArray{row.index, row.opinion ? 1 : 0, row.corrected_by, row.occurred ? Json(row.occurred->us) : Json(nullptr)});
  JsonObject checks, notes, handovers, privileged, items;
  for (const auto& [id, item] : file.items) items[id] = JsonArray{Json(item.digest), Json(item.holder), Json(item.offer), Json(item.last_offer)};
  for (const auto& [item, check] : file.checks) checks[item] = JsonObject{{"state", check.state}, {"round", check.round}};
  for (const auto& [name, of] : file.notes) notes[name] = JsonObject{{"revision", of.revision}, {"text", of.text}};
  for (const auto& [id, of] : file.handovers) handovers[id] = JsonObject{{"role", of.role}, {"to", of.to}, {"by", of.by}, {"digest", of.digest}};
  for (const auto& [id, of] : file.privileged) privileged[id] = JsonObject{{"sealed", of.sealed}, {"by", of.by}, {"time", of.time.us}};
  return JsonObject{{"endpoint", file.endpoint}, {"stream", file.stream}, {"title", file.title}, {"severity", file.severity}, {"rule", file.rule},
                    {"phase", file.phase}, {"roles", texts_json(file.roles)}, {"closed", file.closed}, {"into", file.into},
                    {"reopen_asked_by", file.reopen_asked_by}, {"rows", std::move(rows)}, {"words", texts_json(file.words)},
                    {"classed", JsonArray(file.classed.begin(), file.classed.end())},
                    {"contacts", file.contacts}, {"lessons", file.lessons}, {"lesson_ids", numbers_json(file.lesson_ids)}, {"labels", JsonArray(file.labels.begin(), file.labels.end())},
                    {"checks", std::move(checks)}, {"round", file.round}, {"indicators", numbers_json(file.indicators)}, {"assets", texts_json(file.assets)},
                    {"notes", std::move(notes)}, {"items", std::move(items)}, {"handovers", std::move(handovers)}, {"privileged", std::move(privileged)},
                    {"working", JsonArray(file.working.begin(), file.working.end())}};
}

std::uint64_t whole(const Json& value) { return value.is_number() ? value.to_number<std::uint64_t>() : 0; }

std::set<std::uint64_t> numbers_from(const Json& document, std::string_view key) {
  std::set<std::uint64_t> out;
  if (const Json* const numbers = find(document, key); numbers != nullptr && numbers->is_array())
    for (const Json& number : numbers->get_array()) out.insert(whole(number));
  return out;
}

std::string cell(const Json& row, std::size_t at) {
  return row.is_array() && at < row.get_array().size() && row.get_array()[at].is_string() ? std::string(row.get_array()[at].get_string()) : std::string();
}

CaseFile file_from(const Json& d) {
  CaseFile file;
  for (const auto& [key, into] : {std::pair("endpoint", &file.endpoint), {"stream", &file.stream}, {"title", &file.title}, {"severity", &file.severity},
                                  {"rule", &file.rule}, {"phase", &file.phase}, {"into", &file.into}, {"reopen_asked_by", &file.reopen_asked_by}})
    *into = string_or(d, key);
  file.roles = texts_from(d, "roles");
  file.words = texts_from(d, "words");
  file.assets = texts_from(d, "assets");
  file.closed = bool_or(d, "closed");
  if (const Json* const rows = find(d, "rows"); rows != nullptr && rows->is_array())
    for (const Json& row : rows->get_array())
      if (row.is_array() && row.get_array().size() == 4)
        file.rows.push_back({whole(row.at(0)), whole(row.at(1)) == 1, whole(row.at(2)), row.at(3).is_number() ? std::optional(Time{row.at(3).to_number<std::int64_t>()}) : std::nullopt});
  file.indicators = numbers_from(d, "indicators");
  file.lesson_ids = numbers_from(d, "lesson_ids");
  file.contacts = static_cast<std::size_t>(int_or(d, "contacts"));
  file.lessons = static_cast<std::size_t>(int_or(d, "lessons"));
  file.round = int_or(d, "round", 1);
  const auto labels = strings_or_empty(d, "labels"), working = strings_or_empty(d, "working");
  file.labels = {labels.begin(), labels.end()};
  file.working = {working.begin(), working.end()};
  for (const std::string& field : strings_or_empty(d, "classed")) file.classed.insert(field);
  each_member(d, "checks", [&](const std::string& item, const Json& check) { file.checks[item] = {string_or(check, "state"), int_or(check, "round", 1)}; });
  each_member(d, "notes", [&](const std::string& name, const Json& of) { file.notes[name] = {int_or(of, "revision"), string_or(of, "text")}; });
  each_member(d, "privileged", [&](const std::string& id, const Json& of) { file.privileged[id] = {string_or(of, "sealed"), string_or(of, "by"), Time{int_or(of, "time")}}; });
  each_member(d, "items", [&](const std::string& id, const Json& of) { file.items[id] = {cell(of, 0), cell(of, 1), cell(of, 2), cell(of, 3)}; });
  each_member(d, "handovers", [&](const std::string& id, const Json& of) {
    file.handovers[id] = {string_or(of, "role"), string_or(of, "to"), string_or(of, "by"), string_or(of, "digest")};
  });
  return file;
}

Json amendment_json(const Amendment& of) {
  return JsonObject{{"incident", of.incident}, {"lesson", of.lesson},        {"kind", of.kind},         {"by", of.by},          {"session", of.session},
                    {"digest", of.digest},     {"expires", of.expires.us}, {"approved", of.approved}, {"command", of.command}, {"document", of.document}};
}

Amendment amendment_from(const Json& d) {
  Amendment of;
  for (const auto& [key, into] : {std::pair("incident", &of.incident), {"lesson", &of.lesson}, {"kind", &of.kind}, {"by", &of.by}, {"session", &of.session}, {"digest", &of.digest}})
    *into = string_or(d, key);
  of.expires = Time{int_or(d, "expires")};
  of.approved = bool_or(d, "approved");
  of.command = static_cast<std::uint64_t>(int_or(d, "command"));
  if (const Json* const document = find(d, "document")) of.document = *document;
  return of;
}

}  // namespace

Json to_json(const CasefileState& state) {
  JsonObject files, needs, follow_ups;
  for (const auto& [id, file] : state.files) files[id] = file_json(file);
  for (const auto& [asset, needed] : state.needs) needs[asset] = JsonArray(needed.begin(), needed.end());
  for (const auto& [id, of] : state.follow_ups)
    follow_ups[id] = JsonObject{{"incident", of.incident}, {"owner", of.owner}, {"due", of.due.us}, {"overdue", of.overdue}};
  JsonObject amendments, offers;
  for (const auto& [id, of] : state.amendments) amendments[id] = amendment_json(of);
  for (const auto& [id, offer] : state.offers) offers[id] = JsonArray{Json(offer.incident), Json(offer.from), Json(offer.to), Json(offer.digest)};
  return JsonObject{{"files", std::move(files)}, {"offers", std::move(offers)}, {"relations", JsonArray(state.relations.begin(), state.relations.end())},
                    {"assets", texts_json(state.asset_types)}, {"needs", std::move(needs)}, {"follow_ups", std::move(follow_ups)},
                    {"working_of", texts_json(state.working_of)}, {"closed_order", numbers_json(state.closed_order)},
                    {"amendments", std::move(amendments)}, {"regressions", JsonArray(state.regressions.begin(), state.regressions.end())}, {"rules", state.rules}};
}

Result<CasefileState> state_from_json(const Json& document) {
  if (find(document, "files") == nullptr || find(document, "assets") == nullptr) return fail(Code::kCorrupt, "casefile: not a state of this fold");
  CasefileState state;
  each_member(document, "files", [&](const std::string& id, const Json& file) { state.files[id] = file_from(file); });
  const auto relations = strings_or_empty(document, "relations");
  state.relations = {relations.begin(), relations.end()};
  state.asset_types = texts_from(document, "assets");
  each_member(document, "needs", [&](const std::string& asset, const Json& needed) {
    if (needed.is_array())
      for (const Json& one : needed.get_array())
        if (one.is_string()) state.needs[asset].insert(std::string(one.get_string()));
  });
  each_member(document, "follow_ups", [&](const std::string& id, const Json& of) {
    state.follow_ups[id] = {string_or(of, "incident"), string_or(of, "owner"), Time{int_or(of, "due")}, bool_or(of, "overdue")};
  });
  state.working_of = texts_from(document, "working_of");
  state.closed_order = numbers_from(document, "closed_order");
  each_member(document, "amendments", [&](const std::string& id, const Json& of) { state.amendments[id] = amendment_from(of); });
  const auto regressions = strings_or_empty(document, "regressions");
  state.regressions = {regressions.begin(), regressions.end()};
  state.rules = string_or(document, "rules");
  each_member(document, "offers", [&](const std::string& id, const Json& of) { state.offers[id] = {cell(of, 0), cell(of, 1), cell(of, 2), cell(of, 3)}; });
  return state;
}

}  // namespace firebreak::casefile
