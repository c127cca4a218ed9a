// What a stream has said about itself so far: configuration, schemas, releases, key epoch. Built by applying the
// log's control records in order; nothing else changes it, so a restart arrives at the same catalog.
//
// Threads: a catalog does not change after it is published; extending makes a copy. docs/formats/record.md lists
// the control records.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/time.h"
#include "log/record/gone.h"
#include "log/record/schema.h"
#include "log/vault/vault.h"

namespace firebreak::record {

// Columns that the recorder itself gives a meaning to.
enum class Core : std::uint8_t {
  kTime, kId, kSource, kCaller, kEndpoint, kDisposition, kLatency, kTrace, kViolation, kLabel, kScore
};
inline constexpr std::size_t kCoreFields = 11;
std::string_view core_path(Core core, Kind kind);  // the label is /output/label of an inference, /label of a label

inline constexpr std::size_t kColumnTypes = 6;
inline constexpr int kNoColumn = -1;

// One field of the input and its column for each type it has come in.
struct Field {
  std::string name;
  std::string path;
  std::array<int, kColumnTypes> column{};  // by ColumnType; kNoColumn
  FieldConfig config;
  bool undeclared = false;  // the stream declares fields, and not this one
  bool is_subject = false;
};

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// The newest schema of a kind, arranged for looking up fields.
struct FieldTable {
  std::shared_ptr<const Schema> schema;
  std::array<Field, kCoreFields> core;
  std::vector<Field> features;  // in order of appearance
  std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> by_name;  // into features
};

struct Catalog {
  StreamConfig config;
  std::vector<std::shared_ptr<const Schema>> schemas;         // [id - 1]
  std::map<Kind, std::shared_ptr<const FieldTable>> current;
  std::vector<std::shared_ptr<const Release>> releases;       // [ordinal - 1]
  std::map<Release, std::uint32_t> ordinals;
  std::uint32_t epoch = 0;                                    // newest announced; 0 = none yet
  std::uint64_t epoch_first = 0;                              // index of its control record
  std::map<std::uint32_t, Digest> epoch_checks;
  std::map<std::uint32_t, std::uint64_t> epoch_starts;        // indexes of their control records
  std::map<std::uint32_t, std::set<vault::KeyId>> erased_keys;  // by epoch: rows under them are gone
  std::map<std::uint32_t, std::set<vault::KeyId>> expired;    // epochs past their retention: rows under other keys are gone
  std::vector<std::shared_ptr<const Gone>> gone;              // a control record each, in order
  std::shared_ptr<const vault::EpochKeys> keys;               // for writing; null until this process made an epoch

  // One control record of the log. Kinds it does not know are ignored: a newer version wrote them.
  Result<void> apply(std::uint64_t index, const Json& control);
  bool allows(Kind kind) const;
  bool is_gone(std::uint32_t epoch, const vault::KeyId& key) const;  // erased or expired

 private:
  Result<void> apply_schema(const Json& document);
  void rebuild(Kind kind);
};

// The table to read with, also before the first schema of `kind`: then one of the core columns alone.
std::shared_ptr<const FieldTable> table_of(const Catalog& catalog, Kind kind);

// The first columns of every schema of `kind`.
std::vector<Column> core_columns(Kind kind);

// Bodies of the control records. The one of a gap line is made in gap.h.
Json stream_control(const StreamConfig& config);
Json schema_control(const Schema& schema);
Json release_control(std::uint32_t ordinal, const Release& release);
Json keys_control(std::uint32_t epoch, const Digest& check);
struct ErasedKey {
  std::uint32_t epoch = 0;
  vault::KeyId key{};
};
Json expired_control(Time cutoff, const std::map<std::uint32_t, std::set<vault::KeyId>>& epochs, std::uint64_t records,
                     const std::vector<Span>& spans);
Json erased_control(std::uint64_t order, const std::vector<ErasedKey>& keys, std::uint64_t records, const std::vector<Span>& spans);

}  // namespace firebreak::record
