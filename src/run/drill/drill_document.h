// The document of a drill (docs/formats/drill.md): objectives, roles, recorded or synthetic streams and their place in time, injects, the
// sealed truth, and how scripted people play.
//
// Strict: an unknown key, a wrong type, a name that leads nowhere are kInvalid with a JSON Pointer. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "run/drill/synthetic.h"
#include "types/entry.h"

namespace firebreak::drill {

inline constexpr std::string_view kFormat = "firebreak-drill/1";
inline constexpr std::string_view kSynthetic = "synthetic";  // in the place of a file: made from the stream of the endpoint

// An entry of the journal: its kind, and values at places of its body.
struct Pattern {
  std::string entry;  // empty: none was given
  std::vector<std::pair<std::string, Json>> where;
  bool fits(const Entry& other) const;
};

struct Objective {
  std::string id, text;
  std::vector<std::string> rated_by;  // items of the score, ids of decisions
};
struct Role {
  std::string role, team, may;  // may: analyst or approver, what the installation lets it do
  bool lead = false, played = false;  // played: by the facilitator
};
struct RecordedStream {
  std::string endpoint, file;       // file empty: synthetic
  Time history_from, from, to, at;  // [from, to) is played at `at`; [history_from, from) lies before the start
  Synthetic made;
};
struct Card {  // that somebody pushes, and that must be rejected
  std::string by, endpoint;
  Json measure;
  std::int64_t lease_s = 0;
};
struct Inject {
  std::string number, type, from, channel, text, expected, objective;
  std::int64_t after_us = 0;  // the start
  std::vector<std::string> to;
  Pattern seen, not_seen;  // released only if
  bool has_card = false;
  Card card;
};
struct Limits {  // full points up to `full`, none from `none` on, a straight line between
  double full = 0, none = 0;
};
struct Expected {  // a decision
  std::string id, what, role, approves;  // approves: another's id, which another person must have made
  Pattern pattern;
  std::int64_t within_us = 0;  // of the attack's start
  bool reason = false;
};
struct Vector {  // one way of the attack
  std::string id, endpoint;
  std::vector<std::string> kinds;  // of findings, one of which must be in the incident; empty: any
};
struct KillSwitch {  // that somebody must throw, and a probe must feel
  std::string endpoint, measure;  // measure: its kind
  Limits seconds;                 // from the last approval to the probe's answer
};
struct Truth {
  Time start;
  std::string endpoint, triage, severity;
  std::vector<std::string> kinds, evidence, audiences, gates;
  Limits detect_s, declare_s, contain_s, safe_s, update_s, honest_failed;
  std::vector<Expected> decisions;
  std::vector<Vector> vectors;  // more than one way: all must be in one incident
  KillSwitch kill_switch;       // endpoint empty: none is asked for
  std::string card;  // the inject that pushes it
  bool attacks(std::string_view other) const;  // this endpoint
};
struct Move {  // of a scripted person
  std::string role, command;
  Pattern after;
  std::int64_t delay_us = 0;
  Json args;
};
struct Release {
  std::string endpoint, release, model_name, model_version, model, dataset, holdout, training_cut, source;
  std::int64_t after_us = -1;  // the start: a candidate; below 0: in service from before it
};

struct Drill {
  std::string name, title, gateway;
  bool tabletop = false;
  Time start, end;
  std::vector<Objective> objectives;
  std::vector<Role> roles;
  Json configuration = JsonObject{};  // endpoints, playbooks, detectors, rules: names of files
  std::vector<Release> releases;
  std::vector<RecordedStream> streams;
  std::vector<Inject> injects;
  Truth truth;
  std::vector<Move> moves;
  Json document;  // as it was given
};

Result<Drill> parse_drill(const Json& document);
Result<Truth> parse_truth(const Json& truth);  // as it comes out of the seal
Result<std::vector<Objective>> parse_objectives(const Json& document);
Result<std::int64_t> parse_span(const std::string& text);  // "90s", "15m", "4h", "2d" in microseconds

// What may be decided with exercise.decide, as digests under the seal's: nobody reads from the declaration what will be asked.
std::vector<std::string> decision_digests(const Drill& drill, const std::string& truth_digest);

// What is sealed: the salt, the truth, what is expected. Its digest stands in the journal before anything else.
Json sealed_part(const Drill& drill, const std::string& salt);
std::string digest_of_seal(const Json& sealed);

}  // namespace firebreak::drill
