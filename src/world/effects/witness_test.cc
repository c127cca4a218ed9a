#include "world/effects/witness.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/simulated_files.h"
#include "log/ledger/cosignature.h"
#include "log/ledger/cosigned.h"
#include "world/effects/scripted_witness.h"
#include "world/net/http_server.h"

namespace firebreak::effects {
namespace {

ledger::SigningKey key(std::uint64_t seed, const std::string& name) {
  SeededRandom random(seed);
  return *ledger::SigningKey::generate(name, random);
}

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() {
    server_ = std::move(*net::HttpServer::start({}, [this](net::Request request, net::Responder responder) {
      responder(scripted_.add_checkpoint(request.body));
    }));
    scripted_.accept_log(key(1, "example.com/log").verifier());
    grow(open(kDir), 10);
  }
  std::unique_ptr<ledger::Log> open(const Path& dir, std::uint64_t seed = 1) {
    return ledger::Log::open(files_, clock_, dir, {.key = key(seed, "example.com/log")}).value();
  }
  static void grow(const std::unique_ptr<ledger::Log>& log, int entries, const std::string& word = "entry") {
    ledger::Batch batch;
    for (int i = 0; i < entries; ++i) batch.add(word + std::to_string(log->size()));
    ASSERT_TRUE(log->append_wait(std::move(batch)));
  }
  std::unique_ptr<Witness> witness(bool required = false) {
    AttesterConfig config;
    config.kind = "witness";
    config.name = "w1";
    config.url = server_->url();
    config.vkey = scripted_.vkey();
    config.required = required;
    configs_ = {config};
    return Witness::make(files_, config, stopping_).value();
  }
  Attestation ask(ledger::Log& log, const Path& dir = kDir) { return witness()->attest({"log", dir, log}, log.checkpoint()); }

