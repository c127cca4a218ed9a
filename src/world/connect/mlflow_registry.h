// A model registry in MLflow 3.x.
//
//   alias {model, alias, to, digest?, file?, expect?}  points an alias at version `to` (null: takes the alias away). With `digest`
//         the version's file must have that SHA-256, with `expect` the alias must point at that version now (null: must not be there);
//         else kConflict, and nothing is changed -> {before, after, changed, digest}
//   tag   {model, version, key, value}  sets a version's tag (null: takes it away) -> {before, after, changed}
//   read  {model, alias | version, file?} -> {version, digest, status, source, tags, aliases}
//
// A version is a string of digits or a whole number. `file` names a file below the version's artifacts; without it the version must
// hold a single one (read: `digest` is null otherwise). An alias that points where it should is not set again: MLflow would announce
// it anew. MLflow has no compare-and-set: between the look at `expect` and the write somebody else may move the alias; who did it
// last wins, and the read behind the write shows it.
// Rights, where the server has users: EDIT on the model, MANAGE to take aliases and tags away. Whom it does not know as a reader of a
// model it does not tell whether there is one (kForbidden).
// Facts: MLflow 3.17.2, seen in test/counterpart/callers.
#pragma once

#include <atomic>

#include "world/connect/befores.h"
#include "world/connect/caller.h"
#include "world/connect/mlflow_api.h"

namespace firebreak::connect {

class MlflowRegistry : public Caller {
 public:
  explicit MlflowRegistry(MlflowPlace place) : api_(std::move(place), stopping_) {}

  Result<JsonObject> call(const Json& request, const std::string& key) override;
  void stop() override { stopping_ = true; }

 private:
  Result<JsonObject> alias(const Json& request, const std::string& key);
  Result<JsonObject> tag(const Json& request, const std::string& key);
  Result<JsonObject> read(const Json& request);

  Result<Json> version_of(const std::string& model, const std::string& version);       // the model_version
  Result<Json> pointed_at(const std::string& model, const std::string& alias);          // its version; null: there is no such alias
  Result<Json> tag_of(const std::string& model, const std::string& version, const std::string& key);
  Result<std::string> digest_of(const std::string& model, const std::string& version, const std::string& file);
  Result<std::string> only_file(const std::string& model, const std::string& version);

  std::atomic<bool> stopping_{false};
  MlflowApi api_;
  Befores befores_;
};

}  // namespace firebreak::connect
