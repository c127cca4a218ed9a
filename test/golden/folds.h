// The folds that golden cases may name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "log/journal/fold.h"

namespace firebreak::golden {

// Errors: kNotFound with the names there are.
Result<std::unique_ptr<journal::Fold>> make_named_fold(const std::string& name);

}  // namespace firebreak::golden
