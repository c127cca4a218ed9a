// Random lives of an endpoint: whatever comes in, the promises of contain.h hold after every entry.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "fold/contain/story_for_tests.h"

namespace firebreak::contain {
namespace {

struct Watch {  // what an outsider sees in the entries
  std::map<std::string, std::string> requested_by, digest;
  std::map<std::string, std::uint32_t> needs;
  std::map<std::string, std::set<std::string>> approved_by;
  bool frozen = false;
  std::map<std::string, Time> last_extension;

  void see(const Entry& entry) {
    const std::string action = string_or(entry.body, "action");
    if (entry.kind == "action_proposed") {
      requested_by[entry.id("act")] = string_or(entry.body, "requested_by");
      digest[entry.id("act")] = string_or(entry.body, "digest");
      needs[entry.id("act")] = static_cast<std::uint32_t>(int_or(entry.body, "approvals"));
    }
    if (entry.kind == "action_approved") {
      RC_ASSERT(string_or(entry.body, "by") != requested_by[action]);
      RC_ASSERT(string_or(entry.body, "digest") == digest[action]);
      approved_by[action].insert(string_or(entry.body, "by"));
    }
    if (entry.kind == "frozen") frozen = true;
    if (entry.kind == "thawed") frozen = false;
    if (entry.kind == "order") {
      RC_ASSERT(!frozen);
      if (!action.empty()) RC_ASSERT(approved_by[action].size() >= needs[action]);
    }
    if (entry.kind == "action_in_force") RC_ASSERT(approved_by[action].size() >= needs[action]);
    if (entry.kind == "action_extended") {
      Time& last = last_extension["api"];
      if (last.us != 0) RC_ASSERT(entry.time - last >= kSecond);
      last = entry.time;
    }
  }
};

std::string pick_action(const Story& story) {
  std::vector<std::string> ids;
  for (const auto& [id, action] : story.state().actions) ids.push_back(id);
  return ids.empty() ? "act-0" : *rc::gen::elementOf(ids);
}

void random_step(Story& story, std::uint64_t& serial) {
  const std::string person = *rc::gen::element<std::string>("user:ana", "user:ben", "user:cyd", "service:gw-1");
  switch (*rc::gen::inRange(0, 13)) {
    case 0: story.propose(story.quarantine(), *rc::gen::inRange(60, 100'000), person); break;
    case 1: story.propose({{"kind", "review"}, {"low", 0.1}, {"high", 0.2}}, *rc::gen::inRange(60, 14'400), person); break;
    case 2: story.propose({{"kind", "fallback"}}, 3'600, person); break;
    case 3:
    case 4: story.approve(pick_action(story), person); break;
    case 5: story.command(person, "action.lift", {{"action", pick_action(story)}, {"reason", "enough"}}); break;
    case 6: story.carry_out(*rc::gen::element<std::string>("done", "done", "failed", "uncertain")); break;
    case 7: story.advance(*rc::gen::elementOf(std::vector<std::int64_t>{kSecond, kMinute, kHour, 5 * kHour})); break;
    case 8: story.input("tick", JsonObject{}); break;
    case 9: {
      std::vector<Digest> digests = {query(++serial), query(++serial)};
      story.input("finding_updated", story.chain(1, {"c" + std::to_string(serial)}, std::move(digests)));
      break;
    }
    case 10: story.command(person, *rc::gen::element<std::string>("freeze", "thaw", "thaw"), {{"reason", "r"}}); break;
    case 11: story.check(pick_action(story), *rc::gen::element<std::string>("green", "green", "red", "waiting")); break;
    case 12:
      story.input("promotion_requested", JsonObject{{"endpoint", "api"}, {"release", "1.2.0"}, {"by", person}});
      break;
    default: break;
  }
}

RC_GTEST_PROP(ContainProperties, keep_their_promises_whatever_comes, ()) {
  Story story;
  Watch watch;
  std::uint64_t serial = 100;
  std::size_t seen = 0;
  const int steps = *rc::gen::inRange(5, 60);
  for (int i = 0; i < steps; ++i) {
    random_step(story, serial);
    for (; seen < story.entries().size(); ++seen) watch.see(story.entries()[seen]);
    const auto open = open_orders(story.state());
    std::set<std::string> endpoints;
    for (const OpenOrder& order : open) RC_ASSERT(endpoints.insert(order.endpoint).second);
    for (const MeasureInForce& measure : compile_policy(story.state(), "api").measures)
      RC_ASSERT(watch.approved_by[measure.action].size() >= watch.needs[measure.action]);
    for (const auto& [id, action] : story.state().actions)
      if (action.status == ActionStatus::kInForce && action.cls != "promotion") RC_ASSERT(action.until.us != 0);
  }
  RC_ASSERT(story.replayed() == story.state());
  const auto restored = contain_state_from_json(*parse_json(canonical_json(to_json(story.state())), 64));
  RC_ASSERT(restored.has_value());
  RC_ASSERT(*restored == story.state());
}

RC_GTEST_PROP(ContainProperties, every_lease_ends, ()) {
  Story story;
  std::uint64_t serial = 500;
  const std::int64_t lease = *rc::gen::inRange(60, 14 * 86'400);
  const std::string id = story.in_force(story.quarantine(), lease);
  RC_ASSERT(!id.empty());
  const Time latest = story.now() + lease * kSecond + kHour;  // with the one extension
  while (story.now() < latest) {
    story.advance(*rc::gen::inRange<std::int64_t>(kMinute, 2 * kDay));
    if (*rc::gen::arbitrary<bool>()) story.input("finding_updated", story.chain(1, {}, {query(++serial)}));
    story.input("tick", JsonObject{});
    story.carry_out();
  }
  RC_ASSERT(story.status(id) == ActionStatus::kLifted);
  RC_ASSERT(compile_policy(story.state(), "api").measures.empty());
}

}  // namespace
}  // namespace firebreak::contain
