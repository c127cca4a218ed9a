#include "run/drill/drill_document.h"

#include <gtest/gtest.h>

#include "run/drill/cast.h"
#include "run/drill/drill_sample.h"

namespace firebreak::drill {
namespace {

// The value at a place; a place that is not there is made in the object before it.
void put(Json& document, const std::string& pointer, const Json& value) {
  const std::size_t slash = pointer.rfind('/');
  boost::system::error_code none;
  Json* const parent = slash == 0 ? &document : document.find_pointer(pointer.substr(0, slash), none);
  ASSERT_NE(nullptr, parent) << pointer;
  if (parent->is_array()) parent->as_array()[static_cast<std::size_t>(std::stoi(pointer.substr(slash + 1)))] = value;
  else parent->as_object()[pointer.substr(slash + 1)] = value;
}

void take(Json& document, const std::string& pointer) {
  const std::size_t slash = pointer.rfind('/');
  boost::system::error_code none;
  Json* const parent = slash == 0 ? &document : document.find_pointer(pointer.substr(0, slash), none);
  ASSERT_NE(nullptr, parent);
  parent->as_object().erase(pointer.substr(slash + 1));
}

TEST(DrillDocument, reads_a_whole_one) {
  const auto drill = parse_drill(sample_drill());
  ASSERT_TRUE(drill) << drill.error().message << " " << drill.error().pointer;
  EXPECT_EQ(3U, drill->roles.size());
  EXPECT_EQ(60 * kMinute, drill->injects[1].after_us);
  EXPECT_EQ(4 * 3600, drill->injects[1].card.lease_s);
  EXPECT_EQ("propose", drill->truth.decisions[2].approves);
  EXPECT_EQ(3 * kMinute, drill->moves[0].delay_us);
}

TEST(DrillDocument, refuses_what_is_wrong_where_it_is_wrong) {
  struct Row {
    const char* at;
    Json value;
    const char* pointer;
    const char* said;
  };
  const Row rows[] = {
      {"/format", "firebreak-drill/2", "/format", "none of"},
      {"/kind", "full-scale", "/kind", "none of"},
      {"/kind", "tabletop", "/streams", "plays no streams"},
      {"/surprise", 1, "/surprise", "surprise"},
      {"/name", "Night Shift", "/name", "no name"},
      {"/clock/end", "2026-03-07T02:00:00Z", "/clock/end", "lasts"},
      {"/clock/start", "yesterday", "/clock/start", "RFC 3339"},
      {"/roles/0/may", "admin", "/roles/0/may", "none of"},
      {"/roles/0/role", "admin", "/roles/0/role", "own"},
      {"/roles/1/role", "ana", "/roles/1/role", "twice"},
      {"/roles/1/lead", true, "/roles", "lead"},
      {"/objectives/0/rated_by/0", "luck", "/objectives/0/rated_by/0", "no item"},
      {"/streams/0/to", "2026-03-07T02:00:00Z", "/streams/0/to", "behind"},
      {"/streams/0/synthetic", JsonObject{{"seed", 1}}, "/streams/0/file", "or is 'synthetic'"},
      {"/system/releases/0/dataset", "synthetic", "/system/releases/0/dataset", "no synthetic stream"},
      {"/system/releases/0/at", "4h", "/system/releases/0/at", "behind the drill's end"},
      {"/truth/kill_switch", JsonObject{{"endpoint", "scores"}, {"measure", "weights"}}, "/truth/kill_switch/measure", "none of"},
      {"/truth/kill_switch", JsonObject{{"endpoint", "scores"}, {"measure", "fallback"}}, "/truth/kill_switch/time", "missing"},
      {"/streams/0/history_from", "2026-03-07T04:00:00Z", "/streams/0/history_from", "behind"},
      {"/injects/0/at", "soon", "/injects/0/at", "no span"},
      {"/injects/0/at", "4h", "/injects/0/at", "behind the drill's end"},
      {"/injects/0/type", "surprise", "/injects/0/type", "none of"},
      {"/injects/0/type", "expected-action", "/injects/0/expected", "expected"},
      {"/injects/0/type", "contingency", "/injects/0/if", "needs 'if'"},
      {"/injects/0/to/0", "nobody", "/injects/0/to/0", "no role"},
      {"/injects/1/number", "1", "/injects/1/number", "twice"},
      {"/injects/1/card/by", "nobody", "/injects/1/card/by", "no role"},
      {"/injects/1/card/lease", "-4h", "/injects/1/card/lease", "no span"},
      {"/injects/2/if/not_seen/where", JsonArray{}, "/injects/2/if/not_seen/where", "maps"},
      {"/truth/card", "1", "/truth/card", "no card"},
      {"/truth/limits/detect/full", "5h", "/truth/limits/detect", "below"},
      {"/truth/limits/honest_failed/none", 2, "/truth/limits/honest_failed/none", "share"},
      {"/truth/decisions/0/role", "nobody", "/truth/decisions/0/role", "no role"},
      {"/truth/decisions/1/id", "take", "/truth/decisions/1/id", "twice"},
      {"/truth/decisions/2/approves", "later", "/truth/decisions/2/approves", "no earlier"},
      {"/truth/decisions/3/made_by/where", JsonObject{{"decision", "x"}}, "/truth/decisions/3/made_by/where", "Pointer"},
      {"/script/0/role", "nobody", "/script/0/role", "no role"},
      {"/script/0/args", "none", "/script/0/args", "map"},
      {"/script/0/args", JsonObject{{"incident", "$incident"}, {"model and API", nullptr}}, "/script/0/args/model and API", "no argument"},
      {"/script/0/args", JsonObject{}, "/script/0/args/incident", "needs"},
      {"/script/0/command", "incident.guess", "/script/0/command", "no command"},
      {"/system/gateway", "", "/system/gateway", "octets"},
  };
  for (const Row& row : rows) {
    Json document = sample_drill();
    put(document, row.at, row.value);
    const auto drill = parse_drill(document);
    ASSERT_FALSE(drill) << row.at;
    EXPECT_EQ(row.pointer, drill.error().pointer) << row.at << ": " << drill.error().message;
    EXPECT_NE(std::string::npos, drill.error().message.find(row.said)) << row.at << ": " << drill.error().message;
  }
}

TEST(DrillDocument, names_what_is_missing) {
  for (const char* at : {"/format", "/name", "/title", "/kind", "/objectives", "/clock", "/truth", "/injects/0/text", "/truth/start", "/truth/limits/safe", "/truth/endpoint", "/truth/decisions", "/roles/0/team"}) {
    Json document = sample_drill();
    take(document, at);
    const auto drill = parse_drill(document);
    ASSERT_FALSE(drill) << at;
    EXPECT_TRUE(drill.error().pointer == at) << at << " " << drill.error().pointer << " " << drill.error().message;
  }
}

TEST(DrillDocument, seals_what_is_hidden_and_nothing_of_the_script) {
  const auto drill = parse_drill(sample_drill());
  const Json sealed = sealed_part(*drill, "salt");
  EXPECT_EQ(nullptr, find(sealed, "script"));
  EXPECT_NE(nullptr, find(sealed, "injects"));
  EXPECT_NE(digest_of_seal(sealed), digest_of_seal(sealed_part(*drill, "pepper")));
}

TEST(Spans, are_a_number_and_a_unit) {
  EXPECT_EQ(90 * kSecond, *parse_span("90s"));
  EXPECT_EQ(2 * kDay, *parse_span("2d"));
  for (const char* bad : {"", "m", "5", "5 m", "1h30m", "-1m", "99999999999m", "0x5m"}) EXPECT_FALSE(parse_span(bad)) << bad;
}

Entry entry(std::uint64_t index, std::string kind, const char* time, std::string actor, JsonObject body) {
  Entry out;
  out.index = index;
  out.kind = std::move(kind);
  out.time = *parse_time(time);
  out.actor = std::move(actor);
  out.body = std::move(body);
  return out;
}

TEST(Cast, makes_a_move_when_its_time_has_come_once_and_with_the_names_filled) {
  const auto drill = parse_drill(sample_drill());
  Cast cast(*drill, 0);
  EXPECT_TRUE(cast.due(drill->end).empty());
  cast.see(entry(41, "incident_opened", "2026-03-07T03:40:00Z", "firebreak", {{"endpoint", "scores"}}));
  EXPECT_TRUE(cast.due(*parse_time("2026-03-07T03:42:00Z")).empty());
  const auto due = cast.due(*parse_time("2026-03-07T03:43:00Z"));
  ASSERT_EQ(1U, due.size());
  EXPECT_EQ("inc-41", string_or(due[0].args, "incident"));
  EXPECT_TRUE(cast.due(drill->end).empty());
}

TEST(Cast, is_a_little_later_by_its_seed_and_always_the_same) {
  const auto drill = parse_drill(sample_drill());
  const auto minute_of = [&](std::uint64_t seed) {
    Cast cast(*drill, seed);
    cast.see(entry(41, "incident_opened", "2026-03-07T03:40:00Z", "firebreak", {{"endpoint", "scores"}}));
    for (int minute = 0; minute < 30; ++minute)
      if (!cast.due(*parse_time("2026-03-07T03:40:00Z") + minute * kMinute).empty()) return minute;
    return -1;
  };
  bool differs = false;
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    EXPECT_EQ(minute_of(seed), minute_of(seed));
    EXPECT_GE(minute_of(seed), 3);
    EXPECT_LE(minute_of(seed), 5);
    differs = differs || minute_of(seed) != minute_of(1);
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace firebreak::drill
