// Server-sent events: every journal entry to everybody who listens, from the index that each one asked for.
//
// Promise: entries come in order, none is left out and none comes twice; a slow client is written to as fast
// as it reads and holds up nobody else. What is kept per client is its place in the journal, and at most
// kAhead octets (one entry, when that is longer). A silent minute is filled with a comment, so that a client
// that is gone is noticed. Threads: add() and stop() from any; one thread of its own reads and writes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "log/journal/journal.h"
#include "world/net/http_server.h"

namespace firebreak::api {

class EventFeed {
 public:
  explicit EventFeed(journal::Journal& journal);
  ~EventFeed();  // stop()

  // What a client sees of entries, one for each; null: nothing of that one.
  using Show = std::function<std::vector<Json>(const std::vector<Entry>&)>;
  // From now on `writer` gets the entries from index `next` on, until it is closed.
  void add(net::StreamWriter writer, std::uint64_t next, Show show);
  void stop();  // idempotent; the writers stay open

 private:
  struct Client {
    net::StreamWriter writer;
    std::uint64_t next = 0;
    Show show;
  };
  // Writers call back from io threads, for as long as their connections live: perhaps longer than the feed.
  struct Signal {
    std::mutex mutex;
    std::condition_variable changed;
    bool raised = false, stopping = false;
    void raise();
  };

  void run();
  bool serve(Client& client) const;  // false: it is closed, or the journal cannot be read

  journal::Journal& journal_;
  const std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
  std::vector<Client> arrived_;  // under the signal's mutex
  std::uint64_t subscription_ = 0;
  std::thread thread_;
};

}  // namespace firebreak::api
