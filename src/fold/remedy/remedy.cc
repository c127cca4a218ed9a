#include "fold/remedy/remedy.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/remedy/parts.h"

namespace firebreak::remedy {
namespace {

std::uint64_t number(const Json& body, std::string_view key) { return static_cast<std::uint64_t>(int_or(body, key)); }

List* list_of(RemedyState& state, const Entry& entry) {
  const auto at = state.lists.find(string_or(entry.body, "incident"));
  return at == state.lists.end() ? nullptr : &at->second;
}

// The build that a worker's entry is about, while it is under way.
Build* build_of(RemedyState& state, const Entry& entry) {
  List* const list = list_of(state, entry);
  if (list == nullptr || !list->building || string_or(entry.body, "build") != fmt::format("rem-{}", list->building->index)) return nullptr;
  return &*list->building;
}

void requested(RemedyState& state, const Entry& entry) {
  List& list = state.lists[string_or(entry.body, "incident")];
  list.endpoint = string_or(entry.body, "endpoint");
  list.stream = string_or(entry.body, "stream");
  list.building.emplace();
  list.building->index = entry.index;
  list.building->asked = entry.body;
}

void started(RemedyState& state, const Entry& entry) {
  Build* const build = build_of(state, entry);
  if (build == nullptr || !build->release.empty()) return;
  build->release = string_or(entry.body, "release");
  build->at = number(entry.body, "first");
  build->end = number(entry.body, "end");
}

// Rows come in order; a piece that does not go on where the last one ended was there already.
void rows(RemedyState& state, const Entry& entry) {
  Build* const build = build_of(state, entry);
  if (build == nullptr || number(entry.body, "from") != build->at) return;
  const auto piece = unpack(string_or(entry.body, "rows"));
  if (!piece || (!piece->empty() && !build->rows.empty() && piece->front().record <= build->rows.back().record)) return;
  build->rows.insert(build->rows.end(), piece->begin(), piece->end());
  build->at = number(entry.body, "to");
  if (const std::string blob = string_or(entry.body, "blob"); !blob.empty()) build->pieces.push_back(blob);
}

void ended(RemedyState& state, const Entry& entry) {
  Build* const build = build_of(state, entry);
  if (build == nullptr) return;
  List& list = *list_of(state, entry);
  if (string_or(entry.body, "outcome") == "built") {
    list.rows = merged(list.rows, build->rows, find(build->asked, "replace") != nullptr);
    list.build = build->index;
    list.release = build->release;
    list.blob = string_or(entry.body, "blob");
  }
  list.building.reset();
}

template <class Change>
void each_named(List& list, const Entry& entry, Change change) {
  const Json* const records = find(entry.body, "records");
  if (records == nullptr || !records->is_array()) return;
  for (const Json& record : records->get_array()) {
    const auto index = whole(record);
    const Row* const row = index ? find_row(list.rows, *index) : nullptr;
    if (row != nullptr) change(list.rows[static_cast<std::size_t>(row - list.rows.data())]);
  }
}

void settled(RemedyState& state, const Entry& entry) {
  List* const list = list_of(state, entry);
  if (list == nullptr) return;
  const std::string where = string_or(entry.body, "where");
  const auto settle = [&](Row& row) {
    row.state = string_or(entry.body, "as") == "reversed" ? State::kReversed : State::kConfirmed;
    row.settled_on = row.answer;
    row.settled = entry.index;
  };
  if (where.empty()) return each_named(*list, entry, settle);
  for (Row& row : list->rows)
    if (row.state == State::kOpen && kAnswers[static_cast<std::size_t>(row.answer)] == where) settle(row);
}

void told(RemedyState& state, const Entry& entry) {
  List* const list = list_of(state, entry);
  if (list == nullptr) return;
  const std::string where = string_or(entry.body, "where");
  if (where.empty()) return each_named(*list, entry, [&](Row& row) { row.told = entry.index; });
  for (Row& row : list->rows)
    if (row.told == 0 && kStates[static_cast<std::size_t>(row.state)] == where) row.told = entry.index;
}

void counted(RemedyState& state, const Entry& entry) {
  if (List* const list = list_of(state, entry)) list->done = bool_or(entry.body, "done");
}

void taint_requested(RemedyState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  state.taints[entry.index] = {incident, string_or(entry.body, "endpoint"), string_or(entry.body, "stream"), {}, entry.body, 0};
}

// A newer list takes the place of those before it; one that could not be made leaves them.
void taint_built(RemedyState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "list");
  const auto at = state.taints.find(id.starts_with("tnt-") ? index_of(id) : 0);
  if (at == state.taints.end() || !at->second.blob.empty()) return;
  at->second.blob = string_or(entry.body, "blob");
  at->second.built = entry.index;
  const std::string incident = at->second.incident;
  if (at->second.blob.empty()) return void(state.taints.erase(at));
  for (auto one = state.taints.begin(); one->first < at->first;) one = one->second.incident == incident ? state.taints.erase(one) : std::next(one);
}

struct Applied {
  std::string_view kind;
  void (*apply)(RemedyState&, const Entry&);
};
constexpr Applied kTable[] = {
    {"remedy_counted", counted}, {"remedy_ended", ended},     {"remedy_requested", requested}, {"remedy_rows", rows},
    {"remedy_settled", settled}, {"remedy_started", started}, {"remedy_told", told},           {"taint_built", taint_built},
    {"taint_requested", taint_requested},
};

// After whatever changed a list: how it stands, for the incident and for those who look.
Drafts count(const RemedyState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  const auto list = state.lists.find(incident);
  if (list == state.lists.end() || list->second.build == 0) return {};
  const Counts counts = counts_of(list->second.rows);
  JsonObject body = to_json(counts).as_object();
  body["incident"] = incident;
  body["build"] = fmt::format("rem-{}", list->second.build);
  body["done"] = counts.open == 0;
  return {make_draft("remedy_counted", incident, std::move(body))};
}

}  // namespace

std::vector<Draft> decide(const RemedyState& state, const Entry& entry) {
  if (entry.kind == "command_accepted") return decide_command(state, entry);
  if (entry.kind == "remedy_settled" || entry.kind == "remedy_told") return count(state, entry);
  if (entry.kind == "remedy_ended" && string_or(entry.body, "outcome") == "built") return count(state, entry);
  return {};
}

void apply(RemedyState& state, const Entry& entry) {
  if (apply_facts(state, entry)) return;
  const auto row = std::find_if(std::begin(kTable), std::end(kTable), [&](const Applied& one) { return one.kind == entry.kind; });
  if (row != std::end(kTable)) row->apply(state, entry);
}

}  // namespace firebreak::remedy
