// Segments of a stream into Parquet files, a count cube and a manifest, under DATA/archive/<stream>.
//
// Everything here is derived: it can be deleted and is made again from the log. The manifest is written last, so what
// has one is whole. A part that has grown since (the open segment), or of which a person was erased, becomes the next
// generation; remove_superseded() removes the one before.
// Threads: one builder per stream at a time. Errors: kUnavailable (no DuckDB), kIo, kCorrupt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/files.h"
#include "log/record/stream.h"
#include "read/archive/child.h"
#include "read/archive/manifest.h"

namespace firebreak::archive {

struct Part {  // a segment's records
  std::uint64_t segment = 0, first = 0, end = 0;
  bool closed = true;
};

// The segments of a stream's log, by their headers; the last one ends at `size`.
Result<std::vector<Part>> parts_of(Files& files, const std::string& data, const std::string& stream, std::uint64_t size);

// Builds one part as generation `generation`. Real files only: DuckDB writes them itself.
Result<Manifest> build_part(Files& files, record::Stream& stream, const std::string& data, const Part& part,
                            std::uint64_t generation, const Engine& engine);

// Everything of the stream that is not archived as it is now; with `open`, the open segment as far as it goes.
Result<std::vector<Manifest>> build_stream(Files& files, record::Stream& stream, const std::string& data, bool open,
                                           const Engine& engine);

}  // namespace firebreak::archive
