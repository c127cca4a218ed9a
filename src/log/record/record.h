// One record as it is read back: the leaf, the salt and the canonical row, and what they mean.
//
// The leaf (48 octets) holds only a salted commitment, SHA-256(salt + row); leaf_of() computes it anew from the row,
// so anyone who is given row and salt can check that this record is the one in the tree. Bytes: docs/formats/record.md.
// All functions here are pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "log/record/schema.h"
#include "types/observation.h"

namespace firebreak::record {

struct Row;  // log/record/row.h

inline constexpr std::size_t kLeafBytes = 48;
inline constexpr std::size_t kSaltBytes = 16;

struct Record {
  std::uint64_t index = 0;
  Kind kind = Kind::kControl;
  Time admitted;
  bool time_outside = false;  // event time > 60 s ahead of, or > 30 days behind, admission: kept out of watermarks
  bool erased = false;        // its key was destroyed for good: salt and row are empty, the rest stands
  bool model_known = true;    // the model's digest was registered when the record was admitted
  Bytes leaf;                 // 48 octets
  Bytes salt;                 // 16 octets
  Bytes row;                  // canonical row; for control records: u16 0, then the JSON text
  std::shared_ptr<const Schema> schema;    // null for control records
  std::uint32_t release_ordinal = 0;       // 0 when the line named none
  std::shared_ptr<const Release> release;  // null when the line named none

  // The line as it was given, typed: {"type","id","time",…,"features":{…},…}. Control records: their JSON. Erased ones:
  // {"type","erased":true} and the release.
  Json fields() const;
};

// The 48 octets that stand in the tree for this row.
Bytes leaf_of(const Record& record);

// kInvalid for another kind, kNotFound for an erased record.
Result<LabelObservation> to_label(const Record& record);
Result<Observation> to_observation(const Record& record, const FeatureSchema& features);

// The same with what can be looked up once kept: for tails. Not thread-safe; one per reader.
class ObservationReader {
 public:
  explicit ObservationReader(FeatureSchema features);
  ~ObservationReader();
  Result<Observation> read(const Record& record);

 private:
  struct Plan;
  const Plan& plan_of(const Record& record);
  std::string violation(const Record& record, const Row& row, const Plan& plan, const Observation& seen) const;

  FeatureSchema features_;
  std::map<const Schema*, std::unique_ptr<Plan>> plans_;
};

}  // namespace firebreak::record
