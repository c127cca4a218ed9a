#include "run/drill/score.h"

#include <gtest/gtest.h>

#include "run/drill/after_action.h"
#include "run/drill/drill_sample.h"
#include "run/drill/runs.h"

namespace firebreak::drill {
namespace {

// A journal of the sample drill in which everything goes as it should; each test changes one thing of it.
class Told : public testing::Test {
 protected:
  Told() {
    drill_ = *parse_drill(sample_drill());
    sealed_ = sealed_part(drill_, "salt");
    JsonArray roles;
    for (const Role& role : drill_.roles) roles.push_back(JsonObject{{"role", role.role}, {"team", role.team}, {"may", role.may}, {"lead", role.lead}});
    say("03:00:00", "firebreak", "exercise_declared", {{"name", "night"}, {"title", "A night"}, {"kind", "live"}, {"truth_digest", digest_of_seal(sealed_)}, {"roles", roles}});
    say("03:05:00", "user:admin", "exercise_inject", {{"inject", "1"}, {"text", "odd"}});
    incident_ = say("03:45:00", "firebreak", "incident_opened", {{"endpoint", "scores"}, {"severity", "SEV-2"}, {"kinds", JsonArray{"query_chain"}}});
    for (const char* item : {"model", "policy"}) {
      const std::uint64_t at = say("03:46:00", "evidence", "evidence_captured", {{"incident", inc()}, {"item", item}, {"digest", item}});
      say("03:46:00", "evidence", "evidence_custody", {{"evidence", "ev-" + std::to_string(at)}, {"action", "seal"}});
    }
    say("03:50:00", "user:ana", "incident_acknowledged", {{"incident", inc()}, {"by", "ana"}});
    say("03:51:00", "user:ana", "incident_triaged", {{"incident", inc()}, {"verdict", "suspected_malice"}, {"by", "ana"}, {"reason", "r"}});
    action_ = say("03:55:00", "firebreak", "action_proposed", {{"incident", inc()}, {"endpoint", "scores"}, {"class", "bounded"}, {"requested_by", "user:ana"}});
    say("03:57:00", "firebreak", "action_approved", {{"action", act()}, {"by", "user:ben"}});
    card_ = say("04:00:00", "firebreak", "action_proposed", {{"endpoint", "scores"}, {"class", "disruptive"}, {"requested_by", "user:sal"}});
    rejected_ = say("04:01:00", "firebreak", "action_rejected", {{"action", "act-" + std::to_string(card_)}, {"by", "ben"}, {"reason", "text:x"}});
    message_ = say("04:05:00", "user:ana", "exercise_message", {{"to", "executives"}, {"text", "text:y"}});
    say("04:06:00", "user:ana", "exercise_message", {{"to", "acquirer"}, {"text", "text:z"}});
    check_ = say("04:20:00", "effects", "effect_check", {{"action", act()}, {"verdict", "green"}, {"harm", JsonObject{{"failed", 0}, {"of", 100}}}});
    say("04:30:00", "user:ben", "exercise_decided", {{"decision", "reportable"}, {"choice", "no"}, {"reason", "text:w"}});
    end_ = say("06:00:00", "user:admin", "exercise_ended", {{"sealed", sealed_}});
  }

  std::uint64_t say(const std::string& clock, std::string actor, std::string kind, JsonObject body) {
    Entry entry;
    entry.index = journal_.size();
    entry.time = *parse_time("2026-03-07T" + clock + "Z");
    entry.actor = std::move(actor);
    entry.kind = std::move(kind);
    entry.body = std::move(body);
    journal_.push_back(std::move(entry));
    return journal_.back().index;
  }
  // Indexes stay as they are: what is taken out becomes an entry that nobody asks for.
  void without(std::uint64_t index) { journal_[index].kind = "tick"; }
  void at(std::uint64_t index, const std::string& clock) { journal_[index].time = *parse_time("2026-03-07T" + clock + "Z"); }
  std::string inc() const { return "inc-" + std::to_string(incident_); }
  std::string act() const { return "act-" + std::to_string(action_); }
  Score scored() {
    auto out = score(journal_, [this](const std::string& digest) { return digest != broken_; });
    EXPECT_TRUE(out) << out.error().message;
    return out ? std::move(*out) : Score{};
  }

