// Who finds which damage: each function takes every file of its part of the world through all damages.
#pragma once

#include "damage/damages.h"

namespace firebreak::damage {

// Segments, checkpoint, key and cosignature: `ledger verify`, and with what was kept outside.
void judge_logs(const World& world, testing::Form form);
// What is derived, keys, locks: a start and a reader of everything. What they do not notice must change nothing.
void judge_starts(const World& world, testing::Form form);
// Exported logs: our verifier and the independent one, both.
void judge_exports(const World& world, testing::Form form);
// Parquet, cubes, manifests, and a completeness statement: check_files and verify_impact.
void judge_archive(const World& world, testing::Form form);
// Evidence: BlobStore::verify, and whoever asks for a blob by its digest.
void judge_blobs(const World& world, testing::Form form);

}  // namespace firebreak::damage
