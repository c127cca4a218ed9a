// The command line: exit codes, JSON for programs, and what an auditor sees on a damaged folder.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <regex>
#include <sstream>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Installation;
using testing::run;

std::vector<std::string> firebreak(std::vector<std::string> words) {
  words.insert(words.begin(), FIREBREAK_BINARY);
  return words;
}

// The command line as the admin of this place gives it.
testing::Finished asked(const Installation& place, std::vector<std::string> words) {
  for (const std::string& word : {std::string("--url"), place.url(), std::string("--data"), place.data()}) words.push_back(word);
  return run(firebreak(std::move(words)));
}

// Nobody gives a reason for others: one that a person did not type is asked for.
TEST(Cli, closes_nothing_without_the_reason_that_it_needs) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  const auto with = [&](std::vector<std::string> words) { return asked(place, std::move(words)); };
  ASSERT_EQ(with({"onboard", "api"}).code, 0);
  const auto opened = with({"incident", "declare", "--endpoint", "api", "--title", "odd", "--severity", "SEV-3"});
  const std::string incident = opened.out.substr(opened.out.rfind("inc-"), opened.out.find_last_not_of('\n') + 1 - opened.out.rfind("inc-"));
  EXPECT_EQ(with({"incident", "close", incident, "--summary", "x", "--residual-risk", "none"}).code, 3) << "it is in its first phase";
  EXPECT_EQ(with({"incident", "close", incident, "--summary", "x", "--residual-risk", "none", "--reason", "declared by mistake"}).code, 3) << "is it an attack?";
  EXPECT_EQ(with({"incident", "close", incident, "--summary", "x", "--residual-risk", "none", "--reason", "declared by mistake", "--no-attack", "nothing was odd"}).code, 0);
  EXPECT_EQ(with({"--data", place.data(), "playbok"}).err.find("there is no 'firebreak " + place.data()), std::string::npos) << "the value of an option is no command";
}

TEST(Cli, has_documented_exit_codes) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  const auto with = [&](std::vector<std::string> words) { return asked(place, std::move(words)).code; };
  EXPECT_EQ(with({"status"}), 0);
  EXPECT_EQ(with({"incident", "show", "inc-999"}), 1);
  EXPECT_EQ(with({"incident", "dance"}), 2);
  EXPECT_EQ(with({"incident", "ack", "inc-999"}), 1);
  EXPECT_EQ(with({"action", "approve", "act-1", "--digest", "00"}), 3) << "an admin is no approver";
  EXPECT_EQ(run(firebreak({"status", "--url", "http://127.0.0.1:1", "--token", "t"})).code, 4);
  EXPECT_EQ(run(firebreak({"status", "--url", place.url(), "--token", "wrong"})).code, 3);
  EXPECT_EQ(run(firebreak({})).code, 2);
  EXPECT_EQ(run(firebreak({"--version"})).code, 0);
}

TEST(Cli, prints_json_for_programs) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"incident", "list"},
                                             {"finding", "list"},
                                             {"action", "list"},
                                             {"evidence", "list"},
                                             {"release", "list"},
                                             {"ledger", "list"},
                                             {"ledger", "verify"},
                                             {"incident", "show", "inc-9"}}) {
    std::vector<std::string> command = words;
    for (const std::string& word :
         {std::string("--json"), std::string("--url"), place.url(), std::string("--data"), place.data()})
      command.push_back(word);
    const auto finished = run(firebreak(command));
    EXPECT_TRUE(parse_json(finished.out)) << words[0] << ": " << finished.out;
  }
}

TEST(Cli, refuses_a_second_server_on_the_same_folder_and_an_address_that_is_not_loopback) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  EXPECT_EQ(run(firebreak({"serve", "--data", place.data(), "--listen", "127.0.0.1:0"})).code, 3);
  testing::Folder other;
  EXPECT_EQ(run(firebreak({"serve", "--data", other / "d", "--listen", "0.0.0.0:0"})).code, 2);
}

TEST(Cli, says_that_a_port_is_taken_and_that_a_folder_is_of_another_format) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  testing::Folder other;
  const std::string address = place.url().substr(std::string("http://").size());
  const auto taken = run(firebreak({"serve", "--data", other / "d", "--listen", address}), other / "err");
  EXPECT_EQ(taken.code, 1);
  EXPECT_NE(taken.err.find("listen on " + address), std::string::npos) << taken.err;
  EXPECT_EQ(run(firebreak({"ledger", "verify", "--data", other / "d"})).code, 0);

  Installation::write(other / "d/FORMAT", "firebreak-data 99\n");
  const auto newer =
      run(firebreak({"serve", "--data", other / "d", "--listen", "127.0.0.1:0"}), other / "err2");
  EXPECT_EQ(newer.code, 3);
  EXPECT_NE(newer.err.find("firebreak-data 99"), std::string::npos) << newer.err;
}

