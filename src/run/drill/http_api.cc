#include "run/drill/http_api.h"

namespace firebreak::drill {
namespace {

constexpr std::int64_t kLong = 600 * kSecond;  // a step of the clock waits for captures and gates

}  // namespace

HttpApi::HttpApi(std::string url, std::string token, const std::atomic<bool>& ended) : url_(std::move(url)) {
  http_.cancel_when(ended);
  http_.set_token(std::move(token));
}

Result<Json> HttpApi::get(const std::string& path) { return net::json_of(http_.get(url_ + path)); }

Result<Json> HttpApi::post(const std::string& path, const Json& body) { return net::json_of(http_.post(url_ + path, canonical_json(body), "application/json", kLong)); }

Result<Json> HttpApi::put(const std::string& path, const Json& body) { return net::json_of(http_.put(url_ + path, canonical_json(body))); }

Result<Json> HttpApi::command(const std::string& name, const Json& args) {
  auto answer = post("/api/v1/commands/" + name, args);
  if (!answer) return fail(std::move(answer.error()).with(name));
  return answer;
}

Result<std::string> HttpApi::upload(std::string content) {
  FIREBREAK_ASSIGN(const Json answer, net::json_of(http_.post(url_ + "/api/v1/blobs", std::move(content), "application/octet-stream", kLong)));
  return get_string(answer, "digest");
}

Result<Json> HttpApi::records(const std::string& stream, std::string ndjson, const std::string& producer, std::uint64_t sequence) {
  net::Request request;
  request.method = "POST";
  request.body = std::move(ndjson);
  request.headers = {{"content-type", "application/x-ndjson"}, {"firebreak-producer", producer}, {"firebreak-sequence", std::to_string(sequence)}};
  return net::json_of(http_.send(request, url_ + "/api/v1/streams/" + stream + "/records"));
}

}  // namespace firebreak::drill
