#include "read/archive/manifest.h"

#include <gtest/gtest.h>

#include "base/simulated_files.h"
#include "read/archive/outdated.h"

namespace firebreak::archive {
namespace {

constexpr const char* kFolder = "data/archive/shop";

Manifest part(Files& files, std::uint64_t segment, std::uint64_t generation, std::uint64_t first, std::uint64_t end) {
  Manifest m;
  m.stream = "shop";
  m.segment = segment;
  m.generation = generation;
  m.first = first;
  m.end = end;
  const std::string stem = m.file_name().substr(0, m.file_name().size() - 5);
  EXPECT_TRUE(files.make_dir(kFolder));
  EXPECT_TRUE(write_atomic(files, std::string(kFolder) + "/" + stem + ".cube", "cube"));
  EXPECT_TRUE(write_atomic(files, std::string(kFolder) + "/" + stem + ".inference.parquet", "rows of " + stem));
  m.cube = *measure(files, kFolder, stem + ".cube");
  ArchivedTable table;
  table.layout.name = "inference";
  table.layout.add("index", CellType::kUnsigned);
  table.layout.add("features.age", CellType::kNumber, "/features/age", "number");
  table.file = *measure(files, kFolder, stem + ".inference.parquet");
  table.rows = end - first;
  m.tables.push_back(table);
  EXPECT_TRUE(write_atomic(files, std::string(kFolder) + "/" + m.file_name(), pretty_json(to_json(m))));
  return m;
}

TEST(Manifest, comes_back_as_it_was) {
  SimulatedFiles files;
  const Manifest m = part(files, 3, 2, 100, 250);
  const auto back = manifest_from_json(to_json(m));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(canonical_json(to_json(*back)), canonical_json(to_json(m)));
}

TEST(Manifest, that_counts_other_rows_than_its_range_or_names_a_file_elsewhere_is_refused) {
  SimulatedFiles files;
  const Manifest good = part(files, 1, 1, 0, 10);
  Manifest fewer = good;
  fewer.tables[0].rows = 9;
  EXPECT_EQ(manifest_from_json(to_json(fewer)).error().code, Code::kCorrupt);
  Manifest away = good;
  away.tables[0].file.name = "../../journal";
  EXPECT_FALSE(manifest_from_json(to_json(away)));
  for (const char* key : {"format", "stream", "segment", "end", "erasures", "hidden", "closed", "tree_root", "cube", "tables"}) {
    Json without = to_json(good);
    without.as_object().erase(key);
    EXPECT_FALSE(manifest_from_json(without)) << key;
  }
}

TEST(Archive, is_the_newest_generation_of_each_segment_and_the_others_go) {
  SimulatedFiles files;
  part(files, 1, 1, 0, 10);
  const Manifest first = part(files, 1, 2, 0, 10);
  const Manifest second = part(files, 2, 1, 10, 15);
  ASSERT_TRUE(write_atomic(files, std::string(kFolder) + "/000003-g1.inference.parquet", "a crash left it without a manifest"));
  ASSERT_TRUE(remove_superseded(files, kFolder));
  const auto all = load_manifests(files, kFolder);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].generation, 2U);
  EXPECT_EQ(files.list(kFolder)->size(), 6U);
  EXPECT_TRUE(check_files(files, kFolder, first));
  EXPECT_TRUE(check_files(files, kFolder, second));
  EXPECT_TRUE(load_manifests(files, "data/archive/nobody")->empty());
}

TEST(Archive, names_the_file_that_was_altered_or_taken_away) {
  SimulatedFiles files;
  const Manifest m = part(files, 1, 1, 0, 10);
  const std::string rows = std::string(kFolder) + "/" + m.tables[0].file.name;
  files.flip_bit(rows, 3, 1);
  const auto altered = check_files(files, kFolder, m);
  ASSERT_FALSE(altered);
  EXPECT_EQ(altered.error().code, Code::kCorrupt);
  EXPECT_NE(altered.error().message.find(m.tables[0].file.name), std::string::npos);
  ASSERT_TRUE(files.remove(rows));
  EXPECT_EQ(check_files(files, kFolder, m).error().code, Code::kCorrupt);
}

TEST(Archive, with_a_manifest_under_another_name_is_not_read) {
  SimulatedFiles files;
  const Manifest m = part(files, 1, 1, 0, 10);
  ASSERT_TRUE(write_atomic(files, std::string(kFolder) + "/000002-g1.json", pretty_json(to_json(m))));
  EXPECT_EQ(load_manifests(files, kFolder).error().code, Code::kCorrupt);
}

// A part is out of date when a row of its own went after it was made, and then alone.
TEST(Manifest, is_out_of_date_when_a_later_erasure_touches_its_records) {
  SimulatedFiles files;
  Manifest early = part(files, 1, 1, 0, 100), late = part(files, 2, 1, 100, 250);
  const auto gone_at = [](std::uint64_t first, std::uint64_t last) {
    record::Gone gone;
    gone.spans = {{first, last}};
    return std::make_shared<const record::Gone>(gone);
  };
  std::vector<std::shared_ptr<const record::Gone>> gone{gone_at(99, 100), gone_at(249, 249)};
  EXPECT_TRUE(holds_what_is_gone(early, gone));
  EXPECT_TRUE(holds_what_is_gone(late, gone));
  early.erasures = late.erasures = 1;  // made after the first
  EXPECT_FALSE(holds_what_is_gone(early, gone));
  EXPECT_TRUE(holds_what_is_gone(late, gone));
  gone.push_back(std::make_shared<const record::Gone>());  // an older version: anywhere
  EXPECT_TRUE(holds_what_is_gone(early, gone));
}

TEST(Manifest, of_a_part_that_cannot_be_made_anew_goes_in_every_generation_and_the_others_stay) {
  SimulatedFiles files;
  part(files, 1, 1, 0, 100);
  part(files, 1, 2, 0, 100);
  part(files, 2, 1, 100, 250);
  record::Gone gone;
  gone.spans = {{7, 7}};
  ASSERT_TRUE(remove_parts(files, kFolder, {std::make_shared<const record::Gone>(gone)}));
  ASSERT_TRUE(remove_superseded(files, kFolder));
  const auto left = load_manifests(files, kFolder);
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->front().segment, 2U);
  const auto names = files.list(kFolder).value();
  for (const std::string& name : names) EXPECT_TRUE(name.starts_with("000002-")) << name;
}

}  // namespace
}  // namespace firebreak::archive
