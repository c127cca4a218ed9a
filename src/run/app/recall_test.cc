// A start that reads only what fold/recall keeps knows what one that reads all would know.
#include "fold/recall/recall.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/encoding.h"
#include "fold/detect/open_episodes.h"
#include "run/app/request_book.h"

namespace firebreak::app {
namespace {

// What workers learn, by their own code where it needs no server around it, else by the rule they follow.
struct Knows {
  RequestBook requests;
  std::map<std::string, detect::OpenEpisodes> open;  // by stream
  std::map<std::string, std::uint64_t> anchors, clocks, ready;
  std::vector<std::uint64_t> erased, configured;
  std::map<std::string, std::uint64_t> evidence;

  void apply(const Entry& entry) {
    requests.apply(entry);
    if (entry.kind == "anchor") anchors[string_or(entry.body, "stream")] = entry.index;
    if (entry.kind == "rollback_accepted") anchors.erase(string_or(entry.body, "log"));
    if (entry.kind == "clock_fed") clocks["clock"] = entry.index;
    if (entry.kind == "readiness_seen") ready[string_or(entry.body, "endpoint")] = entry.index;
    if (entry.kind == "text_erased" || entry.kind == "privileged_note_released") erased.push_back(entry.index);
    if (entry.kind == "config_applied" || entry.kind == "detectors_approved") configured.push_back(entry.index);
    if (entry.kind == "evidence_captured") evidence[entry.id("ev")] = entry.index;
    if (entry.kind == "evidence_custody" && entry.actor == "offsite") evidence.erase(string_or(entry.body, "evidence"));
    if (!entry.kind.starts_with("finding_")) return;
    const FindingPhase phase = entry.kind == "finding_opened" ? FindingPhase::kOpened : entry.kind == "finding_closed" ? FindingPhase::kClosed : FindingPhase::kUpdated;
    if (const auto update = finding_from_json(phase, entry.body)) open[update->stream].apply(*update);
  }

  Json shown() const {
    JsonArray asked, episodes, config(configured.begin(), configured.end()), gone(erased.begin(), erased.end());
    for (const Entry& entry : requests.open()) asked.push_back(entry_to_json(entry));
    for (const auto& [stream, all] : open)
      for (const auto& [name, episode] : all.all()) {
        JsonArray callers(episode.callers.begin(), episode.callers.end());
        episodes.push_back(JsonObject{{"stream", stream}, {"said", to_json(episode.said)}, {"callers", std::move(callers)}});
      }
    JsonObject named;
    for (const auto* map : {&anchors, &clocks, &ready, &evidence}) {
      for (const auto& [name, index] : *map) named[name] = index;
    }
    return JsonObject{{"asked", std::move(asked)}, {"episodes", std::move(episodes)}, {"configured", std::move(config)}, {"erased", std::move(gone)}, {"named", std::move(named)}};
  }
};

Entry entry_of(std::uint64_t index) {
  constexpr const char* kKinds[] = {"finding_opened", "finding_updated", "finding_closed",   "evidence_requested", "evidence_captured", "evidence_failed",    "forecast_requested", "options_offered", "anchor",
                                    "clock_fed",      "text_erased",     "rollback_accepted", "evidence_custody",  "config_applied",    "readiness_seen",     "gate_requested",     "gate_result",     "incident_note",
                                    "privileged_note_released"};
  Entry entry;
  entry.index = index;
  entry.kind = kKinds[static_cast<std::size_t>(*rc::gen::inRange(0, 19))];
  entry.actor = *rc::gen::element<std::string>("offsite", "user:ana");
  const std::string some = *rc::gen::element<std::string>("a", "b");
  const std::uint64_t past = index == 0 ? 0 : *rc::gen::inRange<std::uint64_t>(index > 12 ? index - 12 : 0, index);
  entry.body = JsonObject{{"stream", some}, {"endpoint", some}, {"log", some}, {"release", "1"}, {"episode", *rc::gen::element<std::string>("chain/1", "chain/2")}, {"kind", "query_chain"}, {"severity", "high"},
                          {"first", 1}, {"last", 2}, {"count", static_cast<std::int64_t>(index)}, {"summary", "s"}, {"first_time", "2026-03-07T03:00:00Z"}, {"last_time", "2026-03-07T03:00:00Z"},
                          {"callers", JsonArray{"caller-" + std::to_string(index)}}, {"items", JsonArray{"x", "y"}}, {"gates", JsonArray{"G1"}}, {"item", *rc::gen::element<std::string>("x", "y")}, {"gate", "G1"},
                          {"request", "req-" + std::to_string(past)}, {"evidence", "ev-" + std::to_string(past)}};
  return entry;
}

RC_GTEST_PROP(Recall, what_matters_tells_workers_all_that_the_whole_journal_would, ()) {
  recall::RecallState state;
  std::vector<Entry> journal;
  Knows whole, short_way;
  const auto size = *rc::gen::inRange<std::uint64_t>(0, 120);
  for (std::uint64_t i = 0; i < size; ++i) {
    journal.push_back(entry_of(i));
    recall::apply(state, journal.back());
    whole.apply(journal.back());
    if (i % 31 == 30) state = recall::state_from_json(*parse_json(canonical_json(recall::to_json(state)))).value();  // a start in between
  }
  const auto indexes = recall::matter(state, true);
  for (const std::uint64_t index : indexes) short_way.apply(journal[index]);
  RC_ASSERT(canonical_json(short_way.shown()) == canonical_json(whole.shown()));
}

TEST(Recall, forgets_what_is_over) {
  recall::RecallState state;
  const auto add = [&](std::uint64_t index, std::string kind, JsonObject body) {
    Entry entry;
    entry.index = index;
    entry.kind = std::move(kind);
    entry.body = std::move(body);
    recall::apply(state, entry);
  };
  add(0, "finding_opened", {{"stream", "a"}, {"episode", "e"}});
  add(1, "forecast_requested", {});
  add(2, "options_offered", {{"request", "req-1"}});
  add(3, "finding_closed", {{"stream", "a"}, {"episode", "e"}});
  add(4, "incident_note", {{"incident", "inc-1"}});
  EXPECT_TRUE(recall::matter(state, true).empty());
  add(5, "evidence_captured", {{"item", "x"}, {"request", "req-9"}});
  EXPECT_TRUE(recall::matter(state, false).empty()) << "matters only where evidence goes off the machine";
  EXPECT_EQ(recall::matter(state, true), std::vector<std::uint64_t>{5});
}

}  // namespace
}  // namespace firebreak::app
