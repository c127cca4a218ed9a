#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/encoding.h"
#include "base/random.h"
#include "run/app/content.h"

namespace firebreak::app {
namespace {

using ::testing::HasSubstr;

class CallerConfigTest : public ::testing::Test {
 protected:
  CallerConfigTest() {
    EXPECT_TRUE(files_.make_dir(dir_));
    write("mlflow.password", "pass word\n");
    write("aws.secret", "s3cr3t");
    write("open", "x", OpenMode::kWritePublic);
    write("empty", "\n");
  }
  ~CallerConfigTest() override { std::filesystem::remove_all(dir_); }

  void write(const std::string& name, const std::string& text, OpenMode mode = OpenMode::kWrite) {
    ASSERT_TRUE(write_plain(files_, dir_ + "/" + name, text, mode));
  }
  Result<Configuration> load(const std::string& callers) {
    write("firebreak.yaml", "callers:\n" + callers);
    return load_configuration(files_, dir_ + "/firebreak.yaml");
  }

  PosixFiles files_;
  const std::string dir_ = (std::filesystem::temp_directory_path() / ("fb-callers-" + to_hex(SystemRandom().bytes(8)))).string();
};

TEST_F(CallerConfigTest, reads_callers_of_each_kind_and_keeps_their_secrets_apart) {
  const auto read = load(
      "  models: {kind: mlflow, url: 'https://mlflow.example.org/', user: firebreak, password_file: mlflow.password, download_s: 60}\n"
      "  endpoints: {kind: sagemaker, url: 'http://127.0.0.1:1', region: eu-central-1, access_key_id: AKIA, secret_file: aws.secret, wait_s: 0.5}\n"
      "  training: {kind: s3, url: 'http://127.0.0.1:1', access_key_id: AKIA, secret_file: aws.secret, tls_ca_file: /ca.pem}\n");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->callers.size(), 3u);
  EXPECT_EQ(read->callers[0].url, "https://mlflow.example.org");
  EXPECT_EQ(read->callers[0].password, "pass word");
  EXPECT_EQ(read->callers[0].wait_us, 60'000'000);
  EXPECT_EQ(read->callers[1].region, "eu-central-1");
  EXPECT_EQ(read->callers[1].wait_us, 500'000);
  EXPECT_EQ(read->callers[2].region, "us-east-1");
  EXPECT_EQ(read->callers[2].secret, "s3cr3t");
  const std::string document = canonical_json(read->document);  // goes into the journal
  EXPECT_THAT(document, HasSubstr("\"endpoints\":{\"access_key_id\":\"AKIA\",\"kind\":\"sagemaker\""));
  EXPECT_THAT(document, ::testing::Not(::testing::AnyOf(HasSubstr("s3cr3t"), HasSubstr("pass word"))));
}

TEST_F(CallerConfigTest, without_callers_there_are_none) {
  write("firebreak.yaml", "playbooks: []\n");
  const auto read = load_configuration(files_, dir_ + "/firebreak.yaml");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->callers.empty());
  EXPECT_EQ(find(read->document, "callers"), nullptr);
}

TEST_F(CallerConfigTest, refuses_what_it_cannot_take_and_says_where) {
  const struct {
    const char *line, *words;
  } cases[] = {
      {"  m: {kind: kafka, url: 'http://a'}", "'kind' is mlflow, sagemaker or s3, not 'kafka'"},
      {"  m: {kind: mlflow, url: 'ftp://a'}", "'url' starts with http:// or https://"},
      {"  m: {kind: mlflow, url: 'http://me:pw@a'}", "'url' bears no user and no password"},
      {"  m: {kind: mlflow, url: 'http://'}", "'url' is a host"},
      {"  m: {kind: mlflow, url: 'http://a?x=1'}", "'url' is a host"},
      {"  m: {kind: mlflow}", "callers: 'm'"},
      {"  m: {kind: mlflow, url: 'http://a', token: abc}", "'token' does not stand in this file"},
      {"  m: {kind: s3, url: 'http://a', access_key_id: A, secret: abc}", "name that: secret_file"},
      {"  m: {kind: mlflow, url: 'http://a', user: me}", "goes with password_file"},
      {"  m: {kind: mlflow, url: 'http://a', password_file: mlflow.password}", "goes with password_file"},
      {"  m: {kind: mlflow, url: 'http://a', user: me, password_file: mlflow.password, token_file: aws.secret}", "or token_file alone"},
      {"  m: {kind: mlflow, url: 'http://a', token_file: open}", "can be read by others: chmod 600"},
      {"  m: {kind: mlflow, url: 'http://a', token_file: empty}", "is empty"},
      {"  m: {kind: mlflow, url: 'http://a', token_file: none}", "none"},
      {"  m: {kind: mlflow, url: 'http://a', region: eu}", "region"},
      {"  m: {kind: mlflow, url: 'http://a', timeout_s: 0}", "'timeout_s' is a number of seconds"},
      {"  m: {kind: sagemaker, url: 'http://a', secret_file: aws.secret}", "access_key_id"},
      {"  M: {kind: mlflow, url: 'http://a'}", "a name has 1 to 64"},
      {"  - {kind: mlflow}", "'callers' is a map"},
  };
  for (const auto& one : cases) {
    const auto read = load(one.line + std::string("\n"));
    ASSERT_FALSE(read) << one.line;
    EXPECT_THAT(read.error().message, HasSubstr(one.words)) << one.line;
    EXPECT_THAT(read.error().message, HasSubstr("firebreak.yaml")) << one.line;
  }
}

}  // namespace
}  // namespace firebreak::app
