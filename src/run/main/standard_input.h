// Standard input as a file that can be read again: detect looks at its rows more than once.
//
// What comes is copied into a file without a name (in TMPDIR, else /tmp), which is gone with the process, however that ends. It stands
// under the name kStandardInput; every other name is the operating system's. Errors: kIo, with what to do.
#pragma once

#include <memory>

#include "base/files.h"

namespace firebreak::cli {

inline constexpr const char* kStandardInput = "standard input";

struct KeptInput {
  std::unique_ptr<Files> files;
  std::string format;  // "ndjson" when its first character is a brace, else "csv"
};

Result<KeptInput> keep_input(int descriptor);

}  // namespace firebreak::cli
