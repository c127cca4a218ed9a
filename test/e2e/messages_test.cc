// Errors as an interface: situations that people get into, each provoked with the real program. Every message
// says what happened, where, and what to do next; docs/operations.md shows them as they are printed here.
//
//   FIREBREAK_UPDATE=1 e2e_test --gtest_filter='Messages*'   writes the table of docs/operations.md anew
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <regex>
#include <sstream>

#include "log/ledger/note.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;
using testing::Port;
using testing::Process;

constexpr std::string_view kBegin = "<!-- messages: written by test/e2e/messages_test.cc -->\n";
constexpr std::string_view kEnd = "<!-- end of messages -->\n";

struct Place : Installation {
  Place() {
    EXPECT_TRUE(start_server());
    for (const auto& [who, role] : {std::pair("ana", "analyst"), std::pair("ben", "approver")}) {
      EXPECT_TRUE(command("admin", "user.add", JsonObject{{"user", who}, {"role", role}}));
      EXPECT_TRUE(command(
          "admin", "token.add",
          JsonObject{{"user", who}, {"token_hash", sha256(std::string(who) + "-token-for-tests").hex()}}));
    }
    EXPECT_TRUE(put("/api/v1/endpoints/scores", JsonObject{{"name", "scores"}, {"mode", "tap"}}));
    EXPECT_TRUE(put("/api/v1/endpoints/calls", JsonObject{{"name", "calls"}, {"mode", "inline"}, {"state", "enforce"}, {"gateway", "gw-1"}}));
    const auto opened = command("ana", "incident.declare",
                                JsonObject{{"endpoint", "scores"}, {"title", "odd"}, {"severity", "SEV-3"}});
    incident = opened ? string_or(*opened, "id") : "";
    const auto proposed = command(
        "ana", "action.propose",
        JsonObject{{"endpoint", "calls"},
                   {"lease_s", 600},
                   {"measure", JsonObject{{"kind", "rate_limit"}, {"scope", "endpoint"}, {"per_minute", 60}, {"burst", 10}}}});
    EXPECT_TRUE(proposed) << proposed.error().message;
    action = proposed ? string_or(*proposed, "id") : "";
  }
  Finished firebreak(std::vector<std::string> words) const {
    words.insert(words.begin(), FIREBREAK_BINARY);
    return testing::run(words, folder() / ("err-" + std::to_string(++calls_)));
  }
  Finished as(const std::string& who, std::vector<std::string> words) const {
    words.insert(words.end(), {"--url", url(), "--token", token(who)});
    return firebreak(words);
  }
  // A server on another folder that is expected to refuse.
  Finished serve(const std::string& data, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"serve", "--data", data, "--listen", "127.0.0.1:0"};
    words.insert(words.end(), more.begin(), more.end());
    return firebreak(words);
  }
  std::string make(const std::string& name, const std::string& text) const {
    write(folder() / name, text);
    return folder() / name;
  }
  std::string copy_of_data(const std::string& name) const {
    std::filesystem::copy(data(), folder() / name, std::filesystem::copy_options::recursive);
    return folder() / name;
  }
  std::uint64_t journal_size() const {
    net::HttpClient http;
    const auto note = http.get(url() + "/tlog/journal/checkpoint");
    const auto checkpoint = ledger::parse_checkpoint(note ? note->body : "");
    EXPECT_TRUE(checkpoint);
    return checkpoint ? checkpoint->size : 1;
  }
  std::string incident, action;

 private:
  mutable int calls_ = 0;
};

struct Situation {
  std::string what;
  int code;
  std::vector<std::string> says;  // what happened, where, what to do next
  std::function<Finished(Place&)> provoke;
};

