#include "run/app/calls.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/utf8.h"
#include "cacao/http_request.h"
#include "world/net/http_client.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kThreads = 16;
constexpr std::size_t kAtOnePlace = 3;            // calls at a time; a connector takes one
constexpr std::size_t kMostOctets = 1 << 20;      // of an answer
constexpr std::size_t kExcerpt = 500;             // of an answer that is no success, for people
constexpr std::int64_t kTimeoutUs = 60'000'000;   // of one request

bool unknown_fate(Code code) { return code == Code::kUnavailable || code == Code::kTimeout; }

std::string excerpt(const std::string& body) { return cacao::printable(shortened(body, kExcerpt)); }

// Where the call goes: what is slow there holds up no other.
std::string place_of(const Json& ordered) {
  const Json& request = ordered.at("request");
  const std::string kind = string_or(ordered, "call"), url = string_or(request, "url");
  if (kind != "http") return kind + ":" + string_or(request, kind);
  const std::size_t from = url.find("://") + 3;
  return url.substr(from, std::min(url.find('/', from), url.size()) - from);
}

}  // namespace

JsonObject told_by_connector(const JsonObject& values, const Json& results) {
  JsonObject given, body{{"result", "done"}};
  for (const auto& member : values)
    given[fmt::format("__{}__", std::string_view(member.key()))] = member.value().is_string() ? member.value() : Json(canonical_json(member.value()));
  const auto named = cacao::capture(results, {0, {}, canonical_json(values)});
  if (!named) body["error"] = named.error().message;
  else
    for (const auto& [name, value] : *named) given[name] = value;
  body["values"] = std::move(given);
  return body;
}

Calls::Calls(const Context& context, const PlaybookConfig& config, const Callers& callers, std::string installation)
    : context_(context), config_(config), callers_(callers), installation_(std::move(installation)) {
  for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { work(); });
}

Calls::~Calls() { stop(); }

void Calls::take(playbook::Call call) {
  std::string place = place_of(call.ordered);
  const std::lock_guard lock(mutex_);
  waiting_.push_back({std::move(call), std::move(place)});
  changed_.notify_one();
}

std::deque<Calls::Waiting>::iterator Calls::next() {
  return std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
    const auto busy = busy_.find(one.place);
    return busy == busy_.end() || busy->second < (one.place.starts_with("connector:") ? 1 : kAtOnePlace);
  });
}

void Calls::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || next() != waiting_.end(); });
    if (stopping_) return;
    const auto found = next();
    const auto [call, place] = std::move(*found);
    waiting_.erase(found);
    ++busy_[place];
    const auto cancelled = under_way_[call.id] = std::make_shared<Cancelled>(false);
    lock.unlock();
    carry_out(call, *cancelled);
    lock.lock();
    under_way_.erase(call.id);
    if (--busy_[place] == 0) busy_.erase(place);
    changed_.notify_all();
  }
}

void Calls::look() {
  std::vector<std::pair<std::string, std::shared_ptr<Cancelled>>> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.assign(under_way_.begin(), under_way_.end());
  }
  for (const auto& [id, cancelled] : calls)
    if (!is_wanted(id)) *cancelled = true;
}

bool Calls::idle() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && under_way_.empty();
}

void Calls::wait_idle() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || (waiting_.empty() && under_way_.empty()); });
}

void Calls::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [id, cancelled] : under_way_) *cancelled = true;
    changed_.notify_all();
  }
  for (const auto& [name, caller] : callers_) caller->stop();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

bool Calls::is_wanted(const std::string& call) const {
  bool wanted = false;
  context_.journal.with_state([&](const journal::View& view) { wanted = playbook::open_call(view.state<playbook::PlaybookState>(playbook::kFoldName), call).has_value(); });
  return wanted;
}

