// Questions to the archive of a running server: SELECTs and impact, the statement that a stranger checks, and what an erasure
// leaves of it. Without the DuckDB library (scripts/duckdb.sh) there is nothing to ask, and these are skipped.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "read/archive/child.h"
#include "read/archive/impact.h"
#include "read/archive/manifest.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Installation;
using testing::Process;

struct Desk : Installation {
  Desk() {
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(put("/api/v1/streams/shop", *parse_json(R"({"kinds":["inference","label"],"fields":{"mail":{"keep":"encrypt"},"/note":{"keep":"encrypt"}}})")));
  }

  // `count` inferences of which every third is a decline; ids go on from batch to batch.
  void record(int count, const std::string& release) {
    std::string lines;
    for (int i = 0; i < count; ++i, ++next_)
      lines += R"({"id":"r)" + std::to_string(next_) + R"(","time":"2026-11-20T10:00:00Z","caller":"c)" + std::to_string(next_ % 3) +
               R"(","release":")" + release + R"(","model":{"name":"m","version":")" + release + R"("},"features":{"x":)" +
               std::to_string(next_) + R"(.5,"mail":"m@example.org"},"output":{"label":")" + (next_ % 3 == 0 ? "decline" : "approve") +
               "\"},\"disposition\":\"served\"}\n";
    EXPECT_TRUE(post("/api/v1/streams/shop/records", lines, "application/x-ndjson", "admin"));
  }
  Result<Json> ask(const std::string& what, const JsonObject& body) {
    return post("/api/v1/archive/" + what, canonical_json(body), "application/json", "admin");
  }
  std::string value(const std::string& sql) {
    const auto answer = ask("query", {{"sql", sql}, {"stream", "shop"}});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? canonical_json(answer->at("rows")) : "";
  }
  std::string folder_of_archive() const { return data() + "/archive/shop"; }
  int verify(const std::string& statement, const std::string& archive) {
    return Process({FIREBREAK_BINARY, "evidence", "verify", statement, "--archive", archive, "--key", key("shop"), "--key", key("journal")},
                   folder() / "verify.err")
        .wait();
  }
  std::string key(const std::string& log) const {
    std::ifstream in(data() + "/logs/" + log + "/vkey");
    std::string line;
    std::getline(in, line);
    return line;
  }

 private:
  int next_ = 0;
};

class Archive : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto library = archive::find_library(); !library) GTEST_SKIP() << library.error().message;
  }
};

TEST_F(Archive, answers_any_select_over_the_newest_records_and_nothing_else) {
  Desk desk;
  desk.record(300, "1.0");
  EXPECT_EQ(desk.value(R"(SELECT count(*), min("features.x"), max("features.x") FROM inference)"), R"([["300","0.5","299.5"]])");
  desk.record(30, "1.1");
  EXPECT_EQ(desk.value(R"(SELECT release, count(*) FROM inference GROUP BY 1 ORDER BY 1)"), R"([["1.0","300"],["1.1","30"]])");
  EXPECT_EQ(desk.value(R"(SELECT count(*) FROM "shop".inference WHERE "output.label" = 'decline')"), R"([["110"]])");
  EXPECT_EQ(desk.value("SELECT count(*) FROM (DESCRIBE inference) WHERE column_name LIKE '%mail%'"), R"([["0"]])") << "encrypted: not derived";
  for (const char* sql : {"DROP VIEW inference", "SELECT 1; SELECT 2", "SELECT * FROM read_text('/etc/hostname')", "SET threads = 8",
                          "COPY (SELECT 1) TO 'x.csv'", "ATTACH 'x.db'", "INSTALL httpfs", "SELECT * FROM nothing", ""}) {
    const auto refused = desk.ask("query", {{"sql", sql}, {"stream", "shop"}});
    ASSERT_FALSE(refused) << sql;
    EXPECT_EQ(refused.error().code, Code::kInvalid) << sql << ": " << refused.error().message;
  }
  EXPECT_EQ(desk.ask("query", {{"sql", "SELECT 1"}, {"stream", "nowhere"}}).error().code, Code::kNotFound);
  EXPECT_EQ(desk.ask("query", {{"sql", "SELECT 1"}, {"limit", 0}}).error().code, Code::kInvalid);
  const auto few = desk.ask("query", {{"sql", "SELECT * FROM inference"}, {"stream", "shop"}, {"limit", 7}});
  ASSERT_TRUE(few);
  EXPECT_EQ(few->at("rows").as_array().size(), 7U);
  EXPECT_EQ(int_or(*few, "count", 0), 330);
}

