#include "fold/detect/id_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace firebreak::detect {
namespace {

// Few ids, so that they collide in the low bits and deletions must shift entries back.
RC_GTEST_PROP(IdTable, does_what_a_map_does, (const std::vector<std::pair<std::uint8_t, bool>>& steps)) {
  IdTable<int> table(256);
  std::map<std::uint64_t, int> model;
  int value = 0;
  for (const auto& [low, put] : steps) {
    const std::uint64_t id = (low % 7) | static_cast<std::uint64_t>(low / 7) << 32;
    if (put) {
      table.put(id, ++value);
      model[id] = value;
    } else {
      table.erase(id);
      model.erase(id);
    }
    RC_ASSERT(table.size() == model.size());
    for (const auto& [known, expected] : model) {
      const int* found = table.find(known);
      RC_ASSERT(found != nullptr);
      RC_ASSERT(*found == expected);
    }
  }
}

}  // namespace
}  // namespace firebreak::detect
