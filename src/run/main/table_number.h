// Text as a number, read in one way wherever `detect` looks at a cell: features, labels, answers and scores (docs/detection.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "read/table/row.h"

namespace firebreak::cli {

// The cell as a number, as `profile build` reads it too. NaN: a number that is missing ("nan" and "inf" in any case and with any sign,
// "NA", "null" and their like). Nothing: an absent cell, other text (007 is a name), and a JSON string, whatever stands in it.
std::optional<double> number_in(const table::Cell& cell);

// A class's name in one spelling: what reads as a number is that number (0, 0.0 and "0" are one class), other text stays as it is.
std::string class_name(std::string_view text);

}  // namespace firebreak::cli
