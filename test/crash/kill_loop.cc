#include "crash/kill_loop.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace firebreak::testing {
namespace {

// What the outside world remembers.
struct Memory {
  std::mutex mutex;
  std::map<std::uint64_t, std::vector<std::string>> batches;  // first index -> ids, by receipt
  std::set<std::string> scored;                               // answered 200 by the gateway
  std::set<std::string> notes;                                // acknowledged
  std::uint64_t failed_scores = 0;                            // answered with 4xx or 5xx
};

// What may be asked between two kills, so that the folder does not grow without bound, and a place to wait
// while nobody is there. A turn begins when the killed process is back.
class Turns {
 public:
  // False: stopping. Waits until less than `most` were asked in this turn.
  bool wait(std::uint64_t& turn, std::uint64_t& asked, std::uint64_t most) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || turn != turn_ || asked < most; });
    if (turn != turn_) asked = 0;
    turn = turn_;
    ++asked;
    return !stopping_;
  }
  // After a question that nobody answered: until somebody is back.
  void wait_for_next(std::uint64_t turn) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return stopping_ || turn != turn_; });
  }
  void begin() {
    const std::lock_guard lock(mutex_);
    ++turn_;
    changed_.notify_all();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  bool stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t turn_ = 0;
  bool stopping_ = false;
};

class Load {
 public:
  Load(Installation& place, Memory& memory) : place_(place), memory_(memory) {
    threads_.emplace_back([this] { post_batches(); });
    threads_.emplace_back([this] { score(); });
    threads_.emplace_back([this] { take_notes(); });
  }
  void next_turn() { turns_.begin(); }
  void stop() {
    turns_.stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  ~Load() { stop(); }

 private:
  void post_batches() {
    net::HttpClient http;
    http.set_token(place_.token("ana"));
    std::uint64_t turn = 0, asked = 0;
    for (std::uint64_t sequence = 1; turns_.wait(turn, asked, 25); ++sequence) {
      std::string body;
      std::vector<std::string> ids;
      for (int i = 0; i < 20; ++i) {
        ids.push_back("b" + std::to_string(sequence) + "-" + std::to_string(i));
        body += R"({"id":")" + ids.back() +
                R"(","time":"2026-03-07T03:00:00Z","caller":"loader","features":{"x":1}})" + "\n";
      }
      // The same number until there is a receipt: a repeated batch must not be written twice.
      while (true) {
        if (const auto answer = place_.ingest(http, "batches", body, "loader", sequence)) {
          const std::lock_guard lock(memory_.mutex);
          memory_.batches[static_cast<std::uint64_t>(int_or(*answer, "first"))] = ids;
          break;
        }
        if (turns_.stopping()) return;
        turns_.wait_for_next(turn);
      }
    }
  }

  void score() {
    net::HttpClient http;
    std::uint64_t turn = 0, asked = 0;
    for (std::uint64_t n = 1; turns_.wait(turn, asked, 250); ++n) {
      const std::string id = "s" + std::to_string(n);
      const net::Response response = place_.score(http, id);
      if (response.status == 0) turns_.wait_for_next(turn);
      const std::lock_guard lock(memory_.mutex);
      if (response.status == 200) memory_.scored.insert(id);
      if (response.status >= 400) ++memory_.failed_scores;
    }
  }

  void take_notes() {
    std::uint64_t turn = 0, asked = 0;
    for (std::uint64_t n = 1; turns_.wait(turn, asked, 15); ++n) {
      const std::string text = "note " + std::to_string(n);
      const auto answer =
          place_.command("ana", "incident.note", JsonObject{{"incident", incident_}, {"text", text}});
      if (answer) {
        const std::lock_guard lock(memory_.mutex);
        memory_.notes.insert(text);
      } else {
        turns_.wait_for_next(turn);
      }
      // An action now and then, so that orders are under way when something is killed.
      if (n % 10 == 5) contain();
    }
  }

  void contain() {
    const auto proposed =
        place_.command("ana", "action.propose",
                       JsonObject{{"endpoint", "scores"},
                                  {"lease_s", 3600},
                                  {"measure", JsonObject{{"kind", "review"}, {"low", 0.9}, {"high", 0.95}}}});
    if (!proposed) return;
    const std::string id = string_or(*proposed, "id");
    const auto action =
        place_.get("/api/v1/actions/" + id + "?min_index=" + std::to_string(int_or(*proposed, "index")));
    if (!action) return;
    if (!place_.command("ben", "action.approve",
                        JsonObject{{"action", id}, {"digest", string_or(*action, "digest")}}))
      return;
    (void)place_.command("ben", "action.lift", JsonObject{{"action", id}, {"reason", "test"}});
  }

 public:
  std::string incident_;

 private:
  Installation& place_;
  Memory& memory_;
  Turns turns_;
  std::vector<std::thread> threads_;
};

