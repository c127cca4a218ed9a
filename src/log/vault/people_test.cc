#include "log/vault/people.h"

#include <gtest/gtest.h>

#include "base/simulated_files.h"
#include "log/vault/totp.h"

namespace firebreak::vault {
namespace {

// RFC 6238, appendix B: eight digits, T0 = 0, 30 s; the seeds are as long as the hash's output (errata 2866).
TEST(Totp, gives_the_codes_of_rfc_6238) {
  const std::string digits = "12345678901234567890123456789012345678901234567890123456789012345678901234567890";
  struct Vector {
    std::int64_t seconds;
    const char *sha1, *sha256, *sha512;
  };
  const Vector vectors[] = {{59, "94287082", "46119246", "90693936"},          {1111111109, "07081804", "68084774", "25091201"},
                            {1111111111, "14050471", "67062674", "99943326"},  {1234567890, "89005924", "91819424", "93441116"},
                            {2000000000, "69279037", "90698825", "38618901"},  {20000000000, "65353130", "77737706", "47863826"}};
  for (const Vector& vector : vectors) {
    const std::int64_t step = vector.seconds / 30;
    EXPECT_EQ(totp(digits.substr(0, 20), step, 8, TotpHash::kSha1), vector.sha1) << vector.seconds;
    EXPECT_EQ(totp(digits.substr(0, 32), step, 8, TotpHash::kSha256), vector.sha256) << vector.seconds;
    EXPECT_EQ(totp(digits.substr(0, 64), step, 8, TotpHash::kSha512), vector.sha512) << vector.seconds;
  }
}

// RFC 4226, appendix D.
TEST(Totp, gives_the_codes_of_rfc_4226) {
  const char* const codes[] = {"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(totp("12345678901234567890", i), codes[i]);
}

// RFC 4648, section 10, without the padding.
TEST(Totp, writes_secrets_in_base32) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""}, {"f", "MY"}, {"fo", "MZXQ"}, {"foo", "MZXW6"}, {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
  for (const auto& [plain, coded] : vectors) EXPECT_EQ(base32(plain), coded);
}

TEST(Totp, takes_the_step_of_now_and_its_neighbours) {
  const std::string secret = "12345678901234567890";
  const Time now{1'000 * kStep + 7 * kSecond};
  for (const std::int64_t step : {999, 1000, 1001}) EXPECT_EQ(totp_step(secret, totp(secret, step), now), step);
  for (const std::int64_t step : {998, 1002}) EXPECT_EQ(totp_step(secret, totp(secret, step), now), std::nullopt);
  EXPECT_EQ(totp_step(secret, "", now), std::nullopt);
  EXPECT_EQ(totp_step(secret, totp(secret, 1000, 8), now), std::nullopt);
}

struct House {
  SimulatedFiles files;
  SystemRandom random;
  std::unique_ptr<People> people = People::open(files, random, "/data").value();
};

TEST(People, keep_a_secret_by_its_digest_and_know_its_codes) {
  House house;
  const auto secret = house.people->new_secret("ana");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->text.size(), 32U);
  EXPECT_EQ(secret->uri, "otpauth://totp/Firebreak:ana?secret=" + secret->text + "&issuer=Firebreak&algorithm=SHA1&digits=6&period=30");
  EXPECT_EQ(house.people->check_code(secret->digest.hex(), "000000x", Time{kDay}).error().code, Code::kUnauthorized);
  EXPECT_EQ(house.people->check_code(sha256("other").hex(), "000000", Time{kDay}).error().code, Code::kCorrupt);
  EXPECT_EQ(house.people->check_code("../../x", "000000", Time{kDay}).error().code, Code::kCorrupt);
}

TEST(People, keep_no_password_but_its_argon2id_hash) {
  House house;
  EXPECT_EQ(house.people->set_password("short").error().code, Code::kInvalid);
  const auto digest = house.people->set_password("correct horse battery");
  ASSERT_TRUE(digest);
  const std::string kept = read_all(house.files, "/data/keys/people/" + digest->hex()).value();
  EXPECT_TRUE(kept.starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << kept;
  EXPECT_TRUE(house.people->check_password(digest->hex(), "correct horse battery").value());
  EXPECT_FALSE(house.people->check_password(digest->hex(), "correct horse batterz").value());
  EXPECT_FALSE(house.people->check_password("", "correct horse battery").value());
  const auto again = house.people->set_password("correct horse battery");
  EXPECT_NE(*again, *digest) << "salted";
}

TEST(People, tell_when_the_file_is_another_than_the_journal_names) {
  House house;
  const std::string digest = house.people->set_password("correct horse battery")->hex();
  ASSERT_TRUE(write_atomic(house.files, "/data/keys/people/" + digest, "$argon2id$other\n"));
  EXPECT_EQ(house.people->check_password(digest, "correct horse battery").error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace firebreak::vault
