#include "world/connect/make_caller.h"

#include <fmt/core.h>

#include "world/connect/mlflow_registry.h"
#include "world/connect/sagemaker.h"

namespace firebreak::connect {

Result<std::unique_ptr<Caller>> make_caller(const CallerConfig& config, const Clock& clock, TrainingStore::Keep keep) {
  if (config.kind == "mlflow") {
    MlflowPlace place;
    place.url = config.url;
    place.user = config.user;
    place.password = config.password;
    place.token = config.token;
    place.tls_ca_file = config.tls_ca_file;
    if (config.timeout_us > 0) place.timeout_us = config.timeout_us;
    if (config.wait_us > 0) place.download_us = config.wait_us;
    return std::make_unique<MlflowRegistry>(std::move(place));
  }
  if (config.kind == "sagemaker") {
    SageMakerPlace place;
    place.url = config.url;
    place.region = config.region;
    place.access_key_id = config.access_key_id;
    place.secret = config.secret;
    place.tls_ca_file = config.tls_ca_file;
    if (config.timeout_us > 0) place.timeout_us = config.timeout_us;
    if (config.wait_us > 0) place.wait_us = config.wait_us;
    return std::make_unique<SageMaker>(std::move(place), clock);
  }
  if (config.kind == "s3") {
    store::Place place;
    place.url = config.url;
    place.region = config.region;
    place.access_key_id = config.access_key_id;
    place.secret = config.secret;
    place.tls_ca_file = config.tls_ca_file;
    return std::make_unique<TrainingStore>(std::move(place), std::move(keep));
  }
  return fail(Code::kInvalid, fmt::format("caller '{}': there is no kind '{}'; there are mlflow, sagemaker and s3", config.name, config.kind));
}

}  // namespace firebreak::connect
