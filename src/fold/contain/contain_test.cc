#include "fold/contain/contain.h"

#include <gtest/gtest.h>

#include "fold/contain/story_for_tests.h"

namespace firebreak::contain {
namespace {

TEST(Contain, brings_an_approved_quarantine_into_force) {
  Story story;
  const auto proposed = story.propose(story.quarantine());
  const Entry* entry = find_kind(proposed, "action_proposed");
  ASSERT_NE(entry, nullptr) << canonical_json(proposed.back().body);
  const std::string id = entry->id("act");
  EXPECT_EQ(int_or(entry->body.at("measure").at("sets"), "digests"), 2);
  EXPECT_TRUE(compile_policy(story.state(), "api").measures.empty());

  const auto approved = story.approve(id);
  ASSERT_NE(find_kind(approved, "order"), nullptr);
  const auto open = open_orders(story.state());
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].verb, "apply");
  const EndpointPolicy policy = compile_policy(story.state(), "api");
  EXPECT_EQ(policy.fence, open[0].fence);
  ASSERT_EQ(policy.measures.size(), 1u);
  const auto& measure = std::get<QuarantineMeasure>(policy.measures[0].measure);
  EXPECT_EQ(measure.digests, (std::set<Digest>{query(1), query(2)}));
  EXPECT_EQ(measure.callers, std::set<std::string>{"mallory"});
  EXPECT_EQ(policy.measures[0].until, story.now() + kDay);
  EXPECT_EQ(measure_digest("api", policy.measures[0].measure, kDay).hex(), story.state().actions.at(id).digest);

  story.carry_out();
  EXPECT_EQ(story.status(id), ActionStatus::kInForce);
  EXPECT_EQ(actions_in_force(story.state()).size(), 1u);
}

TEST(Contain, measures_of_an_incident_may_be_for_any_endpoint_that_it_has_findings_of) {
  Story story;
  const std::string other = story.input("incident_opened", JsonObject{{"endpoint", "ratings"}, {"findings", JsonArray{}}}).front().id("inc");
  const auto ask = [&](const std::string& by) {
    return story.command(by, "action.propose", {{"endpoint", "api"}, {"incident", other}, {"measure", JsonObject{{"kind", "block"}, {"callers", JsonArray{"svc-train"}}}}, {"lease_s", 600}});
  };
  EXPECT_EQ(refusal(ask("user:ana")), "not_found");
  story.input("incident_finding_linked", JsonObject{{"incident", other}, {"finding", "find-900"}, {"endpoint", "api"}});
  EXPECT_NE(find_kind(ask("user:ana"), "action_proposed"), nullptr) << "a finding of the endpoint joined it";
  EXPECT_EQ(contain_state_from_json(*parse_json(canonical_json(to_json(story.state())))).value(), story.state());
  story.input("incident_opened", JsonObject{{"endpoint", "api"}, {"split_of", other}, {"findings", JsonArray{"find-900"}}});
  EXPECT_EQ(refusal(ask("user:bea")), "not_found") << "the split took the endpoint with it";
}

TEST(Contain, refuses_the_requester_a_second_voice_and_another_digest) {
  Story story;
  const std::string id = find_kind(story.propose(story.quarantine()), "action_proposed")->id("act");
  EXPECT_EQ(refusal(story.approve(id, "user:ana")), "forbidden");
  EXPECT_EQ(refusal(story.approve(id, "service:gw-1")), "forbidden");
  const auto wrong = story.command("user:ben", "action.approve", {{"action", id}, {"digest", std::string(64, '0')}});
  EXPECT_EQ(refusal(wrong), "conflict");
  const std::string reason = string_or(find_kind(wrong, "command_refused")->body, "reason");
  EXPECT_NE(reason.find(std::string(64, '0')), std::string::npos);
  EXPECT_NE(reason.find(story.state().actions.at(id).digest), std::string::npos);
  EXPECT_EQ(story.status(id), ActionStatus::kProposed);
}

