// The gate and containment together: whatever people do in whatever order, nothing is ordered without the yes of enough other
// people to exactly this, in time; or by one under a broken glass, and then the approval says so and a review is open.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "fold/access/access.h"
#include "fold/contain/contain.h"
#include "types/group_driver.h"

namespace firebreak {
namespace {

struct Both {
  access::AccessState access;
  contain::ContainState contain;
  bool operator==(const Both&) const = default;
};

void apply(Both& both, const Entry& entry) {
  access::apply(both.access, entry);
  contain::apply(both.contain, entry);
}

std::vector<Draft> decide(const Both& both, const Entry& entry) {
  std::vector<Draft> drafts = access::decide(both.access, entry);
  for (Draft& draft : contain::decide(both.contain, entry)) drafts.push_back(std::move(draft));
  return drafts;
}

class Town : public GroupDriver<Both> {
 public:
  explicit Town(const std::string& preset) : GroupDriver(&decide, &apply, Time{1'772'850'000 * kSecond}) {
    give("firebreak", "access.preset", {{"preset", preset}, {"reason", "the first start"}});
    for (const auto& [user, role] : {std::pair("ana", "analyst"), std::pair("ben", "approver"), std::pair("cat", "approver analyst"), std::pair("kim", "commander"),
                                     std::pair("root", "admin"), std::pair("gw-1", "gateway"), std::pair("own", "approver analyst")})
      give("firebreak", "user.add", {{"user", user}, {"role", role}});
    Endpoint endpoint;
    endpoint.name = "api";
    endpoint.gateway = "gw-1";
    endpoint.owner = "own";
    endpoint.state = EndpointState::kEnforce;
    input("endpoint_registered", JsonObject{{"endpoint", to_json(endpoint)}});
    carry_out();
  }
  std::vector<Entry> give(const std::string& actor, const std::string& name, JsonObject args, JsonObject via = {}) {
    JsonObject body{{"name", name}, {"args", std::move(args)}};
    if (!via.empty()) body["via"] = std::move(via);
    return input("command", std::move(body), actor);
  }
  void carry_out() {
    for (auto open = contain::open_orders(state().contain); !open.empty(); open = contain::open_orders(state().contain)) {
      input("order_started", JsonObject{{"order", open[0].id}, {"attempt", open[0].attempt}});
      input("order_outcome", JsonObject{{"order", open[0].id}, {"attempt", open[0].attempt}, {"result", "done"}, {"detail", "as told"}});
    }
  }
};

// What an outsider reads in the entries alone.
struct Watch {
  struct Proposal {
    std::string by, digest, session;
    std::int64_t needs = 0;
    Time expires;
    std::set<std::string> yes;
    bool alone = false, lapsed = false;
  };
  struct Glass {
    std::string by;
    Time since;
    bool reviewed = false, overdue = false;
  };
  std::map<std::string, Proposal> actions;
  std::map<std::string, Glass> glasses;
  std::string session, glass;  // of the newest accepted command

