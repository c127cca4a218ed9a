// One kind of outside system that a playbook's step asks something of: a model registry (mlflow_registry.h), a serving endpoint
// (sagemaker.h), a store of training data (training_store.h).
//
// A request is a JSON object with `do` and its arguments; those that a verb does not know are refused (kInvalid). Values come back
// by name. What changes something gives `before`, `after` (read back from the other side, not assumed) and `changed`; `before`,
// given to the same verb, is the way back.
// Errors besides kInvalid: kNotFound (no such model, alias, endpoint, bucket …), kConflict (it is not as the request expects, or
// somebody else changes it at the same time), kUnauthorized and kForbidden (credentials, rights), kBusy (the other side says
// "later"; nothing happened), kTooLarge, kCorrupt. The message says what to compare or to do.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::connect {

class Caller {
 public:
  virtual ~Caller() = default;

  // `request`: JSON object with "do" and its arguments; `key`: idempotency key of the call: repeated with the same key after its
  // answer was lost, it gives the same `before`, as long as the process lives.
  // kUnavailable and kTimeout: nobody knows whether it happened. Blocks up to its timeout. Any thread; one call at a time per object.
  virtual Result<JsonObject> call(const Json& request, const std::string& key) = 0;

  // The program ends: a call under way comes back within about a second, later ones at once, with kUnavailable.
  virtual void stop() {}
};

}  // namespace firebreak::connect
