#include "fraud/player/traffic.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace firebreak::example {

Answered ScoringClient::ask(const std::string& caller, const std::string& id, const std::string& features) {
  net::Request request;
  request.method = "POST";
  request.headers = {{"content-type", "application/json"}, {"x-api-key", keys_.of(caller)}};
  request.body = fmt::format(R"({{"id":"{}","features":{}}})", id, features);
  const auto start = std::chrono::steady_clock::now();
  const auto response = http_.send(request, url_, 10 * kSecond);
  Answered answered;
  answered.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (!response) return answered;
  answered.status = response->status;
  if (const auto body = parse_json(response->body)) {
    answered.label = string_or(*body, "label");
    answered.score = number_or(*body, "score");
  }
  return answered;
}

void Traffic::send(const Event& event, bool contained) {
  const Answered answer = client_.ask(event.caller, event.id, event.features);
  ++figures_.requests;
  if (!event.attack) {
    ++figures_.honest_requests;
    figures_.honest_failed += answer.status != 200;
    if (answer.status == 429) figures_.honest_limited.insert(event.caller);
    figures_.honest_ids.insert(event.id);
    figures_.honest_ms.push_back(answer.ms);
    return;
  }
  ++figures_.attack_queries;
  if (figures_.first_attack.us == 0) figures_.first_attack = event.time;
  if (event.kind != "exploit") return;
  ++figures_.exploits;
  const bool approved = answer.status == 200 && answer.label == "approve";
  (contained ? figures_.exploits_approved_after : figures_.exploits_approved_before) += approved;
}

JsonObject Traffic::to_json(std::uint64_t honest_changed) const {
  std::vector<double> ms = figures_.honest_ms;
  std::sort(ms.begin(), ms.end());
  const auto quantile = [&](double q) {
    return ms.empty() ? 0.0 : ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))];
  };
  return {{"honest_requests", figures_.honest_requests},
          {"honest_failed", figures_.honest_failed},
          {"honest_decisions_changed", honest_changed},
          {"honest_callers_limited", figures_.honest_limited.size()},
          {"p50_ms", quantile(0.5)},
          {"p99_ms", quantile(0.99)}};
}

}  // namespace firebreak::example