  static constexpr const char* kDir = "data/logs/log";
  SimulatedFiles files_;
  SystemClock clock_;
  std::atomic<bool> stopping_{false};
  ScriptedWitness scripted_{key(2, "example.com/w1")};
  std::unique_ptr<net::HttpServer> server_;
  std::vector<AttesterConfig> configs_;
};

TEST_F(WitnessTest, cosigns_a_growing_log_and_each_cosignature_is_kept) {
  const auto log = open(kDir);
  for (int round = 0; round < 3; ++round) {
    grow(log, 7);
    const Attestation answer = ask(*log);
    EXPECT_EQ(answer.verdict, Verdict::kAttested) << answer.what;
    EXPECT_EQ(answer.size, log->size());
    const auto kept = witness()->last({"log", kDir, *log});  // as after a restart
    ASSERT_TRUE(kept && *kept);
    EXPECT_EQ((*kept)->size, log->size());
    EXPECT_EQ((*kept)->seconds, 1'700'000'000u);
  }
  EXPECT_EQ(scripted_.requests(), 3);
}

TEST_F(WitnessTest, is_asked_from_the_size_that_it_knows_when_the_kept_answer_is_lost) {
  const auto log = open(kDir);
  ASSERT_EQ(ask(*log).verdict, Verdict::kAttested);
  ASSERT_TRUE(files_.remove(ledger::witness_path(kDir, "w1")));
  grow(log, 5);
  EXPECT_EQ(ask(*log).verdict, Verdict::kAttested);
  EXPECT_EQ(scripted_.requests(), 3);  // one more for the 409
}

TEST_F(WitnessTest, is_asked_from_the_size_that_it_knows_when_the_kept_answer_is_damaged) {
  const auto log = open(kDir);
  ASSERT_EQ(ask(*log).verdict, Verdict::kAttested);
  ASSERT_TRUE(write_plain(files_, ledger::witness_path(kDir, "w1"), "x"));
  EXPECT_EQ(ask(*log).verdict, Verdict::kAttested);
  EXPECT_TRUE(*ledger::read_cosigned(files_, ledger::witness_path(kDir, "w1")));
}

TEST_F(WitnessTest, that_sends_more_than_its_cosignature_cannot_fill_what_is_kept) {
  const auto log = open(kDir);
  server_ = std::move(*net::HttpServer::start({}, [this](net::Request request, net::Responder responder) {
    net::Response answer = scripted_.add_checkpoint(request.body);
    std::string line = answer.body, more;
    for (int i = 0; i < 60; ++i) more += "\xE2\x80\x94 example.com/w1 AAAAAAA" + std::string(1, static_cast<char>('A' + i % 26)) + "\n";
    answer.body = more + line;
    responder(answer);
  }));
  EXPECT_EQ(ask(*log).verdict, Verdict::kAttested);
  const auto kept = ledger::read_cosigned(files_, ledger::witness_path(kDir, "w1"));
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->signatures.size(), 2u);
}

TEST_F(WitnessTest, contradicts_a_log_that_was_cut_back) {
  grow(open("copy"), 40);
  {
    const auto longer = open("copy");
    ASSERT_EQ(ask(*longer, "copy").verdict, Verdict::kAttested);
  }
  const auto log = open(kDir);  // 10 entries of the same log, and nothing kept
  const Attestation answer = ask(*log);
  EXPECT_EQ(answer.verdict, Verdict::kContradicted);
  EXPECT_EQ(answer.size, 40u);
  EXPECT_NE(answer.what.find("has seen 40 entries of log log, which has 10 now: it was cut back"), std::string::npos) << answer.what;
}

TEST_F(WitnessTest, contradicts_a_log_that_was_written_anew) {
  grow(open("fork"), 10, "other");
  const auto log = open(kDir);
  ASSERT_EQ(ask(*log).verdict, Verdict::kAttested);
  const auto fork = open("fork");  // the same size, another tree: 409
  EXPECT_EQ(ask(*fork, "fork").verdict, Verdict::kContradicted);
  grow(fork, 20, "other");  // longer: 422
  const Attestation answer = ask(*fork, "fork");
  EXPECT_EQ(answer.verdict, Verdict::kContradicted);
  EXPECT_NE(answer.what.find("written anew"), std::string::npos) << answer.what;
}

TEST_F(WitnessTest, that_does_not_know_the_log_or_its_key_refuses_and_the_key_to_register_is_named) {
  scripted_.accept_log(key(9, "example.com/log").verifier());
  const auto log = open(kDir);
  Attestation answer = ask(*log);
  EXPECT_EQ(answer.verdict, Verdict::kRefused);
  EXPECT_NE(answer.what.find(log->verifier().text()), std::string::npos) << answer.what;
  const auto stranger = ledger::Log::open(files_, clock_, "other", {.key = key(4, "example.com/unknown")}).value();
  grow(stranger, 1);
  answer = ask(*stranger, "other");
  EXPECT_EQ(answer.verdict, Verdict::kRefused);
  EXPECT_NE(answer.what.find("have it registered there"), std::string::npos) << answer.what;
}

TEST_F(WitnessTest, that_is_away_or_that_another_key_answers_for_gives_nothing_to_keep) {
  const auto log = open(kDir);
  scripted_.set_away(true);
  EXPECT_EQ(ask(*log).verdict, Verdict::kAway);
  scripted_.set_away(false);
  AttesterConfig config;
  config.name = "w1";
  config.url = server_->url();
  config.vkey = ledger::cosigner_of(key(3, "example.com/w1")).text();
  const Attestation answer = (*Witness::make(files_, config, stopping_))->attest({"log", kDir, *log}, log->checkpoint());
  EXPECT_EQ(answer.verdict, Verdict::kRefused) << answer.what;
  EXPECT_FALSE(exists(files_, ledger::witness_path(kDir, "w1")));
  config.url = "http://127.0.0.1:1";
  EXPECT_EQ((*Witness::make(files_, config, stopping_))->attest({"log", kDir, *log}, log->checkpoint()).verdict, Verdict::kAway);
}

TEST(Attester, is_left_alone_longer_after_each_failure_up_to_its_interval_and_ten_minutes) {
  const std::int64_t second = 1'000'000;
  for (const auto& [failures, waits] : {std::pair<int, int>(1, 1), {2, 2}, {5, 16}, {7, 60}, {1'000'000, 60}}) EXPECT_EQ(wait_after_us(failures, 60 * second), waits * second);
  EXPECT_EQ(wait_after_us(50, 3'600 * second), 600 * second);
  EXPECT_EQ(wait_after_us(50, second / 10), second);
}

TEST_F(WitnessTest, what_is_published_bears_every_required_cosignature) {
  const auto log = open(kDir);
  const auto asked = witness(true);
  const ledger::Checkpoint first = log->checkpoint();
  ASSERT_TRUE(publish_cosigned(files_, kDir, first, configs_));
  EXPECT_FALSE(exists(files_, std::string(kDir) + "/cosigned"));  // nobody has cosigned yet
  ASSERT_EQ(asked->attest({"log", kDir, *log}, first).verdict, Verdict::kAttested);
  ASSERT_TRUE(publish_cosigned(files_, kDir, first, configs_));
  grow(log, 3);
  ASSERT_TRUE(publish_cosigned(files_, kDir, log->checkpoint(), configs_));  // not cosigned: the older one stays
  const auto published = ledger::read_cosigned(files_, std::string(kDir) + "/cosigned");
  ASSERT_TRUE(published && *published);
  EXPECT_EQ((*published)->size, first.size);
  EXPECT_EQ((*published)->signatures.size(), 2u);
  EXPECT_TRUE(log->close());
  const auto report = ledger::verify(files_, kDir);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->verdict, ledger::Verdict::kConsistent);
  EXPECT_EQ(report->kept.size(), 2u);  // cosigned, witness/w1
}

}  // namespace
}  // namespace firebreak::effects
