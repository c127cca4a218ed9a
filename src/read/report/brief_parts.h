// Parts of the commander's page that its files share. Not for other rooms.
#pragma once

#include <string>
#include <vector>

#include "read/report/brief.h"

namespace firebreak::report {

const JsonArray& items_of(const Json& from, std::string_view key);  // empty when there is none
Json member_or_null(const Json& from, std::string_view key);
JsonArray of_incident(const JsonArray& lines, const std::string& incident);
std::string listed(const JsonArray& texts, std::string_view when_empty);
std::string plain_actor(const std::string& actor);  // "ana" of "user:ana"
std::string plain_words(std::string text);          // "post incident"
std::string minute_text(const std::string& time);   // "2026-03-07 04:40Z": nobody reads microseconds in the worst hour
std::string span_text(std::int64_t us);             // "3 d 4 h", "1 h 12 min", "7 min"

// brief_figures.cc: whom it hurts, what money is at risk. What nobody states is null, with why.
Json harm_of(const BriefInput& in);
Json money_of(const BriefInput& in);
// brief_lines.cc: measures with lease and approvals; alerts nobody has acknowledged; who hears when; reports that run, nearest first.
JsonArray in_force_of(const BriefInput& in);
JsonArray alerts_of(const BriefInput& in);
JsonArray updates_of(const BriefInput& in);
JsonArray deadlines_of(const BriefInput& in);
// Fields of its class that an incident has yet to say before it may be closed (fold/incident/attack_class.cc decides it).
std::vector<std::string> attack_class_missing(const Json& incident);

}  // namespace firebreak::report
