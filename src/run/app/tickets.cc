#include "run/app/tickets.h"

#include <fmt/core.h>

#include <optional>

#include "base/utf8.h"
#include "fold/ticket/ticket.h"

namespace firebreak::app {
namespace {

struct Picture {
  ticket::Call call;
  ticket::Ticket of;
  ticket::Words words;
};

std::optional<Picture> look(const journal::Journal& journal, std::uint64_t index) {
  std::optional<Picture> out;
  journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<ticket::TicketState>(ticket::kFoldName);
    const auto call = state.calls.find(index);
    if (call == state.calls.end()) return;
    if (const auto of = state.tickets.find(call->second.ticket); of != state.tickets.end()) out = {call->second, of->second, ticket::words_of(state, call->second)};
  });
  return out;
}

}  // namespace

Tickets::Tickets(const Context& context, const TicketConfig& config, std::string installation) : context_(context), config_(config), installation_(std::move(installation)) {
  for (const auto& [name, tracker] : config_.trackers) threads_[name] = std::make_unique<TaskThread>();
}

void Tickets::take() {
  if (threads_.empty()) return;
  std::map<std::uint64_t, std::string> found;
  context_.journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<ticket::TicketState>(ticket::kFoldName);
    for (const std::uint64_t index : ticket::ready(state)) found[index] = state.tickets.at(state.calls.at(index).ticket).tracker;
  });
  const std::lock_guard lock(mutex_);
  for (const auto& [index, tracker] : found) {
    const auto thread = threads_.find(tracker);  // of a tracker that the configuration has no more they wait
    if (cancelled_ || thread == threads_.end() || !under_way_.insert(index).second) continue;
    thread->second->post([this, index] { carry_out(index); });
  }
}

void Tickets::carry_out(std::uint64_t index) {
  const std::string id = fmt::format("tcall-{}", index);
  const auto over = [&] {
    {
      const std::lock_guard lock(mutex_);
      under_way_.erase(index);
    }
    take();
  };
  const auto before = look(context_.journal, index);
  if (!before || before->call.state != ticket::Calling::kOrdered || cancelled_) return over();
  const std::int64_t attempt = before->call.attempt + 1;
  if (!context_.journal.submit_wait(Draft{"ticket_call_started", JsonObject{{"call", id}, {"attempt", attempt}}, "effects", id, {}})) return;  // nothing has left
  const auto now = look(context_.journal, index);
  if (!now) return over();  // unlinked in the meantime
  const Json shown = context_.texts.shown_in(JsonObject{{"title", now->words.title}, {"text", now->words.text}});
  const connect::TicketCall call{fmt::format("{}-{}", installation_, id), now->call.what, now->of.reference, string_or(shown, "title"), string_or(shown, "text"), now->call.severity};
  const auto answer = connect::carry(config_.trackers.at(now->of.tracker), call, SystemClock().now(), cancelled_);
  if (cancelled_ && !answer) return;  // the program ends; the next start takes it up
  JsonObject body{{"call", id}, {"attempt", attempt}, {"ticket", fmt::format("ticket-{}", now->call.ticket)}, {"incident", now->of.incident}, {"what", now->call.what}, {"tracker", now->of.tracker}};
  if (answer) {
    body["result"] = answer->done ? "done" : "failed";
    body["status"] = answer->status;
    body["answer_digest"] = answer->digest;
    for (const auto& [key, value] : {std::pair("reference", &answer->reference), {"comment", &answer->comment}, {"detail", &answer->detail}})
      if (!value->empty()) body[key] = *value;
    if (answer->permanent) body["permanent"] = true;
  } else {
    const Code code = answer.error().code;
    body["result"] = "failed";
    body["detail"] = shortened(answer.error().message, 1'000);
    if (code != Code::kUnavailable && code != Code::kTimeout) body["permanent"] = true;
  }
  if (auto group = context_.journal.submit_wait(Draft{"ticket_call_ended", std::move(body), "effects", id, {}}); !group)
    context_.logger.error("what came of a ticket's call was not taken by the journal; it is sent again at the next start", group.error());
  over();
}

bool Tickets::idle() const {
  for (const auto& [name, thread] : threads_)
    if (!thread->idle()) return false;
  return true;
}

void Tickets::wait_idle() const {
  for (const auto& [name, thread] : threads_) thread->wait_idle();
}

void Tickets::stop() {
  cancelled_ = true;
  for (const auto& [name, thread] : threads_) thread->stop();
}

Result<Json> Tickets::heard(const std::string& tracker, const net::Request& request, Time wall) {
  const auto known = config_.trackers.find(tracker);
  if (known == config_.trackers.end()) return fail(Code::kNotFound, fmt::format("the configuration has no tracker '{}'", tracker));
  FIREBREAK_ASSIGN(const connect::TicketNews news, connect::read_news(known->second, request, wall));
  if (news.what.empty() || news.reference.empty()) return Json(JsonObject{{"taken", false}, {"reason", "it tells of no status and of no comment"}});
  const std::lock_guard lock(hearing_);
  bool told = false;
  std::string incident;
  context_.journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<ticket::TicketState>(ticket::kFoldName);
    told = ticket::was_heard(state, tracker, news.event);
    if (const auto at = state.by_reference.find(tracker + "\n" + news.reference); at != state.by_reference.end()) incident = state.tickets.at(at->second).incident;
  });
  if (told) return fail(Code::kConflict, "this notice was taken already");
  if (incident.empty()) return Json(JsonObject{{"taken", false}, {"reason", "no incident is linked to this ticket"}});
  JsonObject body{{"tracker", tracker}, {"event", news.event}, {"reference", news.reference}, {"incident", incident}, {"what", news.what}, {"at", format_time(news.at)}};
  if (!news.status.empty()) body["status"] = news.status;
  if (!news.comment.empty()) body["comment"] = news.comment;
  if (news.closed) body["closed"] = true;
  if (news.ours) body["ours"] = true;
  if (!news.text.empty() && !news.ours) {
    FIREBREAK_ASSIGN(body["text"], context_.texts.keep(news.text));
  }
  FIREBREAK_ASSIGN(const journal::Group group, context_.journal.submit_wait(Draft{"ticket_heard", std::move(body), "tracker:" + tracker, {}, {}}));
  return Json(JsonObject{{"taken", true}, {"index", group.index()}});
}

}  // namespace firebreak::app