TEST(Cli, completes_every_command_and_its_options) {
  const auto script = run(firebreak({"completion", "bash"}));
  EXPECT_EQ(script.code, 0);
  testing::Folder folder;
  Installation::write(folder / "complete.bash", script.out);
  const auto words_after = [&](const std::string& line) {
    const std::string ask =
        "source " + (folder / "complete.bash") + "; COMP_WORDS=(" + line +
        " ''); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _firebreak; echo \" ${COMPREPLY[*]} \"";
    return run({"/bin/bash", "-c", ask}).out;
  };
  for (const std::string word :
       {" serve ", " gateway ", " incident ", " contain ", " ledger ", " status ", " freeze "})
    EXPECT_NE(words_after("firebreak").find(word), std::string::npos) << word;
  EXPECT_NE(words_after("firebreak incident").find(" declare "), std::string::npos);
  EXPECT_NE(words_after("firebreak --json contain quarantine").find(" --caller "), std::string::npos);
  EXPECT_EQ(words_after("firebreak ledger").find(" declare "), std::string::npos);
}

TEST(Cli, verify_names_segment_offset_and_record_of_a_flipped_octet) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  for (int i = 0; i < 50; ++i) ASSERT_EQ(place.score("id-" + std::to_string(i)).status, 200);
  EXPECT_EQ(place.gateway().end(SIGTERM), 0);
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  ASSERT_EQ(run(firebreak({"ledger", "verify", "--data", place.data()})).code, 0);

  std::mt19937_64 random(7);
  for (const std::string file : {"logs/journal/000001.seg", "logs/journal/checkpoint",
                                 "logs/scores/000001.seg", "logs/scores/checkpoint"}) {
    for (int n = 0; n < 5; ++n) {
      testing::Folder copy;
      std::filesystem::copy(place.data(), copy / "d", std::filesystem::copy_options::recursive);
      const std::string path = copy / "d/" + file;
      std::fstream bytes(path, std::ios::in | std::ios::out | std::ios::binary);
      const auto at = static_cast<std::streamoff>(random() % std::filesystem::file_size(path));
      bytes.seekg(at);
      const char original = static_cast<char>(bytes.get());
      bytes.seekp(at);
      bytes.put(static_cast<char>(original ^ 1));
      bytes.close();
      const auto finished = run(firebreak({"ledger", "verify", "--json", "--data", copy / "d"}));
      EXPECT_EQ(finished.code, 1) << file << " at " << at;
      const auto report = parse_json(finished.out);
      ASSERT_TRUE(report);
      bool named = false;
      for (const Json& log : report->as_array())
        if (const Json* damage = find(log, "damage"))
          named = !string_or(*damage, "file").empty() && find(*damage, "offset") != nullptr &&
                  !string_or(*damage, "reason").empty();
      EXPECT_TRUE(named) << finished.out;
    }
  }
}

TEST(Cli, a_changed_blob_is_refused_as_corrupt) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  net::HttpClient http;
  http.set_token(place.token("admin"));
  const auto answer =
      net::json_of(http.post(place.url() + "/api/v1/blobs", "evidence", "application/octet-stream"));
  ASSERT_TRUE(answer);
  const std::string digest = string_or(*answer, "digest");
  const std::string path = place.data() + "/blobs/" + digest.substr(0, 2) + "/" + digest;
  ASSERT_TRUE(std::filesystem::exists(path));
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  Installation::write(path, "evidencE");
  const auto got = net::json_of(http.get(place.url() + "/api/v1/blobs/" + digest));
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().message.find(digest.substr(0, 8)), std::string::npos) << got.error().message;
}

// The page is written from the tree that parses; the help texts are CLI11's own walk over it.
TEST(Cli, has_a_manual_page_with_every_command_and_option_of_the_help_texts) {
  const std::string manual = run(firebreak({"manual"})).out, completion = run(firebreak({"completion", "bash"})).out;
  EXPECT_TRUE(manual.starts_with(".TH FIREBREAK 1"));
  const auto in_roff = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('-', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
    return text;
  };
  const std::regex path_line(R"(^ +'([a-z -]+)'\) words=)", std::regex::multiline), option_word(R"(^ +(?:-[a-z],)?(--[a-z-]+))", std::regex::multiline);
  int commands = 0, options = 0;
  for (std::sregex_iterator at(completion.begin(), completion.end(), path_line), end; at != end; ++at) {
    std::vector<std::string> words = firebreak({});
    std::istringstream parts((*at)[1]);
    for (std::string word; parts >> word;) words.push_back(word);
    words.emplace_back("--help");
    const std::string help = run(words).out;
    if (help.find("\nSubcommands:") != std::string::npos) continue;
    const std::string name = "\n.TP\n.B " + in_roff((*at)[1]);  // what follows it: its arguments or nothing
    const std::size_t begin = std::min(manual.find(name + " "), manual.find(name + "\n"));
    ASSERT_NE(begin, std::string::npos) << (*at)[1];
    std::size_t next = begin;  // where the next command begins: a bold word that is no option
    do next = manual.find("\n.TP\n.B ", next + 1);
    while (next != std::string::npos && manual.compare(next + 8, 2, "\\-") == 0);
    const std::string section = manual.substr(begin, next - begin);
    ++commands;
    for (std::sregex_iterator option(help.begin(), help.end(), option_word); option != end; ++option, ++options)
      EXPECT_TRUE((*option)[1] == "--help" || section.find("\n.B " + in_roff((*option)[1])) != std::string::npos)
          << (*at)[1] << " " << (*option)[1];
  }
  EXPECT_GT(commands, 40);
  EXPECT_GT(options, 80);
}

}  // namespace
}  // namespace firebreak
