// The rows of a file, one after another, in memory that does not grow with it.
//
// By name: .ndjson or .jsonl (also .json: a line each all the same), .parquet, else CSV with a header line (refused when that has
// semicolons, tabs or bars and no comma, unless it is one name in quotes); .zst behind a text format's name is unpacked (one frame or
// several). Parquet needs DuckDB's library and a real file.
// Blank lines are passed over (in a CSV file of one column they are missing values). An empty file is refused, and one that is packed
// otherwise, UTF-16, a JSON array or without line ends, each with what to do.
// Errors: kNotFound and kIo for the file, kCorrupt for what does not unpack, kInvalid and kTooLarge with the row for what is no
// table, kUnavailable without DuckDB; and whatever `row` answers, which ends the reading.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"
#include "read/table/row.h"

namespace firebreak::table {

struct Row {
  const std::vector<std::string>& names;  // may become more from row to row (NDJSON), never others
  std::span<const Cell> cells;            // as many as names
  std::uint64_t number = 0;               // from 0
};

struct Reading {
  std::uint64_t from = 0, to = UINT64_MAX;                 // rows, half open
  std::function<void(double share)> progress = {};         // now and then, 0..1 of the file
  std::string format = {};                                 // "csv" or "ndjson"; empty: by the file's name
};

// How many rows were given to `row`; kInvalid when the file ends before `reading.from`.
Result<std::uint64_t> each_row(Files& files, const std::string& path, const Reading& reading,
                               const std::function<Result<void>(const Row&)>& row);

}  // namespace firebreak::table