TEST_F(Archive, counts_the_same_from_cubes_and_from_every_row) {
  Desk desk;
  desk.record(200, "1.0");
  desk.record(100, "1.1");
  const auto answer = desk.ask("impact", {{"stream", "shop"}, {"release", "1.1"}, {"caller", "c1"}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(int_or(*answer, "count", 0), 33);
  EXPECT_EQ(desk.value("SELECT count(*) FROM inference WHERE release = '1.1' AND caller = 'c1'"), R"([["33"]])");
  PosixFiles files;
  const auto manifests = archive::load_manifests(files, desk.folder_of_archive());
  ASSERT_TRUE(manifests) << manifests.error().message;
  archive::Engine engine;
  engine.program = FIREBREAK_BINARY;
  archive::Question all{"shop", "", "", {}, {}};
  archive::Question window = all;
  window.from = Time{manifests->front().first_us + 1};
  for (const archive::Question& question : {all, window}) {
    const auto fast = archive::impact(files, desk.folder_of_archive(), *manifests, question, engine);
    const auto slow = archive::impact_by_scan(desk.folder_of_archive(), *manifests, question, engine);
    ASSERT_TRUE(fast && slow);
    EXPECT_EQ(canonical_json(archive::to_json(question, *fast)), canonical_json(archive::to_json(question, *slow)));
    EXPECT_EQ(fast->from_cubes, question.from ? 0U : 1U);
  }
}

TEST_F(Archive, gives_every_value_as_text_whatever_its_type) {
  Desk desk;
  desk.record(3, "1.0");
  EXPECT_EQ(desk.value("SELECT [1,2], {'a':1}, NULL, 1.5, true, count(*), length(uuid()::VARCHAR), 'a' || chr(0) || 'b' FROM inference"),
            R"([["[1, 2]","{'a': 1}",null,"1.5","true","3","36","a\u0000b"]])");
  EXPECT_EQ(desk.value("SELECT TIMESTAMP_S '2026-01-02 03:04:05', 'x'::ENUM('x','y') -- and a comment"), R"([["2026-01-02 03:04:05","x"]])");
  EXPECT_EQ(desk.value("SELECT i FROM range(5000) t(i) ORDER BY i DESC LIMIT 2"), R"([["4999"],["4998"]])");
  const auto names = desk.ask("query", {{"sql", R"(SELECT 1 AS "one; two", 2 AS Two)"}});
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_EQ(canonical_json(names->at("columns")), R"(["one; two","Two"])");
}

TEST_F(Archive, ends_a_question_that_takes_the_machines_memory_or_an_answer_without_end) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "under a sanitizer there is no limit of the address space";
#endif
  Desk desk;
  desk.record(3, "1.0");
  for (const char* sql : {"SELECT length(range(3000000000))", "SELECT repeat('x', 60000000) FROM range(3)"}) {
    const auto refused = desk.ask("query", {{"sql", sql}});
    EXPECT_FALSE(refused) << sql;
  }
  EXPECT_EQ(desk.value("SELECT count(*) FROM inference"), R"([["3"]])");
}

// What stays out of derived files stays out wherever it stands in a record, also when it is declared later.
TEST_F(Archive, holds_nothing_that_is_kept_encrypted) {
  Desk desk;
  const auto send = [&](const std::string& line) { return desk.post("/api/v1/streams/shop/records", line + "\n", "application/x-ndjson", "admin"); };
  ASSERT_TRUE(send(R"({"id":"1","time":"2026-11-20T10:00:00Z","note":"hush-1","later":"hush-later","features":{"x":1,"mail":{"nested":"hush-2"}}})"));
  ASSERT_TRUE(send(R"({"id":"2","time":"2026-11-20T10:00:00Z","note":["hush-3"],"other":"seen","features":{"x":1,"mail":["hush-4"]}})"));
  const auto extra = [&] { return desk.value(R"(SELECT extra FROM inference ORDER BY "index")"); };
  EXPECT_EQ(extra(), R"([["{\"later\":\"hush-later\"}"],["{\"other\":\"seen\"}"]])");
  ASSERT_TRUE(desk.put("/api/v1/streams/shop",
                       *parse_json(R"({"kinds":["inference","label"],"fields":{"mail":{"keep":"encrypt"},"/note":{"keep":"encrypt"},"/later":{"keep":"encrypt"}}})")));
  EXPECT_EQ(extra(), R"([[null],["{\"other\":\"seen\"}"]])");
}