// A producer that sends its last batch again after a kill and must get its first receipt.
class Repeated {
 public:
  Json post(Installation& place, std::uint64_t number) {
    http_.set_token(place.token("ana"));
    const std::string body = R"({"id":"again-)" + std::to_string(number) +
                             R"(","time":"2026-03-07T03:00:00Z","caller":"c","features":{"x":2}})" + "\n";
    const auto answer = place.ingest(http_, "batches", body, "repeater", number + 1);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : Json(JsonObject{{"first", nullptr}, {"last", nullptr}, {"leaf_hash", nullptr}});
  }

 private:
  net::HttpClient http_;
};

std::vector<Json> all_records(Installation& place, const std::string& stream) {
  std::vector<Json> out;
  for (std::int64_t from = 0, size = 1; from < size;) {
    const auto page =
        place.get("/api/v1/streams/" + stream + "/records?limit=5000&from=" + std::to_string(from));
    EXPECT_TRUE(page) << page.error().message;
    if (!page) break;
    for (const Json& item : page->at("items").as_array()) out.push_back(item);
    from = int_or(*page, "next");
    size = int_or(*page, "size");
  }
  return out;
}

void check_batches(Installation& place, const Memory& memory, KillCounts& counts) {
  std::map<std::int64_t, std::string> id_at;
  std::map<std::string, int> times;
  for (const Json& item : all_records(place, "batches")) {
    const std::string id = string_or(item.at("record"), "id");
    if (id.empty()) continue;
    id_at[int_or(item, "index")] = id;
    ++times[id];
  }
  for (const auto& [first, ids] : memory.batches)
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const bool there = id_at[static_cast<std::int64_t>(first + i)] == ids[i];
      counts.lost += there ? 0 : 1;
      EXPECT_TRUE(there) << ids[i] << " was acknowledged at " << first << " + " << i;
    }
  for (const auto& [id, count] : times) counts.doubled += count > 1 ? 1 : 0;
  for (const auto& [first, ids] : memory.batches) counts.records += ids.size();
}

void check_scores(Installation& place, const Memory& memory, KillCounts& counts) {
  std::map<std::string, int> times;
  std::uint64_t gap_bound = 0;
  for (const Json& item : all_records(place, "scores")) {
    const Json& record = item.at("record");
    if (const std::string id = string_or(record, "id"); !id.empty()) ++times[id];
    if (string_or(record, "control") != "gap") continue;
    const std::int64_t to =
        find(record, "to") != nullptr ? int_or(record, "to") : int_or(record, "upper_bound");
    gap_bound += static_cast<std::uint64_t>(std::max<std::int64_t>(0, to - int_or(record, "from") + 1));
  }
  std::uint64_t missing = 0;
  for (const std::string& id : memory.scored) {
    counts.doubled += times[id] > 1 ? 1 : 0;
    missing += times[id] == 0;
  }
  counts.scores += memory.scored.size();
  counts.in_gaps += std::min(missing, gap_bound);
  counts.lost += missing - std::min(missing, gap_bound);
  EXPECT_LE(missing, gap_bound) << "answered requests without a record must be covered by a gap record";
}

