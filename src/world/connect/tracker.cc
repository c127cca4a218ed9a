#include "world/connect/tracker.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/utf8.h"
#include "world/connect/messenger.h"
#include "world/net/http_client.h"

namespace firebreak::connect {
namespace {

constexpr std::size_t kAnswer = 1024 * 1024, kExcerpt = 300, kTitle = 250, kText = 30'000;
constexpr std::int64_t kWindow = 5 * kMinute;
constexpr std::string_view kMark = "[firebreak:";

// 408, 425, 429 and 5xx may pass, and so may a password that is being changed.
bool is_permanent(int status) { return status >= 400 && status < 500 && status != 401 && status != 408 && status != 425 && status != 429; }

std::string mark_of(const TicketCall& call) { return fmt::format("{}{}]", kMark, call.key); }
std::string marked(const TicketCall& call) { return shortened(call.text, kText) + "\n" + mark_of(call); }

// One conversation with a tracker; the newest answer stands in it.
class Line {
 public:
  Line(const TrackerConfig& tracker, const TicketCall& call, Time wall, const std::atomic<bool>& cancelled) : tracker_(tracker), call_(call), wall_(wall) {
    client_.cancel_when(cancelled);
    client_.limit_answers(kAnswer);
    if (!tracker.tls_ca_file.empty()) client_.trust(tracker.tls_ca_file);
  }
  // The answer's document; null when it has none.
  Result<Json> ask(const std::string& method, const std::string& path, const Json& body = nullptr) {
    net::Request request;
    request.method = method;
    if (!body.is_null()) request.body = canonical_json(body);
    const std::string timestamp = std::to_string(wall_.us / kSecond);
    request.headers = {{"accept", "application/json"}, {"content-type", "application/json"}, {"idempotency-key", call_.key}, {"firebreak-timestamp", timestamp}};
    if (!tracker_.secret.empty()) request.headers.emplace_back("firebreak-signature", webhook_signature(tracker_.secret, timestamp, request.body));
    if (!tracker_.user.empty()) request.headers.emplace_back("authorization", "Basic " + to_base64(tracker_.user + ":" + tracker_.token));
    else if (!tracker_.token.empty()) request.headers.emplace_back("authorization", "Bearer " + tracker_.token);
    FIREBREAK_ASSIGN(const net::Response response, client_.send(request, tracker_.url + path, tracker_.timeout_us));
    told.status = response.status;
    told.done = response.status >= 200 && response.status <= 299;
    told.permanent = is_permanent(response.status);
    told.digest = sha256(response.body).hex();
    told.detail = told.done ? "" : shortened(fmt::format("{} {}: status {}: {}", method, path, response.status, response.body), kExcerpt);
    return parse_json(response.body, 64).value_or(Json(nullptr));
  }
  TicketAnswer told;

