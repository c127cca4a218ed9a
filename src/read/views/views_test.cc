#include "read/views/views.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/digest.h"
#include "read/views/sqlite.h"

namespace firebreak::views {
namespace {

Json json(std::string_view text) {
  Result<Json> value = parse_json(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : Json(nullptr);
}

// A journal in memory: entries get the next index and a minute more.
struct Story {
  std::vector<Entry> entries;

  std::string add(std::string_view prefix, std::string_view kind, std::string_view body,
                  std::string_view actor = "firebreak") {
    Entry entry;
    entry.index = entries.size();
    entry.kind = kind;
    entry.time = *parse_time("2026-03-07T03:00:00Z") + static_cast<std::int64_t>(entry.index) * kMinute;
    entry.actor = actor;
    entry.body = json(body);
    entries.push_back(entry);
    return entry.id(prefix);
  }
};

// Attack to closure, with every id where the entry before it put it.
Story whole_story() {
  Story s;
  s.add("", "server_started", R"({"version":"0.1.0"})");
  s.add(
      "find", "finding_opened",
      R"({"episode":"query_chain/e1","kind":"query_chain","severity":"high","endpoint":"fraud-api","stream":"fraud-api","first":100,"last":180,"first_time":"2026-03-07T03:27:37Z","last_time":"2026-03-07T03:40:00Z","count":40,"summary":"40 look-alike queries by 3 callers","numbers":{"limit":20},"callers":["a","b","c"]})");
  s.add(
      "inc", "incident_opened",
      R"({"endpoint":"fraud-api","stream":"fraud-api","title":"Query attack on fraud-api","severity":"SEV-2","rule":"outlier spike with a query chain","findings":["find-1"],"first_time":"2026-03-07T03:27:37Z","last_time":"2026-03-07T03:40:00Z"})");
  s.add(
      "req", "evidence_requested",
      R"({"incident":"inc-2","endpoint":"fraud-api","stream":"fraud-api","items":["model"],"first":100,"last":180})");
  s.add(
      "ev", "evidence_captured",
      R"({"request":"req-3","incident":"inc-2","item":"model","digest":"9e5d","octets":1024,"media_type":"application/json","name":"model_1.0.0.json","origin":"release 1.0.0"})");
  s.add("req", "forecast_requested", R"({"incident":"inc-2","endpoint":"fraud-api","days":3})");
  s.add(
      "", "options_offered",
      R"({"request":"req-5","incident":"inc-2","endpoint":"fraud-api","method":"replay","options":[{"name":"chain_quarantine","title":"Quarantine the chain"}]})");
  s.add(
      "act", "action_proposed",
      R"({"incident":"inc-2","endpoint":"fraud-api","class":"bounded","measure":{"kind":"fallback"},"digest":"aabbccddeeff00112233","lease_us":1209600000000,"requested_by":"user:ana","approvals":1,"expires":"2026-03-07T05:00:00Z","undo":"the measure is removed"})",
      "user:ana");
  return s;
}

TEST(Views, one_incident_shows_its_timeline_evidence_and_actions) {
  auto views = *Views::open(":memory:");
  const Story story = whole_story();
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  const Result<Json> incident = views->incident("inc-2");
  ASSERT_TRUE(incident);
  EXPECT_EQ(string_or(*incident, "phase"), "detection_analysis");
  EXPECT_EQ(string_or(*find_pointer(*incident, "/evidence/0"), "id"), "ev-4");
  EXPECT_EQ(string_or(*find_pointer(*incident, "/actions/0"), "state"), "proposed");
  EXPECT_EQ(string_or(*find_pointer(*incident, "/findings/0"), "incident"), "inc-2");
  EXPECT_EQ(int_or(*find_pointer(*incident, "/timeline/0"), "index"), 1)
      << "the finding comes first, at its own index";
  EXPECT_EQ(string_or(*find_pointer(*incident, "/timeline/1"), "kind"), "incident_opened");
  EXPECT_EQ(views->incident("inc-9").error().code, Code::kNotFound);
}

TEST(Views, status_says_what_needs_a_person_and_how) {
  auto views = *Views::open(":memory:");
  Story story = whole_story();
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  const Json before = *views->status();
  std::string commands;
  for (const Json& need : find(before, "needs_person")->as_array())
    commands += string_or(need, "command") + "\n";
  EXPECT_NE(commands.find("firebreak incident ack inc-2"), std::string::npos);
  EXPECT_NE(commands.find("firebreak action approve act-7 --digest aabbccddeeff00112233"), std::string::npos);
  EXPECT_EQ(string_or(*find_pointer(before, "/due/0"), "time"), "2026-03-07T05:00:00Z");

  story.add("", "incident_acknowledged", R"({"incident":"inc-2","by":"user:ana"})");
  story.add("", "action_approved", R"({"action":"act-7","by":"user:ben","digest":"aabbccddeeff00112233"})",
            "user:ben");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  EXPECT_TRUE(find(*views->status(), "needs_person")->as_array().empty());
}

TEST(Views, an_action_goes_from_approval_to_force_to_its_end) {
  auto views = *Views::open(":memory:");
  Story story = whole_story();
  story.add("", "action_approved", R"({"action":"act-7","by":"user:ben","digest":"aabb"})");
  story.add("ord", "order",
            R"({"action":"act-7","endpoint":"fraud-api","connector":"gateway","verb":"apply","fence":9})");
  story.add("", "order_started", R"({"order":"ord-9","attempt":1})");
  story.add("", "order_outcome",
            R"({"order":"ord-9","attempt":1,"result":"done","policy_digest":"ff00","detail":"fence 9"})");
  story.add("", "action_in_force", R"({"action":"act-7"})");
  story.add(
      "", "effect_check",
      R"({"action":"act-7","works":{"not_served":40,"of":41},"harm":{"changed":2,"failed":0,"of":900},"verdict":"green","reason":""})");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  Json action = *views->action("act-7");
  EXPECT_EQ(string_or(action, "state"), "in_force");
  EXPECT_EQ(string_or(action, "until"), "2026-03-21T03:12:00Z")
      << "a lease of 14 days from the moment it is in force";
  EXPECT_EQ(string_or(*find_pointer(action, "/ordered"), "order"), "ord-9");
  EXPECT_EQ(string_or(*find_pointer(action, "/orders/0/outcome"), "result"), "done");
  EXPECT_EQ(int_or(*find_pointer(action, "/checks"), "green"), 1);

  story.add("", "action_lifted", R"({"action":"act-7","by":"user:ana","reason":"the chain is gone"})");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  action = *views->action("act-7");
  EXPECT_EQ(string_or(action, "state"), "lifted");
  EXPECT_EQ(string_or(*find_pointer(action, "/lifted"), "by"), "ana");
}

TEST(Views, windows_without_traffic_do_not_part_two_green_checks) {
  auto views = *Views::open(":memory:");
  Story story = whole_story();
  for (const char* verdict : {"waiting", "green", "waiting", "green", "red", "waiting", "red", "green"})
    story.add("", "effect_check",
              std::string(R"({"action":"act-7","reason":"as counted","verdict":")") + verdict + R"("})");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  const Json incident = *views->incident("inc-2");
  std::string told;
  for (const Json& line : find(incident, "timeline")->as_array())
    if (string_or(line, "kind") == "effect_check") told += string_or(line, "text") + "\n";
  EXPECT_EQ(told,
            "Effect check of act-7 is green: as counted\nEffect check of act-7 is red: as counted\n"
            "Effect check of act-7 is green: as counted\n");
}

TEST(Views, an_aborted_promotion_is_not_in_force_and_asks_for_a_person) {
  auto views = *Views::open(":memory:");
  Story story = whole_story();
  story.add("", "incident_acknowledged", R"({"incident":"inc-2","by":"user:ana"})");
  story.add("", "action_rejected", R"({"action":"act-7","by":"user:ben","reason":"no"})");
  story.add("", "release_registered",
            R"({"endpoint":"fraud-api","release":"1.2.0","incident":"inc-2","by":"user:ana"})");
  const std::string action = story.add(
      "act", "action_proposed",
      R"({"incident":"inc-2","endpoint":"fraud-api","class":"promotion","measure":{"kind":"weights","weights":{"1.2.0":100}},"digest":"aabb","lease_us":0,"requested_by":"user:ana","approvals":1,"ladder":["shadow","5"]})");
  story.add("", "action_in_force", R"({"action":")" + action + R"("})");
  story.add("", "ladder_ended",
            R"({"outcome":"aborted","reason":"step 5 red","by":"firebreak","action":")" + action + R"("})");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  EXPECT_EQ(string_or(*views->action(action), "state"), "lifted");
  const Json status = *views->status();
  EXPECT_TRUE(find(status, "in_force")->as_array().empty());
  ASSERT_EQ(find(status, "needs_person")->as_array().size(), 1U);
  EXPECT_EQ(
      string_or(*find_pointer(status, "/needs_person/0"), "what"),
      "the promotion of 1.2.0 was aborted (step 5 red): promote it again or register another candidate");
}

TEST(Views, a_promoted_release_leaves_no_action_in_force) {
  auto views = *Views::open(":memory:");
  Story story = whole_story();
  story.add("", "action_in_force", R"({"action":"act-7"})");
  story.add("", "ladder_ended", R"({"action":"act-7","outcome":"promoted","reason":"no red check"})");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  const Json action = *views->action("act-7");
  EXPECT_EQ(string_or(action, "state"), "promoted");
  EXPECT_TRUE(find(action, "lifted")->is_null());
}

TEST(Views, an_open_task_names_the_command_that_finishes_it) {
  auto views = *Views::open(":memory:");
  Story story = whole_story();
  const std::string task =
      story.add("task", "incident_task_opened",
                R"({"incident":"inc-2","text":"Tell the owner.","owner":"communications"})");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  const Json status = *views->status();
  std::string commands;
  for (const Json& need : find(status, "needs_person")->as_array())
    commands += string_or(need, "command") + "\n";
  EXPECT_NE(commands.find("firebreak incident task-done inc-2 " + task + " --result TEXT"), std::string::npos)
      << commands;
}

TEST(Views, a_refused_command_stands_in_the_timeline_of_the_incident_it_named) {
  auto views = *Views::open(":memory:");
  Story story = whole_story();
  story.add("", "command", R"({"name":"action.approve","args":{"action":"act-7","digest":"aabb"}})",
            "user:ana");
  story.add("", "command_refused",
            R"({"name":"action.approve","code":"forbidden","reason":"who asked may not approve"})");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  const Json incident = *views->incident("inc-2");
  EXPECT_EQ(string_or(find(incident, "timeline")->as_array().back(), "text"),
            "Refused (forbidden): action.approve by ana: who asked may not approve");
}

TEST(Views, entries_already_applied_change_nothing_and_a_gap_is_refused) {
  auto views = *Views::open(":memory:");
  const Story story = whole_story();
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  const std::string once = canonical_json(*views->incident("inc-2"));
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  EXPECT_EQ(canonical_json(*views->incident("inc-2")), once);

  Entry later;
  later.index = story.entries.size() + 3;
  later.kind = "tick";
  EXPECT_EQ(views->apply(std::span<const Entry>(&later, 1)).error().code, Code::kConflict);
  EXPECT_EQ(views->next_index(), story.entries.size());
  EXPECT_FALSE(views->healthy());
}

TEST(Views, lists_come_newest_first_in_pages) {
  auto views = *Views::open(":memory:");
  Story story;
  for (int i = 0; i < 5; ++i)
    story.add(
        "find", "finding_opened",
        R"({"episode":"e)" + std::to_string(i) +
            R"(","kind":"outlier_burst","severity":"medium","endpoint":"e","stream":"e","summary":"s"})");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  const Json first = *views->findings({.cursor = "", .limit = 2});
  EXPECT_EQ(string_or(*find_pointer(first, "/items/0"), "id"), "find-4");
  const Json second = *views->findings({.cursor = string_or(first, "next"), .limit = 2});
  EXPECT_EQ(string_or(*find_pointer(second, "/items/0"), "id"), "find-2");
  const Json third = *views->findings({.cursor = string_or(second, "next"), .limit = 2});
  EXPECT_EQ(find(third, "items")->as_array().size(), 1U);
  EXPECT_TRUE(find(third, "next")->is_null());
  EXPECT_EQ(views->findings({.cursor = "nonsense"}).error().code, Code::kInvalid);
  EXPECT_EQ(views->findings({.cursor = "", .limit = 501}).error().code, Code::kInvalid);
}

TEST(Views, gate_results_make_the_robustness_table) {
  auto views = *Views::open(":memory:");
  Story story = whole_story();
  const std::string request = story.add(
      "req", "gate_requested",
      R"({"endpoint":"fraud-api","candidate":"1.2.0","control":"1.0.0","incident":"inc-2","gates":["G3a"]})");
  story.add(
      "", "gate_result",
      R"({"request":")" + request +
          R"(","endpoint":"fraud-api","candidate":"1.2.0","gate":"G3a","figure":0.35,"limit":0.5,"passed":true,"detail":{"still_approved":35,"approved_by_control":100,"attacks":[{"attack":"find-1","still_approved":5,"approved_by_control":50}]}})");
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  const Json table = *views->robustness();
  EXPECT_EQ(string_or(*find_pointer(table, "/rows/0"), "release"), "1.0.0") << "the control is the reference";
  EXPECT_EQ(number_or(*find_pointer(table, "/rows/0"), "share"), 1);
  EXPECT_EQ(number_or(*find_pointer(table, "/rows/1"), "share"), 0.35);
  EXPECT_EQ(number_or(*find_pointer(table, "/rows/2"), "share"), 0.1);
  EXPECT_EQ(string_or(*find_pointer(*views->incident("inc-2"), "/gates/0"), "gate"), "G3a");
}

