// What a release did in a window of time: how many answers, to which callers, which decisions, first and last, by hour.
// The statement that lets a stranger check the answer is statement.h's.
//
// From the count cubes of segments that lie wholly in the window; a segment that the window's edge cuts is counted from
// its Parquet file (two at most when admission times rise with the index). The window is of admission times.
// Errors: kInvalid, kNotFound (nothing archived), kCorrupt, those of a Child.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/time.h"
#include "read/archive/child.h"
#include "read/archive/cube.h"
#include "read/archive/manifest.h"

namespace firebreak::archive {

struct Question {
  std::string stream, release, caller;    // empty: any
  std::optional<Time> from, to;           // [from, to)
};

struct Impact {
  Cube cells;  // that match
  std::uint64_t covered_end = 0;  // records from 0 up to here were looked at
  std::uint64_t from_cubes = 0, scanned = 0, outside = 0;  // segments
};
// Counts and the heaviest first; not what depends on how it was counted, so that two ways must give equal text.
Json to_json(const Question& question, const Impact& impact);
Result<Question> question_from_json(const Json& document);

// The cells that match into a file: release, disposition, answer, caller, hour, count, first and last index and admission.
Result<void> write_parquet(const std::string& file, const Impact& impact, const Engine& engine);

using Progress = std::function<void(std::size_t done, std::size_t all)>;

Result<Impact> impact(Files& files, const std::string& folder, const std::vector<Manifest>& manifests,
                      const Question& question, const Engine& engine, const Progress& progress = {});
// The same by a full scan of every Parquet file: the other way round, for checking.
Result<Impact> impact_by_scan(const std::string& folder, const std::vector<Manifest>& manifests, const Question& question,
                              const Engine& engine);

}  // namespace firebreak::archive
