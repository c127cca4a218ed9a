// Parquet files through DuckDB, in slices, so that neither process holds a whole file.
#pragma once

#include "read/table/rows.h"

namespace firebreak::table {

Result<std::uint64_t> each_parquet_row(const std::string& path, const Reading& reading, const std::function<Result<void>(const Row&)>& row);

}  // namespace firebreak::table
