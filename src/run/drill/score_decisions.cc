// Expected decisions: made, by the right role, in time, with a reason, by two people where two are needed; and the card to be rejected.
#include <fmt/core.h>

#include <algorithm>

#include "run/drill/score_facts.h"

namespace firebreak::drill {
namespace {

constexpr double kAll = 15;

struct Made {
  const Entry* entry = nullptr;
  bool right_role = false, in_time = false, reasoned = false, two = false;
};

bool has_reason(const Entry& entry) {
  for (const char* key : {"reason", "text", "summary"})
    if (!string_or(entry.body, key).empty()) return true;
  return false;
}

// The first entry of the right role; without one the first of anybody who plays.
Made made(const Facts& facts, const Expected& expected, const std::map<std::string, std::string>& makers) {
  Made out;
  for (const Entry& entry : facts.journal) {
    if (entry.time < facts.truth.start || !expected.pattern.fits(entry) || !facts.roles.contains(actor_name(entry))) continue;
    if (facts.pushed.contains(string_or(entry.body, "action")) || facts.pushed.contains(entry.id("act"))) continue;  // the card is told apart
    const bool right = actor_name(entry) == expected.role;
    if (out.entry != nullptr && !right) continue;
    out.entry = &entry;
    out.right_role = right;
    if (right) break;
  }
  if (out.entry == nullptr) return out;
  out.in_time = facts.since_start(out.entry->time) <= static_cast<double>(expected.within_us) / kSecond;
  out.reasoned = has_reason(*out.entry);
  const auto first = makers.find(expected.approves);
  out.two = first != makers.end() && !first->second.empty() && first->second != actor_name(*out.entry);
  return out;
}

// Shares of one decision: half for being made, late is half of that; the rest for role, reason and second person, as far as asked.
double share_of(const Expected& expected, const Made& one) {
  if (one.entry == nullptr) return 0;
  double got = one.in_time ? 0.5 : 0.25, of = 0.5;
  const auto count = [&](bool asked, bool met) {
    if (!asked) return;
    of += 0.25;
    if (met) got += 0.25;
  };
  count(true, one.right_role);
  count(expected.reason, one.reasoned);
  count(!expected.approves.empty(), one.two);
  return got / of;
}

std::string sentence(const Facts& facts, const Expected& expected, const Made& one) {
  if (one.entry == nullptr) return "not made";
  std::string out = fmt::format("{} {} after the start", actor_name(*one.entry), seconds_text(facts.since_start(one.entry->time)));
  if (!one.right_role) out += fmt::format("; it was {}'s", expected.role);
  if (!one.in_time) out += fmt::format("; late, {} were given", seconds_text(static_cast<double>(expected.within_us) / kSecond));
  if (expected.reason && !one.reasoned) out += "; without a reason";
  if (!expected.approves.empty() && !one.two) out += "; no second person";
  return out;
}

void judge_card(const Facts& facts, double of, Score& out) {
  Part part{"decisions", "the card that had to be rejected", 0, of, "", JsonObject{}};
  std::string action;
  for (const auto& [pushed, inject] : facts.pushed)
    if (inject == facts.truth.card) action = pushed;
  const Entry *rejected = nullptr, *approved = nullptr;
  for (const Entry& entry : facts.journal) {
    if (action.empty() || string_or(entry.body, "action") != action) continue;
    if (entry.kind == "action_rejected" && rejected == nullptr) rejected = &entry;
    if (entry.kind == "action_approved" && approved == nullptr) approved = &entry;
  }
  if (action.empty()) {
    part.of = 0;
    part.said = "not asked: it was not pushed";
  } else if (approved != nullptr) {
    part.said = fmt::format("{} approved it", actor_name(*approved));
    part.raw = JsonObject{{"action", action}, {"approved", true}, {"index", approved->index}};
  } else if (rejected == nullptr) {
    part.said = "nobody answered it";
    part.raw = JsonObject{{"action", action}};
  } else {
    part.points = of * (has_reason(*rejected) ? 1 : 0.5);
    part.said = fmt::format("{} rejected it{}", actor_name(*rejected), has_reason(*rejected) ? "" : ", without a reason");
    part.raw = JsonObject{{"action", action}, {"rejected", true}, {"index", rejected->index}};
  }
  out.parts.push_back(std::move(part));
}

}  // namespace

void score_decisions(const Facts& facts, Score& out) {
  const std::vector<Expected>& decisions = facts.truth.decisions;
  const double each = kAll / static_cast<double>(decisions.size() + (facts.truth.card.empty() ? 0 : 1));
  std::map<std::string, std::string> makers;
  for (const Expected& expected : decisions) {
    const Made one = made(facts, expected, makers);
    makers[expected.id] = one.entry == nullptr ? "" : actor_name(*one.entry);
    JsonObject raw{{"id", expected.id}, {"what", expected.what}, {"role", expected.role}, {"made", one.entry != nullptr}};
    if (one.entry != nullptr) {
      raw["by"] = actor_name(*one.entry);
      raw["index"] = one.entry->index;
      raw["seconds"] = facts.since_start(one.entry->time);
      raw["in_time"] = one.in_time;
      raw["right_role"] = one.right_role;
      if (expected.reason) raw["reasoned"] = one.reasoned;
      if (!expected.approves.empty()) raw["two_people"] = one.two;
    }
    out.parts.push_back({"decisions", expected.id, each * share_of(expected, one), each, expected.what + ": " + sentence(facts, expected, one), raw});
    out.decisions.emplace_back(std::move(raw));
  }
  if (!facts.truth.card.empty()) judge_card(facts, each, out);
}

}  // namespace firebreak::drill