void Calls::carry_out(const playbook::Call& call, const Cancelled& cancelled) {
  if (cancelled || !is_wanted(call.id)) return;
  if (call.started > 0 && bool_or(call.ordered, "once")) return end(call, {{"result", "uncertain"}, {"detail", "the program ended while it was under way"}});
  Draft started{"playbook_call_started", JsonObject{{"call", call.id}, {"attempt", call.started + 1}}, "effects", call.id, {}};
  if (auto durable = context_.journal.submit_wait(std::move(started)); !durable) return;  // stays open; nothing has left
  auto body = answer(call, cancelled);
  if (body) return end(call, std::move(*body));
  const Error& error = body.error();
  if (unknown_fate(error.code) && cancelled) return;  // nobody waits for it; or the program ends, and the next start takes it up
  end(call, {{"result", unknown_fate(error.code) ? "uncertain" : "failed"}, {"detail", shortened(cacao::printable(error.message), 2'000)}});
}

Result<JsonObject> Calls::answer(const playbook::Call& call, const Cancelled& cancelled) {
  const std::string kind = string_or(call.ordered, "call");
  if (kind == "http") return http(call.ordered, cancelled);
  if (kind == "channel") return channel(call.ordered, cancelled);
  if (kind == "connector") return connector(call.ordered);
  return fail(Code::kInvalid, fmt::format("calls of kind '{}' are not known", kind));
}

std::string Calls::key_of(const Json& ordered) const { return fmt::format("{}-{}", installation_, string_or(ordered, "key")); }

Result<net::Response> Calls::send(const net::Request& request, const std::string& url, const Cancelled& cancelled) {
  net::HttpClient client;
  client.cancel_when(cancelled);
  client.limit_answers(kMostOctets);
  if (!config_.ca_file.empty()) client.trust(config_.ca_file);
  return client.send(request, url, kTimeoutUs);
}

Result<JsonObject> Calls::http(const Json& ordered, const Cancelled& cancelled) {
  const Json& wanted = ordered.at("request");
  net::Request request;
  request.method = string_or(wanted, "method");
  request.body = string_or(wanted, "body");
  for (const Json& header : wanted.at("headers").as_array())
    request.headers.emplace_back(std::string(header.at(0).as_string()), std::string(header.at(1).as_string()));
  if (request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS") request.headers.emplace_back("idempotency-key", key_of(ordered));
  if (const Json* const auth = find(wanted, "auth")) {
    const auto secret = config_.secrets.find(string_or(*auth, "secret"));
    if (secret == config_.secrets.end()) return fail(Code::kInvalid, fmt::format("the configuration has no secret '{}' (playbooks: secrets)", string_or(*auth, "secret")));
    const bool basic = string_or(*auth, "type") == "basic";
    request.headers.emplace_back("authorization", basic ? "Basic " + to_base64(string_or(*auth, "user") + ":" + secret->second) : "Bearer " + secret->second);
  }
  FIREBREAK_ASSIGN(const net::Response response, send(request, string_or(wanted, "url"), cancelled));
  JsonObject body{{"result", "done"}, {"status", response.status}};
  if (response.status < 200 || response.status > 299) body["detail"] = excerpt(response.body);
  cacao::Response came{response.status, response.headers, response.body};
  came.headers.emplace_back("content-type", response.content_type);
  const auto values = cacao::capture(ordered.at("results"), came);
  JsonObject given;
  if (!values) body["error"] = values.error().message;
  else
    for (const auto& [name, value] : *values) given[name] = value;
  body["values"] = std::move(given);
  return body;
}

Result<JsonObject> Calls::channel(const Json& ordered, const Cancelled& cancelled) {
  const Json& wanted = ordered.at("request");
  const auto to = config_.channels.find(string_or(wanted, "channel"));
  if (to == config_.channels.end()) return fail(Code::kInvalid, fmt::format("the configuration has no channel '{}' (playbooks: channels)", string_or(wanted, "channel")));
  net::Request request;
  request.method = "POST";
  request.headers = {{"content-type", "application/json"}, {"idempotency-key", key_of(ordered)}};
  if (!to->second.secret.empty()) request.headers.emplace_back("authorization", "Bearer " + config_.secrets.at(to->second.secret));
  request.body = canonical_json(wanted);
  FIREBREAK_ASSIGN(const net::Response response, send(request, to->second.url, cancelled));
  if (response.status < 200 || response.status > 299) return JsonObject{{"result", "failed"}, {"detail", fmt::format("status {}: {}", response.status, excerpt(response.body))}};
  return JsonObject{{"result", "done"}, {"values", JsonObject{}}};
}

Result<JsonObject> Calls::connector(const Json& ordered) {
  const Json& wanted = ordered.at("request");
  const auto to = callers_.find(string_or(wanted, "connector"));
  if (to == callers_.end()) return fail(Code::kInvalid, fmt::format("no connector '{}' is configured (callers:)", string_or(wanted, "connector")));
  FIREBREAK_ASSIGN(const JsonObject values, to->second->call(wanted.at("request"), key_of(ordered)));
  return told_by_connector(values, ordered.at("results"));
}

void Calls::end(const playbook::Call& call, JsonObject body) {
  body["call"] = call.id;
  if (auto group = context_.journal.submit_wait(Draft{"playbook_call_ended", std::move(body), "effects", call.id, {}}); !group)
    context_.logger.error("what came of a call was not taken by the journal; it is asked again at the next start", group.error());
}

}  // namespace firebreak::app
