#include "fraud/player/api.h"

#include <algorithm>

namespace firebreak::example {
namespace {

constexpr std::int64_t kLong = 600 * kSecond;  // a clock step waits for gates and captures

}  // namespace

Api::Api(std::string url, std::string token, std::uint64_t* seen) : url_(std::move(url)), seen_(seen) {
  http_.set_token(std::move(token));
}

Result<Json> Api::get(const std::string& path) {
  std::string url = url_ + path;
  if (seen_ != nullptr && *seen_ != 0)
    url += (path.find('?') == std::string::npos ? "?" : "&") + std::string("min_index=") + std::to_string(*seen_);
  return net::json_of(http_.get(url));
}

Result<Json> Api::post(const std::string& path, const Json& body) {
  return net::json_of(http_.post(url_ + path, canonical_json(body), "application/json", kLong));
}

Result<Json> Api::put(const std::string& path, const Json& body) {
  return net::json_of(http_.put(url_ + path, canonical_json(body)));
}

Result<Json> Api::command(const std::string& name, const Json& args) {
  auto answer = post("/api/v1/commands/" + name, args);
  if (!answer) return fail(std::move(answer.error()).with(name));
  if (seen_ != nullptr) *seen_ = std::max(*seen_, static_cast<std::uint64_t>(int_or(*answer, "index")));
  return answer;
}

Result<std::string> Api::upload(std::string content) {
  FIREBREAK_ASSIGN(const Json answer, net::json_of(http_.post(url_ + "/api/v1/blobs", std::move(content),
                                                              "application/octet-stream", kLong)));
  return get_string(answer, "digest");
}

Result<Json> Api::records(const std::string& stream, std::string ndjson, const std::string& producer,
                          std::uint64_t sequence) {
  net::Request request;
  request.method = "POST";
  request.body = std::move(ndjson);
  request.headers = {{"content-type", "application/x-ndjson"},
                     {"firebreak-producer", producer},
                     {"firebreak-sequence", std::to_string(sequence)}};
  return net::json_of(http_.send(request, url_ + "/api/v1/streams/" + stream + "/records"));
}

}  // namespace firebreak::example