TEST(Contain, wants_two_approvers_for_a_disruptive_measure) {
  Story story;
  const std::string id = find_kind(story.propose({{"kind", "fallback"}}, 3'600), "action_proposed")->id("act");
  story.approve(id, "user:ben");
  EXPECT_EQ(story.status(id), ActionStatus::kProposed);
  EXPECT_EQ(refusal(story.approve(id, "user:ben")), "conflict");
  story.approve(id, "user:cyd");
  EXPECT_EQ(story.status(id), ActionStatus::kOrdered);
}

TEST(Contain, lets_a_proposal_expire_after_a_day) {
  Story story;
  const std::string id = find_kind(story.propose(story.quarantine()), "action_proposed")->id("act");
  story.advance(kDay);
  EXPECT_EQ(refusal(story.approve(id)), "conflict");
  const auto tick = story.input("tick", JsonObject{});
  ASSERT_NE(find_kind(tick, "action_expired"), nullptr);
  EXPECT_EQ(story.status(id), ActionStatus::kExpired);
  EXPECT_TRUE(story.input("tick", JsonObject{}).empty());
}

TEST(Contain, keeps_leases_within_their_longest) {
  Story story;
  EXPECT_EQ(refusal(story.propose(story.quarantine(), 14 * 86'400 + 1)), "invalid");
  EXPECT_EQ(refusal(story.propose({{"kind", "review"}, {"low", 0.2}, {"high", 0.3}}, 4 * 3'600 + 1)), "invalid");
  EXPECT_EQ(refusal(story.propose(story.quarantine(), 59)), "invalid");
}

TEST(Contain, warns_ends_and_removes_at_the_lease_end) {
  Story story;
  const std::string id = story.in_force({{"kind", "review"}, {"low", 0.2}, {"high", 0.3}}, 3'600);
  story.advance(31 * kMinute);
  ASSERT_NE(find_kind(story.input("tick", JsonObject{}), "lease_warning"), nullptr);
  EXPECT_TRUE(story.input("tick", JsonObject{}).empty());
  story.advance(20 * kMinute);
  EXPECT_EQ(int_or(find_kind(story.input("tick", JsonObject{}), "lease_warning")->body, "minutes_left"), 9);
  story.advance(9 * kMinute);
  const auto end = story.input("tick", JsonObject{});
  EXPECT_EQ(string_or(find_kind(end, "action_lifted")->body, "reason"), "lease ended");
  EXPECT_EQ(string_or(find_kind(end, "order")->body, "verb"), "remove");
  story.carry_out();
  EXPECT_TRUE(compile_policy(story.state(), "api").measures.empty());
  EXPECT_EQ(story.status(id), ActionStatus::kLifted);
}

TEST(Contain, extends_an_unrenewed_lease_once_while_the_chain_grows) {
  Story story;
  const std::string id = story.in_force(story.quarantine(), 7'200);
  story.advance(110 * kMinute);
  story.input("finding_updated", story.chain(1, {}, {query(3)}));
  story.carry_out();
  story.advance(9 * kMinute);
  const auto group = story.input("tick", JsonObject{});
  const Entry* extended = find_kind(group, "lease_extended");
  ASSERT_NE(extended, nullptr);
  EXPECT_EQ(string_or(find_kind(group, "order")->body, "verb"), "apply");
  const Time until = *get_time(extended->body, "until");
  story.carry_out();
  EXPECT_EQ(compile_policy(story.state(), "api").measures.at(0).until, until);
  story.advance(until - story.now());
  EXPECT_NE(find_kind(story.input("tick", JsonObject{}), "action_lifted"), nullptr);
  EXPECT_EQ(story.status(id), ActionStatus::kLifted);
}

TEST(Contain, lifts_what_hurts_above_its_cap) {
  Story story;
  const std::string id = story.in_force(story.quarantine());
  EXPECT_EQ(find_kind(story.check(id, "green"), "action_lifted"), nullptr);
  EXPECT_TRUE(story.state().actions.at(id).checked_green);
  EXPECT_EQ(find_kind(story.check(id, "green", 0, 5, 100), "action_lifted"), nullptr);
  const auto harmed = story.check(id, "green", 0, 6, 100);
  ASSERT_NE(find_kind(harmed, "action_lifted"), nullptr) << "the caps count, whatever the verdict";
  EXPECT_NE(find_kind(harmed, "order"), nullptr);
}

TEST(Contain, grows_the_quarantine_within_its_caps_and_counts_the_surplus) {
  Story story;
  JsonObject measure = story.quarantine();
  measure["max_callers_per_hour"] = 2;
  measure["max_digests_per_hour"] = 3;
  const std::string id = story.in_force(std::move(measure));
  story.advance(kMinute);
  const auto group = story.input("finding_updated", story.chain(1, {"a", "b", "c"}, {query(11), query(12)}));
  const Entry* extended = find_kind(group, "action_extended");
  ASSERT_NE(extended, nullptr);
  EXPECT_EQ(strings_or_empty(extended->body, "callers").size(), 2u);
  EXPECT_EQ(int_or(extended->body.at("surplus"), "callers"), 1);
  const auto open = open_orders(story.state());
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].verb, "extend");
  EXPECT_EQ(open[0].extension.digests.size(), 2u);
  EXPECT_EQ(open[0].extension.action, id);
  story.carry_out();
  story.advance(kMinute);
  EXPECT_EQ(find_kind(story.input("tick", JsonObject{}), "action_extended"), nullptr) << "the caller cap is spent";
  story.advance(kHour);
  const auto later = story.input("tick", JsonObject{});
  EXPECT_EQ(strings_or_empty(find_kind(later, "action_extended")->body, "callers"), std::vector<std::string>{"c"});
  const auto policy = compile_policy(story.state(), "api");
  EXPECT_EQ(std::get<QuarantineMeasure>(policy.measures.at(0).measure).callers.size(), 4u);
}

TEST(Contain, sends_at_most_one_extension_a_second_and_merges_the_rest) {
  Story story;
  story.in_force(story.quarantine());
  story.advance(kMinute);
  EXPECT_NE(find_kind(story.input("finding_updated", story.chain(1, {}, {query(21)})), "action_extended"), nullptr);
  story.carry_out();
  for (std::uint64_t i = 22; i < 26; ++i)
    EXPECT_EQ(find_kind(story.input("finding_updated", story.chain(1, {}, {query(i)})), "action_extended"), nullptr);
  story.advance(kSecond);
  const auto merged = story.input("tick", JsonObject{});
  EXPECT_EQ(unpack_digests(string_or(find_kind(merged, "action_extended")->body, "digests"))->size(), 4u);
}

TEST(Contain, keeps_the_waiting_measures_out_of_the_policy_of_the_order_under_way) {
  Story story;
  const std::string first = find_kind(story.propose(story.quarantine()), "action_proposed")->id("act");
  const std::string second =
      find_kind(story.propose({{"kind", "review"}, {"low", 0.2}, {"high", 0.3}}, 3'600), "action_proposed")->id("act");
  story.approve(first);
  story.approve(second);
  EXPECT_EQ(open_orders(story.state()).size(), 1u);
  EXPECT_EQ(compile_policy(story.state(), "api").measures.size(), 1u);
  EXPECT_EQ(story.carry_out(), 2);
  EXPECT_EQ(compile_policy(story.state(), "api").measures.size(), 2u);
}

TEST(Contain, tries_a_failed_order_again_and_then_gives_up) {
  Story story;
  const std::string id = find_kind(story.propose(story.quarantine()), "action_proposed")->id("act");
  story.approve(id);
  for (int attempt = 1; attempt <= 5; ++attempt) {
    ASSERT_EQ(open_orders(story.state()).at(0).attempt, static_cast<std::uint32_t>(attempt));
    const std::string order = open_orders(story.state()).at(0).id;
    story.input("order_started", JsonObject{{"order", order}, {"attempt", attempt}});
    EXPECT_TRUE(open_orders(story.state()).at(0).started);
    story.input("order_outcome", JsonObject{{"order", order}, {"attempt", attempt}, {"result", "failed"}});
  }
  EXPECT_EQ(story.status(id), ActionStatus::kFailed);
  EXPECT_EQ(open_orders(story.state()).at(0).verb, "remove");
}

TEST(Contain, orders_nothing_while_frozen_and_thaws_by_two_people) {
  Story story;
  const std::string id = find_kind(story.propose(story.quarantine()), "action_proposed")->id("act");
  story.command("user:ana", "freeze", {{"reason", "stop"}});
  const auto approved = story.approve(id);
  EXPECT_NE(find_kind(approved, "action_approved"), nullptr);
  EXPECT_EQ(find_kind(approved, "order"), nullptr);
  EXPECT_TRUE(open_orders(story.state()).empty());
  story.command("user:ana", "thaw", {{"reason", "go"}});
  EXPECT_EQ(refusal(story.command("user:ana", "thaw", {{"reason", "go"}})), "forbidden");
  const auto thawed = story.command("user:ben", "thaw", {{"reason", "go"}});
  EXPECT_NE(find_kind(thawed, "order"), nullptr);
  EXPECT_EQ(story.carry_out(), 1);
  EXPECT_EQ(story.status(id), ActionStatus::kInForce);
}

TEST(Contain, holds_a_destructive_action_until_the_evidence_is_captured) {
  Story story;
  story.input("options_offered",
              JsonObject{{"incident", story.incident},
                         {"options", JsonArray{JsonObject{{"name", "purge"}, {"class", "destructive"},
                                                          {"measure", JsonObject{{"kind", "fallback"}}}}}}});
  const auto propose = [&] {
    return story.command("user:ana", "action.propose",
                         {{"endpoint", "api"}, {"incident", story.incident}, {"option", "purge"}, {"lease_s", 600}});
  };
  EXPECT_EQ(refusal(propose()), "conflict");
  const auto request = story.input("evidence_requested", JsonObject{{"incident", story.incident}, {"items", JsonArray{"model", "policy"}}});
  const auto capture = [&](const char* item) {
    story.input("evidence_captured", JsonObject{{"incident", story.incident}, {"request", request[0].id("req")}, {"item", item}});
  };
  capture("model");
  EXPECT_EQ(refusal(propose()), "conflict");
  capture("policy");
  const auto proposed = propose();
  ASSERT_NE(find_kind(proposed, "action_proposed"), nullptr);
  EXPECT_EQ(string_or(find_kind(proposed, "action_proposed")->body, "class"), "destructive");
}

TEST(Contain, refuses_measures_in_tap_mode_and_on_observed_endpoints) {
  Story story;
  Endpoint endpoint = story.state().endpoints.at("api").endpoint;
  endpoint.state = EndpointState::kObserve;
  story.input("endpoint_registered", JsonObject{{"endpoint", firebreak::to_json(endpoint)}});
  EXPECT_EQ(refusal(story.propose(story.quarantine())), "conflict");
  endpoint.mode = EndpointMode::kTap;
  story.input("endpoint_registered", JsonObject{{"endpoint", firebreak::to_json(endpoint)}});
  EXPECT_EQ(refusal(story.propose(story.quarantine())), "conflict");
}

TEST(Contain, climbs_the_ladder_on_green_checks_and_changes_the_base) {
  Story story;
  const std::string quarantine = story.in_force(story.quarantine(), 14 * 86'400);
  const auto asked = story.input("promotion_requested", JsonObject{{"endpoint", "api"}, {"release", "1.2.0"}, {"by", "user:ana"}});
  const std::string id = find_kind(asked, "action_proposed")->id("act");
  story.approve(id);
  story.carry_out();
  EXPECT_EQ(story.status(id), ActionStatus::kInForce);
  ASSERT_EQ(compile_policy(story.state(), "api").measures.size(), 2u);
  EXPECT_EQ(measure_kind(compile_policy(story.state(), "api").measures[1].measure), "mirror");
  for (const char* step : {"5", "25", "100"}) {
    story.advance(kHour);
    const auto group = story.check(id, "green");
    ASSERT_NE(find_kind(group, "ladder_step"), nullptr) << step;
    EXPECT_EQ(string_or(find_kind(group, "ladder_step")->body, "step"), step);
    EXPECT_EQ(find_kind(story.check(id, "green"), "ladder_step"), nullptr) << "its order is not done yet";
    story.carry_out();
    const auto measure = compile_policy(story.state(), "api").measures.at(1).measure;
    EXPECT_EQ(std::get<WeightsMeasure>(measure).weights.at("1.2.0"), static_cast<std::uint32_t>(std::stoi(step)));
  }
  story.advance(kHour);
  story.check(id, "green");
  story.carry_out();
  EXPECT_EQ(compile_policy(story.state(), "api").base_weights, (std::map<std::string, std::uint32_t>{{"1.2.0", 100}}));
  story.advance(2 * kHour);
  const auto end = story.input("tick", JsonObject{});
  EXPECT_EQ(string_or(find_kind(end, "ladder_ended")->body, "outcome"), "promoted");
  EXPECT_EQ(story.status(id), ActionStatus::kPromoted);
  const EndpointPolicy policy = compile_policy(story.state(), "api");
  EXPECT_EQ(policy.base_weights.at("1.2.0"), 100u);
  ASSERT_EQ(policy.measures.size(), 1u) << "the quarantine stays over the change of the base";
  EXPECT_EQ(policy.measures[0].action, quarantine);
}

TEST(Contain, restores_the_base_when_a_canary_is_red) {
  Story story;
  const auto asked = story.input("promotion_requested", JsonObject{{"endpoint", "api"}, {"release", "1.2.0"}, {"by", "user:ana"}});
  const std::string id = find_kind(asked, "action_proposed")->id("act");
  EXPECT_EQ(refusal(story.input("promotion_requested", JsonObject{{"endpoint", "api"}, {"release", "1.2.0"}, {"by", "user:ana"}})), "conflict");
  story.approve(id);
  story.carry_out();
  story.advance(kHour);
  story.check(id, "green");
  story.carry_out();
  story.advance(kHour);
  const auto red = story.check(id, "red");
  EXPECT_EQ(string_or(find_kind(red, "ladder_ended")->body, "outcome"), "aborted");
  EXPECT_EQ(string_or(find_kind(red, "order")->body, "verb"), "remove");
  story.carry_out();
  const EndpointPolicy policy = compile_policy(story.state(), "api");
  EXPECT_EQ(policy.base_weights.at("1.0.0"), 100u);
  EXPECT_TRUE(policy.measures.empty());
}

TEST(Contain, ignores_a_check_that_began_before_the_step) {
  Story story;
  const auto asked = story.input("promotion_requested", JsonObject{{"endpoint", "api"}, {"release", "1.2.0"}, {"by", "user:ana"}});
  const std::string id = find_kind(asked, "action_proposed")->id("act");
  story.approve(id);
  story.carry_out();
  const Time since = story.now();
  story.advance(kHour);
  const auto group = story.input("effect_check", JsonObject{{"action", id},
                                                            {"window", JsonObject{{"from", format_time(since - kMinute)}}},
                                                            {"verdict", "green"}});
  EXPECT_EQ(find_kind(group, "ladder_step"), nullptr);
}

TEST(Contain, names_large_sets_by_reference_and_resolves_them_as_they_were) {
  Story story;
  for (std::uint64_t batch = 0; batch < 10; ++batch) {
    std::vector<Digest> digests;
    for (std::uint64_t i = 0; i < 300; ++i) digests.push_back(query(1'000 + batch * 300 + i));
    story.advance(kSecond);
    story.input("finding_updated", story.chain(1, {}, digests));
  }
  const auto group = story.propose(story.quarantine());
  const Entry* proposed = find_kind(group, "action_proposed");
  ASSERT_NE(proposed, nullptr);
  EXPECT_LT(entry_bytes(*proposed).size(), 4'096u);
  story.input("finding_updated", story.chain(1, {}, {query(9'999)}));
  const Action& action = story.state().actions.at(proposed->id("act"));
  EXPECT_EQ(std::get<QuarantineMeasure>(action.measure).digests.size(), 3'002u);
  EXPECT_EQ(action.pending.digests.size(), 1u);
  EXPECT_EQ(story.replayed(), story.state());
}

TEST(Contain, forgets_the_oldest_ended_actions_and_nothing_that_still_acts) {
  Story story;
  const std::string stays = story.in_force(story.quarantine());
  for (int i = 0; i < 520; ++i) {
    const auto group = story.command("user:ana", "action.propose",
                                     {{"endpoint", "api"}, {"lease_s", 600},
                                      {"measure", JsonObject{{"kind", "review"}, {"low", 0.001 * i}, {"high", 0.9}}}});
    story.command("user:ben", "action.reject",
                  {{"action", find_kind(group, "action_proposed")->id("act")}, {"reason", "no"}});
  }
  EXPECT_LE(story.state().actions.size(), 503u);
  EXPECT_EQ(story.status(stays), ActionStatus::kInForce);
}

TEST(Contain, comes_back_from_a_snapshot_and_a_replay) {
  Story story;
  story.in_force(story.quarantine());
  story.advance(kMinute);
  story.input("finding_updated", story.chain(1, {"zed"}, {query(5)}));
  story.input("promotion_requested", JsonObject{{"endpoint", "api"}, {"release", "1.2.0"}, {"by", "user:ana"}});
  const auto document = parse_json(canonical_json(to_json(story.state())), 64);
  ASSERT_TRUE(document);
  const auto restored = contain_state_from_json(*document);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(*restored, story.state());
  EXPECT_EQ(story.replayed(), story.state());
}

TEST(Contain, changes_no_system_whose_evidence_a_duty_holds) {
  Story story;
  const JsonObject option{{"name", "wipe"}, {"class", "destructive"}, {"measure", JsonObject{{"kind", "fallback"}}}, {"undo", ""}};
  story.input("options_offered", JsonObject{{"incident", story.incident}, {"options", JsonArray{option}}});
  story.input("evidence_captured", JsonObject{{"incident", story.incident}, {"item", "model"}});
  const auto wipe = [&] {
    return story.command("user:ana", "action.propose", {{"endpoint", "api"}, {"incident", story.incident}, {"option", "wipe"}, {"lease_s", 3600}});
  };
  const auto promote = [&](const std::string& incident) {
    return story.input("promotion_requested", JsonObject{{"endpoint", "api"}, {"release", "1.2.0"}, {"incident", incident}, {"by", "user:ana"}});
  };
  const auto before = wipe();
  const std::string asked = find_kind(before, "action_proposed")->id("act");
  story.input("evidence_hold_set", JsonObject{{"duty", "duty-90"}, {"incident", story.incident}, {"endpoint", "api"}, {"regime", "ai-act-73"}, {"stage", "report"}});
  EXPECT_EQ(refusal(wipe()), "conflict");
  EXPECT_EQ(refusal(promote(story.incident)), "conflict");
  EXPECT_EQ(refusal(promote("")), "conflict") << "the endpoint is the incident's";
  const auto approval = story.approve(asked);
  EXPECT_EQ(refusal(approval), "conflict") << "it was proposed before the hold";
  EXPECT_NE(string_or(find_kind(approval, "command_refused")->body, "reason").find("firebreak deadline met duty-90 report"), std::string::npos);
  EXPECT_NE(story.in_force(story.quarantine()), "") << "what protects and ends by itself goes on";
  EXPECT_EQ(story.replayed(), story.state());
  EXPECT_EQ(contain_state_from_json(*parse_json(canonical_json(to_json(story.state())))).value(), story.state());
  story.input("evidence_hold_lifted", JsonObject{{"duty", "duty-90"}, {"incident", story.incident}});
  EXPECT_EQ(refusal(story.approve(asked)), "");
  EXPECT_EQ(refusal(promote("")), "");
}

}  // namespace
}  // namespace firebreak::contain