 private:
  const TrackerConfig& tracker_;
  const TicketCall& call_;
  const Time wall_;
  net::HttpClient client_;
};

const JsonArray& list(const Json& document, std::string_view key) {
  static const JsonArray kNone;
  const Json* const found = document.is_object() ? find(document, key) : nullptr;
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}
std::string inner(const Json& document, std::string_view key, std::string_view member) {
  const Json* const found = document.is_object() ? find(document, key) : nullptr;
  return found != nullptr && found->is_object() ? string_or(*found, member) : "";
}

// What came back as made, but has no name in the answer, is no answer of this tracker.
TicketAnswer named(TicketAnswer told, std::string reference) {
  if (told.done && reference.empty()) {
    told.done = false;
    told.permanent = true;
    told.detail = "the answer names no ticket: compare url and shape";
  }
  told.reference = std::move(reference);
  return told;
}

// ---- Jira

Result<TicketAnswer> jira_comment(Line& line, const std::string& base, const TicketCall& call) {
  FIREBREAK_ASSIGN(const Json there, line.ask("GET", base + "/comment?maxResults=1000&orderBy=-created"));
  if (!line.told.done) return line.told;
  for (const Json& one : list(there, "comments"))
    if (string_or(one, "body").find(mark_of(call)) != std::string::npos) {
      line.told.comment = string_or(one, "id");
      return line.told;
    }
  FIREBREAK_ASSIGN(const Json made, line.ask("POST", base + "/comment", JsonObject{{"body", marked(call)}}));
  if (line.told.done && made.is_object()) line.told.comment = string_or(made, "id");
  return line.told;
}

Result<TicketAnswer> jira(Line& line, const TrackerConfig& tracker, const TicketCall& call) {
  const std::string base = "/rest/api/2/issue/" + net::percent_encode(call.reference);
  if (call.what == "open") {
    FIREBREAK_ASSIGN(const Json there, line.ask("GET", fmt::format("/rest/api/2/search?jql={}&fields=status&maxResults=1", net::percent_encode(fmt::format("labels = \"{}\"", call.key)))));
    if (!line.told.done) return line.told;
    if (const JsonArray& issues = list(there, "issues"); !issues.empty()) return named(line.told, string_or(issues.front(), "key"));
    JsonObject fields{{"project", JsonObject{{"key", tracker.project}}}, {"issuetype", JsonObject{{"name", tracker.type}}}, {"summary", shortened(call.title, kTitle)},
                      {"description", marked(call)}, {"labels", JsonArray{"firebreak", Json(call.key)}}};
    FIREBREAK_ASSIGN(const Json made, line.ask("POST", "/rest/api/2/issue", JsonObject{{"fields", std::move(fields)}}));
    return named(line.told, made.is_object() ? string_or(made, "key") : "");
  }
  FIREBREAK_ASSIGN(const TicketAnswer said, jira_comment(line, base, call));
  if (!said.done || call.what != "close" || tracker.close_transition.empty()) return said;
  FIREBREAK_ASSIGN(const Json issue, line.ask("GET", base + "?fields=status"));
  if (!line.told.done) return line.told;
  const Json* const fields = issue.is_object() ? find(issue, "fields") : nullptr;
  const std::string status = fields == nullptr ? "" : inner(*fields, "status", "name");
  if (std::find(tracker.closed.begin(), tracker.closed.end(), status) == tracker.closed.end()) {
    FIREBREAK_TRY(line.ask("POST", base + "/transitions", JsonObject{{"transition", JsonObject{{"id", tracker.close_transition}}}}));
  }
  line.told.comment = said.comment;
  return line.told;
}

// ---- ServiceNow

std::string urgency_of(const std::string& severity) { return severity == "SEV-1" ? "1" : severity == "SEV-2" ? "2" : "3"; }

Result<TicketAnswer> servicenow(Line& line, const TrackerConfig& tracker, const TicketCall& call) {
  const std::string table = "/api/now/table/" + net::percent_encode(tracker.table);
  if (call.what == "open") {
    FIREBREAK_ASSIGN(const Json there, line.ask("GET", fmt::format("{}?sysparm_query=correlation_id%3D{}&sysparm_fields=sys_id%2Cnumber&sysparm_limit=1", table, net::percent_encode(call.key))));
    if (!line.told.done) return line.told;
    if (const JsonArray& rows = list(there, "result"); !rows.empty()) return named(line.told, string_or(rows.front(), "sys_id"));
    FIREBREAK_ASSIGN(const Json made, line.ask("POST", table, JsonObject{{"short_description", shortened(call.title, 160)}, {"description", call.text}, {"correlation_id", call.key}, {"correlation_display", "Firebreak"},
                                                                         {"urgency", urgency_of(call.severity)}, {"impact", urgency_of(call.severity)}}));
    return named(line.told, inner(made, "result", "sys_id"));
  }
  const std::string row = table + "/" + net::percent_encode(call.reference);
  const std::string asked = net::percent_encode(fmt::format("element_id={}^valueLIKE{}", call.reference, mark_of(call)));
  FIREBREAK_ASSIGN(const Json noted, line.ask("GET", fmt::format("/api/now/table/sys_journal_field?sysparm_query={}&sysparm_fields=sys_id&sysparm_limit=1", asked)));
  if (!line.told.done) return line.told;
  if (!list(noted, "result").empty()) return line.told;
  JsonObject change{{"work_notes", marked(call)}};
  if (call.what == "update" && !call.severity.empty()) change["urgency"] = change["impact"] = urgency_of(call.severity);
  if (call.what == "close") {
    change["state"] = tracker.close_state;
    change["close_notes"] = shortened(call.text, kText);
    if (!tracker.close_code.empty()) change["close_code"] = tracker.close_code;
  }
  FIREBREAK_TRY(line.ask("PATCH", row, std::move(change)));
  return line.told;
}

// ---- news

// What somebody wrote there. What says nothing, or is no text, is no fact.
Result<std::string> said(const Json& object, std::string_view key, const std::string& pointer) {
  const Json* const found = find(object, key);
  if (found == nullptr || !found->is_string() || string_or(object, key).find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Code::kInvalid, fmt::format("'{}' must be a text that says something", key), pointer);
  return string_or(object, key);
}

// Takes as long whatever the difference is.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference = static_cast<unsigned char>(difference | static_cast<unsigned char>(a[i] ^ b[i]));
  return difference == 0;
}

tl::unexpected<Error> not_theirs(const TrackerConfig& tracker) { return fail(Code::kUnauthorized, fmt::format("the signature is not that of '{}'", tracker.name)); }
Result<Time> in_time(Time at, Time wall) {
  if (std::abs(wall.us - at.us) > kWindow) return fail(Code::kUnauthorized, "the notice is from more than five minutes before or after this machine's clock");
  return at;
}

Result<TicketNews> jira_news(const TrackerConfig& tracker, const net::Request& request, Time wall) {
  if (!same(request.header("x-hub-signature"), "sha256=" + hmac_sha256(tracker.secret, request.body).hex())) return not_theirs(tracker);
  FIREBREAK_ASSIGN(const Json body, parse_json(request.body, 64));
  TicketNews news;
  FIREBREAK_ASSIGN(const std::int64_t ms, get_int(body, "timestamp"));
  if (ms < 0 || ms > 100'000'000'000'000) return fail(Code::kInvalid, "'timestamp' is no time", "/timestamp");
  FIREBREAK_ASSIGN(news.at, in_time(Time{ms * 1'000}, wall));
  news.reference = inner(body, "issue", "key");
  std::string author = inner(body, "user", "name");
  const std::string event = string_or(body, "webhookEvent");
  if (event == "comment_created") {
    const Json* const comment = find(body, "comment");
    if (comment == nullptr || !comment->is_object()) return fail(Code::kInvalid, "'comment' is missing", "/comment");
    news.what = "comment";
    FIREBREAK_ASSIGN(news.text, said(*comment, "body", "/comment/body"));
    news.comment = string_or(*comment, "id");
    author = inner(*comment, "author", "name");
  } else if (event == "jira:issue_updated") {
    const Json* const changes = find(body, "changelog");
    std::size_t at = 0;
    for (const Json& item : changes == nullptr ? JsonArray{} : list(*changes, "items")) {
      if (item.is_object() && string_or(item, "field") == "status") {
        news.what = "status";
        FIREBREAK_ASSIGN(news.status, said(item, "toString", fmt::format("/changelog/items/{}/toString", at)));
      }
      ++at;
    }
  }
  news.ours = !tracker.account.empty() && author == tracker.account;
  return news;
}

Result<TicketNews> servicenow_news(const TrackerConfig& tracker, const net::Request& request, Time wall) {
  const std::string timestamp(request.header("firebreak-timestamp"));
  if (!same(request.header("firebreak-signature"), webhook_signature(tracker.secret, timestamp, request.body))) return not_theirs(tracker);
  std::int64_t seconds = 0;
  const auto [stopped, problem] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  if (problem != std::errc() || stopped != timestamp.data() + timestamp.size() || seconds < 0 || seconds > 100'000'000'000) return fail(Code::kUnauthorized, "'Firebreak-Timestamp' is no number of seconds");
  TicketNews news;
  FIREBREAK_ASSIGN(news.at, in_time(Time{seconds * kSecond}, wall));
  FIREBREAK_ASSIGN(const Json body, parse_json(request.body, 64));
  FIREBREAK_ASSIGN(news.reference, get_string(body, "sys_id"));
  FIREBREAK_TRY(get_string(body, "event"));  // makes two notices that say the same two
  // A notice has one of both; the other may be absent, or null or empty as its business rule leaves it.
  const auto is_left_out = [&](std::string_view key) {
    const Json* const found = find(body, key);
    return found == nullptr || found->is_null() || (found->is_string() && found->get_string().empty());
  };
  if (!is_left_out("comment")) {
    FIREBREAK_ASSIGN(news.text, said(body, "comment", "/comment"));
  }
  if (!is_left_out("state")) {
    FIREBREAK_ASSIGN(news.status, said(body, "state", "/state"));
  }
  news.what = !news.status.empty() ? "status" : !news.text.empty() ? "comment" : "";
  news.ours = !tracker.account.empty() && string_or(body, "sys_updated_by") == tracker.account;
  return news;
}

}  // namespace

Result<TicketAnswer> carry(const TrackerConfig& tracker, const TicketCall& call, Time wall, const std::atomic<bool>& cancelled) {
  Line line(tracker, call, wall, cancelled);
  return tracker.shape == "jira" ? jira(line, tracker, call) : servicenow(line, tracker, call);
}

Result<TicketNews> read_news(const TrackerConfig& tracker, const net::Request& request, Time wall) {
  if (tracker.secret.empty()) return fail(Code::kUnauthorized, fmt::format("'{}' has no secret: nothing that comes from it can be believed (secret_file)", tracker.name));
  auto news = tracker.shape == "jira" ? jira_news(tracker, request, wall) : servicenow_news(tracker, request, wall);
  if (!news) return news;
  news->event = sha256(request.body).hex();
  news->closed = std::find(tracker.closed.begin(), tracker.closed.end(), news->status) != tracker.closed.end();
  news->ours = news->ours || news->text.find(kMark) != std::string::npos;
  news->text = shortened(news->text, 4'000);
  news->status = shortened(news->status, 100);
  return news;
}

}  // namespace firebreak::connect
