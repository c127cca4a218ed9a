// What the configuration says about alerts and messages: whom they reach over which channels, who is on call, which audience hears
// what and when. Read from the document of `notify_applied` (docs/formats/notify.md). No address and no secret stands in it: those stay
// in the configuration file, and a delivery names contact and channel.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace firebreak::notify {

inline constexpr std::size_t kContacts = 500, kLevels = 10, kRotations = 50, kAudiences = 50;

// A place's offset from UTC over the years, so that who is on call needs no table of the machine.
struct Zone {
  std::vector<std::pair<Time, int>> offsets;  // from when on, minutes east; ascending; the first counts for all before it too
  bool operator==(const Zone&) const = default;
};
int offset_at(const Zone& zone, Time at);

struct Rotation {
  std::vector<std::string> people;  // contacts, in their order
  std::string zone;
  Time start;                       // by the clock on the wall there, as if it were UTC
  std::int64_t every_us = 0;
  bool operator==(const Rotation&) const = default;
};
// How many turns have passed since the start; negative before it. Never falls as time goes on, also when clocks are set back.
std::int64_t turn_at(const Rotation& rotation, const Zone& zone, Time at);
// When the turn with this number begins.
Time begin_of_turn(const Rotation& rotation, const Zone& zone, std::int64_t turn);

struct Audience {
  std::string title, subject, body;                      // templates: {{name}}
  std::vector<std::string> asks, must, must_not;         // values that a draft gives; for people: what belongs in, and what does not
  std::vector<std::string> drafts, approves;             // accounts' roles or roles in the incident; drafts empty: anybody
  std::vector<std::string> severities;                   // of incidents of which it hears within `first_within_us`
  std::vector<std::string> contacts;
  std::int64_t approvals = 1;
  std::int64_t first_within_us = 0;                      // from the incident's opening; 0: no time is set
  bool operator==(const Audience&) const = default;
};

struct Settings {
  std::map<std::string, std::vector<std::string>> contacts;  // name -> channels, the first tried first
  std::map<std::string, std::string> channels;               // name -> kind: smtp, webhook, pagerduty
  std::map<std::string, Zone> zones;
  std::map<std::string, Rotation> rotations;
  std::vector<std::vector<std::string>> levels;              // contacts and rotations that an alert goes to, one after the other
  std::map<std::string, std::int64_t> acknowledge_us;        // by severity; others make no alert
  std::map<std::string, std::int64_t> update_us;             // by severity: the longest silence towards an audience
  std::map<std::string, Audience> audiences;
  std::int64_t rounds = 10, attempts = 3;
  std::vector<std::int64_t> backoff_us{5 * kSecond, 20 * kSecond};
  std::int64_t warn_us = 5 * kMinute;                        // before an update is due
  bool operator==(const Settings&) const = default;

  bool on() const { return !channels.empty(); }
};

// kInvalid with a pointer into the document. An empty object: everything is off.
Result<Settings> settings_from_json(const Json& document);
Json to_json(const Settings& settings);

// The names between {{ and }}, in order; kInvalid when one is not closed or is no name.
Result<std::vector<std::string>> names_in(const std::string& text);
// Each {{name}} replaced; what comes in is not read again.
std::string filled(const std::string& text, const std::map<std::string, std::string>& values);

}  // namespace firebreak::notify
