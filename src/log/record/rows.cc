#include "log/record/rows.h"

#include <fmt/core.h>

#include "base/limits.h"

namespace firebreak::record {
namespace {

constexpr std::string_view kMagic = "FBROWSv1";
constexpr std::size_t kRowHeadBytes = 6;

tl::unexpected<Error> wrong(std::string message, std::uint64_t record) {
  Error error{Code::kInvalid, std::move(message), {}, 0};
  error.line = record;
  return fail(std::move(error));
}

// A text of the release table; moves `at` behind it.
Result<std::string> take_text(ByteView body, std::size_t& at) {
  if (body.size() - at < 2) return fail(Code::kInvalid, "the batch ends inside its releases");
  const std::size_t length = get_le<std::uint16_t>(body, at);
  at += 2;
  if (length > limits::kIdBytes)
    return fail(Code::kTooLarge, fmt::format("a release's text has {} octets, more than {}", length, limits::kIdBytes));
  if (body.size() - at < length) return fail(Code::kInvalid, "the batch ends inside its releases");
  std::string text(body.substr(at, length));
  at += length;
  return text;
}

Result<Release> take_release(ByteView body, std::size_t& at) {
  Release release;
  for (std::string* const part : {&release.release, &release.model_name, &release.model_version, &release.model_digest}) {
    FIREBREAK_ASSIGN(*part, take_text(body, at));
  }
  return release;
}

}  // namespace

Result<RowsBatch> parse_rows(ByteView body) {
  if (body.size() > limits::kBatchBytes)
    return fail(Code::kTooLarge, fmt::format("the batch has {} octets, more than {}", body.size(), limits::kBatchBytes));
  if (!body.starts_with(kMagic) || body.size() < kMagic.size() + 2)
    return fail(Code::kInvalid, "the batch does not begin with FBROWSv1 and the number of its releases");
  RowsBatch out;
  const std::size_t releases = get_le<std::uint16_t>(body, kMagic.size());
  if (releases > limits::kReleases)
    return fail(Code::kTooLarge, fmt::format("the batch names {} releases, more than {}", releases, limits::kReleases));
  std::size_t at = kMagic.size() + 2;
  for (std::size_t i = 0; i < releases; ++i) {
    FIREBREAK_ASSIGN(Release release, take_release(body, at));
    out.releases.push_back(std::move(release));
  }
  while (at < body.size()) {
    const std::uint64_t number = out.rows.size() + 1;
    if (number > limits::kBatchLines)
      return fail(Code::kTooLarge, fmt::format("the batch has more than {} records", limits::kBatchLines));
    if (body.size() - at < kRowHeadBytes) return wrong("the batch ends inside a record's head", number);
    const std::size_t length = get_le<std::uint32_t>(body, at);
    const auto release = get_le<std::uint16_t>(body, at + 4);
    at += kRowHeadBytes;
    if (length > limits::kRecordBytes)
      return wrong(fmt::format("the record has {} octets, more than {}", length, limits::kRecordBytes), number);
    if (length > body.size() - at) return wrong("the batch ends inside a record", number);
    if (release > releases) return wrong(fmt::format("the batch names no release {}", release), number);
    out.rows.push_back({body.substr(at, length), release});
    at += length;
  }
  if (out.rows.empty()) return fail(Code::kInvalid, "the batch has no records");
  return out;
}

RowsWriter::RowsWriter(const std::vector<Release>& releases) : out_(kMagic) {
  put_le(out_, static_cast<std::uint16_t>(releases.size()));
  for (const Release& release : releases)
    for (const std::string* part : {&release.release, &release.model_name, &release.model_version, &release.model_digest}) {
      put_le(out_, static_cast<std::uint16_t>(part->size()));
      out_ += *part;
    }
}

void RowsWriter::add(ByteView row, std::uint16_t release) {
  put_le(out_, static_cast<std::uint32_t>(row.size()));
  put_le(out_, release);
  out_ += row;
}

}  // namespace firebreak::record
