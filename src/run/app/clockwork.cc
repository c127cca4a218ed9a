#include "run/app/clockwork.h"

#include <fmt/core.h>

#include <chrono>

#include "log/ledger/note.h"

namespace firebreak::app {
namespace {

struct Count {
  explicit Count(std::atomic<int>& of) : counted(of), before(of.fetch_add(1)) {}
  ~Count() { counted.fetch_sub(1); }
  Count(const Count&) = delete;
  Count& operator=(const Count&) = delete;
  std::atomic<int>& counted;
  const int before;
};

}  // namespace

Clockwork::Clockwork(const Context& context, TaskThread& jobs, Projection& projection, effects::Worker& worker, Calls& calls, Deliveries& deliveries,
                     Tickets& tickets, FedClock* fed, std::function<void()> each_tick)
    : context_(context),
      jobs_(jobs),
      projection_(projection),
      worker_(worker),
      calls_(calls),
      deliveries_(deliveries),
      tickets_(tickets),
      fed_(fed),
      each_tick_(std::move(each_tick)),
      checks_(context) {}

Clockwork::~Clockwork() { stop(); }

void Clockwork::start() {
  if (fed_ == nullptr) thread_ = std::thread([this] { run(); });
}

void Clockwork::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Clockwork::run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_; })) {
    lock.unlock();
    tick();
    if (const Time now = context_.clock.now(); now - last_minute_ >= kMinute) minute(now);
    lock.lock();
  }
}

void Clockwork::tick() {
  each_tick_();
  for (StreamFeed* feed : context_.feeds.all()) feed->advance(context_.clock.now());
  if (auto group = context_.journal.submit_wait(Draft{"tick", JsonObject{}, "clock", {}, {}}); !group)
    context_.logger.error("a tick was not taken by the journal", group.error());
}

void Clockwork::minute(Time now) {
  last_minute_ = now;
  checks_.run(now);
  for (const std::string& name : context_.streams.list()) {
    record::Stream* stream = context_.streams.get(name);
    if (stream == nullptr || stream->size() == anchored_[name]) continue;
    const std::uint64_t size = stream->size();
    const auto proof = stream->prove(size - 1);
    if (!proof) {
      context_.logger.error("a stream could not be anchored", proof.error());
      continue;
    }
    anchored_[name] = size;
    const auto checkpoint = ledger::parse_checkpoint(proof->checkpoint);
    JsonObject body{{"stream", name}, {"size", proof->tree_size}, {"checkpoint", proof->checkpoint}};
    if (checkpoint) body["root"] = checkpoint->root.hex();
    if (auto group = context_.journal.submit_wait(Draft{"anchor", std::move(body), "clock", {}, {}}); !group)
      context_.logger.error("an anchor was not taken by the journal", group.error());
  }
}

bool Clockwork::at_rest() const {
  for (const StreamFeed* feed : context_.feeds.all())
    if (!feed->idle()) return false;
  return context_.journal.idle() && jobs_.idle() && worker_.idle() && calls_.idle() && deliveries_.idle() && tickets_.idle() && projection_.idle();
}

bool Clockwork::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Clockwork::settle() const {
  // A finding may open an incident, that asks for evidence, that leads to an order: round until a whole round is quiet.
  do {
    for (const StreamFeed* feed : context_.feeds.all()) feed->wait_idle();
    context_.journal.wait_idle();
    jobs_.wait_idle();
    worker_.wait_idle();
    calls_.wait_idle();
    deliveries_.wait_idle();
    tickets_.wait_idle();
    projection_.wait_idle();
  } while (!at_rest() && !stopping());
}

Result<Json> Clockwork::feed(Time to) {
  if (fed_ == nullptr) return fail(Code::kConflict, "the clock is the system's");
  const Count waiting(feeders_);
  if (waiting.before >= 2) return fail(Code::kBusy, "two steps of the clock are under way already");
  const std::lock_guard feeding(feeding_);
  if (to < fed_->now())
    return fail(Code::kInvalid, fmt::format("the clock stands at {} and never goes back", format_time(fed_->now())), "/to");
  // What was recorded before this step bears the old time and is delivered first.
  JsonArray gateways;
  for (const auto& [name, connector] : context_.connectors) {
    auto answer = connector->feed_clock(to);
    // A gateway that is away takes the time with the next step; its records wait in its spool.
    gateways.push_back(JsonObject{{"gateway", name}, {"reached", answer.has_value()}});
  }
  settle();
  if (stopping()) return fail(Code::kUnavailable, "the server ends; the clock has not been moved");
  fed_->feed(to);
  tick();
  if (to - last_minute_ >= kMinute) minute(to);
  settle();
  return Json(JsonObject{{"now", format_time(fed_->now())},
                         {"journal", context_.journal.size()},
                         {"gateways", gateways},
                         {"rate", state().at("rate")}});
}

Result<Json> Clockwork::set_rate(const Json& rate, const std::string& reason, const std::string& by) {
  if (!rate.is_null() && !(rate.is_number() && rate.to_number<double>() >= 0 && rate.to_number<double>() <= 1e6))
    return fail(Code::kInvalid, "'rate' is null (as fast as it goes) or 0 (held) to 1000000 clock seconds a second", "/rate");
  if (reason.empty() || reason.size() > 200) return fail(Code::kInvalid, "'reason' has 1 to 200 octets", "/reason");
  FIREBREAK_ASSIGN(const std::string kept, context_.journal.keep_text(reason));
  Draft draft{"clock_fed", JsonObject{{"rate", rate}, {"reason", kept}, {"by", by}}, by, {}, {}};
  FIREBREAK_ASSIGN(const journal::Group group, context_.journal.submit_wait(std::move(draft)));
  remember(group.entries.front());
  return state();
}

void Clockwork::remember(const Entry& clock_fed) {
  const std::lock_guard lock(mutex_);
  rate_ = clock_fed.body.at("rate");
  rate_reason_ = string_or(clock_fed.body, "reason");
  rate_by_ = string_or(clock_fed.body, "by");
}

Json Clockwork::state() const {
  const std::lock_guard lock(mutex_);
  return JsonObject{{"kind", fed_ != nullptr ? "fed" : "system"},
                    {"time", format_time(context_.clock.now())},
                    {"wall", format_time(SystemClock().now())},
                    {"rate", fed_ != nullptr ? rate_ : Json(1)},
                    {"held", fed_ != nullptr && rate_.is_number() && rate_.to_number<double>() == 0},
                    {"reason", rate_reason_},
                    {"by", rate_by_}};
}

}  // namespace firebreak::app