TEST(Views, waiting_for_an_index_ends_when_it_is_applied) {
  auto views = *Views::open(":memory:");
  const Story story = whole_story();
  EXPECT_FALSE(views->wait_for_index(0, 0));
  std::thread writer([&] { ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries))); });
  EXPECT_TRUE(views->wait_for_index(story.entries.size() - 1, 60 * kSecond));
  writer.join();
}

class ViewsFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "firebreak-views-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
    path_ = name + "/views.db";
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string dir_, path_;
};

TEST_F(ViewsFile, what_was_applied_is_there_again_after_a_restart) {
  const Story story = whole_story();
  std::string before;
  {
    auto views = *Views::open(path_);
    ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
    before = canonical_json(*views->incident("inc-2"));
  }
  auto views = *Views::open(path_);
  EXPECT_EQ(views->next_index(), story.entries.size());
  EXPECT_EQ(canonical_json(*views->incident("inc-2")), before);
}

TEST_F(ViewsFile, a_damaged_file_is_thrown_away_and_rebuilt) {
  const Story story = whole_story();
  {
    auto views = *Views::open(path_);
    ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  }
  std::filesystem::remove(path_ + "-wal");
  std::ofstream(path_, std::ios::trunc)
      << "this is not a database, and it is longer than a header of one would be. ......";
  auto views = Views::open(path_);
  ASSERT_TRUE(views) << views.error().message;
  EXPECT_EQ((*views)->next_index(), 0U);
  ASSERT_TRUE((*views)->apply(std::span<const Entry>(story.entries)));
  EXPECT_TRUE((*views)->incident("inc-2"));
}

