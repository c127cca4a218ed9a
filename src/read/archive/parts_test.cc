#include "read/archive/parts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/simulated_files.h"

namespace firebreak::archive {
namespace {

constexpr const char* kFolder = "data/archive/shop";

// The archive of one segment, with parts that hold nothing but their range.
struct Shelf {
  std::vector<Manifest> now() { return load_manifests(files, kFolder).value(); }
  // Makes what is missing; how many records had to be read.
  std::uint64_t bring_up(const Part& part, bool stale, bool open) {
    const auto have = now();
    std::vector<const Manifest*> pointers;
    std::uint64_t generation = 1;
    for (const Manifest& one : have) {
      pointers.push_back(&one);
      generation = std::max(generation, one.generation + 1);
    }
    const auto missing = still_to_make(part, pointers, stale, open);
    if (!missing) return 0;
    Manifest m;
    m.stream = "shop";
    m.segment = 1;
    m.generation = generation;
    m.first = missing->first;
    m.end = missing->end;
    m.closed = missing->closed;
    EXPECT_TRUE(files.make_dir(kFolder));
    const std::string stem = m.file_name().substr(0, m.file_name().size() - 5);
    EXPECT_TRUE(write_atomic(files, std::string(kFolder) + "/" + stem + ".cube", "cube"));
    m.cube = *measure(files, kFolder, stem + ".cube");
    ArchivedTable table;
    table.layout.name = "inference";
    table.rows = m.end - m.first;
    table.file = m.cube;
    m.tables.push_back(table);
    EXPECT_TRUE(write_atomic(files, std::string(kFolder) + "/" + m.file_name(), pretty_json(to_json(m))));
    return m.end - m.first;
  }
  // From the segment's first record to `end`, each once.
  void expect_covers(std::uint64_t first, std::uint64_t end, const std::string& when) {
    std::uint64_t next = first;
    for (const Manifest& one : now()) {
      ASSERT_EQ(one.first, next) << when;
      next = one.end;
    }
    ASSERT_EQ(next, end) << when;
  }

  SimulatedFiles files;
};

TEST(Parts, of_an_open_segment_cover_each_record_once_whatever_comes_and_wherever_it_breaks_off) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    Shelf shelf;
    Part part{1, 100, 100, false};
    std::uint64_t covered = part.first;
    for (int step = 0; step < 30; ++step) {
      const std::string when = "seed " + std::to_string(seed) + " step " + std::to_string(step);
      part.end += random() % 50;
      const bool stale = random() % 8 == 0, open = random() % 3 != 0;
      shelf.bring_up(part, stale, open);
      if (open) covered = part.end;
      if (random() % 2 == 0) {  // else a crash came first
        ASSERT_TRUE(remove_superseded(shelf.files, kFolder)) << when;
      }
      shelf.expect_covers(part.first, covered, when);
      EXPECT_LE(shelf.now().size(), 2 + std::log2(static_cast<double>(part.end - part.first + 2))) << when;
    }
    part.closed = true;
    shelf.bring_up(part, false, false);
    shelf.expect_covers(part.first, part.end, "closed");
    EXPECT_EQ(shelf.now().size(), 1u);
    EXPECT_EQ(shelf.bring_up(part, false, true), 0u) << "nothing is left to do";
  }
}

TEST(Parts, of_a_tail_that_is_asked_often_are_not_all_made_anew) {
  Shelf shelf;
  Part part{1, 0, 0, false};
  std::uint64_t read = 0;
  constexpr std::uint64_t kQuestions = 256, kBetween = 10;
  for (std::uint64_t i = 0; i < kQuestions; ++i) {
    part.end += kBetween;
    read += shelf.bring_up(part, false, true);
    ASSERT_TRUE(remove_superseded(shelf.files, kFolder));
  }
  // Anew each time it would be kQuestions / 2 times the tail.
  EXPECT_LE(read, part.end * 9) << "a record is read once for each doubling of the tail";
}

TEST(Parts, with_a_hole_between_them_are_made_anew_whole) {
  Manifest one, two;
  one.first = 0;
  one.end = 10;
  two.first = 20;
  two.end = 30;
  const auto missing = still_to_make({1, 0, 40, false}, {&one, &two}, false, true);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->first, 0u);
  EXPECT_EQ(missing->end, 40u);
}

}  // namespace
}  // namespace firebreak::archive
