// Journal entries about findings and incidents -> lines of OCSF 1.5.0 (https://schema.ocsf.io/1.5.0: 2004 detection_finding, 2005
// incident_finding) or ECS 8.17 (https://www.elastic.co/guide/en/ecs/8.17).
//
// A line is canonical JSON without a line feed. It needs what earlier entries said (a finding's episode, an incident's title), so
// every entry from index 0 on must pass through next(), also those whose lines were written before. Memory: the newest kRemembered
// findings and the open incidents. Pure; one owner.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "types/entry.h"
#include "types/finding.h"

namespace firebreak::events {

enum class Format { kOcsf, kEcs };
Result<Format> parse_format(std::string_view name);  // "ocsf", "ecs"

inline constexpr std::string_view kOcsfVersion = "1.5.0", kEcsVersion = "8.17.0";
inline constexpr std::size_t kRemembered = 10'000;
inline constexpr std::size_t kListed = 100;  // findings that a line about an incident names

enum class Activity { kCreate = 1, kUpdate = 2, kClose = 3 };  // OCSF activity_id

// An id of a public framework, never without its version.
struct Meaning {
  std::string framework, version, id, name;
};
inline constexpr std::string_view kAtlas = "MITRE ATLAS";

// `of_rule`: what a rule of the set with this digest means; nothing when it is not at hand. Must answer the same each time.
struct Meanings {
  std::map<std::string, std::vector<Meaning>, std::less<>> of_kind = {};
  std::function<std::vector<Meaning>(const std::string& digest, const std::string& rule)> of_rule = {};
};

struct KnownFinding {
  std::string id, incident, verdict, mute;
  FindingUpdate said;  // the newest, without members
  Time opened;
  std::vector<Meaning> means = {};
};
struct KnownIncident {
  std::string id, endpoint, team, title, severity, phase = "detection_analysis", triage, acknowledged_by;
  std::vector<std::string> findings;
  Time opened;
};

class Lines {
 public:
  Lines(Format format, std::string product_version, Meanings meanings = {})
      : format_(format), version_(std::move(product_version)), meanings_(std::move(meanings)) {}

  std::optional<std::string> next(const Entry& entry);

 private:
  std::optional<std::string> finding(const Entry& entry);
  std::optional<std::string> about_finding(const Entry& entry);
  std::optional<std::string> incident(const Entry& entry);
  std::vector<Meaning> means(const FindingUpdate& said) const;
  void forget();

  Format format_;
  std::string version_;
  Meanings meanings_;
  std::map<std::uint64_t, KnownFinding> findings_;   // by index of their opening
  std::map<std::string, std::uint64_t> episodes_;    // stream '\n' episode -> that index
  std::map<std::string, KnownIncident> incidents_;
  std::map<std::string, std::string> teams_;         // endpoint -> owner_team
  std::map<std::string, std::string> rules_;         // stream -> digest of the set of rules that it runs
};

// The journal index that a line was made of; nothing when it is no such line.
std::optional<std::uint64_t> index_of_line(std::string_view line);

// What a line says, before a schema gives it names.
struct Told {
  const Entry& entry;
  Activity activity = Activity::kUpdate;
  std::string message;
  std::string_view product_version;
};
Json ocsf_finding(const Told& told, const KnownFinding& finding);
Json ecs_finding(const Told& told, const KnownFinding& finding);
Json ocsf_incident(const Told& told, const KnownIncident& incident, const std::vector<const KnownFinding*>& findings);
Json ecs_incident(const Told& told, const KnownIncident& incident, const std::vector<const KnownFinding*>& findings);

}  // namespace firebreak::events
