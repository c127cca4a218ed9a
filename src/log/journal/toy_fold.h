// A fold for the journal's own tests: sums, chains of decisions, and the ways in which a fold can go wrong.
#pragma once

#include <map>
#include <stdexcept>

#include "log/journal/fold.h"

namespace firebreak::journal::toy {

struct Toy {
  std::int64_t sum = 0;
  std::map<std::string, std::int64_t> kinds;  // how often each was applied
};

inline Draft draft(std::string kind, JsonObject body = {}) {
  Draft out;
  out.kind = std::move(kind);
  out.body = std::move(body);
  return out;
}

// add {n} -> total {sum}; chain {n} -> chain {n-1} … ; flood -> 2,000 entries; huge -> one entry too large;
// throw throws; tick -> alarm when the sum is odd.
inline std::vector<Draft> decide(const Toy& toy, const Entry& entry) {
  if (entry.kind == "add") return {draft("total", {{"sum", toy.sum}})};
  if (entry.kind == "chain" && int_or(entry.body, "n") > 0) return {draft("chain", {{"n", int_or(entry.body, "n") - 1}})};
  if (entry.kind == "flood") return std::vector<Draft>(2'000, draft("drop"));
  if (entry.kind == "huge") return {draft("drop", {{"text", std::string(40'000, 'x')}})};
  if (entry.kind == "throw") throw std::runtime_error("a fold's bug");
  if (entry.kind == "tick" && toy.sum % 2 != 0) return {draft("add", {{"n", 1}})};
  return {};
}

// The next version's decide(): it says more.
inline std::vector<Draft> decide_changed(const Toy& toy, const Entry& entry) {
  if (entry.kind == "add") return {draft("total", {{"sum", toy.sum}, {"unit", "pieces"}})};
  return decide(toy, entry);
}

inline void apply(Toy& toy, const Entry& entry) {
  if (entry.kind == "add") toy.sum += int_or(entry.body, "n");
  ++toy.kinds[entry.kind];
}

inline Json to_json(const Toy& toy) {
  JsonObject kinds;
  for (const auto& [kind, count] : toy.kinds) kinds[kind] = count;
  return JsonObject{{"sum", toy.sum}, {"kinds", std::move(kinds)}};
}

inline Result<Toy> from_json(const Json& document) {
  Toy toy;
  FIREBREAK_ASSIGN(toy.sum, get_int(document, "sum"));
  const Json* kinds = find(document, "kinds");
  if (kinds == nullptr || !kinds->is_object()) return fail(Code::kInvalid, "no kinds");
  for (const auto& member : kinds->get_object()) toy.kinds[std::string(member.key())] = member.value().to_number<std::int64_t>();
  return toy;
}

inline std::vector<std::unique_ptr<Fold>> folds(int version = 1, bool changed = false) {
  std::vector<std::unique_ptr<Fold>> out;
  out.push_back(make_fold<Toy>("toy", version, changed ? decide_changed : decide, apply, to_json, from_json));
  return out;
}

}  // namespace firebreak::journal::toy
