#include "run/app/deliveries.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/utf8.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kThreads = 6, kAtOneChannel = 2, kDetail = 1'000;

struct Picture {
  notify::Delivery delivery;
  notify::Notice notice;
};

std::optional<Picture> look(const journal::Journal& journal, const std::string& id) {
  std::optional<Picture> out;
  journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<notify::NotifyState>(notify::kFoldName);
    if (const notify::Delivery* const found = notify::find_delivery(state, id)) out = {*found, notify::notice_of(state, *found)};
  });
  return out;
}

}  // namespace

Deliveries::Deliveries(const Context& context, const NotifyConfig& config, std::string installation) : context_(context), config_(config), installation_(std::move(installation)) {
  if (config_.channels.empty()) return;  // what an earlier configuration left is ended when there are channels again
  for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { work(); });
}

Deliveries::~Deliveries() { stop(); }

void Deliveries::take() {
  if (threads_.empty()) return;
  std::map<std::string, std::string> found;
  context_.journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<notify::NotifyState>(notify::kFoldName);
    for (const std::string& id : notify::ready(state)) found[id] = notify::find_delivery(state, id)->channel;
  });
  const std::lock_guard lock(mutex_);
  for (const auto& [id, channel] : found) {
    if (under_way_.contains(id) || !channel_of_.try_emplace(id, channel).second) continue;
    waiting_.push_back(id);
  }
  changed_.notify_all();
}

std::deque<std::string>::iterator Deliveries::next() {
  return std::find_if(waiting_.begin(), waiting_.end(), [&](const std::string& id) {
    const auto busy = busy_.find(channel_of_.at(id));
    return busy == busy_.end() || busy->second < kAtOneChannel;
  });
}

void Deliveries::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || next() != waiting_.end(); });
    if (stopping_) return;
    const auto found = next();
    const std::string id = *found, channel = channel_of_.at(id);
    waiting_.erase(found);
    channel_of_.erase(id);
    under_way_.insert(id);
    ++busy_[channel];
    lock.unlock();
    carry_out(id);
    lock.lock();
    under_way_.erase(id);
    if (--busy_[channel] == 0) busy_.erase(channel);
    lock.unlock();
    take();  // it may have become ready again while it was under way
    lock.lock();
    changed_.notify_all();
  }
}

void Deliveries::carry_out(const std::string& id) {
  const auto before = look(context_.journal, id);
  if (!before || before->delivery.state != notify::Delivering::kOrdered || cancelled_) return;
  const std::int64_t attempt = before->delivery.attempt + 1;
  if (!context_.journal.submit_wait(Draft{"delivery_started", JsonObject{{"delivery", id}, {"attempt", attempt}}, "effects", id, {}})) return;  // nothing has left
  const auto now = look(context_.journal, id);
  if (!now || now->delivery.state != notify::Delivering::kStarted || now->delivery.attempt != attempt) return;  // over in the meantime
  JsonObject body = outcome(now->delivery, now->notice, id);
  if (cancelled_ && body.contains("unknown")) return;  // the program ends; the next start takes it up
  body["delivery"] = id;
  body["attempt"] = attempt;
  body["of"] = now->delivery.of;
  body["action"] = now->delivery.action;
  body["contact"] = now->delivery.contact;
  body["channel"] = now->delivery.channel;
  if (auto group = context_.journal.submit_wait(Draft{"delivery_ended", std::move(body), "effects", id, {}}); !group)
    context_.logger.error("what came of a delivery was not taken by the journal; it is sent again at the next start", group.error());
}

// The members of delivery_ended that tell what came of it.
JsonObject Deliveries::outcome(const notify::Delivery& delivery, const notify::Notice& notice, const std::string& id) {
  const auto failed = [&](bool permanent, const std::string& why) { return JsonObject{{"result", "failed"}, {"permanent", permanent}, {"detail", shortened(why, kDetail)}}; };
  const auto channel = config_.channels.find(delivery.channel);
  if (channel == config_.channels.end()) return failed(true, fmt::format("the configuration has no channel '{}' any more", delivery.channel));
  const Json shown = context_.texts.shown_in(JsonObject{{"subject", notice.subject}, {"text", notice.text}});
  connect::Notification one;
  one.key = fmt::format("{}-{}", installation_, id);
  one.about = fmt::format("{}-{}", installation_, notice.about);
  one.action = notice.action;
  one.subject = string_or(shown, "subject");
  one.text = string_or(shown, "text");
  one.incident = notice.incident;
  one.severity = notice.severity;
  one.endpoint = notice.endpoint;
  one.contact = delivery.contact;
  if (const auto contact = config_.contacts.find(delivery.contact); contact != config_.contacts.end())
    if (const auto address = contact->second.addresses.find(delivery.channel); address != contact->second.addresses.end()) one.to = address->second;
  const auto proof = connect::deliver(channel->second, one, SystemClock().now(), cancelled_);
  if (!proof) {
    const Code code = proof.error().code;
    JsonObject body = failed(code == Code::kInvalid || code == Code::kUnauthorized, proof.error().message);
    if (code == Code::kUnavailable || code == Code::kTimeout) body["unknown"] = true;  // it may have arrived
    return body;
  }
  JsonObject body{{"status", proof->status}, {"id", proof->id}, {"answer_digest", proof->digest}};
  if (proof->accepted) {
    body["result"] = "delivered";
    return body;
  }
  body["result"] = "failed";
  body["permanent"] = proof->permanent;
  body["detail"] = shortened(fmt::format("status {}: {}", proof->status, proof->answer), kDetail);
  return body;
}

bool Deliveries::idle() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && under_way_.empty();
}

void Deliveries::wait_idle() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || (waiting_.empty() && under_way_.empty()); });
}

void Deliveries::stop() {
  cancelled_ = true;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace firebreak::app
