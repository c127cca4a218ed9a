// The fold's state as JSON, for snapshots.
#include <algorithm>

#include "fold/remedy/parts.h"

namespace firebreak::remedy {
namespace {

JsonArray texts(const std::set<std::string>& set) { return JsonArray(set.begin(), set.end()); }
std::set<std::string> set_of(const Json& document, std::string_view key) {
  const auto list = strings_or_empty(document, key);
  return {list.begin(), list.end()};
}
std::uint64_t number(const Json& document, std::string_view key) { return static_cast<std::uint64_t>(int_or(document, key)); }

// Most rows are open and untold: those that are not stand apart, as [record, state, settled_on, settled, told].
JsonObject rows_json(const std::vector<Row>& rows) {
  JsonArray marked;
  for (const Row& row : rows)
    if (row.state != State::kOpen || row.told != 0)
      marked.push_back(JsonArray{row.record, static_cast<int>(row.state), static_cast<int>(row.settled_on), row.settled, row.told});
  return {{"packed", pack(rows)}, {"marked", std::move(marked)}};
}

Result<std::vector<Row>> rows_from(const Json& document) {
  FIREBREAK_ASSIGN(std::vector<Row> rows, unpack(string_or(document, "packed")));
  const Json* const marked = find(document, "marked");
  if (marked == nullptr || !marked->is_array()) return fail(Code::kCorrupt, "remedy: no rows");
  for (const Json& one : marked->get_array()) {
    if (!one.is_array() || one.get_array().size() != 5) return fail(Code::kCorrupt, "remedy: a row is not one");
    std::uint64_t values[5];
    for (std::size_t i = 0; i < 5; ++i) {
      const auto value = whole(one.at(i));
      if (!value) return fail(Code::kCorrupt, "remedy: a row is not one");
      values[i] = *value;
    }
    const Row* const found = find_row(rows, values[0]);
    if (found == nullptr || values[1] > 2 || values[2] > 3) return fail(Code::kCorrupt, "remedy: a row is not one");
    Row& row = rows[static_cast<std::size_t>(found - rows.data())];
    row.state = static_cast<State>(values[1]);
    row.settled_on = static_cast<Answer>(values[2]);
    row.settled = values[3];
    row.told = values[4];
  }
  return rows;
}

Json list_json(const List& list) {
  JsonObject out{{"endpoint", list.endpoint}, {"stream", list.stream}, {"release", list.release}, {"blob", list.blob},
                 {"build", list.build},       {"done", list.done},     {"rows", rows_json(list.rows)}};
  if (const auto& build = list.building)
    out["building"] = JsonObject{{"index", build->index}, {"asked", build->asked}, {"release", build->release}, {"at", build->at}, {"end", build->end},
                                 {"rows", rows_json(build->rows)}, {"pieces", JsonArray(build->pieces.begin(), build->pieces.end())}};
  return out;
}

Result<List> list_from(const Json& document) {
  List list;
  list.endpoint = string_or(document, "endpoint");
  list.stream = string_or(document, "stream");
  list.release = string_or(document, "release");
  list.blob = string_or(document, "blob");
  list.build = number(document, "build");
  list.done = bool_or(document, "done");
  const Json* const rows = find(document, "rows");
  if (rows == nullptr) return fail(Code::kCorrupt, "remedy: a list without rows");
  FIREBREAK_ASSIGN(list.rows, rows_from(*rows));
  const Json* const building = find(document, "building");
  if (building == nullptr) return list;
  const Json* const asked = find(*building, "asked");
  const Json* const so_far = find(*building, "rows");
  if (asked == nullptr || so_far == nullptr) return fail(Code::kCorrupt, "remedy: a build that nobody asked for");
  Build build;
  build.index = number(*building, "index");
  build.asked = *asked;
  build.release = string_or(*building, "release");
  build.at = number(*building, "at");
  build.end = number(*building, "end");
  FIREBREAK_ASSIGN(build.rows, rows_from(*so_far));
  build.pieces = strings_or_empty(*building, "pieces");
  list.building = std::move(build);
  return list;
}

}  // namespace

Json to_json(const RemedyState& state) {
  JsonObject incidents, findings, lists;
  for (const auto& [id, f] : state.incidents)
    incidents[id] = JsonObject{{"endpoint", f.endpoint}, {"stream", f.stream}, {"first", f.first}, {"last", f.last}, {"callers", texts(f.callers)}, {"closed", f.closed}};
  for (const auto& [id, f] : state.findings)
    findings[id] = JsonObject{{"stream", f.stream}, {"episode", f.episode}, {"incident", f.incident}, {"first", f.first}, {"last", f.last}, {"callers", texts(f.callers)}};
  for (const auto& [id, list] : state.lists) lists[id] = list_json(list);
  JsonArray taints;
  for (const auto& [index, one] : state.taints)
    taints.push_back(JsonObject{{"index", index}, {"incident", one.incident}, {"endpoint", one.endpoint}, {"stream", one.stream}, {"blob", one.blob},
                                {"asked", one.asked}, {"built", one.built}});
  JsonObject releases;
  for (const auto& [endpoint, names] : state.releases) releases[endpoint] = texts(names);
  return JsonObject{{"incidents", std::move(incidents)}, {"findings", std::move(findings)}, {"lists", std::move(lists)}, {"taints", std::move(taints)}, {"releases", std::move(releases)}};
}

Result<RemedyState> state_from_json(const Json& document) {
  RemedyState state;
  for (const char* key : {"incidents", "findings", "lists"})
    if (const Json* const part = find(document, key); part == nullptr || !part->is_object()) return fail(Code::kCorrupt, "remedy: not a state of this fold");
  each_member(document, "incidents", [&](const std::string& id, const Json& f) {
    state.incidents[id] = {string_or(f, "endpoint"), string_or(f, "stream"), number(f, "first"), number(f, "last"), set_of(f, "callers"), bool_or(f, "closed")};
  });
  each_member(document, "findings", [&](const std::string& id, const Json& f) {
    state.ages.insert(index_of(id));
    state.findings[id] = {string_or(f, "stream"), string_or(f, "episode"), string_or(f, "incident"), number(f, "first"), number(f, "last"), set_of(f, "callers")};
    state.finding_of[string_or(f, "stream") + "\n" + string_or(f, "episode")] = id;
  });
  for (const auto& member : document.at("lists").get_object()) {
    FIREBREAK_ASSIGN(state.lists[std::string(member.key())], list_from(member.value()));
  }
  if (const Json* const releases = find(document, "releases"); releases != nullptr && releases->is_object())
    for (const auto& member : releases->get_object()) state.releases[std::string(member.key())] = set_of(*releases, member.key());
  const Json* const taints = find(document, "taints");
  if (taints == nullptr || !taints->is_array()) return fail(Code::kCorrupt, "remedy: not a state of this fold");
  for (const Json& one : taints->get_array()) {
    const Json* const asked = find(one, "asked");
    state.taints[number(one, "index")] = {string_or(one, "incident"), string_or(one, "endpoint"), string_or(one, "stream"), string_or(one, "blob"),
                                          asked != nullptr ? *asked : Json(JsonObject{}), number(one, "built")};
  }
  return state;
}

}  // namespace firebreak::remedy
