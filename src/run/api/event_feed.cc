#include "run/api/event_feed.h"

#include <fmt/core.h>

#include <chrono>

namespace firebreak::api {
namespace {

constexpr std::size_t kAhead = 256 * limits::kKiB;
constexpr std::size_t kPiece = 200;  // entries read at once
constexpr std::chrono::seconds kSilence{60};

std::string event_of(const Entry& entry, const Json& shown) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", entry.index, entry.kind, canonical_json(shown));
}

}  // namespace

void EventFeed::Signal::raise() {
  const std::lock_guard lock(mutex);
  raised = true;
  changed.notify_one();
}

EventFeed::EventFeed(journal::Journal& journal) : journal_(journal) {
  // Without a start in the past this cannot fail.
  subscription_ = journal_.subscribe([signal = signal_](const journal::Group&) { signal->raise(); }).value();
  thread_ = std::thread([this] { run(); });
}

EventFeed::~EventFeed() { stop(); }

void EventFeed::stop() {
  if (!thread_.joinable()) return;
  journal_.unsubscribe(subscription_);
  {
    const std::lock_guard lock(signal_->mutex);
    signal_->stopping = true;
    signal_->changed.notify_one();
  }
  thread_.join();
}

void EventFeed::add(net::StreamWriter writer, std::uint64_t next, Show show) {
  writer.on_drained([signal = signal_] { signal->raise(); });
  writer.on_closed([signal = signal_] { signal->raise(); });
  const std::lock_guard lock(signal_->mutex);
  arrived_.push_back({std::move(writer), next, std::move(show)});
  signal_->raised = true;
  signal_->changed.notify_one();
}

void EventFeed::run() {
  std::vector<Client> clients;
  while (true) {
    bool silent = false;
    {
      std::unique_lock lock(signal_->mutex);
      silent =
          !signal_->changed.wait_for(lock, kSilence, [&] { return signal_->raised || signal_->stopping; });
      if (signal_->stopping) return;
      signal_->raised = false;
      for (Client& client : arrived_) clients.push_back(std::move(client));
      arrived_.clear();
    }
    std::erase_if(clients, [&](Client& client) {
      if (silent && client.writer.queued() == 0) (void)client.writer.write(":\n\n");
      return !serve(client);
    });
  }
}

bool EventFeed::serve(Client& client) const {
  while (client.next < journal_.size() && client.writer.queued() < kAhead) {
    const auto entries = journal_.entries(client.next, kPiece);
    if (!entries || entries->empty()) {
      client.writer.close();  // it comes again behind the last one it saw
      return false;
    }
    const std::vector<Json> shown = client.show(*entries);
    for (std::size_t at = 0; at < entries->size(); ++at) {
      const Entry& entry = (*entries)[at];
      if (shown[at].is_null()) {
        client.next = entry.index + 1;
        continue;
      }
      std::string event = event_of(entry, shown[at]);
      // Whoever has not read what is there waits; on_drained wakes us.
      if (const std::size_t queued = client.writer.queued(); queued > 0 && queued + event.size() > kAhead)
        return !client.writer.closed();
      if (!client.writer.write(std::move(event))) return false;
      client.next = entry.index + 1;
    }
  }
  return !client.writer.closed();
}

}  // namespace firebreak::api
