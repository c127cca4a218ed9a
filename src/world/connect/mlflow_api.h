// MLflow's REST interface, as far as registries go (/api/2.0/mlflow, MLflow 3.x): requests, and what its answers mean.
//
// Its errors come as JSON, as HTML or as plain text; 400 stands for an alias that is not there. They become codes here:
//   kNotFound      no such model, version, file; no such alias (pointer "/alias")
//   kUnauthorized  user and password, or token;   kForbidden  rights, or a Host header that the server does not take
//   kUnavailable   5xx, no connection;   kTimeout;   kBusy 429;   kInvalid  all else, an answer that is no MLflow's among them
// Threads: one call at a time.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "world/net/http_client.h"

namespace firebreak::connect {

struct MlflowPlace {
  std::string url;             // "https://mlflow.example.org", without '/' at its end
  std::string user, password;  // Basic, when there is a user
  std::string token;           // else Bearer, when there is one
  std::string tls_ca_file;
  std::int64_t timeout_us = 30'000'000;     // of a request
  std::int64_t download_us = 600'000'000;   // of an artifact
};

class MlflowApi {
 public:
  using Query = std::vector<std::pair<std::string, std::string>>;

  // `stopping` breaks calls off and outlives this.
  MlflowApi(MlflowPlace place, const std::atomic<bool>& stopping);

  // `path` below /api/2.0: "mlflow/registered-models/alias".
  Result<Json> get(const std::string& path, const Query& query);
  // POST or DELETE; both take their arguments as a JSON body.
  Result<Json> change(const std::string& method, const std::string& path, const JsonObject& body);
  // Of one file of a model version, hashed as it comes: of any size.
  Result<Digest> digest_of_file(const std::string& model, const std::string& version, const std::string& file);

 private:
  Result<Json> send(const std::string& method, const std::string& target, std::string body);
  net::Headers credentials() const;

  const MlflowPlace place_;
  net::HttpClient http_;
};

}  // namespace firebreak::connect