TEST_F(Archive, makes_anew_what_was_taken_away_and_notices_an_altered_cube) {
  Desk desk;
  desk.record(30, "1.0");
  EXPECT_EQ(desk.value("SELECT count(*) FROM inference"), R"([["30"]])");
  PosixFiles files;
  const auto first = archive::load_manifests(files, desk.folder_of_archive());
  ASSERT_TRUE(first && first->size() == 1);
  std::filesystem::remove(desk.folder_of_archive() + "/" + first->front().tables.front().file.name);
  EXPECT_EQ(desk.value("SELECT count(*) FROM inference"), R"([["30"]])");
  const auto second = archive::load_manifests(files, desk.folder_of_archive());
  ASSERT_TRUE(second && second->front().generation == 2);
  const std::string cube = desk.folder_of_archive() + "/" + second->front().cube.name;
  Bytes altered = *read_all(files, cube);
  altered.back() = static_cast<char>(altered.back() ^ 1);
  Installation::write(cube, altered);
  EXPECT_EQ(desk.ask("impact", {{"stream", "shop"}}).error().code, Code::kCorrupt);
}

TEST_F(Archive, does_not_count_callers_that_it_may_not_name) {
  Desk desk;
  ASSERT_TRUE(desk.put("/api/v1/streams/quiet", *parse_json(R"({"kinds":["inference"],"fields":{"caller":{"keep":"encrypt"}}})")));
  ASSERT_TRUE(desk.post("/api/v1/streams/quiet/records", R"({"id":"1","time":"2026-11-20T10:00:00Z","caller":"c1","features":{"x":1}})",
                        "application/x-ndjson", "admin"));
  const auto all = desk.ask("impact", {{"stream", "quiet"}});
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(int_or(*all, "count", 0), 1);
  const auto one = desk.ask("impact", {{"stream", "quiet"}, {"caller", "c1"}});
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().code, Code::kInvalid);
}

