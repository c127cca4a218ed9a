#include "world/connect/messenger.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/digest.h"
#include "base/utf8.h"
#include "world/net/http_client.h"
#include "world/net/mail.h"

namespace firebreak::connect {
namespace {

constexpr std::size_t kAnswer = 64 * 1024, kExcerpt = 300, kSummary = 1'000, kDedupKey = 255;

// The receiver understood and says no: the same again gives the same. 408, 425, 429 and 5xx may pass.
bool is_permanent(int status) { return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429; }

Result<Proof> post(const ChannelConfig& channel, net::Request request, int least, int most, const std::atomic<bool>& cancelled) {
  net::HttpClient client;
  client.cancel_when(cancelled);
  client.limit_answers(kAnswer);
  if (!channel.tls_ca_file.empty()) client.trust(channel.tls_ca_file);
  request.method = "POST";
  request.headers.emplace_back("content-type", "application/json");
  FIREBREAK_ASSIGN(const net::Response response, client.send(request, channel.url, channel.timeout_us));
  Proof proof;
  proof.status = response.status;
  proof.accepted = response.status >= least && response.status <= most;
  proof.permanent = is_permanent(response.status);
  proof.digest = sha256(response.body).hex();
  proof.answer = shortened(response.body, kExcerpt);
  return proof;
}

Result<Proof> by_webhook(const ChannelConfig& channel, const Notification& one, Time wall, const std::atomic<bool>& cancelled) {
  net::Request request;
  request.body = canonical_json(JsonObject{{"id", one.key}, {"about", one.about}, {"action", one.action}, {"contact", one.contact}, {"subject", one.subject}, {"text", one.text}, {"incident", one.incident},
                                           {"severity", one.severity}, {"endpoint", one.endpoint}, {"time", format_time(wall)}});
  const std::string timestamp = std::to_string(wall.us / kSecond);
  request.headers = {{"idempotency-key", one.key}, {"firebreak-timestamp", timestamp}};
  if (!channel.secret.empty()) request.headers.emplace_back("firebreak-signature", webhook_signature(channel.secret, timestamp, request.body));
  FIREBREAK_ASSIGN(Proof proof, post(channel, std::move(request), 200, 299, cancelled));
  proof.id = one.key;
  return proof;
}

Result<Proof> by_pagerduty(const ChannelConfig& channel, const Notification& one, const std::atomic<bool>& cancelled) {
  net::Request request;
  const Json event = pagerduty_event(channel, one);
  request.body = canonical_json(event);
  FIREBREAK_ASSIGN(Proof proof, post(channel, std::move(request), 202, 202, cancelled));
  proof.id = string_or(event, "dedup_key");
  return proof;
}

Result<Proof> by_mail(const ChannelConfig& channel, const Notification& one, Time wall, const std::atomic<bool>& cancelled) {
  const std::string host = channel.from.substr(channel.from.find('@') + 1);
  const net::Mail mail{channel.from, one.to, one.subject, one.text, fmt::format("{}@{}", one.key, host), wall};
  const net::MailServer server{channel.url, channel.user, channel.password, channel.tls_ca_file, channel.tls_required, channel.timeout_us};
  FIREBREAK_ASSIGN(const net::MailReceipt receipt, net::send_mail(server, mail, cancelled));
  Proof proof;
  proof.status = receipt.status;
  proof.accepted = receipt.status >= 200 && receipt.status < 300;
  proof.permanent = receipt.status >= 500;
  proof.id = mail.message_id;
  proof.digest = sha256(receipt.answer).hex();
  proof.answer = shortened(receipt.answer, kExcerpt);
  return proof;
}

}  // namespace

std::string webhook_signature(const std::string& secret, const std::string& timestamp, const std::string& body) {
  return "v1=" + hmac_sha256(secret, timestamp + "." + body).hex();
}

Json pagerduty_event(const ChannelConfig& channel, const Notification& one) {
  JsonObject event{{"routing_key", channel.secret}, {"event_action", one.action}, {"dedup_key", one.about.substr(0, kDedupKey)}};
  if (one.action != "trigger") return event;
  const std::string_view severity = one.severity == "SEV-1" ? "critical" : one.severity == "SEV-2" ? "error" : one.severity == "SEV-3" ? "warning" : "info";
  event["payload"] = JsonObject{{"summary", shortened(one.subject, kSummary)}, {"source", one.endpoint.empty() ? "firebreak" : one.endpoint}, {"severity", severity},
                                {"component", one.endpoint}, {"group", one.incident}, {"custom_details", JsonObject{{"text", one.text}, {"for", one.contact}}}};
  return event;
}

Result<Proof> deliver(const ChannelConfig& channel, const Notification& notification, Time wall, const std::atomic<bool>& cancelled) {
  if (channel.kind == "webhook") return by_webhook(channel, notification, wall, cancelled);
  if (channel.kind == "pagerduty") return by_pagerduty(channel, notification, cancelled);
  if (channel.kind == "smtp") return by_mail(channel, notification, wall, cancelled);
  return fail(Code::kInvalid, fmt::format("channel '{}' has the unknown kind '{}'", channel.name, channel.kind));
}

}  // namespace firebreak::connect