void check_journal(Installation& place, const Memory& memory, KillCounts& counts) {
  std::map<std::string, int> notes;
  std::set<std::string> orders, outcomes;
  for (std::int64_t from = 0, size = 1; from < size;) {
    const auto page = place.get("/api/v1/journal?limit=1000&from=" + std::to_string(from));
    ASSERT_TRUE(page) << page.error().message;
    for (const Json& entry : page->at("items").as_array()) {
      const std::string kind = string_or(entry, "kind");
      const Json& body = entry.at("body");
      if (kind == "incident_note") ++notes[string_or(page->at("texts"), string_or(body, "text"))];  // the text outlives a kill as its entry does
      if (kind == "order") orders.insert("ord-" + std::to_string(int_or(entry, "index")));
      if (kind == "order_outcome") outcomes.insert(string_or(body, "order"));
      ++from;
    }
    size = int_or(*page, "size");
  }
  for (const std::string& text : memory.notes) {
    counts.lost += notes[text] == 0 ? 1 : 0;
    counts.doubled += notes[text] > 1 ? 1 : 0;
    EXPECT_EQ(notes[text], 1) << text;
  }
  counts.notes += memory.notes.size();
  counts.orders += orders.size();
  EXPECT_EQ(orders, outcomes) << "every order has been resolved";
}

}  // namespace

std::multiset<std::string> inferences(Installation& place) {
  std::multiset<std::string> ids;
  for (const Json& item : all_records(place, "scores"))
    if (const std::string id = string_or(item.at("record"), "id"); !id.empty()) ids.insert(id);
  return ids;
}

// Orders are resolved and the spool is empty when nothing more comes.
void settle(Installation& place) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    const bool flushed = place.flush();
    const auto status = place.get("/api/v1/actions?limit=500");
    bool open = !flushed || !status;
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

void kill_server_and_gateway(std::uint64_t kills, std::uint64_t seed, KillCounts& counts) {
  std::mt19937_64 random(seed);

  Installation place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  ASSERT_TRUE(place.put("/api/v1/streams/batches", JsonObject{{"kinds", JsonArray{"inference"}}}));
  const auto incident =
      place.command("ana", "incident.declare",
                    JsonObject{{"endpoint", "scores"}, {"title", "drill"}, {"severity", "SEV-4"}});
  ASSERT_TRUE(incident) << incident.error().message;

  Memory memory;
  Repeated repeated;
  {
    Load load(place, memory);
    load.incident_ = string_or(*incident, "id");
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
      // A random moment is what is tested; nothing is waited for here.
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
      if (random() % 3 == 0) {
        place.gateway().end(SIGKILL);
        ++counts.of_gateway;
        ASSERT_TRUE(place.start_gateway()) << "after kill " << kill;
      } else {
        const Json receipt = repeated.post(place, kill);
        place.server().end(SIGKILL);
        ++counts.of_server;
        ASSERT_TRUE(place.start_server()) << "after kill " << kill;
        const Json again = repeated.post(place, kill);
        for (const char* field : {"first", "last", "leaf_hash"})
          ASSERT_EQ(again.at(field), receipt.at(field));
      }
      load.next_turn();
    }
  }
  settle(place);
  EXPECT_EQ(memory.failed_scores, 0U) << "a gateway that is there answers";
  EXPECT_GT(memory.batches.size(), 20U);
  EXPECT_GT(memory.scored.size(), 100U);
  EXPECT_GT(memory.notes.size(), 10U);
  check_batches(place, memory, counts);
  check_scores(place, memory, counts);
  check_journal(place, memory, counts);
  ++counts.installations;
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  const auto verified = run({FIREBREAK_BINARY, "ledger", "verify", "--data", place.data()});
  counts.unverifiable += verified.code == 0 ? 0 : 1;
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_EQ(counts.lost + counts.doubled, 0U);
}

JsonObject KillCounts::to_json() const {
  return {{"kills", of_server + of_gateway}, {"of_the_server", of_server}, {"of_the_gateway", of_gateway}, {"installations", installations},
          {"records_acknowledged", records}, {"requests_answered", scores}, {"of_them_named_in_gap_records", in_gaps}, {"notes_acknowledged", notes},
          {"orders_resolved", orders}, {"lost", lost}, {"doubled", doubled}, {"unverifiable", unverifiable}};
}

}  // namespace firebreak::testing