  void see(const Entry& entry) {
    const std::string action = string_or(entry.body, "action"), id = string_or(entry.body, "break_glass");
    if (entry.kind == "command_accepted") {
      const Json* via = find(entry.body, "via");
      session = via == nullptr ? "" : string_or(*via, "session");
      glass = id;
      for (const auto& [name, one] : glasses)
        if (one.by == entry.actor && !one.reviewed && entry.time < one.since + access::kGlassLasts) RC_ASSERT(id == name);
      if (!id.empty()) RC_ASSERT(glasses.at(id).by == entry.actor);
    } else if (entry.kind == "action_proposed") {
      Proposal proposal{string_or(entry.body, "requested_by"), string_or(entry.body, "digest"), session, int_or(entry.body, "approvals"), *get_time(entry.body, "expires"), {}};
      actions[entry.id("act")] = std::move(proposal);
    } else if (entry.kind == "action_approved") {
      Proposal& proposal = actions.at(action);
      const std::string by = string_or(entry.body, "by");
      RC_ASSERT(!proposal.lapsed);
      RC_ASSERT(entry.time < proposal.expires);
      RC_ASSERT(string_or(entry.body, "digest") == proposal.digest);
      RC_ASSERT(by.starts_with("user:"));
      RC_ASSERT(id == glass);
      if (id.empty()) {
        RC_ASSERT(by != proposal.by);
        RC_ASSERT(by != "user:own");
        const bool elsewhere = session.empty() || session != proposal.session;
        RC_ASSERT(elsewhere);
        proposal.yes.insert(by);
      } else {
        const Glass& one = glasses.at(id);
        RC_ASSERT(one.by == by);
        RC_ASSERT(!one.reviewed);
        RC_ASSERT(entry.time < one.since + access::kGlassLasts);
        proposal.alone = true;
      }
    } else if (entry.kind == "action_expired" || entry.kind == "action_rejected") {
      actions.at(action).lapsed = true;
    } else if (entry.kind == "order" && !action.empty()) {
      const Proposal& proposal = actions.at(action);
      const bool allowed = proposal.alone || static_cast<std::int64_t>(proposal.yes.size()) >= proposal.needs;
      RC_ASSERT(allowed);
      RC_ASSERT(!proposal.lapsed);
    } else if (entry.kind == "break_glass_opened") {
      glasses[entry.id("bg")] = {string_or(entry.body, "by"), entry.time};
    } else if (entry.kind == "break_glass_reviewed") {
      RC_ASSERT(string_or(entry.body, "by") != glasses.at(id).by);
      glasses.at(id).reviewed = true;
    } else if (entry.kind == "break_glass_overdue") {
      RC_ASSERT(!glasses.at(id).reviewed);
      RC_ASSERT(entry.time >= glasses.at(id).since + access::kGlassReview);
      glasses.at(id).overdue = true;
    }
  }
};

std::string one_of(const std::vector<std::string>& ids) { return ids.empty() ? "none-0" : *rc::gen::elementOf(ids); }

void step(Town& town) {
  const std::string actor = *rc::gen::element<std::string>("user:ana", "user:ben", "user:cat", "user:kim", "user:own", "user:root", "service:gw-1");
  JsonObject via;
  if (*rc::gen::inRange(0, 3) > 0) via["token"] = std::string(64, *rc::gen::element('a', 'b', 'c'));
  std::vector<std::string> actions, glasses;
  for (const auto& [id, action] : town.state().contain.actions) actions.push_back(id);
  for (const auto& [id, glass] : town.state().access.glasses) glasses.push_back(id);
  const std::string action = one_of(actions);
  const auto at = town.state().contain.actions.find(action);
  const std::string digest = at == town.state().contain.actions.end() || *rc::gen::inRange(0, 10) == 0 ? "other" : at->second.digest;
  switch (*rc::gen::inRange(0, 11)) {
    case 0: town.give(actor, "action.propose", {{"endpoint", "api"}, {"lease_s", 3'600}, {"measure", JsonObject{{"kind", "review"}, {"low", 0.01 * *rc::gen::inRange(1, 50)}, {"high", 0.9}}}}, via); break;
    case 1: town.give(actor, "action.propose", {{"endpoint", "api"}, {"lease_s", *rc::gen::inRange(60, 7'200)}, {"measure", JsonObject{{"kind", "fallback"}}}}, via); break;
    case 2:
    case 3:
    case 4: town.give(actor, "action.approve", {{"action", action}, {"digest", digest}}, via); break;
    case 5: town.give(actor, "action.reject", {{"action", action}, {"reason", "no"}}, via); break;
    case 6: town.give(actor, "break_glass.open", {{"reason", "nobody answers"}}, via); break;
    case 7: town.give(actor, "break_glass.review", {{"break_glass", one_of(glasses)}, {"verdict", "justified"}, {"text", "seen"}}, via); break;
    case 8: town.advance(*rc::gen::elementOf(std::vector<std::int64_t>{kMinute, kHour, 5 * kHour, 25 * kHour})); break;
    case 9: town.input("tick", JsonObject{}); break;
    default: town.carry_out(); break;
  }
}

RC_GTEST_PROP(BreakGlassProperties, nothing_is_ordered_without_a_yes_in_time_and_what_one_does_alone_is_marked_and_reviewed, ()) {
  Town town(*rc::gen::element<std::string>("solo", "pair", "team"));
  Watch watch;
  std::size_t seen = 0;
  const int steps = *rc::gen::inRange(10, 80);
  for (int i = 0; i < steps; ++i) {
    step(town);
    for (; seen < town.entries().size(); ++seen) watch.see(town.entries()[seen]);
    for (const auto& [id, glass] : watch.glasses) {  // open until somebody else has looked at it
      const auto kept = town.state().access.glasses.find(id);
      const bool open = kept != town.state().access.glasses.end() && !kept->second.reviewed;
      RC_ASSERT(open != glass.reviewed);
    }
  }
  // In the end every glass that nobody reviewed has called for it.
  town.advance(access::kGlassReview);
  town.input("tick", JsonObject{});
  for (; seen < town.entries().size(); ++seen) watch.see(town.entries()[seen]);
  for (const auto& [id, glass] : watch.glasses) {
    const bool called = glass.reviewed || glass.overdue;
    RC_ASSERT(called);
  }
  RC_ASSERT(town.replayed() == town.state());
  const auto restored = access::state_from_json(*parse_json(canonical_json(access::to_json(town.state().access))));
  RC_ASSERT(restored.has_value());
  RC_ASSERT(*restored == town.state().access);
}

// The property is worth something only when glasses are broken and used.
TEST(BreakGlassProperties, one_alone_brings_a_measure_into_force_under_a_glass_and_not_without) {
  Town town("pair");
  const auto proposed = town.give("user:ben", "action.propose", {{"endpoint", "api"}, {"lease_s", 3'600}, {"measure", JsonObject{{"kind", "fallback"}}}});
  const Entry* action = find_kind(proposed, "action_proposed");
  ASSERT_NE(action, nullptr);
  const JsonObject yes{{"action", action->id("act")}, {"digest", string_or(action->body, "digest")}};
  EXPECT_EQ(find_kind(town.give("user:ben", "action.approve", yes), "order"), nullptr);
  town.give("user:ben", "break_glass.open", {{"reason", "r"}});
  const auto approved = town.give("user:ben", "action.approve", yes);
  EXPECT_NE(find_kind(approved, "order"), nullptr) << "a disruptive one takes two people, or a glass";
  EXPECT_NE(find(find_kind(approved, "action_approved")->body, "break_glass"), nullptr);
}

TEST(Proposals, of_a_fraud_analyst_are_bounded) {
  Town town("enterprise");
  town.give("firebreak", "user.add", {{"user", "fay"}, {"role", "fraud_analyst"}});
  const auto propose = [&](const char* who, JsonObject measure) {
    return find_kind(town.give(who, "action.propose", {{"endpoint", "api"}, {"lease_s", 3'600}, {"measure", std::move(measure)}}), "action_proposed") != nullptr;
  };
  EXPECT_FALSE(propose("user:fay", {{"kind", "fallback"}}));
  EXPECT_TRUE(propose("user:fay", {{"kind", "review"}, {"low", 0.1}, {"high", 0.2}}));
  EXPECT_TRUE(propose("user:ana", {{"kind", "fallback"}}));
}

}  // namespace
}  // namespace firebreak