TEST_F(Archive, states_what_is_complete_and_a_stranger_finds_what_was_taken_away) {
  Desk desk;
  desk.record(90, "1.0");
  const auto statement = desk.ask("impact", {{"stream", "shop"}, {"release", "1.0"}, {"prove", true}});
  ASSERT_TRUE(statement) << statement.error().message;
  const std::string file = desk.folder() / "statement.json", copy = desk.folder() / "copy";
  const auto write = [&](const Json& document) { Installation::write(file, pretty_json(document)); };
  write(*statement);
  std::filesystem::copy(desk.folder_of_archive(), copy);
  EXPECT_EQ(desk.verify(file, copy), 0);

  Json fewer = *statement;
  fewer.as_object()["answer"].as_object()["count"] = 89;
  write(fewer);
  EXPECT_NE(desk.verify(file, copy), 0) << "another count";
  Json cut = *statement;
  cut.as_object()["segments"] = JsonArray{};
  write(cut);
  EXPECT_NE(desk.verify(file, copy), 0) << "a segment left out";
  for (const char* edge : {"first", "end"}) {
    Json elsewhere = *statement;
    elsewhere.as_object()["segments"].as_array()[0].as_object()[edge] = 7;
    write(elsewhere);
    EXPECT_NE(desk.verify(file, copy), 0) << "another range than the part's: " << edge;
  }
  Json shorter = *statement;
  shorter.as_object()["tail"].as_object()["end"] = 1;
  write(shorter);
  EXPECT_NE(desk.verify(file, copy), 0) << "a tail cut off";
  write(*statement);
  for (const auto& part : std::filesystem::directory_iterator(copy)) {
    const std::string name = part.path().string();
    PosixFiles files;
    const Bytes whole = *read_all(files, name);
    Bytes altered = whole;
    altered[altered.size() / 2] = static_cast<char>(altered[altered.size() / 2] ^ 1);
    Installation::write(name, altered);
    EXPECT_NE(desk.verify(file, copy), 0) << name << " was altered";
    std::filesystem::remove(name);
    EXPECT_NE(desk.verify(file, copy), 0) << name << " was taken away";
    Installation::write(name, whole);
  }
  EXPECT_EQ(desk.verify(file, copy), 0);
}

TEST_F(Archive, of_a_tail_that_is_asked_again_is_made_of_what_came_since_and_its_statement_leaves_nothing_out) {
  Desk desk;
  desk.record(300, "1.0");
  EXPECT_EQ(desk.value("SELECT count(*) FROM inference"), R"([["300"]])");
  desk.record(40, "1.0");
  EXPECT_EQ(desk.value("SELECT count(*) FROM inference"), R"([["340"]])");
  desk.record(10, "1.1");
  const auto statement = desk.ask("impact", {{"stream", "shop"}, {"prove", true}});
  ASSERT_TRUE(statement) << statement.error().message;
  EXPECT_EQ(int_or(statement->at("answer"), "count", 0), 350);
  PosixFiles files;
  const auto parts = archive::load_manifests(files, desk.folder_of_archive());
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 3U);
  EXPECT_EQ(parts->front().generation, 1U) << "the first is as it was made";
  EXPECT_EQ(parts->back().end - parts->back().first, 10U + 1) << "the newest holds what came since, with the word of a new release";
  const std::string file = desk.folder() / "statement.json";
  Installation::write(file, pretty_json(*statement));
  EXPECT_EQ(desk.verify(file, desk.folder_of_archive()), 0);
  for (std::size_t gone = 0; gone < 3; ++gone) {
    Json fewer = *statement;
    JsonArray& segments = fewer.as_object()["segments"].as_array();
    segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(gone));
    Installation::write(file, pretty_json(fewer));
    EXPECT_NE(desk.verify(file, desk.folder_of_archive()), 0) << "part " << gone << " was left out";
  }
  // What is declared later to stay out reaches every part.
  ASSERT_TRUE(desk.put("/api/v1/streams/shop", *parse_json(R"({"kinds":["inference","label"],"fields":{"mail":{"keep":"encrypt"},"/note":{"keep":"encrypt"},"/caller":{"keep":"encrypt"}}})")));
  EXPECT_EQ(desk.value("SELECT count(*) FROM (DESCRIBE inference) WHERE column_name = 'caller'"), R"([["0"]])");
  EXPECT_EQ(desk.value("SELECT count(*) FROM inference"), R"([["350"]])");
}

