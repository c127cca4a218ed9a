// Server-sent events: one event per journal entry, `id:` = journal index, so that Last-Event-ID resumes without loss.
#include <charconv>

#include "run/api/api.h"

namespace firebreak::api {
namespace {

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
    const auto who = authorize(request, kPeople);
    if (!who) return responder.fail(who.error());
    // Who may not read the whole journal learns that something happened; from whom an incident is kept, not even that.
    const bool whole = cell_of(who->rights, Duty::kAudit) >= Cell::kView;
    const auto show = [this, whole, user = who->user, counsel = is_counsel(*who)](const std::vector<Entry>& entries) {
      const Secrecy secrecy = secrecy_of(user).counsel(counsel);
      std::vector<Json> shown;
      for (const Entry& entry : entries) {
        if (secrecy.hides(entry)) shown.emplace_back(nullptr);
        else shown.push_back(whole ? entry_to_json(entry) : Json(JsonObject{{"index", entry.index}, {"kind", entry.kind}, {"time", format_time(entry.time)}}));
      }
      return shown;
    };
    const std::uint64_t next = start_of(request).value_or(parts_.journal.size());
    net::Response head;
    head.content_type = "text/event-stream";
    head.headers.emplace_back("Cache-Control", "no-store");
    head.body = ": firebreak\n\n";
    events_.add(responder.start_stream(std::move(head)), next, show);
  });
}

}  // namespace firebreak::api
