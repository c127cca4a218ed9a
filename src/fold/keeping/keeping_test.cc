#include "fold/keeping/keeping.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/digest.h"

namespace firebreak::keeping {
namespace {

std::string hash_of(const std::string& name) { return sha256(name).hex(); }

// A journal of this fold alone.
struct Story {
  KeepingState state;
  std::uint64_t next = 0;
  std::vector<Entry> entries;

  void add(const Draft& draft, const std::string& actor) {
    Entry entry;
    entry.index = next++;
    entry.kind = draft.kind;
    entry.actor = draft.actor.empty() ? actor : draft.actor;
    entry.body = draft.body;
    apply(state, entry);
    entries.push_back(entry);
    for (const Draft& more : decide(state, entry)) add(more, actor);
  }
  // The kinds that followed.
  std::vector<std::string> command(const std::string& actor, const std::string& name, const Json& args) {
    const std::size_t before = entries.size();
    add(Draft{"command_accepted", JsonObject{{"name", name}, {"args", args}}, actor, "", {}}, actor);
    std::vector<std::string> kinds;
    for (std::size_t i = before + 1; i < entries.size(); ++i) kinds.push_back(entries[i].kind);
    return kinds;
  }
  std::string last(const std::string& kind, const std::string& prefix) {
    for (auto at = entries.rbegin(); at != entries.rend(); ++at)
      if (at->kind == kind) return prefix + std::to_string(at->index);
    return "";
  }
};

using Kinds = std::vector<std::string>;

TEST(Keeping, erases_a_text_at_once_or_not_at_all) {
  Story story;
  const std::string text = "text:" + hash_of("what ana typed");
  const auto erase = [&](const std::string& which) {
    return story.command("user:ana", "text.erase", JsonObject{{"text", which}, {"reason", "a name"}});
  };
  EXPECT_EQ(erase(text), (Kinds{"text_erased"}));
  for (const std::string& none : {hash_of("x"), std::string("text:"), text + " "}) EXPECT_EQ(erase(none), (Kinds{"command_refused"}));
  EXPECT_EQ(story.command("user:ana", "text.erase", JsonObject{{"text", text}, {"reason", ""}}), (Kinds{"command_refused"}));
  story.command("user:law", "hold.add", JsonObject{{"subject", hash_of("p")}, {"reason", "case 7"}});
  EXPECT_EQ(erase(text), (Kinds{"text_erased"})) << "a hold on one person covers that person's records";
  story.command("user:law", "hold.add", JsonObject{{"stream", "shop"}, {"reason", "case 8"}});
  EXPECT_EQ(erase(text), (Kinds{"command_refused"}));
  const Json lift = JsonObject{{"hold", story.last("hold_added", "hold-")}, {"reason", "settled"}};
  story.command("user:law", "hold.lift", lift);
  EXPECT_EQ(erase(text), (Kinds{"command_refused"}));
  story.command("user:ben", "hold.lift", lift);
  EXPECT_EQ(erase(text), (Kinds{"text_erased"}));
}

TEST(Keeping, orders_an_erasure_at_once_when_nothing_holds_it) {
  Story story;
  EXPECT_EQ(story.command("user:ana", "erase.request", JsonObject{{"subject", hash_of("p")}, {"reason", "Art. 17"}}),
            (Kinds{"erase_requested", "erase_ordered"}));
  const std::string id = story.last("erase_requested", "era-");
  story.add(Draft{"erasure_done", JsonObject{{"erasure", id}}, "", "", {}}, "firebreak");
  EXPECT_TRUE(story.state.erasures.empty());
  // What was done is known on, and whether detectors have forgotten; it comes back from a snapshot.
  ASSERT_EQ(story.state.done.size(), 1U);
  EXPECT_EQ(story.state.done.begin()->second.asked.by, "user:ana");
  EXPECT_EQ(story.state.done.begin()->second.forgotten, 0U);
  story.add(Draft{"erasure_forgotten", JsonObject{{"erasure", id}}, "", "", {}}, "firebreak");
  EXPECT_EQ(story.state.done.begin()->second.forgotten, story.next - 1);
  EXPECT_EQ(*state_from_json(*parse_json(canonical_json(to_json(story.state)))), story.state);
}

TEST(Keeping, lets_an_erasure_wait_for_a_hold_and_orders_it_when_two_people_lift_it) {
  Story story;
  story.command("user:law", "hold.add", JsonObject{{"subject", hash_of("p")}, {"reason", "case 7"}});
  const std::string hold = story.last("hold_added", "hold-");
  EXPECT_EQ(story.command("user:ana", "erase.request", JsonObject{{"subject", hash_of("p")}, {"reason", "Art. 17"}}),
            (Kinds{"erase_requested"}));
  EXPECT_EQ(story.command("user:ana", "erase.request", JsonObject{{"subject", hash_of("q")}, {"reason", "Art. 17"}}),
            (Kinds{"erase_requested", "erase_ordered"}))
      << "another person is not held";
  EXPECT_EQ(story.command("user:law", "hold.lift", JsonObject{{"hold", hold}, {"reason", "settled"}}),
            (Kinds{"hold_lift_proposed"}));
  EXPECT_EQ(story.command("user:law", "hold.lift", JsonObject{{"hold", hold}, {"reason", "settled"}}),
            (Kinds{"command_refused"}));
  EXPECT_EQ(story.command("user:ben", "hold.lift", JsonObject{{"hold", hold}, {"reason", "settled"}}),
            (Kinds{"hold_lifted", "erase_ordered"}));
}

TEST(Keeping, refuses_a_name_in_the_clear_and_what_has_no_reason) {
  Story story;
  for (const Json& args : {Json(JsonObject{{"subject", "Erika Mustermann"}, {"reason", "r"}}),
                           Json(JsonObject{{"subject", hash_of("p")}, {"reason", ""}})})
    EXPECT_EQ(story.command("user:ana", "erase.request", args), (Kinds{"command_refused"}));
  EXPECT_EQ(story.command("user:ana", "hold.lift", JsonObject{{"hold", "hold-99"}, {"reason", "r"}}),
            (Kinds{"command_refused"}));
}

TEST(Keeping, knows_what_holds_keep_of_a_stream_and_adds_up_what_expired) {
  Story story;
  story.command("user:law", "hold.add", JsonObject{{"subject", hash_of("p")}, {"stream", "a"}, {"reason", "case 7"}});
  EXPECT_EQ(held_in(story.state, "a").subjects, std::set<std::string>{hash_of("p")});
  EXPECT_TRUE(held_in(story.state, "b").subjects.empty());
  story.command("user:law", "hold.add", JsonObject{{"stream", "b"}, {"reason", "case 8"}});
  EXPECT_FALSE(held_in(story.state, "a").everything);
  EXPECT_TRUE(held_in(story.state, "b").everything);
  for (const int records : {5, 7})
    story.add(Draft{"retention_done", JsonObject{{"stream", "a"}, {"records", records}, {"cutoff", "2026-01-01T00:00:00Z"}}, "", "", {}}, "retention");
  EXPECT_EQ(story.state.expired.at("a"), (Expired{"2026-01-01T00:00:00Z", 12, story.entries.back().index}));
  EXPECT_EQ(state_from_json(to_json(story.state)).value(), story.state);
}

// Whatever happens in whatever order: what is open is ordered exactly while nothing holds it; and the state survives being written and read.
RC_GTEST_PROP(Keeping, a_hold_beats_an_erasure_in_any_order, ()) {
  Story story;
  std::map<std::string, int> ordered;
  for (int step = 0; step < 40; ++step) {
    const std::string person = *rc::gen::element<std::string>("user:a", "user:b", "user:c");
    const std::string subject = hash_of(*rc::gen::element<std::string>("p", "q"));
    const std::size_t before = story.entries.size();
    const KeepingState was = story.state;
    switch (*rc::gen::inRange(0, 4)) {
      case 0: story.command(person, "erase.request", JsonObject{{"subject", subject}, {"reason", "r"}}); break;
      case 1: story.command(person, "hold.add", JsonObject{{"subject", *rc::gen::element(subject, std::string())}, {"reason", "r"}}); break;
      case 2:
        if (!was.holds.empty())
          story.command(person, "hold.lift",
                        JsonObject{{"hold", "hold-" + std::to_string(was.holds.begin()->first)}, {"reason", "r"}});
        break;
      default: break;
    }
    for (std::size_t i = before; i < story.entries.size(); ++i) {
      if (story.entries[i].kind != "erase_ordered") continue;
      ++ordered[string_or(story.entries[i].body, "erasure")];
    }
    for (const auto& [index, erasure] : story.state.erasures) {
      const bool held = !holds_on(story.state, erasure).empty();
      const bool first_order = erasure.ordered && was.erasures.contains(index) && !was.erasures.at(index).ordered;
      RC_ASSERT(!(first_order && held));
      RC_ASSERT(erasure.ordered != held);  // ordered when nothing holds it, and only then
    }
    RC_ASSERT(state_from_json(to_json(story.state)).value() == story.state);
  }
}

}  // namespace
}  // namespace firebreak::keeping
