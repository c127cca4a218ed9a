// Profiles built one value at a time, in memory that does not grow with the sample.
//
// FeatureBuilder takes values of a known kind; TableBuilder takes cells of text and says of which kind a column is: that of its
// first kDecide values (numbers, when at least 95 % of them are; a column with --like has the kind it has there). Not thread-safe.
//
// Bins: with `like` those of the reference; else the edges come from the first `most_kept` values, all of them for a sample that is
// no larger, and later values are counted over them: masses are then as equal as the sample is steady, and the counts stay exact.
// When they are all one value it gets a bin of its own between two empty ones.
// Names: counted exactly from their first row on, as long as there are at most `most_names`; new ones are then among the others.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "profile/profile.h"

namespace firebreak::profile {

struct FeatureOptions {
  std::uint64_t seed = 0;               // of the quantile sketch: the place in the stream where it begins
  std::size_t most_kept = 1U << 20;     // values, 8 octets each
  std::size_t most_names = 10'000;
  const FeatureProfile* like = nullptr; // kept by the caller until finish()
};

class FeatureBuilder {
 public:
  FeatureBuilder(std::string name, FeatureKind kind, const FeatureOptions& options = {});

  void number(double value);  // any double; of a numeric feature
  void text(std::string_view value);  // of a categorical one
  void missing(std::uint64_t rows = 1) { out_.rows += rows, out_.missing += rows; }
  void wrong() { ++out_.rows, ++out_.wrong; }

  FeatureKind kind() const { return out_.kind; }
  std::uint64_t rows() const { return out_.rows; }
  FeatureProfile finish();  // once

 private:
  void fix_edges();
  void put_into_bin(double value);

  FeatureProfile out_;
  FeatureOptions options_;
  std::vector<double> kept_;   // until the edges are fixed
  bool fixed_ = false;
  std::map<std::string, std::uint64_t, std::less<>> names_;
};

enum class CellForm : std::uint8_t { kAbsent, kPlain, kNumber, kFlag, kText, kList };  // as in a file of rows: a form is what the file says

struct TableOptions {
  std::uint64_t seed = 0;
  std::set<std::string> categorical;   // columns that are so whatever they look like
  const DataProfile* like = nullptr;   // kept by the caller; columns that it lacks are profiled as ever
};

class TableBuilder {
 public:
  static constexpr std::size_t kDecide = 1'000;

  explicit TableBuilder(TableOptions options = {});
  ~TableBuilder();

  // Row by row: first the cells of a row, each column at most once, then end_row(). A column that a row leaves out is missing there.
  void cell(std::size_t column, const std::string& name, CellForm form, std::string_view text);
  void end_row() { ++rows_; }
  std::uint64_t rows() const { return rows_; }
  DataProfile finish();

 private:
  class Column;
  TableOptions options_;
  std::vector<std::unique_ptr<Column>> columns_;
  std::uint64_t rows_ = 0;
};

FeatureType type_of(const FeatureProfile& feature);
// The `most` most frequent names of `top` stay, the rest goes into `other`; sorts.
void keep_most_frequent(CategoricalProfile& profile, std::size_t most);

}  // namespace firebreak::profile
