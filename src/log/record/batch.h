// A batch (NDJSON lines, or rows in binary) into leaves and encrypted rows: the hot path.
//
// A batch is checked to its last line before any of it counts. What the catalog does not have yet (a column, a
// release, a key epoch) comes back as Needs: the caller adds it to the log and encodes again. Line formats:
// docs/formats/stream.md. Threads: an encoder is used by one thread at a time; it keeps buffers and keys between batches.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "log/record/catalog.h"
#include "log/record/gap.h"
#include "log/record/payload.h"

namespace firebreak::record {

struct Needs {
  std::map<Kind, std::vector<Column>> columns;  // in order of appearance
  std::vector<Release> releases;
  bool epoch = false;
  bool empty() const { return columns.empty() && releases.empty() && !epoch; }
};

struct EncodedBatch {
  Needs needs;  // not empty: nothing else counts
  Bytes leaves;
  Bodies bodies;
  std::vector<GapLine> gaps;
  std::uint64_t time_outside = 0, unknown_model = 0, undeclared_fields = 0;
  std::size_t records() const { return bodies.lengths.size(); }
};

struct EncodeContext {
  const Catalog& catalog;
  Time admitted;
  Random& random;
  const vault::Vault& vault;
  std::function<bool(std::string_view)> known_model;  // may be empty
};

class BatchEncoder {
 public:
  BatchEncoder();
  ~BatchEncoder();

  // Errors carry line (number of the record) and JSON Pointer.
  Result<EncodedBatch> encode(std::string_view ndjson, const EncodeContext& context);
  // kConflict: a row of a schema that the stream does not have.
  Result<EncodedBatch> encode_rows(ByteView rows, const EncodeContext& context);  // rows.h

 private:
  struct Work;
  template <class Each>
  Result<EncodedBatch> run(const EncodeContext& context, std::size_t records, std::size_t octets, Each each);
  std::unique_ptr<Work> work_;
};

// A control record's body and leaf: salt, then u16 0 and the JSON text.
void add_control(const Json& control, Time admitted, Random& random, Bytes& leaves, Bodies& bodies);

}  // namespace firebreak::record
