// What the configuration says about the store off the machine (`store:` in firebreak.yaml; docs/operations.md).
#pragma once

#include <cstdint>
#include <string>

#include "world/store/object_store.h"

namespace firebreak::store {

struct StoreConfig {
  Place place;
  std::int64_t retention_us = 0;      // each object is locked for so long
  std::int64_t interval_us = 0;       // what logs have grown by goes there so often
  std::int64_t test_interval_us = 0;  // whether the lock holds is tried so often
  std::int64_t missing_us = 0;        // so long without success is a finding
  std::int64_t keys_missing_us = 0;   // so long may a key be in no key backup
  std::string key_backup;             // folder in which key backups are kept up; empty: an operator makes them
};

}  // namespace firebreak::store