std::vector<Situation> situations() {
  return {
      {"no token",
       3,
       {"no token", "FIREBREAK_TOKEN", "--data DIR"},
       [](Place& p) {
         return p.firebreak({"status", "--url", p.url()});
       }},
      {"unknown token",
       3,
       {"token is not known", "firebreak token add"},
       [](Place& p) {
         return p.firebreak({"status", "--url", p.url(), "--token", "wrong"});
       }},
      {"role may not",
       3,
       {"needs the role", "user:ben is approver", "firebreak user add"},
       [](Place& p) {
         return p.as("ben", {"evidence", "capture", "inc-9", "--item", "model"});
       }},
      {"other digest",
       3,
       {"digest", "firebreak action show"},
       [](Place& p) {
         return p.as("ben", {"action", "approve", p.action, "--digest", std::string(64, '0')});
       }},
      {"unknown incident",
       1,
       {"no incident 'inc-9'", "firebreak incident list"},
       [](Place& p) {
         return p.as("ana", {"incident", "show", "inc-9"});
       }},
      {"unknown action",
       1,
       {"no action 'act-9'", "firebreak action list"},
       [](Place& p) {
         return p.as("ana", {"action", "show", "act-9"});
       }},
      {"unknown evidence",
       1,
       {"no evidence 'ev-9'", "firebreak evidence list"},
       [](Place& p) {
         return p.as("ana", {"evidence", "show", "ev-9"});
       }},
      {"unknown decision",
       1,
       {"no stream has a decision", "'d-9'", "Ids are those of the requests"},
       [](Place& p) {
         return p.as("ana", {"trace", "d-9"});
       }},
      {"unknown endpoint",
       1,
       {"no endpoint 'nowhere'", "firebreak onboard"},
       [](Place& p) {
         return p.as("admin", {"ingest", "--endpoint", "nowhere", "-"});
       }},
      {"closing without a word",
       2,
       {"summary", "--help"},
       [](Place& p) {
         return p.as("ana", {"incident", "close", p.incident});
       }},
      {"mistyped command",
       2,
       {"'firebreak statuz'", "did you mean 'firebreak status'?"},
       [](Place& p) { return p.firebreak({"statuz"}); }},
      {"mistyped option",
       2,
       {"takes no option --jsn", "did you mean --json?"},
       [](Place& p) {
         return p.firebreak({"status", "--jsn"});
       }},
      {"half a command",
       2,
       {"'firebreak incident' needs one more word", "list, show"},
       [](Place& p) { return p.firebreak({"incident"}); }},
      {"server down",
       4,
       {"Couldn't connect", "/api/v1/status", "Is the server running?"},
       [](Place& p) {
         const Port nobody;
         return p.firebreak(
             {"status", "--url", "http://127.0.0.1:" + std::to_string(nobody), "--token", "x"});
       }},
      {"https asked for",
       2,
       {"no http:// address", "proxy"},
       [](Place& p) {
         return p.firebreak({"status", "--url", "https://h", "--token", "x"});
       }},
      {"address of the network without TLS",
       2,
       {"listen on 0.0.0.0", "TLS proxy"},
       [](Place& p) {
         return p.firebreak({"serve", "--data", p.folder() / "new", "--listen", "0.0.0.0:8440"});
       }},
      {"folder in use",
       3,
       {"data folder", "LOCK is locked", "stop it, or name another"},
       [](Place& p) { return p.serve(p.data()); }},
      {"port in use",
       1,
       {"Address already in use", "ss -ltnp", "--listen"},
       [](Place& p) {
         return p.firebreak({"serve", "--data", p.folder() / "other", "--listen",
                             p.url().substr(std::string("http://").size())});
       }},
      {"newer data",
       3,
       {"FORMAT says 'firebreak-data 9'", "reads format 1", "use the version that wrote it"},
       [](Place& p) {
         std::filesystem::create_directory(p.folder() / "newer");
         p.make("newer/FORMAT", "firebreak-data 9\n");
         return p.serve(p.folder() / "newer");
       }},
      {"a file where a folder should be",
       1,
       {"File exists", "name a folder with --data"},
       [](Place& p) { return p.serve(p.make("file", "x")); }},
      {"lost key",
       2,
       {"made with another key", "journal", "key backup"},
       [](Place& p) {
         const std::string data = p.copy_of_data("keyless");
         std::filesystem::remove(data + "/keys/journal.key");
         return p.serve(data);
       }},
      {"log set back",
       1,
       {"log 'journal' is not what it was", "--accept-rollback journal", "ledger verify --data DIR --receipt"},
       [](Place& p) {
         const std::string older = p.copy_of_data("set-older");
         EXPECT_TRUE(p.command("ana", "incident.note", JsonObject{{"incident", p.incident}, {"text", "later"}}));
         EXPECT_TRUE(p.get("/api/v1/incidents?min_index=" + std::to_string(p.journal_size() - 1)));  // the views have it
         const std::string data = p.copy_of_data("set-back");
         std::filesystem::remove_all(data + "/logs/journal");
         std::filesystem::copy(older + "/logs/journal", data + "/logs/journal", std::filesystem::copy_options::recursive);
         return p.serve(data);
       }},
      {"damaged log",
       1,
       {"damaged", "000001.seg, offset"},
       [](Place& p) {
         const std::string data = p.copy_of_data("damaged");
         std::fstream file(data + "/logs/journal/000001.seg",
                           std::ios::in | std::ios::out | std::ios::binary);
         file.seekp(300);
         file.put('\x7f');
         file.close();
         return p.firebreak({"ledger", "verify", "--data", data});
       }},
      {"no data folder",
       1,
       {"no log under", "--data"},
       [](Place& p) {
         return p.firebreak({"ledger", "verify", "--data", p.folder() / "nothing"});
       }},
      {"configuration missing",
       1,
       {"nope.yaml", "No such file", "Check the name"},
       [](Place& p) {
         return p.serve(p.folder() / "new", {"--config", p.folder() / "nope.yaml"});
       }},
      {"configuration with an unknown key",
       2,
       {"unknown key 'endpoint'", "allowed: endpoints", "/endpoint"},
       [](Place& p) {
         return p.serve(p.folder() / "new", {"--config", p.make("key.yaml", "endpoint: []\n")});
       }},
      {"witness with a log's key",
       2,
       {"witness 'w1'", "type 04"},
       [](Place& p) {
         const std::string key = "firebreak.example/journal+ad70bdeb+AUu2dd5PY3arYXNwM9cBVg5ENL4dZzZWKuKbiDW3Y80k";
         return p.serve(p.folder() / "new", {"--config", p.make("witness.yaml", "witness:\n  - {name: w1, url: 'http://h', vkey: '" + key + "'}\n")});
       }},
      {"authority without its certificates",
       1,
       {"ca_file", "absent.pem"},
       [](Place& p) {
         return p.serve(p.folder() / "new", {"--config", p.make("stamps.yaml", "timestamps:\n  - {name: clock, url: 'http://h', ca_file: absent.pem}\n")});
       }},
      {"store without a time to keep",
       2,
       {"'retention_days'", "is missing"},
       [](Place& p) {
         const std::string secret = p.make("store.secret", "x\n");
         std::filesystem::permissions(secret, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
         return p.serve(p.folder() / "new", {"--config", p.make("store.yaml", "store: {url: 'http://h', bucket: b, access_key_id: k, secret_file: store.secret}\n")});
       }},
      {"secret that others can read",
       2,
       {"chmod 600", "open.secret"},
       [](Place& p) {
         const std::string secret = p.make("open.secret", "x\n");
         std::filesystem::permissions(secret, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write | std::filesystem::perms::others_read);
         return p.serve(p.folder() / "new", {"--config", p.make("secret.yaml", "store: {url: 'http://h', bucket: b, access_key_id: k, secret_file: open.secret, retention_days: 1}\n")});
       }},
      {"restore over something",
       3,
       {"holds something already", "empty or does not exist"},
       [](Place& p) {
         const std::string secret = p.make("restore.secret", "x\n");
         std::filesystem::permissions(secret, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
         const std::string config =
             p.make("restore.yaml", "store: {url: 'http://127.0.0.1:1', bucket: b, access_key_id: k, secret_file: restore.secret, retention_days: 1}\n");
         return p.firebreak({"restore", "--store-config", config, "--out", p.data()});
       }},
      {"configuration that is no YAML",
       2,
       {"broken.yaml:2:1"},
       [](Place& p) {
         return p.serve(p.folder() / "new", {"--config", p.make("broken.yaml", "endpoints: [\n")});
       }},
      {"content missing",
       1,
       {"absent.yaml", "No such file", "relative to its own folder"},
       [](Place& p) {
         return p.serve(p.folder() / "new",
                        {"--config", p.make("content.yaml", "endpoints: [absent.yaml]\n")});
       }},
      {"no bundle",
       1,
       {"nowhere", "No such file", "Check the"},
       [](Place& p) {
         return p.firebreak({"evidence", "verify", p.folder() / "nowhere"});
       }},
      {"line that cannot be read",
       2,
       {"(line 1)", "--skip-bad"},
       [](Place& p) {
         return p.as("admin", {"ingest", "--endpoint", "scores", p.make("bad.log", "{\"features\": \n"),
                               "--format", "ndjson"});
       }},
      {"file that does not exist",
       1,
       {"absent.log cannot be read", "name a file"},
       [](Place& p) {
         return p.as("admin", {"ingest", "--endpoint", "scores", p.folder() / "absent.log"});
       }},
      {"sign-in link for nobody",
       1,
       {"no user 'eve'", "firebreak user add"},
       [](Place& p) {
         return p.as("admin", {"sign-in", "eve"});
       }},
  };
}

// What differs from run to run gets a name.
std::string general(std::string text, const Place& place) {
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  };
  replace(place.folder().path(), "/srv");
  text = std::regex_replace(text, std::regex("127\\.0\\.0\\.1:[0-9]+"), "127.0.0.1:8440");
  text = std::regex_replace(text, std::regex("[0-9a-f]{64}"), "5f0c…");
  text = std::regex_replace(text, std::regex("(journal\\+)[0-9a-f]{8}\\+[A-Za-z0-9+/=]+"), "$01…");
  text = std::regex_replace(text, std::regex("shows [0-9]+ entries, the journal has [0-9]+"), "shows N entries, the journal has N");
  text = std::regex_replace(text, std::regex("[0-9]+ entries checked, [0-9]+ of them signed, root [^ \n]+"),
                            "N entries checked, N of them signed, root …");
  text = std::regex_replace(text, std::regex("(inc|act)-[0-9]{2,}"), "$1-104");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Messages, say_what_happened_where_and_what_to_do_next_as_the_manual_shows_them) {
  Place place;
  std::string table = std::string(kBegin) + "| situation | message | exit code |\n|---|---|---|\n";
  for (const Situation& situation : situations()) {
    const Finished finished = situation.provoke(place);
    const std::string said = finished.err.empty() ? finished.out : finished.err;
    EXPECT_EQ(finished.code, situation.code) << situation.what << ": " << said;
    for (const std::string& part : situation.says)
      EXPECT_NE(said.find(part), std::string::npos) << situation.what << ": " << said << "\nlacks: " << part;
    for (const std::string_view inside :
         {"std::", "boost", "what()", "terminate", "errno", "basic_string", "nullptr", "0x"})
      EXPECT_EQ(said.find(inside), std::string::npos) << situation.what << ": " << said;
    std::string line = general(said, place);
    for (std::size_t at = 0; (at = line.find('\n', at)) != std::string::npos;) line.replace(at, 1, "<br>");
    for (std::size_t at = 0; (at = line.find('|', at)) != std::string::npos; at += 2)
      line.replace(at, 1, "\\|");
    table += "| " + situation.what + " | " + line + " | " + std::to_string(finished.code) + " |\n";
  }
  table += kEnd;
  const std::string path = FIREBREAK_SOURCE_DIR "/docs/operations.md";
  std::string manual = read(path);
  const std::size_t begin = manual.find(kBegin), end = manual.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  if (std::getenv("FIREBREAK_UPDATE") != nullptr) {
    manual.replace(begin, end + kEnd.size() - begin, table);
    std::ofstream(path) << manual;
  } else {
    EXPECT_EQ(manual.substr(begin, end + kEnd.size() - begin), table) << "FIREBREAK_UPDATE=1 writes it anew";
  }
}

// The gateway's callers are programs: status, code and the place in the request say what is wrong.
TEST(Messages, refusals_of_the_gateway_name_the_place) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  const auto ask = [&](const std::string& body, const std::string& key) {
    net::HttpClient http;
    net::Request request;
    request.method = "POST";
    request.headers = {{"content-type", "application/json"}, {"x-api-key", key}};
    request.body = body;
    const auto response = http.send(request, place.gateway_url() + "/scores/score");
    return response ? *response : net::Response{0, "", {}, response.error().message};
  };
  struct Row {
    std::string body, key;
    int status;
    std::string says;
  };
  for (const Row& row :
       {Row{R"({"features":{"x":1}})", "stranger", 401, "key"}, Row{"{", "caller-key", 400, "JSON"},
        Row{R"({"features":{"y":1}})", "caller-key", 422, "/features/"},
        Row{R"({"features":{"x":"one"}})", "caller-key", 422, "/features/x"}}) {
    const net::Response response = ask(row.body, row.key);
    EXPECT_EQ(response.status, row.status) << row.body << " " << response.body;
    EXPECT_NE(response.body.find(row.says), std::string::npos) << response.body;
    EXPECT_NE(response.body.find("\"detail\""), std::string::npos) << response.body;
  }
}

