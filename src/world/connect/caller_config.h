// What the configuration says about an outside system that playbooks call (`callers:` in firebreak.yaml; docs/operations.md).
#pragma once

#include <cstdint>
#include <string>

namespace firebreak::connect {

struct CallerConfig {
  std::string name;
  std::string kind;  // "mlflow", "sagemaker", "s3"
  std::string url;   // without '/' at its end
  std::string tls_ca_file;
  std::string user, password, token;           // mlflow
  std::string region, access_key_id, secret;   // sagemaker, s3
  std::int64_t timeout_us = 0;                 // of a request; mlflow, sagemaker
  std::int64_t wait_us = 0;                    // of a whole change or download: sagemaker, mlflow
};

}  // namespace firebreak::connect
