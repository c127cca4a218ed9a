// Playbooks that call playbooks, variables, and who must have signed what runs.
#include "cacao/signature.h"
#include "fold/playbook/steps_for_tests.h"

namespace firebreak::playbook {
namespace {

Json called(JsonObject workflow, JsonObject of = {}, const std::string& modified = "2026-03-01T09:00:00.000Z") {
  return playbook_of(std::move(workflow), {{"id", "playbook--called"}, {"labels", JsonArray{"called"}}, {"playbook_variables", std::move(of)}, {"created", "2026-03-01T09:00:00.000Z"}, {"modified", modified}});
}
Json simple(const std::string& text, const std::string& modified) {
  return called({{"start--1", start("action--c")}, {"action--c", with(action(text, to("end--c"), "manual").as_object(), {})}}, {}, modified);
}
Json caller(JsonObject more = {}, JsonObject of = {}) {
  return playbook_of({{"start--1", start("playbook-action--p")}, {"playbook-action--p", calls("playbook--called", to("end--1", "end--2"), more)}}, variables(std::move(of)));
}
const Run& child(const Story& story) {
  const auto is_child = [](const auto& item) { return !item.second.parent_run.empty(); };
  return std::find_if(story.state().runs.begin(), story.state().runs.end(), is_child)->second;
}

TEST(Called, playbooks_succeed_and_fail_for_the_step_that_calls_them) {
  for (const char* outcome : {"success", "failure"}) {
    Told story;
    story.install(simple("look", "2026-03-01T09:00:00.000Z"));
    story.install(caller());
    story.open();
    ASSERT_EQ(story.state().runs.size(), 2u);
    EXPECT_EQ(story.waits("playbook-action--p"), child(story).id);
    story.check();
    story.says("action--c", outcome);
    EXPECT_EQ(story.count("playbook_run_ended"), 2u);
    EXPECT_EQ(story.run().outcome, "success") << "its failure has a route";
    EXPECT_EQ(story.outcome_of("end--1"), std::string_view(outcome) == "success" ? "success" : "not started");
  }
}

TEST(Called, playbooks_are_the_newest_or_the_version_that_is_asked_for) {
  for (const bool old : {false, true}) {
    Told story;
    story.install(simple("the old one", "2026-03-01T09:00:00.000Z"));
    story.install(simple("the new one", "2026-03-02T09:00:00.000Z"));
    story.install(caller(old ? JsonObject{{"playbook_version", "2026-03-01T09:00:00.000Z"}} : JsonObject{}));
    story.open();
    EXPECT_EQ(string_or(newest(story, "incident_task_opened")->body, "text"), old ? "the old one" : "the new one");
  }
}

TEST(Called, playbooks_that_are_missing_or_lead_back_keep_the_run_from_starting) {
  const auto told = [](const std::vector<Json>& installed) {
    Told story;
    for (const Json& one : installed) EXPECT_NE(find_kind(story.install(one), "playbook_installed"), nullptr);
    story.open();
    EXPECT_EQ(story.count("playbook_run_started"), 0u);
    return string_or(newest(story, "incident_task_opened")->body, "text");
  };
  EXPECT_NE(told({caller()}).find("which is not installed"), std::string::npos);
  EXPECT_NE(told({simple("x", "2026-03-01T09:00:00.000Z"), caller({{"playbook_version", "2025-01-01T00:00:00.000Z"}})}).find("calls version 2025"), std::string::npos);
  const Json back = called({{"start--1", start("playbook-action--q")}, {"playbook-action--q", calls("playbook--test", to("end--q"))}});
  EXPECT_NE(told({back, caller()}).find("leads back to it"), std::string::npos);
}

TEST(Called, playbooks_take_in_args_and_give_out_args) {
  Told story;
  story.install(called({{"start--1", start("action--c")}, {"action--c", with(action("For __who__:value", to("end--c"), "manual").as_object(), {{"in_args", JsonArray{"__who__"}}, {"out_args", JsonArray{"__n__"}}})}},
                       {{"__who__", text_variable()}, {"__n__", variable("integer")}}));
  story.install(caller({{"in_args", JsonArray{"__who__", "__own__"}}, {"out_args", JsonArray{"__n__"}}}, {{"__who__", variable("string", {{"value", "alice"}})}, {"__own__", variable("string", {{"value", "x"}})}, {"__n__", variable("integer")}}));
  story.open();
  EXPECT_EQ(string_or(newest(story, "incident_task_opened")->body, "text"), "For alice");
  story.says("action--c", "success", {{"__n__", "5"}});
  EXPECT_EQ(story.run().variables.at("__n__"), "5");
  EXPECT_EQ(story.run().outcome, "success");
}

TEST(Called, playbooks_end_with_what_called_them) {
  for (const char* how : {"timeout", "cancel", "close"}) {
    Told story;
    story.install(simple("look", "2026-03-01T09:00:00.000Z"));
    story.install(caller({{"timeout", 5'000}}));
    story.open();
    const std::string id = child(story).id, task = story.waits("action--c");
    std::vector<Entry> group;
    if (std::string_view(how) == "timeout") group = story.after(5 * kSecond);
    if (std::string_view(how) == "cancel") group = story.person("ana", "cancel");
    if (std::string_view(how) == "close") group = story.input("incident_closed", JsonObject{{"incident", story.incident}});
    EXPECT_EQ(child(story).outcome, "cancelled") << how;
    EXPECT_EQ(story.count("playbook_run_ended"), 2u) << how;
    EXPECT_EQ(story.outcome_of("end--2"), std::string_view(how) == "timeout" ? "success" : "not started");
    std::size_t withdrawn = 0;
    for (const Entry& entry : group) withdrawn += entry.kind == "incident_task_done" && string_or(entry.body, "task") == task ? 1 : 0;
    EXPECT_EQ(withdrawn, 1u) << how;
    EXPECT_TRUE(story.state().timers.empty() && story.state().waits.empty()) << how;
  }
}

TEST(Called, playbooks_pause_and_go_on_with_their_caller) {
  Told story;
  story.install(called({{"start--1", start("action--c")}, {"action--c", manual(to("action--d"))}, {"action--d", manual(to("end--c"))}}));
  story.install(caller());
  story.open();
  story.person("ana", "pause");
  EXPECT_TRUE(child(story).paused);
  story.says("action--c");
  EXPECT_EQ(story.waits("action--d"), "");
  story.person("ana", "resume");
  EXPECT_FALSE(child(story).paused);
  story.says("action--d");
  EXPECT_EQ(story.run().outcome, "success");
}

// The step and what it calls are over with the same tick: the step's end is the one that counts.
TEST(Called, playbooks_and_their_caller_time_out_as_one) {
  Told story;
  story.install(called({{"start--1", start("action--c")}, {"action--c", manual(to("end--c", "action--d"), {{"timeout", 5'000}})}, {"action--d", manual(to("end--d"))}}));
  story.install(caller({{"timeout", 5'000}}));
  story.open();
  story.after(5 * kSecond);
  EXPECT_EQ(story.way(), "playbook-action--p=timeout end--2");
  EXPECT_EQ(child(story).outcome, "cancelled");
  EXPECT_EQ(story.count("playbook_run_ended"), 2u);
}

TEST(Called, playbooks_answered_as_their_caller_times_out_end_once) {
  Told story;
  story.install(called({{"start--1", start("action--c")}, {"action--c", verb("options 3", to("end--c"))}}));
  story.install(caller({{"timeout", 5'000}}));
  story.open();
  story.advance(5 * kSecond);
  story.input("options_offered", JsonObject{{"request", story.waits("action--c")}});
  story.tick();
  EXPECT_EQ(story.way(), "action--c end--c playbook-action--p end--1");
  EXPECT_EQ(story.count("playbook_run_ended"), 2u);
}

TEST(Variables, that_are_external_must_be_given) {
  const Json playbook = playbook_of({{"start--1", start("action--a")}, {"action--a", with(action("Call __who__:value", to("end--1"), "manual").as_object(), {{"in_args", JsonArray{"__who__"}}})}}, variables({{"__who__", text_variable()}, {"__n__", variable("integer", {{"value", "1"}})}}));
  Told story(playbook);
  EXPECT_EQ(story.count("playbook_run_started"), 0u);
  EXPECT_NE(string_or(newest(story, "incident_task_opened")->body, "text").find("__who__"), std::string::npos) << "what does not come is told, with the name";
  const auto by_hand = [&](JsonObject values) { return story.command("user:ana", "playbook.run", {{"playbook", long_id("playbook--test")}, {"incident", story.incident}, {"variables", std::move(values)}}); };
  EXPECT_NE(refusal_of(by_hand({})).find("__who__"), std::string::npos);
  EXPECT_NE(refusal_of(by_hand({{"__who__", "a"}, {"__n__", "2"}})).find("not external"), std::string::npos);
  EXPECT_NE(refusal_of(by_hand({{"__who__", "a"}, {"__x__", "2"}})).find("no variable"), std::string::npos);
  EXPECT_EQ(refusal_of(by_hand({{"__who__", "bob"}})), "");
  EXPECT_EQ(string_or(newest(story, "incident_task_opened")->body, "text"), "Call bob");
  EXPECT_NE(refusal_of(by_hand({{"__who__", "bob"}})).find("under way"), std::string::npos);
}

TEST(Variables, of_the_organisation_fill_external_ones) {
  Told story;
  story.install(playbook_of({{"start--1", start("action--a")}, {"action--a", with(action("Call __who__:value", to("end--1"), "manual").as_object(), {{"in_args", JsonArray{"__who__"}}})}}, variables({{"__who__", text_variable()}})));
  story.configure({{"variables", JsonObject{{"__who__", "the desk"}}}});
  story.open();
  EXPECT_EQ(string_or(newest(story, "incident_task_opened")->body, "text"), "Call the desk");
}

TEST(Variables, of_a_step_are_its_own) {
  Told story(playbook_of({{"start--1", start("action--a")},
                          {"action--a", manual(to("action--b"), {{"step_variables", JsonObject{{"__n__", variable("integer", {{"value", "1"}})}}}, {"out_args", JsonArray{"__n__"}}})},
                          {"action--b", with(action("n is __n__:value", to("end--1"), "manual").as_object(), {{"in_args", JsonArray{"__n__"}}})}}, variables({{"__n__", variable("integer", {{"value", "7"}})}})));
  story.says("action--a", "success", {{"__n__", "2"}});
  EXPECT_EQ(string_or(newest(story, "incident_task_opened")->body, "text"), "n is 7");
  EXPECT_FALSE(story.run().variables.contains("__n__"));
}

TEST(Variables, take_values_of_their_type_alone) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1", "end--2"), {{"out_args", JsonArray{"__n__"}}})}}, variables({{"__n__", variable("integer")}})));
  story.says("action--a", "success", {{"__n__", "many"}});
  EXPECT_EQ(story.way(), "action--a=failure end--2");
}

TEST(Variables, larger_than_an_entry_holds_fail_the_step) {
  Told story(playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1", "end--2"), {{"out_args", JsonArray{"__n__"}}})}}, variables({{"__n__", variable("string")}})));
  story.says("action--a", "success", {{"__n__", std::string(5'000, 'x')}});
  EXPECT_EQ(story.way(), "action--a=failure end--2");
}

// The private key of RFC 8032's kind that cacao/signature_test.cc signs with, its public key, and RFC 8410's, of which nobody signs.
constexpr const char* kPrivate = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";
constexpr const char* kPublic = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n";
constexpr const char* kOther = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

TEST(Signatures, are_asked_for_by_severity_and_of_keys_that_are_trusted) {
  const Json playbook = playbook_of({{"start--1", start("action--a")}, {"action--a", manual(to("end--1"))}});
  const auto own = cacao::sign_playbook(playbook, {kPrivate, "the desk", "", "jss--6f2b9d1c-3f1a-4c55-9a63-0f6a3a1f7b11", Time{1'772'840'000 * kSecond}});
  ASSERT_TRUE(own) << own.error().message;
  const auto runs = [&](const Json& document, const std::string& severity, const char* key) {
    Told story;
    EXPECT_NE(find_kind(story.install(document), "playbook_installed"), nullptr) << refusal_of(story.entries());
    story.configure({{"signed_for", JsonArray{Json(severity)}}, {"trusted_keys", JsonArray{Json(key)}}});
    story.open();
    return story.count("playbook_run_started") == 1;
  };
  EXPECT_TRUE(runs(playbook, "SEV-1", kPublic)) << "the incident is of SEV-2";
  EXPECT_FALSE(runs(playbook, "SEV-2", kPublic)) << "nobody has signed it";
  EXPECT_TRUE(runs(*own, "SEV-2", kPublic));
  EXPECT_FALSE(runs(*own, "SEV-2", kOther)) << "anybody can sign with a key of their own";
}

}  // namespace
}  // namespace firebreak::playbook
