#include "fold/provenance/provenance.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/digest.h"

namespace firebreak::provenance {
namespace {

std::string digest(const std::string& text) { return sha256(text).hex(); }

JsonObject source(const std::string& name, int rows, const std::string& rows_digest = "") {
  JsonObject out{{"name", name}, {"rows", rows}, {"origin", "test"}};
  if (!rows_digest.empty()) out["digest"] = rows_digest;
  return out;
}

// Folds inputs as the journal does; commands come as access would have accepted them.
struct Story {
  ProvenanceState state;
  std::vector<Entry> entries;
  Time now;

  std::vector<Entry> input(const std::string& kind, JsonObject body) {
    std::vector<std::pair<std::string, Json>> open{{kind, std::move(body)}};
    std::vector<Entry> group;
    for (std::size_t i = 0; i < open.size(); ++i) {
      Entry entry;
      entry.index = entries.size();
      entry.time = now;
      entry.kind = open[i].first;
      entry.actor = "user:ana";
      entry.body = open[i].second;
      apply(state, entry);
      for (Draft& more : decide(state, entry)) open.emplace_back(more.kind, more.body);
      entries.push_back(entry);
      group.push_back(entry);
    }
    return group;
  }
  std::vector<Entry> command(const std::string& name, JsonObject args) {
    return input("command_accepted", {{"name", name}, {"args", std::move(args)}, {"role", "admin"}});
  }
  std::vector<Entry> put(const std::string& name, const std::string& good) {
    return command("endpoint.put", {{"endpoint", JsonObject{{"name", name}, {"last_known_good", good}}}});
  }
  std::vector<Entry> add_release(const std::string& release, JsonArray sources) {
    return command("release.register",
                   {{"endpoint", "api"},
                    {"release", release},
                    {"upstream", "http://127.0.0.1:9000"},
                    {"model", JsonObject{{"name", "m"}, {"version", release}, {"digest", digest(release)}}},
                    {"manifest", digest("manifest")},
                    {"dataset", digest("dataset")},
                    {"holdout", digest("holdout")},
                    {"training_cut", "2026-03-01T00:00:00Z"},
                    {"sources", std::move(sources)}});
  }
  void result(const std::string& request, const std::string& gate, bool passed) {
    input("gate_result", {{"request", request}, {"gate", gate}, {"figure", 0.5}, {"limit", 0}, {"passed", passed}});
  }
};

std::string code_of(const std::vector<Entry>& group) {
  return group.back().kind == "command_refused" ? string_or(group.back().body, "code") : "";
}

Story with_candidate() {
  Story story;
  story.now = *parse_time("2026-03-07T00:00:00Z");
  story.put("api", "1.0.0");
  story.add_release("1.0.0", {source("train", 10)});
  story.add_release("1.1.0", {source("train", 10)});
  story.command("source.approve", {{"source", "train"}, {"reason", "known"}});
  return story;
}

JsonObject trained(const std::string& release, const std::string& holdout, const std::string& by) {
  JsonObject args{{"endpoint", "api"}, {"release", release}, {"upstream", "http://127.0.0.1:9000"}, {"model", JsonObject{{"name", "m"}, {"version", release}, {"digest", digest(release)}}},
                  {"manifest", digest("manifest")}, {"dataset", digest("dataset")}, {"holdout", digest(holdout)}, {"training_cut", "2026-03-01T00:00:00Z"}, {"sources", JsonArray{source("train", 10)}}};
  if (!by.empty()) args["trained_by"] = by;
  return args;
}
JsonObject read_of(const std::string& holdout, const std::string& reader, const std::string& at = "1970-01-01T00:00:00Z") { return {{"digest", digest(holdout)}, {"reader", reader}, {"at", at}}; }
std::size_t count_of(const std::vector<Entry>& group, std::string_view kind) {
  return static_cast<std::size_t>(std::count_if(group.begin(), group.end(), [&](const Entry& entry) { return entry.kind == kind; }));
}

TEST(SealedHoldout, is_breached_by_who_trains_whenever_they_read_it) {
  Story story;
  story.put("api", "1.0.0");
  story.command("holdout.seal", {{"endpoint", "api"}, {"digest", digest("rows")}});
  EXPECT_EQ(code_of(story.command("holdout.seal", {{"endpoint", "api"}, {"digest", digest("rows")}})), "conflict");
  story.command("release.register", trained("1.0.0", "rows", ""));
  EXPECT_EQ(count_of(story.command("data.read", read_of("rows", "sa:evaluator")), "holdout_breached"), 0u) << "who judges may read it";
  EXPECT_EQ(count_of(story.command("data.read", read_of("rows", "sa:trainer")), "holdout_breached"), 0u) << "nobody knows yet that they train";
  // The release says who trained it: what they read before counts from now on, once.
  const auto registered = story.command("release.register", trained("1.1.0", "rows", "sa:trainer"));
  EXPECT_EQ(count_of(registered, "holdout_breached"), 1u);
  EXPECT_EQ(count_of(story.command("data.read", read_of("other rows", "sa:trainer")), "holdout_breached"), 0u);
  ASSERT_EQ(breaches_of(story.state, "api", digest("rows")).size(), 1u);
  EXPECT_NE(breaches_of(story.state, "api", digest("rows")).front().find("sa:trainer trained 1.1.0 and read the holdout"), std::string::npos);
  const auto restored = state_from_json(*parse_json(canonical_json(to_json(story.state)), 64));
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(*restored, story.state);
}

TEST(SealedHoldout, is_breached_by_a_read_before_its_digest_stood_in_the_journal) {
  Story story;
  story.now = *parse_time("2026-03-07T00:00:00Z");
  story.put("api", "1.0.0");
  story.input("data_read", {{"digest", digest("rows")}, {"reader", "sa:evaluator"}, {"at", "2026-03-06T23:00:00Z"}});
  const auto sealed = story.command("holdout.seal", {{"endpoint", "api"}, {"digest", digest("rows")}});
  ASSERT_EQ(count_of(sealed, "holdout_breached"), 1u);
  EXPECT_NE(string_or(sealed.back().body, "why").find("before its digest was committed to"), std::string::npos);
}

TEST(SealedHoldout, that_was_breached_lets_nobody_through) {
  Story story = with_candidate();
  const auto asked = story.command("release.gate", {{"endpoint", "api"}, {"release", "1.1.0"}});
  const std::string request = asked.back().id("req");
  for (const char* gate : {"G1", "G2", "G3a", "G3b"}) story.result(request, gate, true);
  story.input("data_read", {{"digest", digest("holdout")}, {"reader", "sa:trainer"}, {"at", "2026-03-06T23:00:00Z"}});
  const auto refused = story.command("release.promote", {{"endpoint", "api"}, {"release", "1.1.0"}});
  EXPECT_EQ(code_of(refused), "conflict");
  EXPECT_NE(string_or(refused.back().body, "reason").find("gate G2"), std::string::npos) << string_or(refused.back().body, "reason");
}

TEST(SealedHoldout, refuses_what_is_no_digest_and_no_reader) {
  Story story;
  story.put("api", "1.0.0");
  const auto pointer = [&](const std::string& name, JsonObject args) { return string_or(story.command(name, std::move(args)).back().body, "pointer"); };
  EXPECT_EQ(pointer("holdout.seal", {{"endpoint", "nowhere"}, {"digest", digest("rows")}}), "/endpoint");
  EXPECT_EQ(pointer("holdout.seal", {{"endpoint", "api"}, {"digest", "rows"}}), "/digest");
  EXPECT_EQ(pointer("data.read", {{"digest", digest("rows")}, {"reader", ""}}), "/reader");
  EXPECT_EQ(pointer("data.read", {{"digest", digest("rows")}, {"reader", "x"}, {"at", "2999-01-01T00:00:00Z"}}), "/at");
}

TEST(Provenance, putting_the_same_endpoint_twice_is_putting_it_once) {
  Story story;
  EXPECT_EQ(story.put("api", "1.0.0").back().kind, "endpoint_registered");
  EXPECT_EQ(story.put("api", "1.0.0").back().kind, "command_accepted");
}

TEST(Provenance, a_changed_endpoint_document_does_not_move_the_last_known_good) {
  Story story;
  story.put("api", "1.0.0");
  EXPECT_EQ(story.put("api", "9.9.9").back().kind, "endpoint_registered");
  EXPECT_EQ(last_known_good(story.state, "api"), "1.0.0");
}

TEST(Provenance, names_the_field_that_is_wrong) {
  Story story;
  const auto group = story.command("endpoint.put", {{"endpoint", JsonObject{{"name", "Not A Name"}}}});
  EXPECT_EQ(code_of(group), "invalid");
  EXPECT_EQ(string_or(group.back().body, "pointer"), "/endpoint/name");
  story.put("api", "");
  const auto bad = story.add_release("1.0.0", {source("train", 10, "short")});
  EXPECT_EQ(string_or(bad.back().body, "pointer"), "/sources/0/digest");
}

TEST(Provenance, a_registered_release_never_changes) {
  Story story = with_candidate();
  EXPECT_EQ(code_of(story.add_release("1.1.0", {source("train", 10)})), "conflict");
  EXPECT_EQ(known_models(story.state), (std::set<std::string>{digest("1.0.0"), digest("1.1.0")}));
}

TEST(Provenance, an_approval_for_one_digest_covers_no_other_rows) {
  Story story;
  story.put("api", "1.0.0");
  story.add_release("1.0.0", {source("train", 10, digest("rows")), source("", 3), source("empty", 0)});
  EXPECT_EQ(unapproved_sources(story.state, "api", "1.0.0"), (std::vector<std::string>{"(no source)", "train"}));
  story.command("source.approve", {{"source", "train"}, {"digest", digest("others")}, {"reason", "known"}});
  EXPECT_EQ(unapproved_sources(story.state, "api", "1.0.0"), (std::vector<std::string>{"(no source)", "train"}));
  story.command("source.approve", {{"source", "train"}, {"digest", digest("rows")}, {"reason", "known"}});
  EXPECT_EQ(unapproved_sources(story.state, "api", "1.0.0"), (std::vector<std::string>{"(no source)"}));
  EXPECT_EQ(unapproved_sources(story.state, "api", "7"), (std::vector<std::string>{"(unknown release)"}));
}

TEST(Provenance, a_release_that_states_no_lineage_has_no_approved_lineage) {
  Story story;
  story.put("api", "1.0.0");
  story.add_release("1.0.0", {});
  EXPECT_EQ(unapproved_sources(story.state, "api", "1.0.0"), (std::vector<std::string>{"(no source)"}));
}

TEST(Provenance, the_newest_gate_run_counts) {
  Story story = with_candidate();
  for (const bool good : {true, false}) {
    const auto group = story.command("release.gate", {{"endpoint", "api"}, {"release", "1.1.0"}});
    const std::string request = group.back().id("req");
    for (const char* gate : {"G1", "G2", "G3a", "G3b"}) story.result(request, gate, good);
    EXPECT_EQ(story.entries.back().kind, good ? "candidate_cleared" : "candidate_refused");
  }
  const auto group = story.command("release.promote", {{"endpoint", "api"}, {"release", "1.1.0"}});
  EXPECT_EQ(code_of(group), "conflict");
  EXPECT_NE(string_or(group.back().body, "reason").find("G1, G2, G3a, G3b"), std::string::npos);
}

TEST(Provenance, gates_that_compared_with_a_former_release_count_no_more) {
  Story story = with_candidate();
  const auto group = story.command("release.gate", {{"endpoint", "api"}, {"release", "1.1.0"}});
  for (const char* gate : {"G1", "G2", "G3a", "G3b"}) story.result(group.back().id("req"), gate, true);
  story.add_release("1.2.0", {source("train", 10)});
  story.input("last_known_good", {{"endpoint", "api"}, {"release", "1.2.0"}, {"previous", "1.0.0"}});
  const auto refused = story.command("release.promote", {{"endpoint", "api"}, {"release", "1.1.0"}});
  EXPECT_NE(string_or(refused.back().body, "reason").find("release.gate again"), std::string::npos);
}

TEST(Provenance, an_aborted_ladder_changes_nothing) {
  Story story = with_candidate();
  const auto group = story.input(
      "action_proposed", {{"endpoint", "api"},
                          {"class", "promotion"},
                          {"measure", JsonObject{{"kind", "weights"}, {"weights", JsonObject{{"1.1.0", 100}}}}}});
  const std::string action = group.front().id("act");
  EXPECT_TRUE(story.state.promotions.contains(action));
  story.input("ladder_ended", {{"action", action}, {"outcome", "aborted"}});
  EXPECT_EQ(last_known_good(story.state, "api"), "1.0.0");
  EXPECT_FALSE(story.state.promotions.contains(action));
}

// Whatever comes in, in whatever order: a promotion is requested only when the rule of the header holds, a replay gives
// the live state, and so does a snapshot.
RC_GTEST_PROP(ProvenanceProperty, promotes_only_what_is_green_and_approved, ()) {
  Story story;
  story.put("api", "1.0.0");
  story.add_release("1.0.0", {source("train", 10)});
  const std::vector<std::string> releases{"1.0.0", "1.1.0", "1.2.0"};
  const std::vector<std::string> gates{"G1", "G2", "G3a", "G3b"};
  const int steps = *rc::gen::inRange(0, 80);
  for (int i = 0; i < steps; ++i) {
    const std::string release = *rc::gen::elementOf(releases);
    switch (*rc::gen::inRange(0, 6)) {
      case 0: story.add_release(release, {source(*rc::gen::elementOf(gates), 1)}); break;
      case 1: story.command("source.approve", {{"source", *rc::gen::elementOf(gates)}, {"reason", "r"}}); break;
      case 2: {
        const auto group = story.command("release.gate", {{"endpoint", "api"}, {"release", release}});
        if (group.back().kind == "gate_requested")
          for (const std::string& gate : gates) story.result(group.back().id("req"), gate, *rc::gen::inRange(0, 8) > 0);
        break;
      }
      case 3: story.result("req-" + std::to_string(*rc::gen::inRange<std::size_t>(0, story.entries.size())),
                           *rc::gen::elementOf(gates), true); break;
      case 4: story.put("api", release); break;
      default: {
        const auto group = story.command("release.promote", {{"endpoint", "api"}, {"release", release}});
        if (group.back().kind != "promotion_requested") break;
        const auto [number, run] = newest_gate_run(story.state, "api", release);
        RC_ASSERT(run != nullptr && run->outcome == "cleared");
        RC_ASSERT(run->control == last_known_good(story.state, "api"));
        RC_ASSERT(unapproved_sources(story.state, "api", release).empty());
        story.input("last_known_good", {{"endpoint", "api"}, {"release", release}});
      }
    }
  }
  ProvenanceState replayed;
  for (const Entry& entry : story.entries) apply(replayed, entry);
  RC_ASSERT(replayed == story.state);
  const auto restored = state_from_json(to_json(story.state));
  RC_ASSERT(restored.has_value());
  RC_ASSERT(canonical_json(to_json(*restored)) == canonical_json(to_json(story.state)));
}

TEST(Provenance, what_an_incident_taught_is_asked_of_every_candidate_from_then_on) {
  Story story = with_candidate();
  const auto gates_of = [&] { return strings_or_empty(story.command("release.gate", {{"endpoint", "api"}, {"release", "1.1.0"}}).back().body, "gates"); };
  EXPECT_EQ(gates_of(), (std::vector<std::string>{"G1", "G2", "G3a", "G3b"}));
  const std::string request = "req-" + std::to_string(story.entries.back().index);
  for (const char* gate : {"G1", "G2", "G3a", "G3b"}) story.result(request, gate, true);
  const auto amended = [&](const char* change, JsonObject document) {
    story.input("amendment_in_force", {{"amendment", "amend-90"}, {"incident", "inc-4"}, {"lesson", "lesson-7"}, {"change", change}, {"document", std::move(document)}});
  };
  amended("regression", {{"endpoint", "other"}, {"stream", "other"}, {"blob", digest("b")}, {"answer", "approve"}, {"most", 0.1}});
  EXPECT_EQ(gates_of().size(), 4u) << "another endpoint's";
  for (const char* gate : {"G1", "G2", "G3a", "G3b"}) story.result("req-" + std::to_string(story.entries.back().index), gate, true);
  amended("regression", {{"endpoint", "api"}, {"stream", "api"}, {"blob", digest("b")}, {"answer", "approve"}, {"most", 0.1}});
  EXPECT_EQ(code_of(story.command("release.promote", {{"endpoint", "api"}, {"release", "1.1.0"}})), "conflict") << "its gates did not ask it";
  EXPECT_EQ(gates_of().back(), "G3c");
  const auto back = state_from_json(to_json(story.state));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, story.state);
  amended("retire", {{"amendment", "amend-90"}});
  EXPECT_EQ(gates_of().size(), 4u);
}

}  // namespace
}  // namespace firebreak::provenance
