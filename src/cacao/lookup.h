// How conditions and insertion see variables: by name, each with its CACAO type and its value as text.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace firebreak::cacao {

struct Value {
  std::string type, text;  // type: integer, string, ipv4-addr, … (value.h)
  bool operator==(const Value&) const = default;
};

// "__name__" -> its value; nothing when the variable is unknown or has none.
using Lookup = std::function<std::optional<Value>(std::string_view name)>;

}  // namespace firebreak::cacao
