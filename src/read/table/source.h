// The octets of a file in pieces, unpacked when its name ends in .zst.
#pragma once

#include <memory>
#include <string>

#include "base/files.h"

namespace firebreak::table {

class Source {
 public:
  static Result<std::unique_ptr<Source>> open(Files& files, const std::string& path);
  virtual ~Source() = default;

  virtual Result<bool> append_to(std::string& text) = 0;  // false: that was all
  virtual double share() const = 0;                       // of the file that was read
};

}  // namespace firebreak::table
