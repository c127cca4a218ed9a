// Any SELECT over the archived records of one or more streams.
//
// Views: "stream"."kind" ("shop"."inference", "shop"."label", …; a stream that is named as one of DuckDB's own schemas has a "_"
// behind its name) and, when one stream is asked, also its kinds alone.
// Columns: docs/formats/archive.md. Errors: kInvalid (the SELECT), kTimeout, those of a Child.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "read/archive/child.h"
#include "read/archive/manifest.h"

namespace firebreak::archive {

struct Source {
  std::string stream, folder;
  std::vector<Manifest> manifests;
};

struct Query {
  std::string sql;
  std::uint64_t max_rows = 10'000;  // of the answer; not of a Parquet file
  std::string parquet_file;         // the answer goes there instead
};

// Calls `row` with the names, then with each row (arrays of texts and nulls). How many rows there are, those above
// `max_rows` too.
Result<std::uint64_t> query(const std::vector<Source>& sources, const Query& asked, const Engine& engine,
                            const std::function<void(JsonArray)>& row);

}  // namespace firebreak::archive
