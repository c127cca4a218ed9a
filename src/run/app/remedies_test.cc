// Remedy and taint lists over a small release: what it answers, what it cannot, restarts, and what training data come to light.
#include <gtest/gtest.h>

#include <atomic>

#include "base/encoding.h"
#include "fold/contain/contain.h"
#include "fold/provenance/provenance.h"
#include "fold/remedy/remedy.h"
#include "run/app/app_testing.h"
#include "run/app/gate_job.h"
#include "run/app/holdout_watch.h"
#include "run/app/remedy_build.h"
#include "run/app/remedy_rows.h"
#include "run/app/taint_job.h"
#include "types/feature_digest.h"
#include "types/finding.h"
#include "world/net/http_server.h"

namespace firebreak::app {
namespace {

using remedy::Answer;

// Declines from 50 on; breaks at 13.
struct Release {
  std::atomic<int> asked = 0;
  std::unique_ptr<net::HttpServer> server = std::move(*net::HttpServer::start({}, [this](net::Request request, net::Responder responder) {
    ++asked;
    const auto body = parse_json(request.body);
    const double x = number_or(body->at("features"), "x");
    net::Response response;
    response.status = x == 13 ? 500 : 200;
    response.body = x >= 50 ? R"({"label":"decline","score":0.9})" : R"({"label":"approve","score":0.1})";
    responder(std::move(response));
  }));
};

struct Story {
  Release model;
  testing::Parts parts;
  SeededRandom random{3};
  ledger::SigningKey key = *ledger::SigningKey::generate("firebreak/journal", random);
  std::string incident;

