// One person or program of a drill, as its token makes it: calls of the API.
#pragma once

#include <string>

#include "world/net/http_client.h"

namespace firebreak::drill {

class HttpApi {
 public:
  HttpApi(std::string url, std::string token, const std::atomic<bool>& ended);
  Result<Json> get(const std::string& path);
  Result<Json> post(const std::string& path, const Json& body);
  Result<Json> put(const std::string& path, const Json& body);
  Result<Json> command(const std::string& name, const Json& args);
  Result<std::string> upload(std::string content);  // its digest
  Result<Json> records(const std::string& stream, std::string ndjson, const std::string& producer, std::uint64_t sequence);

 private:
  const std::string url_;
  net::HttpClient http_;
};

}  // namespace firebreak::drill
