// Firebreak's public API as one user of it sees it: an address and a token.
#pragma once

#include <string>

#include "base/json.h"
#include "world/net/http_client.h"

namespace firebreak::example {

class Api {
 public:
  // `seen`: the journal index of the newest command of all who share it. Reads wait until the views have it, so that
  // nobody looks at a state before his own or a colleague's command. Null: reads take what there is.
  Api(std::string url, std::string token, std::uint64_t* seen = nullptr);

  Result<Json> get(const std::string& path);
  Result<Json> post(const std::string& path, const Json& body);
  Result<Json> put(const std::string& path, const Json& body);
  Result<Json> command(const std::string& name, const Json& args);
  Result<std::string> upload(std::string content);  // -> digest
  Result<Json> records(const std::string& stream, std::string ndjson, const std::string& producer,
                       std::uint64_t sequence);

 private:
  const std::string url_;
  std::uint64_t* const seen_;
  net::HttpClient http_;
};

}  // namespace firebreak::example