// So are problem documents of the API: what, where (pointer, line), and a status that a program can act on.
TEST(Messages, problem_documents_of_the_api_name_the_place) {
  Place place;
  struct Row {
    std::string what, method, path, body, type;
    int status;
    std::vector<std::string> says;
  };
  const std::string json = "application/json", lines = "application/x-ndjson";
  const std::vector<Row> rows = {
      {"bad JSON", "POST", "/api/v1/commands/incident.note", "{", json, 400, {"not valid JSON", "octet"}},
      {"unknown argument", "POST", "/api/v1/commands/incident.ack", R"({"incident":"inc-1","loud":"x"})", json, 400, {"'loud'", "/loud", "required: incident"}},
      {"missing argument", "POST", "/api/v1/commands/incident.ack", "{}", json, 400, {"needs the argument 'incident'", "/incident"}},
      {"unknown command", "POST", "/api/v1/commands/incident.explode", "{}", json, 404, {"no command 'incident.explode'"}},
      {"unknown stream", "POST", "/api/v1/streams/nowhere/records", "{}\n", lines, 404, {"no stream 'nowhere'", "PUT /api/v1/streams/nowhere"}},
      {"bad line", "POST", "/api/v1/streams/scores/records", "{\"id\": 7}\n", lines, 400, {"\"line\":1", "pointer"}},
      {"foreign type", "POST", "/api/v1/streams/scores/records", "x", "text/csv", 415, {"application/x-ndjson"}},
      {"unknown path", "GET", "/api/v1/nothing", "", "", 404, {"/api/v1/nothing"}},
      {"wrong method", "DELETE", "/api/v1/incidents", "", "", 405, {"GET"}},
      {"no such limit", "GET", "/api/v1/incidents?limit=9999", "", "", 400, {"'limit' must be 1 to 500"}},
      {"future index", "GET", "/api/v1/status?min_index=999999", "", "", 400, {"'min_index'", "entries"}},
      {"too large", "POST", "/api/v1/commands/incident.note", std::string(70 * 1024 * 1024, 'x'), json, 413, {"longer than 67108864 octets"}},
  };
  for (const Row& row : rows) {
    net::HttpClient http;
    http.set_token(place.token("admin"));
    net::Request request;
    request.method = row.method;
    request.body = row.body;
    if (!row.type.empty()) request.headers = {{"content-type", row.type}};
    const auto response = http.send(request, place.url() + row.path);
    ASSERT_TRUE(response) << row.what << ": " << response.error().message;
    EXPECT_EQ(response->status, row.status) << row.what << ": " << response->body;
    for (const std::string& part : row.says)
      EXPECT_NE((response->body + std::string(response->header("allow"))).find(part), std::string::npos) << row.what << ": " << response->body;
  }
}

}  // namespace
}  // namespace firebreak
