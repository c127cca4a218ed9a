#include "base/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "base/sha256_lanes.h"

namespace firebreak {
namespace {

// OpenSSL's incremental hash: the reference for everything else here.
Digest reference(ByteView a, ByteView b = {}) {
  Sha256 hasher;
  hasher.update(a);
  hasher.update(b);
  return hasher.finish();
}

TEST(Sha256, gives_the_standards_own_answers) {
  // FIPS 180-4 examples, NIST CAVP.
  EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')).hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, is_the_same_for_every_length_whoever_computes_it) {
  std::mt19937_64 random(7);
  std::string text;
  for (std::size_t size = 0; size <= sha256_lanes::kMaxMessage + 70; ++size) {
    ASSERT_EQ(sha256(text), reference(text)) << size;
    ASSERT_EQ(sha256(ByteView(text).substr(0, size / 3), ByteView(text).substr(size / 3)), reference(text)) << size;
    text += static_cast<char>(random());
  }
}

TEST(Sha256, two_lanes_agree_with_one_for_all_pairs_of_lengths_around_the_blocks) {
  std::mt19937_64 random(8);
  std::string octets(300, 0);
  for (char& c : octets) c = static_cast<char>(random());
  for (std::size_t a = 0; a <= 200; a += 1)
    for (const std::size_t b : {std::size_t{0}, std::size_t{1}, std::size_t{54}, std::size_t{55}, std::size_t{56}, std::size_t{63},
                                std::size_t{64}, std::size_t{119}, std::size_t{120}, std::size_t{200}}) {
      const ByteView messages[2] = {ByteView(octets).substr(0, a), ByteView(octets).substr(50, b)};
      Digest out[2];
      sha256_each(ByteView("\0", 1), messages, out);
      ASSERT_EQ(out[0], reference(ByteView("\0", 1), messages[0])) << a << " " << b;
      ASSERT_EQ(out[1], reference(ByteView("\0", 1), messages[1])) << a << " " << b;
    }
}

RC_GTEST_PROP(Sha256Property, each_of_many_is_what_it_is_alone, (const std::vector<std::string>& texts, const std::string& prefix)) {
  const std::vector<ByteView> messages(texts.begin(), texts.end());
  std::vector<Digest> out(messages.size());
  sha256_each(prefix, messages, out);
  for (std::size_t i = 0; i < texts.size(); ++i) RC_ASSERT(out[i] == reference(prefix, texts[i]));
}

// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
TEST(Hmac, gives_the_answers_of_rfc_4231) {
  EXPECT_EQ(hmac_sha256(std::string(20, '\x0b'), "Hi There").hex(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?").hex(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First").hex(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace firebreak
