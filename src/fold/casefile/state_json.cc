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

Json file_json(const CaseFile& file) {
  JsonArray rows, indicators;
  for (const Row& row : file.rows) rows.push_back(JsonArray{row.index, row.opinion ? 1 : 0, row.corrected_by});
  for (const std::uint64_t index : file.indicators) indicators.push_back(index);
  JsonObject checks, notes, handovers, items;
  for (const auto& [id, item] : file.items) items[id] = JsonArray{Json(item.digest), Json(item.holder), Json(item.offer), Json(item.last_offer)};
  for (const auto& [item, check] : file.checks) checks[item] = JsonObject{{"state", check.state}, {"round", check.round}};
  for (const auto& [name, of] : file.notes) notes[name] = JsonObject{{"revision", of.revision}, {"text", of.text}};
  for (const auto& [id, of] : file.handovers) handovers[id] = JsonObject{{"role", of.role}, {"to", of.to}, {"by", of.by}, {"digest", of.digest}};
  return JsonObject{{"endpoint", file.endpoint}, {"stream", file.stream}, {"title", file.title}, {"severity", file.severity}, {"rule", file.rule},
                    {"phase", file.phase}, {"roles", texts_json(file.roles)}, {"closed", file.closed}, {"into", file.into},
                    {"reopen_asked_by", file.reopen_asked_by}, {"rows", std::move(rows)}, {"words", texts_json(file.words)},
                    {"contacts", file.contacts}, {"lessons", file.lessons}, {"labels", JsonArray(file.labels.begin(), file.labels.end())},
                    {"checks", std::move(checks)}, {"round", file.round}, {"indicators", std::move(indicators)}, {"assets", texts_json(file.assets)},
                    {"notes", std::move(notes)}, {"items", std::move(items)}, {"handovers", std::move(handovers)}, {"working", JsonArray(file.working.begin(), file.working.end())}};
}

std::uint64_t whole(const Json& value) { return value.is_number() ? value.to_number<std::uint64_t>() : 0; }

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
      if (row.is_array() && row.get_array().size() == 3) file.rows.push_back({whole(row.at(0)), whole(row.at(1)) == 1, whole(row.at(2))});
  if (const Json* const indicators = find(d, "indicators"); indicators != nullptr && indicators->is_array())
    for (const Json& index : indicators->get_array()) file.indicators.insert(whole(index));
  file.contacts = static_cast<std::size_t>(int_or(d, "contacts"));
  file.lessons = static_cast<std::size_t>(int_or(d, "lessons"));
  file.round = int_or(d, "round", 1);
  const auto labels = strings_or_empty(d, "labels"), working = strings_or_empty(d, "working");
  file.labels = {labels.begin(), labels.end()};
  file.working = {working.begin(), working.end()};
  each_member(d, "checks", [&](const std::string& item, const Json& check) { file.checks[item] = {string_or(check, "state"), int_or(check, "round", 1)}; });
  each_member(d, "notes", [&](const std::string& name, const Json& of) { file.notes[name] = {int_or(of, "revision"), string_or(of, "text")}; });
  each_member(d, "items", [&](const std::string& id, const Json& of) { file.items[id] = {cell(of, 0), cell(of, 1), cell(of, 2), cell(of, 3)}; });
  each_member(d, "handovers", [&](const std::string& id, const Json& of) {
    file.handovers[id] = {string_or(of, "role"), string_or(of, "to"), string_or(of, "by"), string_or(of, "digest")};
  });
  return file;
}

}  // namespace

Json to_json(const CasefileState& state) {
  JsonObject files, needs, follow_ups;
  for (const auto& [id, file] : state.files) files[id] = file_json(file);
  for (const auto& [asset, needed] : state.needs) needs[asset] = JsonArray(needed.begin(), needed.end());
  for (const auto& [id, of] : state.follow_ups)
    follow_ups[id] = JsonObject{{"incident", of.incident}, {"owner", of.owner}, {"due", of.due.us}, {"overdue", of.overdue}};
  JsonArray closed;
  for (const std::uint64_t index : state.closed_order) closed.push_back(index);
  JsonObject offers;
  for (const auto& [id, offer] : state.offers) offers[id] = JsonArray{Json(offer.incident), Json(offer.from), Json(offer.to), Json(offer.digest)};
  return JsonObject{{"files", std::move(files)}, {"offers", std::move(offers)}, {"relations", JsonArray(state.relations.begin(), state.relations.end())},
                    {"assets", texts_json(state.asset_types)}, {"needs", std::move(needs)}, {"follow_ups", std::move(follow_ups)},
                    {"working_of", texts_json(state.working_of)}, {"closed_order", std::move(closed)}};
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
  each_member(document, "offers", [&](const std::string& id, const Json& of) { state.offers[id] = {cell(of, 0), cell(of, 1), cell(of, 2), cell(of, 3)}; });
  if (const Json* const closed = find(document, "closed_order"); closed != nullptr && closed->is_array())
    for (const Json& index : closed->get_array()) state.closed_order.insert(whole(index));
  return state;
}

}  // namespace firebreak::casefile
