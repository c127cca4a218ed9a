// Those outside who vouch for the logs: a witness (its sibling in the tree; test/counterpart/witness has a real one) and a time-
// stamping authority (openssl). And what they and kept receipts find: logs that were cut back.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "log/ledger/cosignature.h"
#include "support/installation.h"
#include "support/time_authority.h"
#include "world/effects/scripted_witness.h"

namespace firebreak {
namespace {

namespace fs = std::filesystem;
using testing::Finished;
using testing::Installation;

struct Place : Installation {
  explicit Place(bool required = true, const std::string& more = "") {
    scripted_server = std::move(*net::HttpServer::start({}, [this](net::Request request, net::Responder responder) {
      responder(witness.add_checkpoint(request.body));
    }));
    write(folder() / "firebreak.yaml", "witness:\n  - {name: w1, url: '" + scripted_server->url() + "', vkey: '" + witness.vkey() + "', required: " +
                                           (required ? "true" : "false") + ", interval_s: 0.1, missing_s: 0.5}\n" + more);
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}}));
    add(20);
  }
  void add(int records) {
    const auto answer = add_records("s", records);
    receipt = answer ? canonical_json(*answer) : "";
  }
  void register_logs() {
    for (const char* log : {"s", "journal"}) witness.accept_log(ledger::parse_vkey(fetch(std::string("/tlog/") + log + "/vkey").body).value());
  }
  net::Response fetch(const std::string& path) {
    net::HttpClient http;
    const auto response = http.get(url() + path);
    return response ? *response : net::Response{0, "", {}, response.error().message};
  }
  // What `who` says of log `s`: state and size. Waits until it is `state` and nothing is behind.
  Json attested(const std::string& who, const std::string& state) {
    Json last(nullptr);
    for (int i = 0; i < 400; ++i) {
      const auto status = get("/api/v1/status");
      if (const Json* list = status ? find(*status, "attested") : nullptr; list != nullptr && list->is_array())
        for (const Json& one : list->get_array()) {
          if (string_or(one, "log") != "s" || string_or(one, "by") != who) continue;
          last = one;
          if (string_or(one, "state") == state && (state != "ok" || int_or(one, "size") == int_or(one, "entries"))) return one;
        }
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    ADD_FAILURE() << who << " is never " << state << ": " << canonical_json(last);
    return last;
  }
  // The newest finding of a kind on log `s`, in this state.
  Json finding(const std::string& kind, bool open) {
    for (int i = 0; i < 400; ++i) {
      const auto findings = get("/api/v1/findings?limit=50");
      if (findings)
        for (const Json& one : find(*findings, "items")->get_array())
          if (string_or(one, "kind") == kind && string_or(one, "stream") == "s" && (string_or(one, "state") == "open") == open) return one;
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    ADD_FAILURE() << "no finding " << kind;
    return Json(nullptr);
  }
  Finished firebreak(std::vector<std::string> words) const {
    words.insert(words.begin(), FIREBREAK_BINARY);
    return testing::run(words, folder() / "err");
  }
  Finished stranger(std::vector<std::string> words) const {
    words.insert(words.begin(), {"/usr/bin/env", "python3", FIREBREAK_SOURCE_DIR "/examples/verify/tlog_verify.py"});
    return testing::run(words);
  }
  void stop() { EXPECT_EQ(server().end(SIGTERM), 0); }
  void copy(const std::string& from, const std::string& to) {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
  }
  static ledger::SigningKey witness_key() {
    SeededRandom random(8);
    return ledger::SigningKey::generate("example.com/w1", random).value();
  }

  effects::ScriptedWitness witness{witness_key()};
  std::unique_ptr<net::HttpServer> scripted_server;
  std::string receipt;
};

TEST(Vouched, logs_are_published_with_the_cosignature_of_a_required_witness) {
  if (!testing::has_python()) GTEST_SKIP() << "no python3 here";
  Place place;
  EXPECT_EQ(place.fetch("/tlog/s/checkpoint").status, 503);  // nobody has cosigned it
  EXPECT_NE(string_or(place.attested("w1", "refused"), "what").find("have it registered there with the key"), std::string::npos);
  place.register_logs();
  place.add(5);
  place.attested("w1", "ok");
  const auto published = ledger::parse_checkpoint(place.fetch("/tlog/s/checkpoint").body);
  ASSERT_TRUE(published);
  EXPECT_TRUE(ledger::check_cosignature(*published, published->signatures, ledger::parse_witness_vkey(place.witness.vkey()).value()));
  const Finished seen = place.stranger({place.url() + "/tlog/s", "--hashes", "--witness", place.witness.vkey()});
  EXPECT_EQ(seen.code, 0) << seen.out;
  EXPECT_NE(seen.out.find("witness example.com/w1: saw"), std::string::npos) << seen.out;
  EXPECT_NE(place.fetch("/metrics").body.find("firebreak_attested_entries{by=\"w1\",log=\"s\"}"), std::string::npos);
  place.stop();
  const std::string out = place.folder() / "out";
  ASSERT_EQ(place.firebreak({"ledger", "export", "--data", place.data(), "--log", "s", "--out", out}).code, 0);
  EXPECT_EQ(place.stranger({out, "--witness", place.witness.vkey()}).code, 0);
  EXPECT_EQ(place.firebreak({"ledger", "verify", "--export", out, "--witness", place.witness.vkey()}).code, 0);
  const Finished verified = place.firebreak({"ledger", "verify", "--data", place.data(), "--log", "s", "--witness", place.witness.vkey()});
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_NE(verified.out.find("witness example.com/w1 holds: size"), std::string::npos) << verified.out;
  SeededRandom random(9);
  const std::string other = ledger::cosigner_of(ledger::SigningKey::generate("example.com/w2", random).value()).text();
  EXPECT_EQ(place.firebreak({"ledger", "verify", "--export", out, "--witness", other}).code, 1);
  EXPECT_EQ(place.stranger({out, "--witness", other}).code, 1);
}

TEST(Vouched, a_witness_that_is_away_too_long_is_a_finding_until_it_is_back) {
  Place place(false);
  place.register_logs();
  place.attested("w1", "ok");
  place.witness.set_away(true);
  place.add(5);
  const Finished doctor = place.firebreak({"doctor", "--data", place.data(), "--config", place.folder() / "firebreak.yaml", "--url", place.url()});
  EXPECT_NE(doctor.out.find("witness w1: vouches for"), std::string::npos) << doctor.out;
  const Json missing = place.finding("witness_missing", true);
  EXPECT_NE(string_or(missing, "summary").find("has not been vouched for by w1"), std::string::npos) << canonical_json(missing);
  place.stop();
  ASSERT_TRUE(place.start_server());  // the open finding is known again
  place.witness.set_away(false);
  place.finding("witness_missing", false);
  place.attested("w1", "ok");
}

TEST(Vouched, a_data_folder_that_was_set_back_as_a_whole_is_found_by_the_witness) {
  Place place(false);
  place.register_logs();
  place.attested("w1", "ok");
  place.stop();
  place.copy(place.data(), place.folder() / "older");
  ASSERT_TRUE(place.start_server());
  place.add(30);
  const std::string kept = place.folder() / "receipt.json";
  Place::write(kept, place.receipt);
  place.attested("w1", "ok");
  place.stop();
  EXPECT_EQ(place.firebreak({"ledger", "verify", "--data", place.data(), "--receipt", kept}).code, 0);
  place.copy(place.folder() / "older", place.data());
  // Nothing in the folder knows better, so it starts; the producer's receipt and the witness do.
  const Finished held = place.firebreak({"ledger", "verify", "--data", place.data(), "--receipt", kept});
  EXPECT_EQ(held.code, 1);
  EXPECT_NE(held.out.find("s: contradicted"), std::string::npos) << held.out;
  EXPECT_NE(held.out.find("was cut back"), std::string::npos) << held.out;
  ASSERT_TRUE(place.start_server());
  const Json found = place.finding("log_contradicted", true);
  EXPECT_EQ(string_or(found, "severity"), "critical") << canonical_json(found);
  EXPECT_NE(string_or(found, "summary").find("it was cut back"), std::string::npos) << canonical_json(found);
  const Finished status = place.firebreak({"status", "--url", place.url(), "--token", place.token("admin")});
  EXPECT_NE(status.out.find("RED contradicted"), std::string::npos) << status.out;
}

TEST(Vouched, a_log_that_is_older_than_what_vouches_for_it_is_not_opened_unless_an_operator_says_so) {
  Place place(false);
  place.register_logs();
  place.attested("w1", "ok");
  place.stop();
  place.copy(place.data() + "/logs/s", place.folder() / "older");
  ASSERT_TRUE(place.start_server());
  place.add(30);
  place.attested("w1", "ok");
  place.stop();
  // The log alone is set back: what the witness cosigned still stands beside it.
  place.copy(place.data() + "/logs/s/witness", place.folder() / "witness");
  place.copy(place.folder() / "older", place.data() + "/logs/s");
  place.copy(place.folder() / "witness", place.data() + "/logs/s/witness");
  EXPECT_EQ(place.firebreak({"doctor", "--data", place.data()}).code, 1);
  EXPECT_FALSE(place.start_server());
  std::ifstream file(place.folder() / "server.err");
  const std::string said{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(said.find("log 's' is not what it was. witness/w1: it signs"), std::string::npos) << said;
  EXPECT_NE(said.find("--accept-rollback s"), std::string::npos) << said;
  place.launch_server({"--accept-rollback", "s"});
  ASSERT_TRUE(place.server().ready());
  place.finding("log_contradicted", true);
  EXPECT_TRUE(fs::exists(place.data() + "/logs/s/contradicted/1/witness/w1"));
  place.stop();
  EXPECT_TRUE(place.start_server());  // accepted once, it stays so
}

// With a fed clock a minute, and so an anchor, is one request.
struct Anchored : Installation {
  Anchored() : Installation("fed") {
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(put("/api/v1/streams/s", JsonObject{{"kinds", JsonArray{"inference"}}}));
    add("first", 20);
    EXPECT_TRUE(post("/api/v1/clock", R"({"to":"2026-03-07T03:00:00Z"})", "application/json", "admin"));
    EXPECT_EQ(server().end(SIGTERM), 0);
    fs::copy(data(), folder() / "older", fs::copy_options::recursive);
    EXPECT_TRUE(start_server());
    add("second", 20);
    EXPECT_TRUE(post("/api/v1/clock", R"({"to":"2026-03-07T03:02:00Z"})", "application/json", "admin"));
    EXPECT_EQ(server().end(SIGTERM), 0);
  }
  void add(const std::string& word, int records) {
    net::HttpClient http;
    http.set_token(token("admin"));
    std::string batch;
    for (int i = 0; i < records; ++i) batch += R"({"id":")" + word + std::to_string(i) + R"(","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":1}})" "\n";
    EXPECT_TRUE(ingest(http, "s", batch, word, 1));
  }
  std::string log() const { return data() + "/logs/s"; }
  std::string said() const {
    std::ifstream file(folder() / "server.err");
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST(Vouched, a_stream_that_is_older_than_its_anchor_in_the_journal_is_not_opened) {
  Anchored place;
  fs::remove_all(place.log());
  fs::copy(place.folder() / "older/logs/s", place.log(), fs::copy_options::recursive);
  EXPECT_FALSE(place.start_server());
  EXPECT_NE(place.said().find("log 's' is not what it was. the anchor in journal entry"), std::string::npos) << place.said();
  EXPECT_NE(place.said().find("the log was cut back"), std::string::npos) << place.said();
}

TEST(Vouched, a_stream_that_was_written_anew_since_its_anchor_is_not_opened) {
  Anchored place;
  fs::rename(place.data(), place.folder() / "newer");
  fs::rename(place.folder() / "older", place.data());
  ASSERT_TRUE(place.start_server());
  place.add("other", 50);  // longer than what the anchor signs, by the same key
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  const std::string fork = place.folder() / "fork";
  fs::rename(place.log(), fork);
  fs::remove_all(place.data());
  fs::rename(place.folder() / "newer", place.data());
  fs::remove_all(place.log());
  fs::rename(fork, place.log());
  EXPECT_FALSE(place.start_server());
  EXPECT_NE(place.said().find("the log was written anew"), std::string::npos) << place.said();
  place.launch_server({"--accept-rollback", "s"});
  ASSERT_TRUE(place.server().ready()) << place.said();
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  EXPECT_TRUE(place.start_server());  // the journal knows that it was accepted
}

TEST(Vouched, a_journal_that_is_older_than_what_was_derived_from_it_is_not_opened) {
  Anchored place;
  fs::remove_all(place.data() + "/logs");
  fs::copy(place.folder() / "older/logs", place.data() + "/logs", fs::copy_options::recursive);
  EXPECT_FALSE(place.start_server());
  EXPECT_NE(place.said().find("views.sqlite shows"), std::string::npos) << place.said();
  place.launch_server({"--accept-rollback", "journal"});
  ASSERT_TRUE(place.server().ready()) << place.said();
  Json findings;
  do {  // the list follows the journal
    findings = place.get("/api/v1/findings?limit=5").value();
  } while (findings.at("items").as_array().empty());
  EXPECT_EQ(string_or(*find_pointer(findings, "/items/0"), "kind"), "log_contradicted") << canonical_json(findings);
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  EXPECT_TRUE(place.start_server());
}

TEST(Vouched, a_stream_that_is_gone_since_its_anchor_is_missed) {
  Anchored place;
  fs::remove_all(place.log());
  EXPECT_FALSE(place.start_server());
  EXPECT_NE(place.said().find("the log is not there any more"), std::string::npos) << place.said();
  place.launch_server({"--accept-rollback", "s"});
  EXPECT_TRUE(place.server().ready()) << place.said();
}

TEST(Vouched, checkpoints_bear_time_stamps_that_openssl_accepts) {
  testing::TimeAuthority authority;
  if (!authority.made()) GTEST_SKIP() << "no openssl here";
  Place place(false, "timestamps:\n  - {name: clock, url: '" + authority.url() + "', ca_file: '" + authority.ca_file() + "', interval_s: 0.1, missing_s: 1}\n");
  const Json stamped = place.attested("clock", "ok");
  const std::string base = "/timestamps/clock/" + std::to_string(int_or(stamped, "size"));
  authority.spoil(true);
  place.add(3);
  EXPECT_NE(string_or(place.attested("clock", "refused"), "what").find("the time stamp does not verify"), std::string::npos);
  authority.spoil(false);
  place.attested("clock", "ok");
  place.stop();
  const std::string out = place.folder() / "out", log = place.data() + "/logs/s" + base;
  ASSERT_EQ(place.firebreak({"ledger", "export", "--data", place.data(), "--log", "s", "--out", out}).code, 0);
  EXPECT_TRUE(authority.openssl("ts -verify -in " + out + base + ".tsr -data " + out + base + ".checkpoint -CAfile ca.pem"));
  const std::vector<std::string> verify{"ledger", "verify", "--data", place.data(), "--log", "s", "--timestamps", authority.ca_file()};
  const Finished good = place.firebreak(verify);
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_NE(good.out.find(", seen at 20"), std::string::npos) << good.out;
  const testing::TimeAuthority other;
  std::vector<std::string> stranger = verify;
  stranger.back() = other.ca_file();
  EXPECT_EQ(place.firebreak(stranger).code, 1);
  // An older checkpoint of the log under a newer stamp.
  std::ofstream(log + ".checkpoint", std::ios::app) << "\xE2\x80\x94 x AAAAAAA=\n";
  EXPECT_EQ(place.firebreak(verify).code, 1);
}

}  // namespace
}  // namespace firebreak
