// kill -9 of server and gateway at random moments under load: nothing acknowledged is lost or doubled.
//
// FIREBREAK_SEED repeats a run, FIREBREAK_KILLS asks for more than the 50 of every test run.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Installation;

std::uint64_t setting(const char* name, std::uint64_t fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : std::strtoull(value, nullptr, 10);
}

// What the outside world remembers.
struct Memory {
  std::mutex mutex;
  std::map<std::uint64_t, std::vector<std::string>> batches;  // first index -> ids, by receipt
  std::set<std::string> scored;                               // answered 200 by the gateway
  std::set<std::string> notes;                                // acknowledged
  std::uint64_t failed_scores = 0;                            // while the gateway was up
};

class Load {
 public:
  Load(Installation& place, Memory& memory) : place_(place), memory_(memory) {
    threads_.emplace_back([this] { post_batches(); });
    threads_.emplace_back([this] { score(); });
    threads_.emplace_back([this] { take_notes(); });
  }
  void stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  ~Load() { stop(); }

 private:
  void post_batches() {
    net::HttpClient http;
    http.set_token(place_.token("ana"));
    for (std::uint64_t sequence = 1; !stopping_; ++sequence) {
      std::string body;
      std::vector<std::string> ids;
      for (int i = 0; i < 20; ++i) {
        ids.push_back("b" + std::to_string(sequence) + "-" + std::to_string(i));
        body += R"({"id":")" + ids.back() + R"(","time":"2026-03-07T03:00:00Z","caller":"loader","features":{"x":1}})" + "\n";
      }
      net::Request request;
      request.method = "POST";
      request.body = body;
      request.headers = {{"content-type", "application/x-ndjson"},
                         {"firebreak-producer", "loader"},
                         {"firebreak-sequence", std::to_string(sequence)}};
      // The same number until there is a receipt: a repeated batch must not be written twice.
      while (true) {
        const auto answer = net::json_of(http.send(request, place_.url() + "/api/v1/streams/batches/records"));
        if (answer) {
          const std::lock_guard lock(memory_.mutex);
          memory_.batches[static_cast<std::uint64_t>(int_or(*answer, "first"))] = ids;
          break;
        }
        if (stopping_) return;
      }
    }
  }

  void score() {
    net::HttpClient http;
    for (std::uint64_t n = 1; !stopping_; ++n) {
      const std::string id = "s" + std::to_string(n);
      const net::Response response = place_.score(http, id);
      const std::lock_guard lock(memory_.mutex);
      if (response.status == 200) memory_.scored.insert(id);
      if (response.status >= 400) ++memory_.failed_scores;
    }
  }

  void take_notes() {
    for (std::uint64_t n = 1; !stopping_; ++n) {
      const std::string text = "note " + std::to_string(n);
      const auto answer = place_.command("ana", "incident.note", JsonObject{{"incident", incident_}, {"text", text}});
      if (answer) {
        const std::lock_guard lock(memory_.mutex);
        memory_.notes.insert(text);
      }
      // An action now and then, so that orders are under way when something is killed.
      if (n % 40 == 5) contain();
    }
  }

  void contain() {
    const auto proposed = place_.command("ana", "action.propose",
                                         JsonObject{{"endpoint", "scores"},
                                                    {"lease_s", 3600},
                                                    {"measure", JsonObject{{"kind", "review"}, {"low", 0.9}, {"high", 0.95}}}});
    if (!proposed) return;
    const std::string id = string_or(*proposed, "id");
    const auto action = place_.get("/api/v1/actions/" + id + "?min_index=" + std::to_string(int_or(*proposed, "index")));
    if (!action) return;
    if (!place_.command("ben", "action.approve", JsonObject{{"action", id}, {"digest", string_or(*action, "digest")}})) return;
    (void)place_.command("ben", "action.lift", JsonObject{{"action", id}, {"reason", "test"}});
  }

 public:
  std::string incident_;

