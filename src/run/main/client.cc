#include "run/main/client.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/clock.h"
#include "run/main/advice.h"

namespace firebreak::cli {
namespace {

constexpr std::int64_t kPatienceUs = 1'800'000'000;  // the server's own limits are tighter

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

int exit_of(Code code) {
  switch (code) {
    case Code::kInvalid:
    case Code::kTooLarge: return kUsage;
    case Code::kNotFound:
    case Code::kCorrupt: return kNegative;
    case Code::kConflict:
    case Code::kUnauthorized:
    case Code::kForbidden:
    case Code::kBusy: return kRefused;
    case Code::kUnavailable:
    case Code::kTimeout: return kUnreachable;
    case Code::kIo:
    case Code::kInternal: return kNegative;
  }
  return kNegative;
}

Client::Client(Connection connection) : connection_(std::move(connection)) {}

Result<void> Client::ready() {
  if (connection_.url.empty()) connection_.url = environment("FIREBREAK_URL");
  if (connection_.url.empty()) connection_.url = "http://127.0.0.1:8440";
  if (!connection_.url.starts_with("http://"))
    return fail(Code::kInvalid, fmt::format("'{}' is no http:// address. The server speaks http on its own machine; a proxy in "
                                            "front ends TLS: go through it with a browser, or over ssh", connection_.url));
  if (connection_.token.empty()) connection_.token = environment("FIREBREAK_TOKEN");
  if (connection_.token.empty() && !connection_.data.empty())
    connection_.token = first_line(connection_.data + "/admin.token");
  if (connection_.token.empty())
    return fail(Code::kUnauthorized,
                "no token: set FIREBREAK_TOKEN, or give --data DIR of a local server (its admin.token is read)");
  http_.set_token(connection_.token);
  return {};
}

// What comes from an exercise is marked before anything of it is printed, once: the one place for all commands. As JSON the answer itself
// says so; then, and where an answer goes to a file or pipe as it is, the line is on standard error.
Result<net::Response> Client::heard(Result<net::Response> response) {
  if (!response || marked_) return response;
  for (const auto& [name, value] : response->headers) {
    if (name != "firebreak-exercise") continue;
    marked_ = true;
    const bool screen = !connection_.json && response->content_type.starts_with("application/json");
    fmt::print(screen ? stdout : stderr, "{}\n", value);
  }
  return response;
}

Result<Json> Client::get(const std::string& path) {
  FIREBREAK_TRY(ready());
  return net::json_of(heard(http_.get(connection_.url + path)));
}

Result<std::string> Client::get_text(const std::string& path) {
  FIREBREAK_TRY(ready());
  FIREBREAK_ASSIGN(net::Response response, heard(http_.get(connection_.url + path)));
  if (response.status >= 400) return fail(net::error_of(response));
  return std::move(response.body);
}

Result<Json> Client::post(const std::string& path, const Json& body) {
  return post_bytes(path, canonical_json(body), "application/json");
}

Result<Json> Client::post_slow(const std::string& path, const Json& body) {
  FIREBREAK_TRY(ready());
  return net::json_of(heard(http_.post(connection_.url + path, canonical_json(body), "application/json", kPatienceUs)));
}

Result<std::string> Client::ask_archive(const std::string& what, const Json& body) {
  FIREBREAK_TRY(ready());
  FIREBREAK_ASSIGN(net::Response response, heard(http_.post(connection_.url + "/api/v1/archive/" + what, canonical_json(body), "application/json", kPatienceUs)));
  if (response.status >= 400) return fail(net::error_of(response));
  return std::move(response.body);
}

Result<Json> Client::put(const std::string& path, const Json& body) {
  FIREBREAK_TRY(ready());
  return net::json_of(heard(http_.put(connection_.url + path, canonical_json(body))));
}

Result<Json> Client::post_bytes(const std::string& path, std::string body, const std::string& content_type) {
  FIREBREAK_TRY(ready());
  if (connection_.code.empty()) return net::json_of(heard(http_.post(connection_.url + path, std::move(body), content_type)));
  net::Request request;
  request.method = "POST";
  request.headers = {{"content-type", content_type}, {"firebreak-code", connection_.code}};
  request.body = std::move(body);
  return net::json_of(heard(http_.send(request, connection_.url + path)));
}

Result<Json> Client::command(const std::string& name, const Json& args) {
  return post("/api/v1/commands/" + name, args);
}

Result<Json> Client::records(const std::string& stream, std::string ndjson, const std::string& producer,
                             std::uint64_t sequence, const std::string& content) {
  constexpr int kAttempts = 60;
  FIREBREAK_TRY(ready());
  net::Request request;
  request.method = "POST";
  request.headers = {{"content-type", "application/x-ndjson"},
                     {"firebreak-producer", producer},
                     {"firebreak-sequence", std::to_string(sequence)},
                     {"firebreak-content", content},
                     {"firebreak-sent", ""}};  // of each attempt, by our clock
  request.body = std::move(ndjson);
  for (int attempt = 1;; ++attempt) {
    request.headers.back().second = format_time(SystemClock().now());
    auto receipt = net::json_of(heard(http_.send(request, connection_.url + "/api/v1/streams/" + stream + "/records")));
    if (receipt || receipt.error().code != Code::kBusy || attempt == kAttempts) return receipt;
    std::this_thread::sleep_for(std::chrono::seconds(1));  // Retry-After
  }
}

int report_error(const Error& error, bool json) {
  if (json) {
    JsonObject object{{"error", error.message}, {"code", code_name(error.code)}};
    if (!error.pointer.empty()) object["pointer"] = error.pointer;
    if (error.line != 0) object["line"] = error.line;
    if (const std::string next = advice_for(error); !next.empty()) object["next"] = next;
    std::fputs(pretty_json(object).c_str(), stdout);
  } else {
    std::string place;
    if (error.line != 0) place += fmt::format(" (line {})", error.line);
    if (!error.pointer.empty()) place += fmt::format(" (at {})", error.pointer);
    std::string message = error.message;
    while (message.ends_with('\n')) message.pop_back();
    const std::string next = advice_for(error);
    fmt::print(stderr, "firebreak: {}{}{}\n", message, place, next.empty() ? "" : ". " + next);
  }
  return exit_of(error.code);
}

std::optional<int> told_whole(const Client& client, const Result<Json>& answer) {
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (!client.connection().json) return std::nullopt;
  std::fputs(pretty_json(*answer).c_str(), stdout);
  return kDone;
}

}  // namespace firebreak::cli
