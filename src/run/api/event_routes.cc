// Server-sent events: one event per journal entry, `id:` = journal index, so that Last-Event-ID resumes without loss.
#include <fmt/core.h>

#include <charconv>
#include <mutex>

#include "run/api/api.h"

namespace firebreak::api {
namespace {

std::string event_of(const Entry& entry) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", entry.index, entry.kind, canonical_json(entry_to_json(entry)));
}

// First the index after Last-Event-ID, else ?from=, else what comes from now on.
std::optional<std::uint64_t> start_of(const net::Request& request) {
  const auto parse = [](std::string_view text) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [at, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || ec != std::errc() || at != text.data() + text.size()) return std::nullopt;
    return value;
  };
  if (const auto last = parse(request.header("last-event-id"))) return *last + 1;
  return parse(request.query_or("from"));
}

}  // namespace

void Api::add_event_routes() {
  router_.get("/api/v1/events", [this](net::Request request, net::Responder responder) {
    if (const auto who = authorize(request, kPeople); !who) return responder.fail(who.error());
    serve_events(request, responder);
  });
}

void Api::serve_events(const net::Request& request, const net::Responder& responder) const {
  net::Response head;
  head.content_type = "text/event-stream";
  head.headers.emplace_back("Cache-Control", "no-store");
  head.body = ": firebreak\n\n";
  net::StreamWriter writer = responder.start_stream(std::move(head));
  // The listener must not end its own subscription; the connection's end does, from an io thread.
  const auto id = parts_.journal.subscribe(
      [writer](const journal::Group& group) mutable {
        std::string text;
        for (const Entry& entry : group.entries) text += event_of(entry);
        if (!text.empty()) (void)writer.write(std::move(text));
      },
      start_of(request));
  if (!id) return writer.close();
  journal::Journal& journal = parts_.journal;
  writer.on_closed([&journal, id = *id] { journal.unsubscribe(id); });
}

}  // namespace firebreak::api