TEST_F(Archive, gives_a_statement_with_all_that_it_is_over_and_it_outlives_the_archive) {
  Desk desk;
  desk.record(90, "1.0");
  ASSERT_TRUE(desk.ask("query", {{"sql", "SELECT 1"}, {"stream", "shop"}}));
  desk.record(20, "1.0");
  const std::string bundle = desk.folder() / "bundle";
  const auto firebreak = [&](std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    return testing::run(words, desk.folder() / "bundle.err");
  };
  const std::vector<std::string> asked{"impact", "--stream", "shop", "--release", "1.0", "--bundle", bundle, "--url", desk.url(), "--data", desk.data()};
  const auto made = firebreak(asked);
  EXPECT_EQ(made.code, 0) << made.out;
  EXPECT_NE(made.out.find("110 answers"), std::string::npos) << made.out;
  EXPECT_NE(firebreak(asked).code, 0) << "the folder holds something";
  const std::string stream_key = desk.key("shop"), journal_key = desk.key("journal");
  EXPECT_EQ(desk.server().end(SIGTERM), 0);
  std::filesystem::remove_all(desk.data());
  const auto verified = firebreak({"evidence", "verify", bundle, "--key", stream_key, "--key", journal_key});
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_NE(verified.out.find("authentic"), std::string::npos) << verified.out;
  EXPECT_EQ(testing::run({"/bin/sh", "-c", "cd '" + bundle + "' && sha256sum --quiet -c MANIFEST.sha256"}, desk.folder() / "sum.err").code, 0);
  int parts = 0;
  for (const auto& one : std::filesystem::directory_iterator(bundle)) {
    const std::string name = one.path().string();
    if (!one.path().filename().string().starts_with("0")) continue;
    ++parts;
    const std::string aside = desk.folder() / "aside";
    std::filesystem::rename(name, aside);
    EXPECT_NE(firebreak({"evidence", "verify", bundle}).code, 0) << name << " was taken away";
    std::filesystem::rename(aside, name);
  }
  EXPECT_GE(parts, 6) << "two parts of a manifest, a table and a cube at least";
}

TEST_F(Archive, keeps_what_people_asked_in_the_journal_without_their_sql) {
  Desk desk;
  desk.record(3, "1.0");
  desk.value("SELECT count(*) FROM inference WHERE caller = 'erika-m'");
  const auto read = desk.get("/api/v1/journal?limit=1000");
  ASSERT_TRUE(read) << read.error().message;
  const std::string text = canonical_json(*read);
  EXPECT_NE(text.find("archive_read"), std::string::npos);
  EXPECT_EQ(text.find("erika-m"), std::string::npos);
}

TEST_F(Archive, is_made_again_without_a_person_who_was_erased) {
  Desk desk;
  ASSERT_TRUE(desk.put("/api/v1/streams/clinic", *parse_json(R"({"kinds":["inference"],"subject":"patient"})")));
  std::string lines;
  for (const char* who : {"erika-m", "otto-n"})
    lines += std::string(R"({"id":")") + who + R"(-1","time":"2026-11-20T10:00:00Z","features":{"patient":")" + who + R"(","x":1}})" + "\n";
  ASSERT_TRUE(desk.post("/api/v1/streams/clinic/records", lines, "application/x-ndjson", "admin"));
  const auto ids = [&] {
    const auto answer = desk.ask("query", {{"sql", R"(SELECT "index", id FROM clinic.inference ORDER BY 1)"}, {"stream", "clinic"}});
    EXPECT_TRUE(answer) << answer.error().message;
    return canonical_json(answer->at("rows"));
  };
  const std::string before = ids();
  EXPECT_NE(before.find("erika-m-1"), std::string::npos);
  ASSERT_TRUE(desk.post("/api/v1/erasures", R"({"subject":"erika-m","reason":"request 4711"})", "application/json", "admin"));
  while (!desk.get("/api/v1/erasures")->at("erasures").as_array().empty()) std::this_thread::yield();
  while (!std::filesystem::is_empty(desk.data() + "/erasures")) std::this_thread::yield();
  for (const auto& file : std::filesystem::recursive_directory_iterator(desk.data() + "/archive"))
    EXPECT_EQ(file.path().string().find("-g1."), std::string::npos) << "a generation from before the erasure";
  const std::string after = ids();
  EXPECT_EQ(after.find("erika-m"), std::string::npos);
  EXPECT_NE(after.find("null"), std::string::npos) << "the record's place is there: " << after;
  EXPECT_NE(after.find("otto-n-1"), std::string::npos);
}

}  // namespace
}  // namespace firebreak