  // The same night with another truth, sealed from its start.
  void truth_with(const std::string& key, Json value) {
    Json document = sample_drill();
    document.at("truth").as_object()[key] = std::move(value);
    auto read = parse_drill(document);
    ASSERT_TRUE(read) << read.error().message << read.error().pointer;
    drill_ = std::move(*read);
    sealed_ = sealed_part(drill_, "salt");
    journal_.front().body.as_object()["truth_digest"] = digest_of_seal(sealed_);
    journal_[end_].body.as_object()["sealed"] = sealed_;
  }
  const Part& part(const Score& score, const std::string& name) {
    for (const Part& one : score.parts)
      if (one.name == name) return one;
    static const Part kNone;
    ADD_FAILURE() << "no part " << name;
    return kNone;
  }

  Drill drill_;
  Json sealed_;
  std::vector<Entry> journal_;
  std::string broken_;
  std::uint64_t incident_ = 0, action_ = 0, card_ = 0, rejected_ = 0, message_ = 0, check_ = 0, end_ = 0;
};

TEST_F(Told, gives_all_points_that_are_asked_when_all_goes_well) {
  const Score all = scored();
  EXPECT_EQ(96, all.of());  // no candidate: no gates
  EXPECT_EQ(96, all.points()) << to_text(all);
}

TEST_F(Told, measures_the_kill_switch_by_its_probe) {
  truth_with("kill_switch", *parse_json(R"({"endpoint":"scores","measure":"fallback","time":{"full":"10s","none":"10m"}})"));
  EXPECT_EQ(0, part(scored(), "kill switch").points) << "nobody threw it";
  EXPECT_EQ(20, scored().of("containment"));
  const std::uint64_t thrown = say("05:00:00", "firebreak", "action_proposed",
                                   {{"incident", inc()}, {"endpoint", "scores"}, {"class", "disruptive"}, {"measure", JsonObject{{"kind", "fallback"}}}, {"requested_by", "user:ana"}});
  const std::string action = "act-" + std::to_string(thrown);
  const auto felt = [&](std::int64_t ms, bool before, bool after) {
    say("05:02:00", "user:admin", "exercise_probed", {{"action", action}, {"endpoint", "scores"}, {"ms", ms}, {"model_asked_before", before}, {"model_asked_after", after}});
    const Score out = scored();
    journal_.pop_back();
    return std::pair(part(out, "kill switch").points, part(out, "kill switch").said);
  };
  EXPECT_EQ(4, felt(20, true, false).first);
  EXPECT_EQ(felt(20, true, false), felt(9'900, true, false)) << "equal runs say the same; the time is in the figures";
  EXPECT_NEAR(2, felt(305'000, true, false).first, 0.1) << "half way between target and limit";
  EXPECT_EQ(0, felt(600'000, true, false).first) << "the limit";
  EXPECT_EQ(0, felt(20, true, true).first) << "the model still answers";
  EXPECT_EQ(0, felt(20, false, false).first) << "it did not answer before either: nothing is proven";
}

TEST_F(Told, asks_for_every_way_of_the_attack_in_one_incident) {
  truth_with("vectors", *parse_json(R"([{"id":"api","endpoint":"scores","kinds":["query_chain"]},{"id":"data","endpoint":"ratings","kinds":["feature_drift"]}])"));
  const std::uint64_t chain = say("04:50:00", "firebreak", "finding_opened", {{"endpoint", "scores"}, {"kind", "query_chain"}});
  EXPECT_EQ(0, part(scored(), "one incident").points);
  say("04:51:00", "firebreak", "incident_finding_linked", {{"incident", inc()}, {"finding", "find-" + std::to_string(chain)}});
  EXPECT_EQ(1, part(scored(), "one incident").points) << "half of the ways";
  const std::uint64_t drift = say("05:00:00", "firebreak", "finding_opened", {{"endpoint", "ratings"}, {"kind", "feature_drift"}});
  EXPECT_NE(std::string::npos, part(scored(), "one incident").said.find("data (ratings): not in it"));
  say("05:01:00", "firebreak", "incident_finding_linked", {{"incident", inc()}, {"finding", "find-" + std::to_string(drift)}, {"joined", JsonObject{{"by", "asset"}, {"what", "store"}}}});
  const Score joined = scored();
  EXPECT_NE(std::string::npos, part(joined, "one incident").said.find("data (ratings): in it by the same asset store")) << part(joined, "one incident").said;
  say("05:02:00", "firebreak", "incident_opened", {{"endpoint", "ratings"}, {"split_of", inc()}, {"declared_by", "ana"}, {"findings", JsonArray{Json("find-" + std::to_string(drift))}}});
  EXPECT_NE(std::string::npos, part(scored(), "one incident").said.find("data (ratings): not in it")) << "a split takes it out again";
  Json document = sample_drill();
  document.at("truth").as_object()["vectors"] = *parse_json(R"([{"id":"data","endpoint":"ratings"}])");
  const auto read = parse_drill(document);
  EXPECT_EQ("/truth/vectors", read ? std::string() : read.error().pointer) << "the attacked endpoint is one of them";
}

TEST_F(Told, says_the_raw_times) {
  const Json json = to_json(scored());
  EXPECT_EQ(Json(900.0), json.at_pointer("/parts/0/raw/seconds"));
  EXPECT_EQ(1, int_or(json, "n"));
}

TEST_F(Told, loses_points_along_a_line) {
  at(incident_, "05:45:00");  // 135 min after the start: half way from 30 min to 4 h
  EXPECT_EQ(10, scored().points("detection"));
}

TEST_F(Told, takes_five_points_for_each_false_declaration) {
  say("03:10:00", "firebreak", "incident_opened", {{"endpoint", "other"}, {"kinds", JsonArray{}}});
  EXPECT_EQ(15, scored().points("detection"));
}

TEST_F(Told, gives_nothing_for_an_attack_that_was_missed) {
  journal_[incident_].body.as_object()["kinds"] = JsonArray{"drift"};
  const Score missed = scored();
  EXPECT_EQ(0, missed.points("detection"));
  EXPECT_EQ(0, missed.points("triage"));
}

TEST_F(Told, compares_severity_with_the_truth) {
  say("05:00:00", "user:ana", "incident_severity", {{"incident", inc()}, {"from", "SEV-2"}, {"to", "SEV-4"}});
  EXPECT_EQ(7, scored().points("triage"));
}

TEST_F(Told, counts_honest_requests_that_failed) {
  journal_[check_].body.as_object()["harm"] = JsonObject{{"failed", 5}, {"of", 200}};  // 2.5 % of at most 5 %
  EXPECT_EQ(17, scored().points("containment"));
}

TEST_F(Told, asks_that_no_red_check_follows_before_the_service_is_safe) {
  say("05:00:00", "effects", "effect_check", {{"action", act()}, {"verdict", "red"}, {"harm", JsonObject{{"failed", 0}, {"of", 1}}}});
  EXPECT_EQ(0, scored().points("recovery"));
  EXPECT_EQ(20, scored().points("containment"));
}

TEST_F(Told, sees_a_new_trigger_after_the_recovery) {
  say("05:00:00", "firebreak", "incident_opened", {{"endpoint", "scores"}, {"kinds", JsonArray{"query_chain"}}});
  EXPECT_EQ(3, scored().points("recovery"));
}

TEST_F(Told, wants_the_evidence_before_what_destroys_it) {
  journal_[action_].body.as_object()["class"] = "destructive";
  const std::uint64_t late = journal_.size();
  say("03:58:00", "firebreak", "order", {{"action", act()}});
  EXPECT_EQ(20, scored().points("evidence"));
  std::swap(journal_[late].kind, journal_[1].kind);  // ordered before anything was captured
  std::swap(journal_[late].body, journal_[1].body);
  EXPECT_EQ(6, scored().points("evidence"));
}

TEST_F(Told, looks_at_the_octets_of_the_evidence) {
  broken_ = "model";
  EXPECT_EQ(16, scored().points("evidence"));
}

TEST_F(Told, wants_decisions_of_the_right_role) {
  journal_[action_ + 1].body.as_object()["by"] = "user:ana";  // who proposed approves
  const Score one = scored();
  EXPECT_EQ(13.5, one.points("decisions")) << to_text(one);  // 3 each; made is half of it, role and second person the rest
}

TEST_F(Told, gives_nothing_for_the_card_when_it_was_approved) {
  journal_[rejected_].kind = "action_approved";
  EXPECT_EQ(12, scored().points("decisions"));
}

TEST_F(Told, gives_half_for_a_rejection_without_a_reason) {
  journal_[rejected_].body.as_object().erase("reason");
  EXPECT_EQ(13.5, scored().points("decisions"));
}

TEST_F(Told, measures_the_first_update) {
  at(message_, "05:00:00");
  at(message_ + 1, "05:00:00");  // 75 min after the incident: half way from 30 min to 2 h
  EXPECT_EQ(3.5, scored().points("communication"));
}

TEST_F(Told, is_not_told_before_the_end_or_after_an_abort) {
  journal_[end_].kind = "exercise_aborted";
  EXPECT_EQ(Code::kConflict, score(journal_, {}).error().code);
  journal_[end_].kind = "tick";
  EXPECT_EQ(Code::kConflict, score(journal_, {}).error().code);
}

TEST_F(Told, does_not_count_when_the_truth_is_another_than_was_sealed) {
  journal_[end_].body.as_object()["sealed"].as_object()["truth"].as_object()["severity"] = "SEV-3";
  const auto changed = score(journal_, {});
  ASSERT_FALSE(changed);
  EXPECT_NE(std::string::npos, changed.error().message.find("sealed"));
}

TEST_F(Told, is_a_drills_alone) {
  journal_.erase(journal_.begin());
  EXPECT_EQ(Code::kNotFound, score(journal_, {}).error().code);
}

TEST_F(Told, rates_objectives_p_s_m_u) {
  const auto rating = [&](std::size_t i) { return string_or((*after_action(scored(), Time{})).at("objectives").as_array()[i], "rating"); };
  EXPECT_EQ("P", rating(0));
  at(incident_, "04:30:00");
  EXPECT_EQ("S", rating(0));
  journal_[check_].body.as_object()["harm"] = JsonObject{{"failed", 1}, {"of", 200}};
  EXPECT_EQ("M", rating(1));
  journal_[rejected_].kind = "action_approved";
  EXPECT_EQ("U", rating(2));
}

TEST_F(Told, has_a_lane_for_each_team_that_something_was_expected_of) {
  const Json report = *after_action(scored(), Time{});
  const JsonArray& lanes = report.at("lanes").as_array();
  ASSERT_EQ(2U, lanes.size());
  EXPECT_EQ("SecOps", string_or(lanes[0], "team"));
  EXPECT_EQ(2, int_or(lanes[0], "expected"));
  EXPECT_EQ(2, int_or(lanes[1], "made"));
}

TEST_F(Told, is_compared_with_other_runs_value_by_value) {
  const Score first = scored();
  at(incident_, "03:49:00");
  const Score second = scored();
  const Json compared = *compare_runs({first, second, second});
  const Json& seconds = compared.at("parts").as_array()[0].at("seconds");
  EXPECT_EQ(3, int_or(seconds, "n"));
  EXPECT_EQ(900, number_or(seconds, "least"));
  EXPECT_EQ(1140, number_or(seconds, "median"));
  EXPECT_EQ(1140, number_or(seconds, "p90"));
  EXPECT_EQ(nullptr, find(seconds, "mean"));
  EXPECT_NE(std::string::npos, runs_text(compared).find("(N = 3)"));
}

TEST_F(Told, is_not_compared_with_another_drill_or_alone) {
  const Score one = scored();
  Score other = one;
  other.sealed.as_object()["truth"].as_object()["severity"] = "SEV-1";
  EXPECT_EQ(Code::kConflict, compare_runs({one, other}).error().code);
  EXPECT_EQ(Code::kInvalid, compare_runs({one}).error().code);
}

TEST_F(Told, makes_a_follow_up_of_each_lack_with_owner_due_and_test) {
  EXPECT_TRUE((*after_action(scored(), Time{})).at("follow_ups").as_array().empty());
  without(rejected_);
  const Json report = *after_action(scored(), *parse_time("2026-11-01T00:00:00Z"));
  ASSERT_EQ(1U, report.at("follow_ups").as_array().size());
  const Json& follow_up = report.at("follow_ups").as_array()[0];
  EXPECT_EQ("2026-12-01T00:00:00Z", string_or(follow_up, "due"));
  for (const char* key : {"capability", "issue", "corrective_action", "element", "owner", "team", "start", "acceptance_test"}) EXPECT_NE("", string_or(follow_up, key)) << key;
}

TEST_F(Told, is_marked_in_each_form_of_the_report) {
  const Json report = *after_action(scored(), Time{});
  EXPECT_EQ("EXERCISE night", string_or(report, "exercise"));
  EXPECT_EQ(0U, after_action_markdown(report).find("# EXERCISE night"));
  EXPECT_NE(std::string::npos, after_action_html(report).find("<p class=\"exercise\">EXERCISE night"));
  EXPECT_EQ(0U, to_text(scored()).find("EXERCISE night"));
}

TEST_F(Told, keeps_markup_out_of_the_page) {
  journal_[0].body.as_object()["title"] = "<script>alert(1)</script>";
  EXPECT_EQ(std::string::npos, after_action_html(*after_action(scored(), Time{})).find("<script>"));
}

}  // namespace
}  // namespace firebreak::drill
