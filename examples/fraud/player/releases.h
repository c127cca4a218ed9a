// The story's three releases as an ML engineer would register them: model bytes, training snapshot, lineage.
#pragma once

#include <string>

#include "fraud/player/api.h"

namespace firebreak::example {

struct ReleasePlan {
  std::string release;       // 1.0.0, 1.1.0-poisoned, 1.2.0
  std::string data;          // folder of the story's data
  std::string upstream;      // of the model server, without the version
  std::string incident;      // empty for the release in service
  std::string evidence_source;  // 1.2.0: "evidence of inc-N, accepted by ben"
};

// Uploads what the release consists of and registers it. A release that is registered already is left alone.
Result<void> register_release(Api& api, const ReleasePlan& plan);

// SHA-256 of the captured rows that 1.2.0 was trained with: what the approver accepts.
Result<std::string> captured_digest(const std::string& data);

// Share of the later winning queries (never trained on by any release) that a release still approves, asked of it now.
Result<double> still_approved(const std::string& data, const std::string& models, const std::string& release);

}  // namespace firebreak::example
