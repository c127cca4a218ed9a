// Every limit on outside input, in one place. Lower them in tests by the options of the part, never here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace firebreak::limits {

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

inline constexpr std::size_t kRecordBytes = 256 * kKiB;      // one NDJSON line
inline constexpr std::size_t kBatchBytes = 8 * kMiB;         // one ingest request
inline constexpr std::size_t kBatchLines = 10'000;
inline constexpr std::size_t kDocumentBytes = 64 * kMiB;     // one uploaded blob (model, data set)
inline constexpr std::size_t kJsonDepth = 8;                 // nesting of a record
inline constexpr std::size_t kDocumentDepth = 32;            // nesting of a document (playbook, configuration)
inline constexpr std::size_t kColumns = 512;                 // fields of one schema
inline constexpr std::size_t kFieldName = 128;
inline constexpr std::size_t kSchemas = 1'024;               // schemas of one stream
inline constexpr std::size_t kReleases = 4'096;              // releases one stream may name
inline constexpr std::size_t kIdBytes = 128;                 // ids and caller names given by clients
inline constexpr std::size_t kNameBytes = 64;                // streams, endpoints, users, releases
inline constexpr std::size_t kJournalEntryBytes = 32 * kKiB; // larger parts become blobs
inline constexpr std::size_t kLedgerEntryBytes = 65'535;     // C2SP entry bundle: u16 length
inline constexpr std::size_t kHttpHeaderBytes = 16 * kKiB;
inline constexpr std::size_t kHttpBodyBytes = kBatchBytes;
inline constexpr std::size_t kGatewayBodyBytes = 1 * kMiB;   // one scoring request
inline constexpr std::int64_t kFutureSkewUs = 60'000'000;    // event time ahead of admission: flagged
inline constexpr std::int64_t kPastSkewUs = 30LL * 86'400'000'000;  // … and behind it: flagged too

static_assert(kRecordBytes <= kBatchBytes);
static_assert(kJournalEntryBytes <= kLedgerEntryBytes);
static_assert(kBatchBytes <= kHttpBodyBytes);
static_assert(kJsonDepth <= kDocumentDepth);

}  // namespace firebreak::limits
