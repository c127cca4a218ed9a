#include "world/net/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <mutex>

namespace firebreak::net {
namespace {

struct CurlGlobal {
  CurlGlobal() { curl_global_init(CURL_GLOBAL_DEFAULT); }
};

struct Body {
  std::string& text;
  std::size_t limit;  // 0 = none
  bool too_large = false;
};

std::size_t append_body(char* data, std::size_t size, std::size_t count, void* to) {
  Body& body = *static_cast<Body*>(to);
  body.too_large = body.limit != 0 && body.text.size() + size * count > body.limit;
  if (body.too_large) return 0;
  body.text.append(data, size * count);
  return size * count;
}

std::size_t append_header(char* data, std::size_t size, std::size_t count, void* to) {
  std::string_view line(data, size * count);
  Response& response = *static_cast<Response*>(to);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.substr(0, 5) == "HTTP/") response.headers.clear();  // an interim answer went before
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string name(line.substr(0, colon));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "content-type") response.content_type = std::string(value);
  response.headers.emplace_back(std::move(name), std::string(value));
  return size * count;
}

struct Streaming {
  std::function<bool(std::string_view)> on_data;
  CURL* easy = nullptr;
  std::string error_body;
  bool ended_by_us = false;
};

std::size_t stream_body(char* data, std::size_t size, std::size_t count, void* to) {
  Streaming& streaming = *static_cast<Streaming*>(to);
  long status = 0;
  curl_easy_getinfo(streaming.easy, CURLINFO_RESPONSE_CODE, &status);
  const std::string_view bytes(data, size * count);
  if (status >= 400) {
    streaming.error_body.append(bytes);
  } else if (!streaming.on_data(bytes)) {
    streaming.ended_by_us = true;
    return 0;
  }
  return size * count;
}

int stop_if_cancelled(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0;
}

struct HeaderList {
  curl_slist* list = nullptr;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

}  // namespace

struct HttpClient::Impl {
  std::mutex mutex;
  CURL* easy = nullptr;
  std::string token, ca_file;
  std::string signing, signer, secret;  // "aws:amz:REGION:SERVICE", key id; empty: not signed
  std::size_t answer_limit = 0;
  const std::atomic<bool>* cancelled = nullptr;

  // Connections survive a reset of the options.
  void prepare(const std::string& url, const std::string& method, const HeaderList& headers, Response& response) {
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
    if (method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.list);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, append_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &response);
    if (!ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
    if (cancelled == nullptr) return;
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, stop_if_cancelled);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, cancelled);
  }

  Result<void> perform(const std::string& url) {
    const CURLcode code = curl_easy_perform(easy);
    if (code == CURLE_OK) return {};
    const Code kind = code == CURLE_OPERATION_TIMEDOUT ? Code::kTimeout
                      : code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? Code::kInvalid
                                                                                           : Code::kUnavailable;
    return fail(kind, fmt::format("{}: {}", url, curl_easy_strerror(code)));
  }

  void common_headers(HeaderList& list) const {
    // No 100-continue round trip. A line that takes a header away would be signed all the same, so there it may come; a server that
    // does not answer it is not waited for.
    if (signing.empty()) list.add("Expect:");
    if (!token.empty()) list.add("Authorization: Bearer " + token);
  }
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {
  static const CurlGlobal global;
  impl_->easy = curl_easy_init();
  FIREBREAK_ASSERT(impl_->easy != nullptr);
}

HttpClient::~HttpClient() { curl_easy_cleanup(impl_->easy); }

void HttpClient::set_token(std::string token) {
  const std::lock_guard lock(impl_->mutex);
  impl_->token = std::move(token);
}

void HttpClient::cancel_when(const std::atomic<bool>& flag) {
  const std::lock_guard lock(impl_->mutex);
  impl_->cancelled = &flag;
}

void HttpClient::limit_answers(std::size_t octets) {
  const std::lock_guard lock(impl_->mutex);
  impl_->answer_limit = octets;
}

void HttpClient::trust(std::string ca_file) {
  const std::lock_guard lock(impl_->mutex);
  impl_->ca_file = std::move(ca_file);
}

void HttpClient::sign(SigningPair pair) {
  const std::lock_guard lock(impl_->mutex);
  impl_->signing = fmt::format("aws:amz:{}:{}", pair.region, pair.service);
  impl_->signer = std::move(pair.access_key_id);
  impl_->secret = std::move(pair.secret);
}

Result<Response> HttpClient::send(const Request& request, const std::string& url, std::int64_t timeout_us) {
  const std::lock_guard lock(impl_->mutex);
  HeaderList headers;
  impl_->common_headers(headers);
  for (const auto& [name, value] : request.headers) headers.add(name + ": " + value);
  Response response;
  response.content_type.clear();
  impl_->prepare(url, request.method, headers, response);
  CURL* easy = impl_->easy;
  if (!impl_->signing.empty()) {
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, impl_->signing.c_str());
    curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERNAME, impl_->signer.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, impl_->secret.c_str());
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, timeout_us / 1'000)));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append_body);
  Body body{response.body, impl_->answer_limit};
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  const Result<void> performed = impl_->perform(url);
  if (body.too_large) return fail(Code::kTooLarge, fmt::format("{}: the answer is larger than {} octets", url, body.limit));
  if (!performed) return fail(Error(performed.error()));
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  return response;
}

Result<Response> HttpClient::get(const std::string& url, std::int64_t timeout_us) {
  Request request;
  request.method = "GET";
  return send(request, url, timeout_us);
}

Result<Response> HttpClient::post(const std::string& url, std::string body, std::string content_type,
                                  std::int64_t timeout_us) {
  Request request;
  request.method = "POST";
  request.headers.emplace_back("Content-Type", std::move(content_type));
  request.body = std::move(body);
  return send(request, url, timeout_us);
}

Result<Response> HttpClient::put(const std::string& url, std::string body, std::string content_type,
                                 std::int64_t timeout_us) {
  Request request;
  request.method = "PUT";
  request.headers.emplace_back("Content-Type", std::move(content_type));
  request.body = std::move(body);
  return send(request, url, timeout_us);
}

Result<void> HttpClient::stream(const std::string& url, const Headers& headers,
                                std::function<bool(std::string_view)> on_data, std::int64_t timeout_us) {
  const std::lock_guard lock(impl_->mutex);
  HeaderList list;
  impl_->common_headers(list);
  for (const auto& [name, value] : headers) list.add(name + ": " + value);
  Response response;
  impl_->prepare(url, "GET", list, response);
  Streaming streaming{std::move(on_data), impl_->easy, "", false};
  curl_easy_setopt(impl_->easy, CURLOPT_WRITEFUNCTION, stream_body);
  curl_easy_setopt(impl_->easy, CURLOPT_WRITEDATA, &streaming);
  curl_easy_setopt(impl_->easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_us / 1'000));
  auto performed = impl_->perform(url);
  if (streaming.ended_by_us) return {};
  FIREBREAK_TRY(std::move(performed));
  long status = 0;
  curl_easy_getinfo(impl_->easy, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  response.body = std::move(streaming.error_body);
  if (status >= 400) return fail(error_of(response));
  return {};
}

Result<Json> json_of(Result<Response> response) {
  if (!response) return fail(std::move(response.error()));
  if (response->status >= 400) return fail(error_of(*response));
  return parse_json(response->body);
}

}  // namespace firebreak::net
