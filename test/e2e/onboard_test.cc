// An endpoint that nobody stands in front of: three commands from its logs to findings.
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;
using testing::run;

struct Place : Installation {
  explicit Place(const std::string& clock = "system") : Installation(clock) { EXPECT_TRUE(start_server()); }
  Finished firebreak(std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--data"), data()}) words.push_back(word);
    return run(words, folder() / "cli.err");
  }
  Json summary(const std::string& endpoint, const std::string& file, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"ingest", "--json", "--endpoint", endpoint, folder() / file};
    words.insert(words.end(), more.begin(), more.end());
    const Finished finished = firebreak(words);
    const auto parsed = parse_json(finished.out);
    EXPECT_TRUE(parsed) << finished.out;
    return parsed ? *parsed : Json(JsonObject{});
  }
  Json endpoint_status(const std::string& name) {
    const auto status = get("/api/v1/status");
    for (const Json& item : status->at("endpoints").as_array())
      if (string_or(item, "name") == name) return item;
    return JsonObject{};
  }
};

std::string time_of(int i) { return format_time(Time{1'772'000'000'000'000 + i * 30 * kSecond}); }

// One line of each format for the i-th decision.
std::string native(int i) {
  return canonical_json(JsonObject{{"id", "n" + std::to_string(i)}, {"time", time_of(i)}, {"caller", "shop"},
                                   {"features", JsonObject{{"age", 20 + i % 50}, {"sex", i % 2 == 0 ? "f" : "m"}}},
                                   {"label", i % 4 == 0 ? "decline" : "approve"}, {"score", 0.25}}) + "\n";
}
std::string sagemaker(int i) {
  return canonical_json(JsonObject{
             {"captureData", JsonObject{{"endpointInput", JsonObject{{"observedContentType", "text/csv"}, {"mode", "INPUT"},
                                                                     {"data", std::to_string(20 + i % 50) + ",7"}, {"encoding", "CSV"}}},
                                        {"endpointOutput", JsonObject{{"observedContentType", "text/csv"}, {"mode", "OUTPUT"},
                                                                      {"data", "0.4"}, {"encoding", "CSV"}}}}},
             {"eventMetadata", JsonObject{{"eventId", "s" + std::to_string(i)}, {"inferenceTime", time_of(i)}}},
             {"eventVersion", "0"}}) + "\n";
}
std::string kserve(int i) {
  const JsonObject base{{"specversion", "1.0"}, {"id", "k" + std::to_string(i)}, {"time", time_of(i)}, {"source", "http://x"}};
  JsonObject asked = base, answered = base;
  asked["type"] = "org.kubeflow.serving.inference.request";
  asked["data"] = JsonObject{{"instances", JsonArray{JsonObject{{"age", 20 + i % 50}}}}};
  answered["type"] = "org.kubeflow.serving.inference.response";
  answered["data"] = JsonObject{{"predictions", JsonArray{0.7}}};
  return canonical_json(asked) + "\n" + canonical_json(answered) + "\n";
}

TEST(Onboard, takes_three_commands_for_each_format_and_a_repetition_adds_nothing) {
  Place place;
  for (const auto& [format, line] : {std::pair("ndjson", &native), std::pair("sagemaker", &sagemaker), std::pair("kserve", &kserve)}) {
    const std::string name = std::string("shop-") + format, file = name + ".log";
    std::string text;
    for (int i = 0; i < 1'200; ++i) text += line(i);
    Installation::write(place.folder() / file, text);
    EXPECT_EQ(place.firebreak({"onboard", name}).code, 0);
    const Json first = place.summary(name, file);
    EXPECT_EQ(string_or(first, "format"), format);
    EXPECT_EQ(int_or(first, "new"), 1'200) << canonical_json(first);
    const Json again = place.summary(name, file);
    EXPECT_EQ(int_or(again, "new", -1), 0) << canonical_json(again);
    EXPECT_EQ(int_or(again, "known"), 1'200);
    EXPECT_EQ(place.firebreak({"onboard", name}).code, 0);  // twice is harmless
    // The baseline is its own first records; the detectors start by themselves a tick later.
    for (int i = 0; i < 300 && string_or(place.endpoint_status(name).at("detectors").as_array().front(), "state") != "running"; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const Json status = place.endpoint_status(name);
    EXPECT_EQ(string_or(status.at("detectors").as_array().front(), "state"), "running") << canonical_json(status);
    EXPECT_EQ(string_or(status, "mode"), "tap");
  }
  const Finished shown = place.firebreak({"status"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_NE(shown.out.find("shop-kserve (tap, observe)"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("performance for a registered release"), std::string::npos) << shown.out;
}

TEST(Onboard, shows_how_good_the_answers_are_once_labels_came) {
  Place place;
  std::string text;
  for (int i = 0; i < 1'200; ++i) {
    text += native(i);
    // One decline of four is right, one approval of twelve is wrong.
    const bool positive = i % 4 == 0 ? i % 16 != 0 : i % 12 == 1;
    text += canonical_json(JsonObject{{"type", "label"}, {"id", "n" + std::to_string(i)}, {"time", time_of(i)},
                                      {"label", positive ? "decline" : "approve"}}) + "\n";
  }
  Installation::write(place.folder() / "log", text);
  ASSERT_EQ(place.firebreak({"onboard", "shop", "--positive", "decline"}).code, 0);
  EXPECT_EQ(int_or(place.summary("shop", "log"), "new"), 2'400);
  Finished shown;
  for (int i = 0; i < 300; ++i) {
    shown = place.firebreak({"endpoint", "performance", "shop", "--json"});
    if (shown.code == 0 && parse_json(shown.out)->at("labels").at("joined") == 1'200) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ASSERT_EQ(shown.code, 0) << shown.out << shown.err;
  const Json report = *parse_json(shown.out);
  EXPECT_EQ(report.at("labels").at("joined"), 1'200);
  ASSERT_EQ(report.at("measures").as_array().size(), 4U) << shown.out;
  EXPECT_EQ(string_or(report.at("measures").at(0), "figure"), "precision");
  EXPECT_NEAR(report.at("measures").at(0).at("value").to_number<double>(), 0.75, 0.02);
  EXPECT_EQ(string_or(report.at("measures").at(0), "basis"), "first labels");
  const Finished summary = place.firebreak({"endpoint", "performance", "shop"});
  EXPECT_NE(summary.out.find("precision"), std::string::npos) << summary.out;
  EXPECT_NE(place.firebreak({"endpoint", "performance", "shop", "--by", "segments"}).out.find("sex=f"), std::string::npos);
  EXPECT_NE(place.firebreak({"endpoint", "performance", "shop", "--by", "windows"}).out.find("1200"), std::string::npos);
  EXPECT_EQ(place.firebreak({"endpoint", "performance", "nobody"}).code, 1);
}

// A terminal of its own: what a person types, and what the program shows.
struct Terminal {
  explicit Terminal(const std::vector<std::string>& words) {
    pid = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (pid != 0) return;
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ~Terminal() {
    if (pid > 0) ::kill(pid, SIGKILL), ::waitpid(pid, nullptr, 0);
    ::close(master);
  }
  // True when `text` was shown within 30 s.
  bool shows(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
      if (const auto at = shown.find(text, seen); at != std::string::npos) return seen = at + text.size(), true;
      pollfd wait{master, POLLIN, 0};
      char piece[4096];
      if (::poll(&wait, 1, 100) <= 0) continue;
      const ssize_t got = ::read(master, piece, sizeof piece);
      if (got <= 0) break;
      shown.append(piece, static_cast<std::size_t>(got));
    }
    return shown.find(text, seen) != std::string::npos;
  }
  void types(const std::string& line) { ASSERT_EQ(::write(master, (line + "\n").c_str(), line.size() + 1), static_cast<ssize_t>(line.size() + 1)); }
  int ends() {
    shows("\x04 never shown");  // until it closes its side
    int status = 0;
    ::waitpid(pid, &status, 0);
    pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  pid_t pid = -1;
  int master = -1;
  std::string shown;
  std::size_t seen = 0;
};

TEST(Onboard, asks_ten_questions_at_a_terminal_and_changes_nothing_before_the_yes) {
  Place place;
  const std::string file = place.folder() / "shop.json";
  const std::vector<std::string> words{FIREBREAK_BINARY, "onboard", "shop", "--out", file, "--url", place.url(), "--token", place.token("admin")};
  {
    Terminal left(words);
    ASSERT_TRUE(left.shows("1 of 10")) << left.shown;
    left.types("payments");
    ASSERT_TRUE(left.shows("2 of 10")) << left.shown;
    left.types("quit");
    EXPECT_EQ(left.ends(), 1) << left.shown;
    EXPECT_NE(left.shown.find("nothing was changed"), std::string::npos);
    EXPECT_FALSE(place.get("/api/v1/endpoints/shop"));
    EXPECT_FALSE(std::filesystem::exists(file));
  }
  std::string log;
  for (int i = 0; i < 600; ++i) log += native(i);
  Installation::write(place.folder() / "good.log", log);
  Terminal talk(words);
  for (const auto& [asked, answer] : {std::pair<std::string, std::string>{"1 of 10", "payments"}, {"2 of 10", "night"}, {"3 of 10", "urgent"}, {"is no criticality", "<"}, {"2 of 10", "night"}, {"3 of 10", "high"},
                                      {"4 of 10", "gw-1 enforce"}, {"5 of 10", place.folder() / "good.log"}, {"6 of 10", "decline,approve after 7"}, {"7 of 10", "always decline"}, {"8 of 10", "1.0.0"},
                                      {"9 of 10", "all"}, {"10 of 10", "none"}, {"Take it up like this?", "yes"}}) {
    ASSERT_TRUE(talk.shows(asked)) << asked << "\n" << talk.shown;
    ASSERT_TRUE(talk.shows("] ")) << asked << "\n" << talk.shown;
    talk.types(answer);
  }
  EXPECT_EQ(talk.ends(), 0) << talk.shown;
  EXPECT_NE(talk.shown.find("shop is onboarded in line, behind gateway gw-1"), std::string::npos) << talk.shown;
  EXPECT_NE(talk.shown.find("mend: firebreak "), std::string::npos) << talk.shown;
  const auto document = place.get("/api/v1/endpoints/shop");
  ASSERT_TRUE(document);
  EXPECT_EQ(string_or(*document, "owner_team"), "payments");
  EXPECT_EQ(string_or(*document, "criticality"), "high");
  EXPECT_EQ(string_or(*document, "state"), "enforce");
  EXPECT_EQ(int_or(*document, "label_days"), 7);
  EXPECT_EQ(strings_or_empty(*document, "regimes"), std::vector<std::string>{"none"});
  EXPECT_FALSE(strings_or_empty(document->at("features"), "numeric").empty());
  EXPECT_GE(int_or(place.endpoint_status("shop"), "records"), 600) << "the baseline is in";
  // The file is the endpoint: read in again under the same name it changes nothing.
  const Finished again = place.firebreak({"onboard", "shop", "--from", file, "--json"});
  ASSERT_EQ(again.code, 0) << again.out;
  EXPECT_FALSE(bool_or(*parse_json(again.out), "changed", true)) << again.out;
  EXPECT_GT(int_or(parse_json(again.out)->at("readiness"), "of"), 8);
}

TEST(Onboard, takes_each_answer_as_an_option_and_names_the_one_that_is_wrong) {
  Place place;
  const Finished refused = place.firebreak({"onboard", "shop", "--criticality", "urgent", "--json"});
  EXPECT_EQ(refused.code, 2) << refused.out;
  EXPECT_NE(refused.out.find("/--criticality"), std::string::npos) << refused.out;
  EXPECT_FALSE(place.get("/api/v1/endpoints/shop"));
  const Finished taken = place.firebreak({"onboard", "shop", "--owner", "payments", "--on-call", "night", "--criticality", "high", "--kill-switch", "gw-1", "--labels", "decline,approve after 14", "--fallback", "always decline",
                                          "--last-known-good", "1.0.0", "--playbooks", "all", "--regimes", "none", "--baseline", "none"});
  ASSERT_EQ(taken.code, 0) << taken.err;
  EXPECT_NE(taken.out.find("ready  owner"), std::string::npos) << taken.out;
  EXPECT_NE(taken.out.find("ready  regimes"), std::string::npos) << taken.out;
  EXPECT_NE(taken.out.find("mend: firebreak contain route shop --to fallback --for 10m"), std::string::npos) << taken.out;
  // One answer more changes that one.
  ASSERT_EQ(place.firebreak({"onboard", "shop", "--owner", "risk"}).code, 0);
  const auto document = place.get("/api/v1/endpoints/shop");
  ASSERT_TRUE(document);
  EXPECT_EQ(string_or(*document, "owner_team"), "risk");
  EXPECT_EQ(string_or(*document, "criticality"), "high");
}

TEST(Onboard, starts_its_detectors_although_nobody_feeds_the_clock) {
  Place place("fed");
  std::string text;
  for (int i = 0; i < 600; ++i) text += native(i);
  Installation::write(place.folder() / "log", text);
  ASSERT_EQ(place.firebreak({"onboard", "shop"}).code, 0);
  EXPECT_EQ(int_or(place.summary("shop", "log"), "new"), 600);
  const auto state = [&] { return string_or(place.endpoint_status("shop").at("detectors").as_array().front(), "state"); };
  for (int i = 0; i < 300 && state() != "running"; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(state(), "running");
}

TEST(Onboard, a_file_that_grew_loses_nothing) {
  Place place;
  ASSERT_EQ(place.firebreak({"onboard", "shop"}).code, 0);
  std::string text;
  for (int i = 0; i < 1'100; ++i) text += native(i);
  Installation::write(place.folder() / "log", text);
  EXPECT_EQ(int_or(place.summary("shop", "log"), "new"), 1'100);
  for (int i = 1'100; i < 1'150; ++i) text += native(i);
  Installation::write(place.folder() / "log", text);
  EXPECT_GE(int_or(place.summary("shop", "log"), "new"), 50);  // the last, short batch may come twice, never not at all
}

TEST(Onboard, takes_two_files_for_two_although_they_begin_with_the_same_line) {
  Place place;
  ASSERT_EQ(place.firebreak({"onboard", "shop"}).code, 0);
  for (const int sign : {1, -1}) {
    // Neither an id nor a time: nothing in a line says which file it is from.
    std::string text;
    for (int i = 0; i < 1'100; ++i)
      text += canonical_json(JsonObject{{"features", JsonObject{{"a", sign * i}, {"b", 2}}}, {"score", 0.5}}) + "\n";
    Installation::write(place.folder() / "log", text);
    EXPECT_EQ(int_or(place.summary("shop", "log"), "new"), 1'100);
    EXPECT_EQ(int_or(place.summary("shop", "log"), "new", -1), 0);
  }
}

TEST(Onboard, keeps_the_columns_of_rows_without_names_in_their_order) {
  const auto line = [](int i) {
    return canonical_json(JsonObject{
               {"captureData", JsonObject{{"endpointInput", JsonObject{{"data", std::to_string(20 + i % 50) + (i % 2 == 0 ? ",f,7.5" : ",m,8.5")},
                                                                       {"encoding", "CSV"}}}}},
               {"eventMetadata", JsonObject{{"eventId", "s" + std::to_string(i)}, {"inferenceTime", time_of(i)}}}}) + "\n";
  };
  Place place;
  const auto features_of_newest = [&](const std::string& stream) {
    const int size = static_cast<int>(int_or(place.endpoint_status(stream), "records"));
    const auto page = place.get("/api/v1/streams/" + stream + "/records?from=" + std::to_string(size - 1));
    return canonical_json(page->at("items").as_array().front().at("record").at("features"));
  };
  std::string text;
  for (int i = 0; i < 100; ++i) text += line(i);
  Installation::write(place.folder() / "one", text);
  Installation::write(place.folder() / "two", line(100));
  // Names that the first file gave: the second one's columns bear the same.
  ASSERT_EQ(place.firebreak({"onboard", "plain"}).code, 0);
  for (const char* file : {"one", "two"}) ASSERT_GE(int_or(place.summary("plain", file), "new"), 1) << file;
  EXPECT_EQ(features_of_newest("plain"), R"({"f0":20,"f1":"f","f2":7.5})");
  // Names of two kinds: their order is not known until somebody says it.
  ASSERT_EQ(place.firebreak({"onboard", "named", "--numeric", "age,amount", "--categorical", "sex"}).code, 0);
  const Finished refused = place.firebreak({"ingest", "--endpoint", "named", place.folder() / "two"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("--columns"), std::string::npos) << refused.err;
  EXPECT_EQ(int_or(place.summary("named", "two", {"--columns", "age,sex,amount"}), "new"), 1);
  EXPECT_EQ(features_of_newest("named"), R"({"age":20,"amount":7.5,"sex":"f"})");
}

TEST(Onboard, says_what_reads_a_table_when_it_is_given_one) {
  Place place;
  ASSERT_EQ(place.firebreak({"onboard", "shop"}).code, 0);
  place.write(place.folder() / "requests.csv", "id,time,age,label\n1,2026-11-29T07:00:00Z,3,approve\n");
  const Finished refused = place.firebreak({"ingest", "--json", "--endpoint", "shop", place.folder() / "requests.csv"});
  EXPECT_EQ(refused.code, 2);
  for (const std::string& words : {std::string("takes NDJSON"), "firebreak detect " + (place.folder() / "requests.csv")})
    EXPECT_NE(refused.out.find(words), std::string::npos) << words << "\n" << refused.out;
}

TEST(Onboard, passes_over_a_time_without_a_zone_when_told_and_counts_it) {
  Place place;
  ASSERT_EQ(place.firebreak({"onboard", "shop"}).code, 0);
  Json naive = *parse_json(native(1));
  naive.as_object()["time"] = "2026-11-29T07:00:01";
  Installation::write(place.folder() / "log", native(0) + canonical_json(naive) + "\n" + native(2));
  const Finished refused = place.firebreak({"ingest", "--endpoint", "shop", place.folder() / "log"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("(line 2"), std::string::npos) << refused.err;
  const Json summary = place.summary("shop", "log", {"--skip-bad"});
  EXPECT_EQ(int_or(summary, "skipped"), 1) << canonical_json(summary);
  EXPECT_EQ(int_or(summary, "records"), 2) << canonical_json(summary);
}

TEST(Onboard, names_the_line_that_it_cannot_read_and_skips_it_when_told) {
  Place place;
  ASSERT_EQ(place.firebreak({"onboard", "shop"}).code, 0);
  Installation::write(place.folder() / "log", native(0) + "{\"features\": \n" + native(1));
  const Finished refused = place.firebreak({"ingest", "--endpoint", "shop", place.folder() / "log"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("(line 2)"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--skip-bad"), std::string::npos);
  EXPECT_EQ(int_or(place.summary("shop", "log", {"--skip-bad"}), "skipped"), 1);
  const Finished nowhere = place.firebreak({"ingest", "--endpoint", "nowhere", place.folder() / "log"});
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_NE(nowhere.err.find("firebreak onboard nowhere"), std::string::npos) << nowhere.err;
  const Finished absent = place.firebreak({"ingest", "--endpoint", "shop", place.folder() / "absent"});
  EXPECT_EQ(absent.code, 1);
  EXPECT_NE(absent.err.find("absent cannot be read"), std::string::npos) << absent.err;
}

}  // namespace
}  // namespace firebreak
