// What a journal says of the exercise, gathered once for all items of the score. Inside of score.cc and score_items.cc.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "run/drill/score.h"

namespace firebreak::drill {

struct Facts {
  const std::vector<Entry>& journal;
  const Truth truth;
  const bool tabletop;
  std::set<std::string> roles;        // that are declared: a user has the name of its role
  std::vector<const Entry*> right;    // incidents that name the right endpoint and class, after the start
  std::vector<const Entry*> wrong;    // others
  std::string incident;               // id of the first right one; empty: missed
  std::set<std::string> actions;      // of the right incidents, or on the endpoint
  std::set<std::string> thrown;       // actions that throw the kill switch: judged by a probe, not by what they spare
  std::map<std::string, std::string> pushed;  // action -> card's inject
  std::optional<Time> ended;

  double since_start(Time time) const { return static_cast<double>(time - truth.start) / kSecond; }
  bool of_incident(const Entry& entry) const { return !incident.empty() && string_or(entry.body, "incident") == incident; }
};

std::string actor_name(const Entry& entry);  // whose it is, "ana"
std::string seconds_text(double seconds);    // "4 min 10 s"

void score_detection(const Facts& facts, Score& out);
void score_triage(const Facts& facts, Score& out);
void score_containment(const Facts& facts, Score& out);
void score_evidence(const Facts& facts, const BlobIsWhole& whole, Score& out);
void score_decisions(const Facts& facts, Score& out);
void score_communication(const Facts& facts, Score& out);
void score_recovery(const Facts& facts, Score& out);

}  // namespace firebreak::drill
