// Firebreak's public API as one user of it sees it: an address and a token.
#pragma once

#include <string>

#include "base/json.h"
#include "world/net/http_client.h"

namespace firebreak::example {

class Api {
 public:
  Api(std::string url, std::string token);

  Result<Json> get(const std::string& path);
  Result<Json> post(const std::string& path, const Json& body);
  Result<Json> put(const std::string& path, const Json& body);
  Result<Json> command(const std::string& name, const Json& args);
  Result<std::string> upload(std::string content);  // -> digest
  Result<Json> records(const std::string& stream, std::string ndjson, const std::string& producer,
                       std::uint64_t sequence);

 private:
  const std::string url_;
  net::HttpClient http_;
};

}  // namespace firebreak::example