 private:
  Installation& place_;
  Memory& memory_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

std::vector<Json> all_records(Installation& place, const std::string& stream) {
  std::vector<Json> out;
  for (std::int64_t from = 0, size = 1; from < size;) {
    const auto page = place.get("/api/v1/streams/" + stream + "/records?limit=5000&from=" + std::to_string(from));
    EXPECT_TRUE(page) << page.error().message;
    if (!page) break;
    for (const Json& item : page->at("items").as_array()) out.push_back(item);
    from = int_or(*page, "next");
    size = int_or(*page, "size");
  }
  return out;
}

void check_batches(Installation& place, const Memory& memory) {
  std::map<std::int64_t, std::string> id_at;
  std::map<std::string, int> times;
  for (const Json& item : all_records(place, "batches")) {
    const std::string id = string_or(item.at("record"), "id");
    if (id.empty()) continue;
    id_at[int_or(item, "index")] = id;
    ++times[id];
  }
  for (const auto& [first, ids] : memory.batches)
    for (std::size_t i = 0; i < ids.size(); ++i)
      ASSERT_EQ(id_at[static_cast<std::int64_t>(first + i)], ids[i]) << "acknowledged at " << first << " + " << i;
  for (const auto& [id, count] : times) ASSERT_EQ(count, 1) << id;
}

void check_scores(Installation& place, const Memory& memory) {
  std::map<std::string, int> times;
  std::uint64_t gap_bound = 0;
  for (const Json& item : all_records(place, "scores")) {
    const Json& record = item.at("record");
    if (const std::string id = string_or(record, "id"); !id.empty()) ++times[id];
    if (string_or(record, "control") != "gap") continue;
    const std::int64_t to = find(record, "to") != nullptr ? int_or(record, "to") : int_or(record, "upper_bound");
    gap_bound += static_cast<std::uint64_t>(std::max<std::int64_t>(0, to - int_or(record, "from") + 1));
  }
  std::uint64_t missing = 0;
  for (const std::string& id : memory.scored) {
    ASSERT_LE(times[id], 1) << id << " is recorded twice";
    missing += times[id] == 0;
  }
  EXPECT_LE(missing, gap_bound) << "answered requests without a record must be covered by a gap record";
}

void check_journal(Installation& place, const Memory& memory) {
  std::map<std::string, int> notes;
  std::set<std::string> orders, outcomes;
  for (std::int64_t from = 0, size = 1; from < size;) {
    const auto page = place.get("/api/v1/journal?limit=1000&from=" + std::to_string(from));
    ASSERT_TRUE(page) << page.error().message;
    for (const Json& entry : page->at("items").as_array()) {
      const std::string kind = string_or(entry, "kind");
      const Json& body = entry.at("body");
      if (kind == "incident_note") ++notes[string_or(body, "text")];
      if (kind == "order") orders.insert("ord-" + std::to_string(int_or(entry, "index")));
      if (kind == "order_outcome") outcomes.insert(string_or(body, "order"));
      ++from;
    }
    size = int_or(*page, "size");
  }
  for (const std::string& text : memory.notes) ASSERT_EQ(notes[text], 1) << text;
  EXPECT_GT(orders.size(), 1U);
  EXPECT_EQ(orders, outcomes) << "every order has been resolved";
}

// Orders are resolved and the spool is empty when nothing more comes.
void settle(Installation& place) {
  net::HttpClient control;
  std::ifstream file(place.data() + "/control.token");
  std::string token;
  std::getline(file, token);
  control.set_token(token);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto flushed = control.post(place.control_url() + "/control/flush", "{}");
    const auto status = place.get("/api/v1/actions?limit=500");
    bool open = !flushed || flushed->status != 200 || !status;
    if (status)
      for (const Json& action : status->at("items").as_array()) {
        const std::string state = string_or(action, "state");
        open = open || state == "approved" || state == "ordered";
      }
    if (!open) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // between two looks
  }
  ADD_FAILURE() << "the installation did not come to rest within 60 s";
}

TEST(KillLoop, loses_and_doubles_nothing_acknowledged) {
  const std::uint64_t seed = setting("FIREBREAK_SEED", std::random_device{}());
  const std::uint64_t kills = setting("FIREBREAK_KILLS", 50);
  std::printf("FIREBREAK_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);

  Installation place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  ASSERT_TRUE(place.put("/api/v1/streams/batches", JsonObject{{"kinds", JsonArray{"inference"}}}));
  const auto incident = place.command("ana", "incident.declare",
                                      JsonObject{{"endpoint", "scores"}, {"title", "drill"}, {"severity", "SEV-4"}});
  ASSERT_TRUE(incident) << incident.error().message;

  Memory memory;
  {
    Load load(place, memory);
    load.incident_ = string_or(*incident, "id");
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
      // A random moment is what is tested; nothing is waited for here.
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 300));
      if (random() % 3 == 0) {
        place.gateway().end(SIGKILL);
        ASSERT_TRUE(place.start_gateway()) << "after kill " << kill;
      } else {
        place.server().end(SIGKILL);
        ASSERT_TRUE(place.start_server()) << "after kill " << kill;
      }
    }
  }
  settle(place);
  EXPECT_GT(memory.batches.size(), 20U);
  EXPECT_GT(memory.scored.size(), 100U);
  EXPECT_GT(memory.notes.size(), 10U);
  check_batches(place, memory);
  check_scores(place, memory);
  check_journal(place, memory);
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  const auto verified = testing::run({FIREBREAK_BINARY, "ledger", "verify", "--data", place.data()});
  EXPECT_EQ(verified.code, 0) << verified.out;
}

TEST(KillLoop, gateway_fails_no_request_while_the_server_is_killed_and_delivers_when_it_is_back) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  net::HttpClient http;
  std::set<std::string> ids;
  for (int round = 0; round < 3; ++round) {
    place.server().end(SIGKILL);
    for (int n = 0; n < 100; ++n) {
      const std::string id = "r" + std::to_string(round) + "-" + std::to_string(n);
      ASSERT_EQ(place.score(http, id).status, 200);
      ids.insert(id);
    }
    ASSERT_TRUE(place.start_server());
  }
  settle(place);
  std::map<std::string, int> times;
  for (const Json& item : all_records(place, "scores")) ++times[string_or(item.at("record"), "id")];
  for (const std::string& id : ids) EXPECT_EQ(times[id], 1) << id;
}

}  // namespace
}  // namespace firebreak
