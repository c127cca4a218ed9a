#include "world/connect/mlflow_api.h"

#include <fmt/core.h>

#include "base/encoding.h"

namespace firebreak::connect {
namespace {

constexpr std::size_t kAnswerBytes = 8 * limits::kMiB;
constexpr std::size_t kWords = 300;  // of the other side's message: some of its messages quote whole SQL statements

std::string query_of(const MlflowApi::Query& query) {
  std::string out;
  for (const auto& [name, value] : query) out += fmt::format("{}{}={}", out.empty() ? '?' : '&', name, net::percent_encode(value));
  return out;
}

// Plain text and pages alike, without what a terminal would act on.
std::string words_of(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kWords)) out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  return out;
}

Error meaning_of(const net::Response& response) {
  const int status = response.status;
  const auto document = parse_json(response.body);
  const bool json = document && document->is_object() && find(*document, "error_code") != nullptr;
  const std::string code = json ? string_or(*document, "error_code") : "";
  const std::string message = words_of(json ? string_or(*document, "message") : "");
  const auto error = [&](Code kind, std::string text, std::string pointer = "") { return Error{kind, std::move(text), std::move(pointer), 0}; };
  if (status == 401) return error(Code::kUnauthorized, "401: it does not take these credentials; compare user and password_file, or token_file");
  if (status == 403 && response.body.find("Invalid Host header") != std::string::npos)
    return error(Code::kForbidden, "403: it does not answer to the host name in url; add that name to its --allowed-hosts, or call it by another");
  if (status == 403) return error(Code::kForbidden, "403: these credentials may not: on the model they need EDIT, and MANAGE to take an alias or a tag away; or there is no such model");
  if (status == 429) return error(Code::kBusy, "429: too many requests");
  if (status >= 500) return error(Code::kUnavailable, fmt::format("{} {}{}{}", status, net::status_text(status), message.empty() ? "" : ": ", message));
  if (status >= 300 && status < 400) return error(Code::kInvalid, fmt::format("{}: it redirects to {}; compare url", status, words_of(response.header("location"))));
  if (!json) return error(Code::kInvalid, fmt::format("{}: this is no answer of MLflow's REST interface ({}); compare url", status, words_of(response.content_type)));
  // MLflow answers 400 INVALID_PARAMETER_VALUE for an alias that the model does not have, and nothing else tells it from other 400s.
  const bool no_alias = message.starts_with("Registered model alias ") && message.find(" not found") != std::string::npos;
  if (no_alias) return error(Code::kNotFound, message, "/alias");
  if (code == "RESOURCE_DOES_NOT_EXIST") return error(Code::kNotFound, message);
  return error(Code::kInvalid, fmt::format("{} {}: {}", status, code, message));
}

}  // namespace

MlflowApi::MlflowApi(MlflowPlace place, const std::atomic<bool>& stopping) : place_(std::move(place)) {
  http_.cancel_when(stopping);
  http_.limit_answers(kAnswerBytes);
  if (!place_.tls_ca_file.empty()) http_.trust(place_.tls_ca_file);
}

net::Headers MlflowApi::credentials() const {
  if (!place_.user.empty()) return {{"Authorization", "Basic " + to_base64(place_.user + ":" + place_.password)}};
  if (!place_.token.empty()) return {{"Authorization", "Bearer " + place_.token}};
  return {};
}

Result<Json> MlflowApi::send(const std::string& method, const std::string& target, std::string body) {
  net::Request request;
  request.method = method;
  request.headers = credentials();
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");  // without it MLflow sees no arguments
  request.body = std::move(body);
  auto response = http_.send(request, place_.url + target, place_.timeout_us);
  if (!response) return fail(std::move(response.error()));
  const std::string where = fmt::format("{} {}{}", method, place_.url, target.substr(0, target.find('?')));
  if (response->status >= 300) return fail(meaning_of(*response).with(where));
  auto answer = parse_json(response->body);
  if (!answer || !answer->is_object())
    return fail(Code::kInvalid, fmt::format("{}: {}, and no JSON object behind it ({}); compare url", where, response->status, words_of(response->content_type)));
  return answer;
}

Result<Json> MlflowApi::get(const std::string& path, const Query& query) { return send("GET", "/api/2.0/" + path + query_of(query), {}); }

Result<Json> MlflowApi::change(const std::string& method, const std::string& path, const JsonObject& body) {
  return send(method, "/api/2.0/" + path, canonical_json(body));
}

Result<Digest> MlflowApi::digest_of_file(const std::string& model, const std::string& version, const std::string& file) {
  Sha256 hash;
  const std::string url = place_.url + "/model-versions/get-artifact" + query_of({{"name", model}, {"version", version}, {"path", file}});
  const auto took = [&](std::string_view octets) { return hash.update(octets), true; };
  if (auto streamed = http_.stream(url, credentials(), took, place_.download_us); !streamed)
    return fail(Error(streamed.error()).with(fmt::format("file '{}' of version {} of model '{}'", file, version, model)));
  return hash.finish();
}

}  // namespace firebreak::connect