// Documents are held until a transaction's end: however many entries it has, the rows are the same.
TEST(Views, pieces_of_any_size_give_the_same_views) {
  const Story story = whole_story();
  const auto shown = [&](std::size_t piece) {
    auto views = *Views::open(":memory:");
    for (std::size_t at = 0; at < story.entries.size(); at += piece)
      EXPECT_TRUE(views->apply(std::span<const Entry>(story.entries).subspan(at, std::min(piece, story.entries.size() - at))));
    std::string all = canonical_json(*views->status());
    for (const auto& list : {views->incidents({}), views->findings({}), views->actions({}), views->evidence({}), views->gates({}), views->models({}), views->changes({}), views->endpoints({})}) all += canonical_json(*list);
    return all + canonical_json(*views->incident("inc-2"));
  };
  const std::string one_by_one = shown(1);
  for (const std::size_t piece : {2U, 3U, 7U, 1'000U}) EXPECT_EQ(shown(piece), one_by_one) << piece;
}

TEST(Views, a_piece_that_is_refused_leaves_nothing_behind) {
  const Story story = whole_story();
  auto views = *Views::open(":memory:");
  std::vector<Entry> gap(story.entries.begin(), story.entries.begin() + 3);
  gap.back().index += 5;
  ASSERT_FALSE(views->apply(std::span<const Entry>(gap)));
  EXPECT_EQ(views->next_index(), 0U);
  EXPECT_FALSE(views->incident("inc-2"));
  ASSERT_TRUE(views->apply(std::span<const Entry>(story.entries)));
  EXPECT_TRUE(views->incident("inc-2"));
}

class ViewsAfterTheEnd : public ViewsFile {
 protected:
  void build() {
    auto views = *Views::open(path_);
    ASSERT_TRUE(views->apply(std::span<const Entry>(story_.entries)));
  }
  std::int64_t since() {
    Database file = *Database::open(path_);
    Statement ask = *Statement::prepare(file, "SELECT value FROM meta WHERE key = 'open_since'");
    EXPECT_TRUE(*ask.step());
    const std::int64_t value = ask.integer(0);
    ask.reset();
    return value;
  }
  void say_open_since(std::int64_t value) {
    Database file = *Database::open(path_);
    ASSERT_TRUE(file.run("UPDATE meta SET value = " + std::to_string(value) + " WHERE key = 'open_since'"));
  }
  // The pages that hold documents; those with the tables' names and "meta" stay.
  void spoil() {
    ASSERT_FALSE(std::filesystem::exists(path_ + "-wal"));
    std::ifstream before(path_, std::ios::binary);
    std::string octets{std::istreambuf_iterator<char>(before), {}};
    for (std::size_t at = 4'096; at < octets.size(); at += 4'096)
      if (octets.substr(at, 4'096).find(R"("opened":)") != std::string::npos) octets.replace(at, 4'096, std::string(4'096, 'x'));
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << octets;
  }
  const Story story_ = whole_story();
};

TEST_F(ViewsAfterTheEnd, a_closed_file_is_not_read_whole_again) {
  build();
  EXPECT_EQ(since(), 0) << "closed, and all on the disk";
  const auto views = *Views::open(path_);
  EXPECT_GT(since(), 1) << "open since this start of the machine";
  EXPECT_EQ(views->next_index(), story_.entries.size());
}

TEST_F(ViewsAfterTheEnd, a_file_that_was_open_when_the_machine_went_down_is_read_whole_and_made_anew_when_it_is_not_sound) {
  build();
  say_open_since(77);  // another start of the machine
  EXPECT_EQ((*Views::open(path_))->next_index(), story_.entries.size()) << "it is sound";
  say_open_since(77);
  spoil();
  EXPECT_EQ((*Views::open(path_))->next_index(), 0U);
}

TEST_F(ViewsAfterTheEnd, damage_that_is_met_while_reading_has_the_file_made_anew_at_the_next_start) {
  build();
  spoil();
  {
    const auto views = Views::open(path_);
    if (views) {
      const auto read = (*views)->incident("inc-2");
      ASSERT_FALSE(read);
      EXPECT_NE(read.error().message.find("made anew"), std::string::npos) << read.error().message;
    }
  }
  EXPECT_EQ((*Views::open(path_))->next_index(), 0U);
}

}  // namespace
}  // namespace firebreak::views
