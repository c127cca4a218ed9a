// A document in one piece of memory, for those of which millions are read and thrown away: journal entries.
#pragma once

#include <boost/json/storage_ptr.hpp>
#include <cstddef>

#include "base/json.h"

namespace firebreak {

// As parse_json; the document and what is moved out of it live in a memory of their own, which goes when the last of them goes. A copy
// is an ordinary document. Changing it in place gives no memory back before: for documents that are read.
Result<Json> parse_json_in_arena(std::string_view text, std::size_t max_depth = limits::kDocumentDepth);

}  // namespace firebreak
