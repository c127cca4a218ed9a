#include "read/evidence/blob_store.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/limits.h"
#include "base/simulated_files.h"

namespace firebreak::evidence {
namespace {

TEST(BlobStore, gives_back_what_was_put_under_its_digest) {
  SimulatedFiles files;
  BlobStore blobs = *BlobStore::open(files, "data/blobs");
  const Digest digest = *blobs.put("model bytes");
  EXPECT_EQ(digest, sha256("model bytes"));
  EXPECT_EQ(*blobs.get(digest), "model bytes");
  EXPECT_TRUE(blobs.has(digest));
  EXPECT_EQ(*blobs.size(digest), 11U);
  EXPECT_EQ(*blobs.put("model bytes"), digest);
  EXPECT_EQ(blobs.get(sha256("other")).error().code, Code::kNotFound);
  EXPECT_TRUE(blobs.verify()->empty());
}

TEST(BlobStore, keeps_an_acknowledged_blob_through_a_power_cut) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimulatedFiles files(seed);
    BlobStore blobs = *BlobStore::open(files, "data/blobs");
    const Digest digest = *blobs.put(std::string(5'000, 'x'));
    files.crash();
    const BlobStore again = *BlobStore::open(files, "data/blobs");
    ASSERT_TRUE(again.get(digest)) << "seed " << seed;
  }
}

TEST(BlobStore, a_blob_half_written_at_a_power_cut_is_absent_or_whole) {
  for (std::uint64_t call = 1; call <= 20; ++call) {
    SimulatedFiles files(call);
    BlobStore blobs = *BlobStore::open(files, "data/blobs");
    files.fail_call(call, true);
    (void)blobs.put(std::string(5'000, 'x'));
    files.fail_call(0);
    files.crash();
    const BlobStore again = *BlobStore::open(files, "data/blobs");
    const Result<Bytes> found = again.get(sha256(std::string(5'000, 'x')));
    ASSERT_TRUE(found || found.error().code == Code::kNotFound)
        << "call " << call << ": " << found.error().message;
  }
}

TEST(BlobStore, names_a_blob_whose_bytes_changed_and_heals_it_when_they_come_again) {
  SimulatedFiles files;
  BlobStore blobs = *BlobStore::open(files, "data/blobs");
  const Digest digest = *blobs.put("policy");
  files.flip_bit(blobs.path_of(digest), 3, 1);
  const Result<Bytes> changed = blobs.get(digest);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::kCorrupt);
  EXPECT_NE(changed.error().message.find(digest.hex()), std::string::npos);
  EXPECT_EQ(blobs.verify()->size(), 1U);
  ASSERT_TRUE(blobs.put("policy"));
  EXPECT_EQ(*blobs.get(digest), "policy");
}

TEST(BlobStore, refuses_more_than_a_document_may_have) {
  SimulatedFiles files;
  BlobStore blobs = *BlobStore::open(files, "data/blobs");
  EXPECT_EQ(blobs.put(std::string(limits::kDocumentBytes + 1, 'x')).error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace firebreak::evidence