  Story() {
    put(kEndpoint());
    const std::string none = blob("x,label\n");
    for (const auto& [name, dataset] : {std::pair("1", none), std::pair("2", none)}) release(name, dataset);
    record::StreamConfig config;
    config.name = "api";
    EXPECT_TRUE(parts.streams->create(config));
  }
  static JsonObject kEndpoint() {
    return {{"name", "api"}, {"state", "enforce"}, {"features", JsonObject{{"numeric", JsonArray{"x"}}, {"categorical", JsonArray{}}}}, {"last_known_good", "1"}};
  }
  Entry input(const std::string& kind, JsonObject body) {
    auto group = parts.journal->submit_wait(Draft{kind, std::move(body), "user:ana", {}, {}});
    EXPECT_TRUE(group) << (group ? "" : group.error().message);
    return group->entries.front();
  }
  std::uint64_t command(const std::string& name, JsonObject args, const std::string& made) {
    const auto group = parts.journal->submit_wait(Draft{"command_accepted", JsonObject{{"name", name}, {"args", std::move(args)}}, "user:ana", {}, {}});
    for (const Entry& entry : group->entries)
      if (entry.kind == made) return entry.index;
    ADD_FAILURE() << canonical_json(group->entries.back().body);
    return 0;
  }
  void put(const JsonObject& endpoint) { input("endpoint_registered", {{"endpoint", endpoint}}); }
  std::string blob(const std::string& text) { return parts.blobs->put(text)->hex(); }
  Entry release(const std::string& name, const std::string& dataset, JsonArray sources = {}, const std::string& cut = "2026-06-01T00:00:00Z") {
    return input("release_registered", {{"endpoint", "api"}, {"release", name}, {"upstream", model.server->url()},
                                        {"model", JsonObject{{"name", "m"}, {"version", name}, {"digest", "aa"}}}, {"manifest", blob("{}")}, {"dataset", dataset},
                                        {"holdout", dataset}, {"profile", ""}, {"training_cut", cut}, {"sources", std::move(sources)}, {"by", "user:ana"}});
  }
  record::Stream& stream() { return *parts.streams->get("api"); }
  void record(int i, double x, const std::string& label, const std::string& caller = "shop", const std::string& release = "2", const char* disposition = "served") {
    const Json line = JsonObject{{"id", "d" + std::to_string(i)}, {"time", "2026-03-07T03:27:37Z"}, {"caller", caller}, {"release", release},
                                 {"features", JsonObject{{"x", x}}}, {"output", JsonObject{{"label", label}, {"score", 0.5}}}, {"disposition", disposition}};
    EXPECT_TRUE(record::testing::admit(stream(), canonical_json(line) + "\n"));
  }
  // An incident whose finding names all that is recorded now.
  void open_incident(const char* kind = "performance_drop", JsonObject more = {}) {
    more.insert({{"episode", "e"}, {"kind", kind}, {"severity", "high"}, {"stream", "api"}, {"endpoint", "api"}, {"first", 1}, {"last", stream().size() - 1},
                 {"first_time", "2026-03-07T03:00:00Z"}, {"last_time", "2026-03-07T04:00:00Z"}, {"count", 1}, {"summary", "s"}});
    const Entry finding = input("finding_opened", std::move(more));
    incident = input("incident_opened", {{"endpoint", "api"}, {"stream", "api"}, {"title", "t"}, {"severity", "SEV-2"}, {"rule", "declared"}, {"findings", JsonArray{finding.id("find")}},
                                         {"first_time", "2026-03-07T03:00:00Z"}, {"last_time", "2026-03-07T04:00:00Z"}}).id("inc");
  }
  std::uint64_t order(JsonObject args = {}) {
    args["incident"] = incident;
    args["per_second"] = 10'000;
    return command("remedy.build", std::move(args), "remedy_requested");
  }
  remedy::List list() {
    remedy::List list;
    parts.journal->with_state([&](const journal::View& view) { list = view.state<remedy::RemedyState>(remedy::kFoldName).lists.at(incident); });
    return list;
  }
  std::vector<Answer> answers() {
    std::vector<Answer> out;
    for (const remedy::Row& row : list().rows) out.push_back(row.answer);
    return out;
  }
  Json page(const std::string& state = "") { return *RemedyRows(*parts.context).page(incident, state, "", 500); }
};

bool go_on(std::int64_t) { return true; }

TEST(Remedies, lists_every_decision_and_says_what_it_would_be_now) {
  Story story;
  story.record(0, 60, "approve");
  story.record(1, 10, "approve");
  story.record(2, 60, "approve", "gone");
  story.record(3, 13, "approve");
  story.record(4, 70, "decline", "shop", "2", "fallback");
  story.record(5, 70, "decline");
  ASSERT_TRUE(story.stream().erase("gone", 77));
  story.open_incident();
  build_remedy(*story.parts.context, story.order(), go_on);
  EXPECT_EQ(story.answers(), (std::vector<Answer>{Answer::kChanged, Answer::kUnchanged, Answer::kErased, Answer::kUnanswered, Answer::kUnchanged}))
      << "what the rules answered is no decision of the model";
  const Json page = story.page();
  EXPECT_EQ(string_or(page, "release"), "1");
  const JsonArray& items = page.at("items").as_array();
  ASSERT_EQ(items.size(), 5u);
  EXPECT_EQ(string_or(items[0], "id"), "d0");
  EXPECT_EQ(string_or(items[0].at("given"), "label"), "approve");
  EXPECT_EQ(string_or(items[0].at("clean"), "label"), "decline");
  EXPECT_EQ(find(items[2], "id"), nullptr) << "nothing of who was erased";
  EXPECT_NE(string_or(items[3], "reason"), "") << "the release broke on it";
  EXPECT_EQ(story.page("changed").at("items").as_array().size(), 1u);
  EXPECT_EQ(RemedyRows(*story.parts.context).page(story.incident, "odd", "", 5).error().pointer, "/state");

  // Erased since: the row stays, and says no more than the stream does.
  ASSERT_TRUE(story.stream().erase("shop", 78));
  const Json since = story.page();
  for (const Json& item : since.at("items").as_array()) EXPECT_EQ(string_or(item, "answer"), "erased");
}

TEST(Remedies, takes_what_was_asked_for_alone) {
  Story story;
  story.record(0, 60, "approve", "a", "2");
  story.record(1, 60, "approve", "b", "2");
  story.record(2, 10, "decline", "a", "2");
  story.record(3, 60, "approve", "a", "1");
  story.open_incident();
  const auto found = [&](JsonObject args) {
    args["replace"] = "another question";
    build_remedy(*story.parts.context, story.order(std::move(args)), go_on);
    std::string ids;
    const Json page = story.page();
    for (const Json& item : page.at("items").as_array()) ids += string_or(item, "id");
    return ids;
  };
  EXPECT_EQ(found({{"of", "2"}}), "d0d1d2");
  EXPECT_EQ(found({{"label", "approve"}, {"caller", "a"}}), "d0d3");
  EXPECT_EQ(found({{"scope", "release"}, {"of", "2"}, {"label", "decline"}}), "d2");
  EXPECT_EQ(found({{"scope", "chains"}}), "") << "the incident has none";
  EXPECT_EQ(found({{"from", "2026-03-07T04:00:00Z"}}), "");
}

// Two queries of an attack among others: the lists are of these two, whoever sent them.
TEST(Remedies, are_of_the_attacks_chains_when_asked_for) {
  Story story;
  for (int i = 0; i < 6; ++i) story.record(i, 40 + i, "decline", i == 5 ? "mallory" : "shop");
  story.record(6, 41, "decline", "bank");
  const FeatureSchema schema{{"x"}, {}};
  std::vector<Digest> queries;
  for (const double x : {41.0, 45.0}) queries.push_back(feature_digest(schema, {{x}, {}}));
  story.open_incident("query_chain", {{"callers", JsonArray{"mallory"}}, {"digests", pack_digests(queries)}});
  build_remedy(*story.parts.context, story.order({{"scope", "chains"}}), go_on);
  std::string ids;
  const Json page = story.page();
  for (const Json& item : page.at("items").as_array()) ids += string_or(item, "id");
  EXPECT_EQ(ids, "d1d5d6");

  const std::uint64_t list = story.command("taint.build", {{"incident", story.incident}}, "taint_requested");
  build_taint(*story.parts.context, list, story.key);
  const Json document = *parse_json(string_or(*taint_document(*story.parts.context, story.incident), "document"));
  EXPECT_EQ(string_or(document, "scope"), "chains");
  EXPECT_EQ(document.at("inferences").as_array().size(), 3u);
  EXPECT_EQ(document.at("contributors").at("callers"), (JsonArray{"mallory"}));
}

TEST(Remedies, goes_on_after_a_restart_where_it_was) {
  Story story;
  for (int i = 0; i < 1'300; ++i) story.record(i, i % 100, i % 2 == 0 ? "approve" : "decline");
  story.open_incident();
  const std::uint64_t build = story.order();
  int pauses = 0;
  build_remedy(*story.parts.context, build, [&](std::int64_t) { return ++pauses < 3; });
  const int before = story.model.asked;
  EXPECT_GT(before, 0);
  ASSERT_LT(before, 1'300);
  story.parts.crash();
  build_remedy(*story.parts.context, build, go_on);
  EXPECT_LE(story.model.asked, 1'300 + 500 + 13) << "at most the piece that was under way is asked twice, and rows that break once more";
  EXPECT_EQ(story.list().rows.size(), 1'300u);
  for (const remedy::Row& row : story.list().rows) {
    const auto i = row.record - story.list().rows.front().record;
    const bool declines = i % 100 >= 50, declined = i % 2 == 1;
    EXPECT_EQ(row.answer, i % 100 == 13 ? Answer::kUnanswered : declines == declined ? Answer::kUnchanged : Answer::kChanged) << i;
  }
  EXPECT_EQ(story.parts.entries("remedy_ended").size(), 1u);
}

TEST(Remedies, a_release_that_is_away_ends_the_build_and_the_list_before_it_stands) {
  Story story;
  story.record(0, 60, "approve");
  story.open_incident();
  build_remedy(*story.parts.context, story.order(), go_on);
  const remedy::List before = story.list();
  ASSERT_EQ(before.rows.size(), 1u);
  story.model.server->stop();
  build_remedy(*story.parts.context, story.order(), go_on);
  EXPECT_EQ(story.list(), before);
  EXPECT_NE(string_or(story.parts.entries("remedy_ended").back().body, "error").find("does not answer"), std::string::npos);
}

TEST(Remedies, a_spreadsheet_takes_no_cell_for_a_formula) {
  const std::string csv = remedy_csv({JsonObject{{"record", 7}, {"id", "=1+1"}, {"caller", "@x,\"y\""}, {"given", JsonObject{{"score", -0.5}}}, {"settled", nullptr}}});
  EXPECT_NE(csv.find("\r\n7,'=1+1,,\"'@x,\"\"y\"\"\",,,-0.5,"), std::string::npos) << csv;
}

// ---- taint lists

struct Tainted : Story {
  std::uint64_t list = 0;

  Tainted() {
    record(0, 1, "approve", "mallory");
    record(1, 2, "approve", "mallory");
    EXPECT_TRUE(record::testing::admit(stream(), R"({"type":"label","id":"d0","time":"2026-03-07T03:30:00Z","label":"decline"})" "\n"));
    open_incident();
  }
  void build(JsonObject args = {}) {
    args["incident"] = incident;
    list = command("taint.build", std::move(args), "taint_requested");
    build_taint(*parts.context, list, key);
  }
  std::vector<std::string> findings() {
    std::vector<std::string> out;
    for (const Entry& entry : parts.entries("finding_opened"))
      if (string_or(entry.body, "kind") == "tainted_training_data") out.push_back(string_or(entry.body, "summary"));
    return out;
  }
  void check_all() {
    for (const std::uint64_t trigger : unchecked_training(*parts.context)) check_training(*parts.context, trigger);
  }
};

TEST(Taint, is_signed_and_evidence_and_says_what_was_contributed) {
  Tainted story;
  story.build({{"sources", JsonArray{"feed-7"}}, {"callers", JsonArray{"mallory"}}});
  const Json taint = *taint_document(*story.parts.context, story.incident);
  const std::string text = string_or(taint, "document");
  EXPECT_TRUE(ledger::verify_signature(story.key.verifier(), text, to_base64(story.key.verifier().id + *from_base64(string_or(taint, "signature")))));
  EXPECT_FALSE(ledger::verify_signature(story.key.verifier(), text + " ", to_base64(story.key.verifier().id + *from_base64(string_or(taint, "signature")))));
  const auto list = replay::parse_taint_list(text);
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->ids.size(), 2u);
  EXPECT_EQ(list->digests.size(), 2u);
  const Json document = *parse_json(text);
  EXPECT_EQ(document.at("labels").as_array().size(), 1u);
  const auto why = [&](const char* row) { return std::string(replay::why_tainted(*list, *replay::training_row(list->features, row))); };
  EXPECT_EQ(why(R"({"id":"d1","x":9})"), "id");
  EXPECT_EQ(why(R"({"x":2.0,"label":1})"), "features");
  EXPECT_EQ(why(R"({"features":{"x":1}})"), "features");
  EXPECT_EQ(why(R"({"x":9,"caller":"mallory"})"), "caller");
  EXPECT_EQ(why(R"({"x":9,"source":"feed-7"})"), "source");
  EXPECT_EQ(why(R"({"x":9,"id":"d7"})"), "");
  EXPECT_EQ(why(R"({"other":1})"), "") << "a row without the features has no digest";

  secure_taint(*story.parts.context, story.list);
  story.parts.crash();
  secure_taint(*story.parts.context, story.list);
  ASSERT_EQ(story.parts.entries("evidence_captured").size(), 1u) << "evidence once, whatever is repeated";
  EXPECT_EQ(string_or(story.parts.entries("evidence_captured")[0].body, "digest"), string_or(taint, "digest"));
}

TEST(Taint, a_release_trained_on_it_raises_a_finding_whichever_came_first) {
  Tainted story;
  story.release("3", story.blob("x,label,source\n2,0,feed\n5,1,feed\n"));
  story.release("old", story.blob("x,label\n2,0\n"), {}, "2026-01-01T00:00:00Z");
  story.build();
  story.check_all();
  ASSERT_EQ(story.findings().size(), 1u) << "data from before the incident may hold the honest query that the attack began with";
  EXPECT_NE(story.findings()[0].find("release 3 of api: 1 training rows are on tnt-"), std::string::npos) << story.findings()[0];
  story.release("4", story.blob("id,x,label\nd1,5,1\nd9,6,1\n"));
  story.release("5", story.blob("x,label\n7,1\n"));
  story.check_all();
  ASSERT_EQ(story.findings().size(), 2u);
  EXPECT_NE(story.findings()[1].find("release 4 of api: 1 training rows"), std::string::npos);
  EXPECT_NE(story.findings()[1].find("1 by id"), std::string::npos);
  story.parts.crash();
  story.check_all();
  EXPECT_EQ(story.findings().size(), 2u) << "a restart says nothing twice";
}

TEST(Holdout, that_a_trainer_has_read_raises_one_finding_and_fails_gate_g2) {
  Story story;
  const std::string none = story.blob("x,label\n");
  story.input("release_registered", {{"endpoint", "api"}, {"release", "3"}, {"upstream", story.model.server->url()}, {"model", JsonObject{{"name", "m"}, {"version", "3"}, {"digest", "aa"}}}, {"manifest", story.blob("{}")},
                                     {"dataset", none}, {"holdout", none}, {"profile", ""}, {"training_cut", "2026-06-01T00:00:00Z"}, {"sources", JsonArray{}}, {"trained_by", "sa:trainer"}, {"by", "user:ana"}});
  const auto judged = [&] {
    const Entry asked = story.input("gate_requested", {{"endpoint", "api"}, {"candidate", "3"}, {"control", "1"}, {"gates", JsonArray{"G2"}}});
    run_gates(*story.parts.context, asked);
    return canonical_json(story.parts.entries("gate_result").back().body.at("detail"));
  };
  EXPECT_EQ(judged().find("no secret any more"), std::string::npos);
  const Entry read = story.input("data_read", {{"digest", none}, {"reader", "sa:trainer"}, {"at", "2026-03-07T03:00:00Z"}, {"by", "user:ana"}});
  story.input("holdout_breached", {{"endpoint", "api"}, {"digest", none}, {"reader", "sa:trainer"}, {"at", "2026-03-07T03:00:00Z"}, {"read", read.index}, {"why", "sa:trainer trained 3 and read the holdout"}});
  for (int i = 0; i < 2; ++i) tell_untold_breaches(*story.parts.context);
  story.parts.crash();
  tell_untold_breaches(*story.parts.context);
  std::size_t told = 0;
  for (const Entry& entry : story.parts.entries("finding_opened"))
    if (string_or(entry.body, "kind") == "holdout_breached") {
      ++told;
      EXPECT_NE(string_or(entry.body, "summary").find("sa:trainer trained 3 and read the holdout"), std::string::npos) << string_or(entry.body, "summary");
    }
  EXPECT_EQ(told, 1u) << "a restart says nothing twice";
  EXPECT_NE(judged().find("no secret any more: sa:trainer"), std::string::npos);
}

TEST(Taint, gate_g1_fails_and_names_it) {
  Tainted story;
  story.build({{"sources", JsonArray{"feed-7"}}});
  const auto judged = [&](const std::string& name) {
    const Entry asked = story.input("gate_requested", {{"endpoint", "api"}, {"candidate", name}, {"control", "1"}, {"gates", JsonArray{"G1"}}});
    run_gates(*story.parts.context, asked);
    return story.parts.entries("gate_result").back().body;
  };
  story.input("source_approved", {{"source", "feed-7"}, {"reason", "r"}, {"by", "user:ben"}});
  const std::string rows = story.blob("x,label\n7,1\n8,1\n");
  story.release("clean", rows, {JsonObject{{"name", "feed-7b"}, {"rows", 2}}});
  story.release("tainted", rows, {JsonObject{{"name", "feed-7"}, {"rows", 2}}});
  const Json refused = judged("tainted");
  EXPECT_FALSE(bool_or(refused, "passed"));
  EXPECT_NE(string_or(refused.at("detail"), "text").find("2 training rows are on tnt-"), std::string::npos) << canonical_json(refused);
  EXPECT_EQ(refused.at("detail").at("tainted").as_array().size(), 1u);
  EXPECT_EQ(find(judged("clean").at("detail"), "tainted"), nullptr);
}

}  // namespace
}  // namespace firebreak::app
